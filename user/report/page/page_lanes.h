/* SPDX-License-Identifier: BSD-2-Clause */
/* What each thread did around the longest pauses: as much as can be drawn, whatever happened. */
#ifndef TARE_PAGE_LANES_H
#define TARE_PAGE_LANES_H

#include "json_impl.h"
#include "spans.h"

#define LANES_PIECES  2400 /* of one pause, in memory */
#define LANES_SHOWN   700  /* .. and drawn, besides those of the threads that it is about */
#define LANES_SIGNALS 100
#define LANES_FINE    500 /* what is shorter than this part of the picture is drawn with its neighbours */

struct lane_piece {
	uint64_t from_ns, to_ns;
	uint32_t tid, tgid;
	uint32_t reason;
	struct cpu_owner owner; /* SPAN_RUNQUEUE: who had the CPU */
	uint16_t cpu;
	uint8_t kind; /* enum span_kind; NR_SPANS: several in turn, too short to tell apart */
};

struct lane_signal {
	uint32_t from_tid, to_tid;
	uint64_t sent_ns, delivered_ns; /* .delivered_ns 0: not seen to be */
};

struct pause_lanes {
	const struct pause *pause;
	uint64_t from_ns, to_ns; /* what is drawn: some time before and after, too */
	struct lane_piece *pieces;
	size_t nr, room;
	struct lane_signal signals[LANES_SIGNALS];
	unsigned nr_signals;
	uint64_t left_out; /* pieces, and signals */
	struct table last; /* tid to 1 + its last piece */
};

struct page_lanes {
	const struct model *whole;
	const struct spans *spans; /* that take the same events */
	struct pause_lanes *all;   /* by .from_ns */
	uint64_t *reach_ns;	   /* the latest .to_ns of those up to here */
	uint32_t nr;
	int err; /* -ENOMEM */
};

/* Around the @longest pauses that @whole kept; fewer if there are fewer. Returns 0 or -ENOMEM; to be freed anyway. */
int page_lanes__init(struct page_lanes *l, const struct model *whole, const struct spans *spans, uint32_t longest);
void page_lanes__free(struct page_lanes *l);

void page_lanes__span(struct page_lanes *l, const struct span *span);
/* Take an event of any kind, after .spans did. */
void page_lanes__event(struct page_lanes *l, const struct event *ev);

/* Those around @p: "lanes" of the page. null if @p is none of them; NULL: out of memory. */
json_t *page_lanes__json(const struct page_lanes *l, const struct pause *p);

#endif /* TARE_PAGE_LANES_H */
