/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ways into a BPF program, each with what it takes to measure it: an empty program, where to attach it, and work
 * that hits it.
 */
#ifndef TARE_ENTRY_WAYS_H
#define TARE_ENTRY_WAYS_H

#include <stdint.h>

#include "calibration.h"

struct entry_way {
	const char *name, *what;
	unsigned rounds;    /* short ones: on a busy machine, some are not interrupted */
	unsigned nr;	    /* hits of a round */
	uint64_t period_ns; /* it is hit by a clock, once in so much CPU time, whatever .nr is; 0: by the work */
	/* Each returns a descriptor or a negative errno. */
	int (*load)(void); /* an empty program. May allocate memory */
	/* To what only the calling thread hits, or hardly anyone else. Allocates none: a forked child may call it. */
	int (*attach)(int prog);
	void (*hit)(unsigned nr);
};

extern const struct entry_way entry_ways[NR_ENTRIES];

/* CPU time of a round of @nr hits, ns: the least of @rounds, as the others were interrupted. */
uint64_t entry_way__round_ns(const struct entry_way *way, unsigned rounds, unsigned nr);

#endif /* TARE_ENTRY_WAYS_H */
