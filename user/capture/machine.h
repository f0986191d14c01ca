/* SPDX-License-Identifier: BSD-2-Clause */
/* What a session asks of the code that tries out this machine. */
#ifndef TARE_MACHINE_H
#define TARE_MACHINE_H

#include <stdbool.h>

#include "writer.h"

struct machine {
	/* Can one link attach many uprobes? */
	bool (*has_uprobe_multi)(void);
	/* The kernel refused the BPF programs: say what they lack. Returns whether there was anything to say. */
	bool (*explain)(void);
	/* Write what this recording can measure, as INFO: a reader elsewhere cannot ask the kernel. */
	void (*describe)(struct writer *w);
};

#endif /* TARE_MACHINE_H */
