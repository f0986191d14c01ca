// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>
#include <string.h>

#include "alloc_plan.h"
#include "format.h"

#define BUDGET(ns)  ((ns)*100) /* 1 % of a CPU for the probes */
#define HITS	    4000       /* in a burst, on one CPU */
#define TOLD	    300
#define WALL_NS	    20000000ull
#define STAYING_NS  100000000ull
#define MIN_WAIT_NS 50000000ull
#define MAX_WAIT_NS 2000000000ull
#define ONE	    (1ull << 32)
#define NOISE	    8
#define KEPT	    0.8 /* of what was, with each burst */

const char *const alloc_mode_names[NR_ALLOC_MODES] = {
	[ALLOC_OFF] = "off", [ALLOC_BURST] = "burst", [ALLOC_ALL] = "all"
};

struct alloc_plan alloc_plan__first(void)
{
	/* whatever comes of it, little is told */
	return (struct alloc_plan){
		.wall_ns = WALL_NS, .max_hits = HITS, .max_told = HITS, .least = ONE / 16, .wait_ns = MIN_WAIT_NS
	};
}

struct alloc_plan alloc_plan__next(const struct alloc_plan *p, const struct alloc_sum *was)
{
	struct alloc_plan next = { .wall_ns = WALL_NS, .max_hits = HITS, .max_told = 4 * TOLD, .least = ONE };
	double hits, bytes;

	next.seen_ns = p->seen_ns * KEPT + was->wall_ns;
	next.spent_ns = p->spent_ns * KEPT + was->spent_ns;
	next.stays = BUDGET(next.spent_ns) <= next.seen_ns;
	if (next.stays) {
		next.wall_ns = STAYING_NS;
		next.max_hits = 5 * HITS; /* an end before its time would make much of what comes in a rush */
	} else {
		next.skip_below = was->most_hits;
		next.wall_ns += next.wall_ns / HITS * next.skip_below * 2; /* the machine may be busy */
	}
	/* what it can become, if it goes on like that */
	hits = was->wall_ns ? (double)was->hits / was->wall_ns * next.wall_ns : 0;
	if (was->most_hits && hits / was->hits * was->most_hits > HITS)
		hits = (double)HITS / was->most_hits * was->hits;
	bytes = was->hits ? hits / was->hits * was->bytes : 0;
	if (hits > TOLD && bytes > 0) {
		next.least = ONE / hits * TOLD / 4;
		next.per_byte = bytes > TOLD ? ONE / bytes * TOLD * 3 / 4 : ONE - 1;
	}
	if (!next.stays)
		next.wait_ns = BUDGET(was->spent_ns);
	if (!next.stays && next.wait_ns < MIN_WAIT_NS)
		next.wait_ns = MIN_WAIT_NS;
	if (next.wait_ns > MAX_WAIT_NS)
		next.wait_ns = MAX_WAIT_NS;
	return next;
}

uint64_t alloc_exposed_ns(uint64_t wall_ns, uint64_t hits, uint64_t spent_ns)
{
	uint64_t least = hits * TARE_ALLOC_LEAST_NS;

	return wall_ns > spent_ns + least ? wall_ns - spent_ns : least ?: 1;
}

static int by_number(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

uint64_t alloc_paces__exposed_ns(struct alloc_paces *p, uint64_t exposed_ns, uint64_t hits)
{
	double pace = (double)exposed_ns / (hits ?: 1), sorted[ALLOC_PACES], median;

	if (p->nr == ALLOC_PACES)
		memmove(p->ns, p->ns + 1, (ALLOC_PACES - 1) * sizeof(p->ns[0]));
	else
		p->nr++;
	p->ns[p->nr - 1] = pace;
	memcpy(sorted, p->ns, p->nr * sizeof(sorted[0]));
	qsort(sorted, p->nr, sizeof(sorted[0]), by_number);
	median = sorted[p->nr / 2];
	return pace > median / NOISE && pace < median * NOISE ? median * hits : exposed_ns;
}
