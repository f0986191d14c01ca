/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where each thread of a recording stands: what a snapshot would say of it if it were taken now. For an export that
 * begins in the middle.
 */
#ifndef TARE_STANDING_H
#define TARE_STANDING_H

#include "event.h"
#include "table.h"

struct standing_thread {
	struct tare_task
		task;	  /* .ts_ns: until then .nvcsw and what follows it are the kernel's, and from then on counted */
	uint64_t came_ns; /* while .task.on_cpu: since when */
	bool gone;	  /* it has ended */
	bool told;	  /* for the user: it has been told to the exporter */
};

struct standing {
	struct table index;		 /* tid to the thread's place, plus 1 */
	struct standing_thread *threads; /* in the order in which they were first told */
	size_t nr, room, nr_gone;
	struct table cpus; /* who is on it, by tid: its leaving may have been lost */
};

void standing__init(struct standing *s);
void standing__free(struct standing *s);
/* The recording is read again, from its beginning. */
void standing__rewind(struct standing *s);

/* Take what @ev tells of threads. Returns 0 or -ENOMEM. */
int standing__event(struct standing *s, const struct event *ev);

/* NULL: there is no such thread, or it has ended. Valid until the next event. */
struct standing_thread *standing__find(const struct standing *s, uint32_t tid);

/* @t as a first snapshot at @ts_ns. Page faults until then are not known. */
struct tare_task standing__snapshot(const struct standing_thread *t, uint64_t ts_ns);

#endif /* TARE_STANDING_H */
