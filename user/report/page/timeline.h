/* SPDX-License-Identifier: BSD-2-Clause */
/* The whole recording in a fixed number of bins: what all threads did, and what the runtimes and the kernel counted. */
#ifndef TARE_TIMELINE_H
#define TARE_TIMELINE_H

#include "json_impl.h"
#include "spans.h"

#define TIMELINE_BINS 2000

/* What was read now and then, of all processes together. */
enum timeline_level { LEVEL_HEAP, LEVEL_RESIDENT, NR_LEVELS };
/* What grows from reading to reading. */
enum timeline_rate { RATE_ALLOC, RATE_GREEN, NR_RATES };

struct timeline {
	uint64_t begin_ns, width_ns; /* of a bin */
	uint32_t nr;
	uint64_t ns[SPAN_ASLEEP][TIMELINE_BINS];   /* by enum span_kind: of all threads */
	uint64_t levels[NR_LEVELS][TIMELINE_BINS]; /* the last one in the bin; TARE_UNKNOWN: none was read in it */
	double rates[NR_RATES][TIMELINE_BINS];	   /* how much came in the bin */
	bool has_rate[NR_RATES];
	/* internal */
	uint64_t now[NR_LEVELS]; /* the sum of .last */
	struct table
		last[NR_LEVELS + NR_RATES + 1]; /* by pid: what it had; the last one: when its counters were read */
};

/* Of @m, finished. */
void timeline__init(struct timeline *t, const struct model *m);
void timeline__free(struct timeline *t);

void timeline__span(struct timeline *t, const struct span *span);
/* Take an event of any kind. */
void timeline__event(struct timeline *t, const struct event *ev);

/* "timeline" of the page: a list for each row, of one number per bin. NULL: out of memory. */
json_t *timeline__json(const struct timeline *t);

#endif /* TARE_TIMELINE_H */
