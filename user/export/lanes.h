/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lanes: tracks whose slices nest, of which only a stretch of time is drawn. Times may go back a little from one call
 * to the next, but not on a lane: there it is then the time of what came before. A lane on which nothing is drawn is no
 * track.
 */
#ifndef TARE_LANES_H
#define TARE_LANES_H

#include "tracks.h"

#define LANE_DEPTH 64
#define LANE_TEXT  96

/* What is 0 or empty is not told. Texts are safe to print. */
struct lane_slice {
	const char *category; /* a constant */
	char name[LANE_TEXT], reason[LANE_TEXT], at[LANE_TEXT];
	uint64_t goroutine, thread, p, line, task, parent; /* .p: plus 1 */
	bool drawn;					   /* internal */
};

struct lane {
	uint64_t track, parent; /* .track 0: not described yet */
	char name[LANE_TEXT];
	struct lane_slice *open; /* outermost first */
	unsigned nr, room;
	unsigned too_deep; /* open ones that are not drawn */
	uint64_t last_ns;
};

struct lanes {
	struct tracks *tracks;
	struct lane **all;
	size_t nr, room;
	uint64_t from_ns, to_ns; /* what is drawn */
	bool drawing;		 /* that has begun */
	uint64_t left_out;	 /* slices that were too deep */
};

void lanes__free(struct lanes *l);
/* A lane below track @parent, which frees with @l. NULL if out of memory. */
struct lane *lanes__add(struct lanes *l, uint64_t parent, const char *name);

/* These return 0 or a negative errno. Draw what is open at .from_ns, and all that comes; end everything at @ts_ns. */
int lanes__begin_drawing(struct lanes *l);
int lanes__end(struct lanes *l, uint64_t ts_ns);

/* Likewise. Copies @slice. */
int lane__begin(struct lanes *l, struct lane *lane, uint64_t ts_ns, const struct lane_slice *slice);
/* The innermost one ends; no effect if there is none. */
int lane__end(struct lanes *l, struct lane *lane, uint64_t ts_ns);
/* The innermost one of that name ends, and what is in it; no effect if there is none. */
int lane__end_named(struct lanes *l, struct lane *lane, uint64_t ts_ns, const char *name);
/* All that are open end, and @slice (NULL: none) begins. */
int lane__set(struct lanes *l, struct lane *lane, uint64_t ts_ns, const struct lane_slice *slice);
int lane__instant(struct lanes *l, struct lane *lane, uint64_t ts_ns, const struct lane_slice *what);

#endif /* TARE_LANES_H */
