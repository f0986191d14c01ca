/* SPDX-License-Identifier: BSD-2-Clause */
/* What the goroutines of a live process wait for, read from its memory: it is not stopped, and nothing is attached. */
#ifndef TARE_TOP_GOROUTINES_H
#define TARE_TOP_GOROUTINES_H

#include "process_runtime.h"
#include "top_sums.h"

#define TOP_GOROUTINES_NS (3 * NSEC_PER_SEC) /* so often: 100,000 of them take 150 ms of CPU */

struct top_goroutines {
	struct process_runtime from;
	bool open;
	uint64_t read_ns; /* 0: never */
	struct top_list list;
	char problem[400]; /* why there is no list; "": there is */
};

/*
 * Read those of the first process of @processes that has any, unless that was done less than TOP_GOROUTINES_NS ago.
 * Zero-initialise @g; it must stay where it is.
 */
void top_goroutines__look(struct top_goroutines *g, const struct top_list *processes);
void top_goroutines__free(struct top_goroutines *g);

#endif /* TARE_TOP_GOROUTINES_H */
