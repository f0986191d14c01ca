/* SPDX-License-Identifier: BSD-2-Clause */
/* The allocations that a live process's runtime has sampled. */
#ifndef TARE_CAPTURE_HEAP_H
#define TARE_CAPTURE_HEAP_H

#include "heap_named.h"
#include "process_runtime.h"

/* heap_taken__free() it. It must stay where it is. */
struct heap_taken {
	struct process_runtime from;
	struct heap_named named;
	char problem[400]; /* why not, as the end of a sentence; safe to print */
};

/*
 * Take them from process @pid. Returns 0; -ESRCH: no such process; -ENODATA: it keeps no such account; -EPERM: it may
 * not be read; or another negative errno. .problem says why. To be freed in any case.
 */
int heap_taken__take(struct heap_taken *t, pid_t pid);
void heap_taken__free(struct heap_taken *t);

#endif /* TARE_CAPTURE_HEAP_H */
