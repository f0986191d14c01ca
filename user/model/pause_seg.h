/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of segments in time order, without overlap: a thread's timeline, and the chain of a pause. */
#ifndef TARE_PAUSE_SEG_H
#define TARE_PAUSE_SEG_H

#include "pause.h"

void segs__free(struct segs *s);

/*
 * Append [@from, @to] with @like's cause and detail; what overlaps the list is cut off. It is joined to the last
 * segment if they are alike. Does nothing if it is empty or without memory (counted in .failed).
 */
void segs__push(struct segs *s, uint64_t from, uint64_t to, const struct pause_seg *like);

/*
 * Give @cause and @detail to on-CPU time of @tid within [@from, @to], @limit_ns at most, from the beginning. Time that
 * belongs to interrupts or the hypervisor is left alone. Returns how much was given.
 */
uint64_t segs__carve(struct segs *s, uint32_t tid, uint64_t from, uint64_t to, uint64_t limit_ns,
		     enum pause_cause cause, uint64_t detail);

/* What has cause @from in the segments that end after @since_ns has cause @to. */
void segs__rename(struct segs *s, uint64_t since_ns, enum pause_cause from, enum pause_cause to);

/* On-CPU time of @tid within [@from, @to] that segs__carve() could give away. */
uint64_t segs__on_cpu(const struct segs *s, uint32_t tid, uint64_t from, uint64_t to);

/*
 * Between @in_ns and @out_ns @tid was on a CPU by the wall clock, but did not get @stolen_ns of it. When is unknown: if
 * @s covers only a part of that time, it gets its share.
 */
void segs__steal(struct segs *s, uint32_t tid, uint64_t in_ns, uint64_t out_ns, uint64_t stolen_ns);

/* Whose stretch of a chain this is, and how to read its on-CPU time. */
struct segs_role {
	uint32_t tid;
	enum pause_part part;
	bool works; /* its time in user space is the runtime's work */
};

/* Append [@from, @to] of timeline @s to chain @to_list; gaps in it become `unexplained'. */
void segs__copy(const struct segs *s, uint64_t from, uint64_t to, const struct segs_role *role, struct segs *to_list);

#endif /* TARE_PAUSE_SEG_H */
