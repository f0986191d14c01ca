/* SPDX-License-Identifier: BSD-2-Clause */
/* The allocations of a process as its runtime sampled them, with the functions of their stacks. */
#ifndef TARE_HEAP_NAMED_H
#define TARE_HEAP_NAMED_H

#include <sys/types.h>

#include "heap_profile.h"
#include "intern.h"

/* A function at an address, and the line there. */
struct heap_frame {
	const char *name, *file; /* "": not known; not safe to print */
	uint32_t line;		 /* 0: not known */
	bool inner, outer;	 /* no site of an allocation: TARE_SYMBOL_HEAP_INNER, _OUTER */
};

/* heap_named__init() first. */
struct heap_named {
	pid_t pid;
	char comm[17];		       /* not safe to print */
	const char *runtime, *version; /* "go", "go1.26.8"; the version may be "" */
	struct heap_profile heap;
	struct heap_frame *frames; /* each once, by its name, file and line */
	size_t nr_frames, room_frames;
	uint32_t *frame_of; /* for each of the heap's addresses the number of its frame */
	struct intern texts;
};

/* What is at return address @pc: set @f, which is zero and whose strings are copied. */
typedef void heap_describe(uint64_t pc, struct heap_frame *f, void *ctx);

void heap_named__init(struct heap_named *n);
void heap_named__free(struct heap_named *n);

/* .heap is filled: give each of its addresses a frame. Returns 0 or -ENOMEM. */
int heap_named__name(struct heap_named *n, heap_describe *describe, void *ctx);

#endif /* TARE_HEAP_NAMED_H */
