/* SPDX-License-Identifier: BSD-2-Clause */
/* What runtimes call their numbers, written once for all programs that number alike; see enum tare_runtime_event. */
#ifndef TARE_NAME_SETS_H
#define TARE_NAME_SETS_H

#include <sys/types.h>

#include "runtime.h"
#include "writer.h"

struct name_sets {
	struct name_set_text { char *text; size_t len; } *sets;
	unsigned nr, room;
};

/* Write the names of process @pid, which @runtime made @self of, as far as they are not in the recording yet. */
void name_sets__tell(struct name_sets *ns, struct writer *w, pid_t pid, const struct runtime *runtime, void *self);
void name_sets__free(struct name_sets *ns);

#endif /* TARE_NAME_SETS_H */
