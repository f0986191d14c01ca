/* SPDX-License-Identifier: BSD-2-Clause */
/* How long bursts of probes at allocators last, how often they come, and how many allocations are told of each. */
#ifndef TARE_CAPTURE_ALLOC_PLAN_H
#define TARE_CAPTURE_ALLOC_PLAN_H

#include <stdbool.h>
#include <stdint.h>

enum alloc_mode { ALLOC_OFF, ALLOC_BURST, ALLOC_ALL, NR_ALLOC_MODES };

extern const char *const alloc_mode_names[NR_ALLOC_MODES];

/* What a burst came to. */
struct alloc_sum {
	uint64_t hits, bytes; /* on all CPUs together */
	uint64_t most_hits;   /* on one */
	uint64_t spent_ns;    /* in probes */
	uint64_t wall_ns;     /* how long it took */
};

struct alloc_plan {
	uint64_t wall_ns; /* a burst's, if no CPU has .max_hits before; see struct alloc_burst */
	uint64_t max_hits, max_told, least, per_byte;
	uint64_t wait_ns;	  /* until it begins, on average */
	uint64_t skip_below;	  /* so many hits do not count at first, by chance */
	double seen_ns, spent_ns; /* in this and the last bursts: an average that forgets */
	bool stays;		  /* there is no need to detach: allocations are rare */
};

/* Before anything is known. */
struct alloc_plan alloc_plan__first(void);

/* After a burst by @p that came to @was. */
struct alloc_plan alloc_plan__next(const struct alloc_plan *p, const struct alloc_sum *was);

/* How long the target had a CPU for itself in @wall_ns with @hits, which took @spent_ns. */
uint64_t alloc_exposed_ns(uint64_t wall_ns, uint64_t hits, uint64_t spent_ns);

#define ALLOC_PACES 5

/* How long the target had for itself for each allocation, in the last bursts that were full: the newest last. */
struct alloc_paces {
	double ns[ALLOC_PACES];
	unsigned nr;
};

/*
 * After a full burst: what is exposed is a small rest of a large time, and traps take longer at times. So where it
 * differs from the last ones' by no more than that may, it is their median that counts. Returns the time, in ns.
 */
uint64_t alloc_paces__exposed_ns(struct alloc_paces *p, uint64_t exposed_ns, uint64_t hits);

#endif /* TARE_CAPTURE_ALLOC_PLAN_H */
