/* SPDX-License-Identifier: BSD-2-Clause */
/* The signal by which a runtime asks a thread to give way: how often it is sent, and how long until its handler runs.
 */
#ifndef TARE_PREEMPTION_H
#define TARE_PREEMPTION_H

#include "event.h"
#include "hist.h"
#include "table.h"

struct preemption {
	/* one that is sent while one waits is delivered with it: never more are delivered than sent */
	uint64_t sent, delivered;
	uint64_t sent_before; /* delivered, too, but nothing told when it was sent: before the recording, as a rule */
	uint64_t others;      /* of the same number, sent by other processes, or to a process: no requests */
	struct hist latency;  /* ns, from the first sent to delivered */
	struct table waiting; /* tid to when the first one that waits was sent */
	struct table owed;    /* tid to how many more were sent to it than delivered */
	uint64_t owed_others; /* the same of threads that there was no room for */
};

void preemption__init(struct preemption *p);
void preemption__free(struct preemption *p);

/* Fold in an EVENT_SIGNAL, or the end of a thread. */
void preemption__signal(struct preemption *p, const struct event *ev);
void preemption__exit(struct preemption *p, uint32_t tid);

#endif /* TARE_PREEMPTION_H */
