/* SPDX-License-Identifier: BSD-2-Clause */
/* The allocations that a process's runtime has sampled, and the functions of their stacks. */
#ifndef TARE_CAPTURE_HEAP_H
#define TARE_CAPTURE_HEAP_H

#include "intern.h"
#include "process_runtime.h"
#include "heap_profile.h"

/* A function at an address, and the line there. */
struct heap_frame {
	const char *name, *file; /* "": not known; not safe to print */
	uint32_t line;		 /* 0: not known */
	bool inner, outermost;	 /* no site of an allocation: see .heap_inner, .heap_outermost in runtime.h */
};

/* heap_taken__free() it. */
struct heap_taken {
	struct process_runtime from;
	char comm[16]; /* of the process; not safe to print */
	struct heap_profile heap;
	struct heap_frame *frames; /* each once, by its name, file and line */
	size_t nr_frames, room_frames;
	uint32_t *frame_of; /* for each of the heap's addresses the number of its frame */
	struct intern texts;
	char problem[400]; /* why not, as the end of a sentence; safe to print */
};

/*
 * Take them from process @pid. Returns 0; -ESRCH: no such process; -ENODATA: it keeps no such account; -EPERM: it may
 * not be read; or another negative errno. .problem says why. To be freed in any case.
 */
int heap_taken__take(struct heap_taken *t, pid_t pid);
void heap_taken__free(struct heap_taken *t);

#endif /* TARE_CAPTURE_HEAP_H */
