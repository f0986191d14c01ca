/* SPDX-License-Identifier: BSD-2-Clause */
/* How long bursts of probes at allocators last, how often they come, and how many allocations are told of each. */
#ifndef TARE_CAPTURE_ALLOC_PLAN_H
#define TARE_CAPTURE_ALLOC_PLAN_H

#include <stdbool.h>
#include <stdint.h>

enum alloc_mode { ALLOC_OFF, ALLOC_BURST, ALLOC_ALL };

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
	uint64_t wait_ns; /* until it begins, on average */
	bool skips;	  /* begin after a number of hits by chance */
	bool stays;	  /* there is no need to detach: allocations are rare */
};

/* Before anything is known. */
struct alloc_plan alloc_plan__first(void);

/* After a burst that came to @was. */
struct alloc_plan alloc_plan__next(const struct alloc_sum *was);

/* How long the target had a CPU for itself in @wall_ns with @hits, which took @spent_ns. */
uint64_t alloc_exposed_ns(uint64_t wall_ns, uint64_t hits, uint64_t spent_ns);

#endif /* TARE_CAPTURE_ALLOC_PLAN_H */
