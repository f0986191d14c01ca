/* SPDX-License-Identifier: BSD-2-Clause */
/* The signal by which a runtime preempts a thread: how often it is sent, and how long until its handler runs. */
#ifndef TARE_PREEMPTION_H
#define TARE_PREEMPTION_H

#include "event.h"
#include "hist.h"
#include "table.h"

struct preemption {
	/* a signal sent while one is pending is delivered with it, so delivered <= sent */
	uint64_t sent, delivered;
	uint64_t sent_before; /* delivered, but never seen sent: usually sent before the recording */
	uint64_t others; /* same signal number, but sent by another process or to a process: not preemption requests */
	struct hist latency;  /* ns, from the first one sent to delivery */
	struct table waiting; /* tid to the send time of its first pending one */
	struct table owed;    /* tid to how many more were sent to it than delivered */
	uint64_t owed_others; /* the same for threads without a place in the table */
};

void preemption__init(struct preemption *p);
void preemption__free(struct preemption *p);

/* Fold in an EVENT_SIGNAL or a thread's exit. */
void preemption__signal(struct preemption *p, const struct event *ev);
void preemption__exit(struct preemption *p, uint32_t tid);

#endif /* TARE_PREEMPTION_H */
