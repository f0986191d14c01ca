/* SPDX-License-Identifier: BSD-2-Clause */
/* Which class of the ledger of bytes each mapping of a process belongs to. */
#ifndef TARE_BYTES_CLASSES_H
#define TARE_BYTES_CLASSES_H

#include <stdio.h>

#include "format.h"
#include "runtime_memory.h"

struct bytes_source {
	FILE *smaps;
	const struct runtime_memory *memory; /* sorted; NULL: no runtime tells */
	/*
	 * Which pages of the process are resident: entries of its pagemap, see pagemap__read(). Needed for a runtime's
	 * heap, and to look at nothing that is not there.
	 */
	ssize_t (*pages)(uint64_t start, uint64_t *entries, size_t nr, void *ctx);
	/* Copy @len bytes of the process's memory. Returns 0 or a negative errno. */
	int (*peek)(uint64_t address, void *to, size_t len, void *ctx);
	void *ctx;
};

/*
 * Sum up @classes over all mappings. What the mappings of a heap have become resident with between the two readings of
 * it is in no class. Returns 0 or a negative errno.
 */
int bytes_classes__sum(const struct bytes_source *from, uint64_t classes[TARE_NR_BYTES]);

#endif /* TARE_BYTES_CLASSES_H */
