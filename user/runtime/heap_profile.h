/* SPDX-License-Identifier: BSD-2-Clause */
/* What a runtime itself counts of its allocations, by stack: a sample of them, as it keeps it for its own profiler. */
#ifndef TARE_HEAP_PROFILE_H
#define TARE_HEAP_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Objects that were sampled, and their bytes, since the program began. */
struct heap_counts {
	uint64_t allocs, frees, alloc_bytes, free_bytes;
};

/* Objects of one size that were allocated by one stack. */
struct heap_stack {
	uint64_t size_bytes;	      /* of each of them */
	struct heap_counts published; /* what the runtime would say now: as of the end of some collection */
	struct heap_counts pending;   /* counted since then, or not yet complete */
	size_t first;		      /* of its addresses in .pcs */
	uint32_t nr;
};

/* All that was read at one moment. heap_profile__free() it. */
struct heap_profile {
	struct heap_stack *stacks;
	size_t nr, room;
	/*
	 * Return addresses, the innermost first, each for one function in the source: of those at an address that are
	 * inlined into one another it means the innermost.
	 */
	uint64_t *pcs;
	size_t nr_pcs, room_pcs;
	size_t max;	     /* set before: a profile of more stacks is not read (-E2BIG); 0: as many as there may be */
	uint64_t rate_bytes; /* one object in so many bytes is sampled, on average; 1: every one */
	uint64_t cycles;     /* collections that the runtime has counted for this */
	bool all_pending;    /* no collection has published anything yet: then .published has what was pending */
	size_t nr_torn; /* stacks that changed at each attempt to read all at one moment: they may be a cycle off */
	unsigned tries;
	uint64_t read_cpu_ns; /* CPU time that reading took */
	char problem[256];    /* why it cannot be read; "": no problem. Safe to print */
};

void heap_profile__free(struct heap_profile *heap);

#endif /* TARE_HEAP_PROFILE_H */
