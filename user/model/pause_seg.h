/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of segments in order of time, without overlap: a thread's timeline, and the chain of a pause. */
#ifndef TARE_PAUSE_SEG_H
#define TARE_PAUSE_SEG_H

#include "pause.h"

void segs__free(struct segs *s);

/*
 * Append [@from, @to] with @like's cause and detail; what lies before the list's end is cut off. Joined to the last
 * segment where they are alike. Nothing where it is empty or there is no memory (then .failed).
 */
void segs__push(struct segs *s, uint64_t from, uint64_t to, const struct pause_seg *like);

/*
 * Give @cause and @detail to time on the CPU of @tid within [@from, @to], @limit_ns of it at most, from its beginning.
 * Time that interrupts or the hypervisor have already is left. Returns how much was given.
 */
uint64_t segs__carve(struct segs *s, uint32_t tid, uint64_t from, uint64_t to, uint64_t limit_ns,
		     enum pause_cause cause, uint64_t detail);

/* How much time on the CPU of @tid lies within [@from, @to] that segs__carve() could give away. */
uint64_t segs__on_cpu(const struct segs *s, uint32_t tid, uint64_t from, uint64_t to);

/*
 * Of the time from @in_ns to @out_ns that @tid had a CPU by the clock on the wall, @stolen_ns did not reach it. When is
 * not known: where @s holds a part of that time only, it gets its share.
 */
void segs__steal(struct segs *s, uint32_t tid, uint64_t in_ns, uint64_t out_ns, uint64_t stolen_ns);

/* Who a stretch of a chain belongs to, and how its time on the CPU is to be read. */
struct segs_role {
	uint32_t tid;
	enum pause_part part;
	bool works; /* what it does in user space is the runtime's work */
};

/* Append [@from, @to] of the timeline @s to the chain @to_list; where it has nothing that is `unexplained'. */
void segs__copy(const struct segs *s, uint64_t from, uint64_t to, const struct segs_role *role, struct segs *to_list);

#endif /* TARE_PAUSE_SEG_H */
