/* SPDX-License-Identifier: BSD-2-Clause */
/* The signal by which a runtime asks a thread to give way: how often it is sent, and how long until its handler runs. */
#ifndef TARE_PREEMPTION_H
#define TARE_PREEMPTION_H

#include "event.h"
#include "hist.h"
#include "table.h"

struct preemption {
	uint64_t sent, delivered;	/* one that is sent while one waits is delivered with it */
	uint64_t others;		/* of the same number, sent by other processes, or to a process: no requests */
	struct hist latency;		/* ns, from the first sent to delivered */
	struct table waiting;		/* tid to when the first one that waits was sent */
};

void preemption__init(struct preemption *p);
void preemption__free(struct preemption *p);

/* Fold in an EVENT_SIGNAL, or the end of a thread. */
void preemption__signal(struct preemption *p, const struct event *ev);
void preemption__exit(struct preemption *p, uint32_t tid);

#endif /* TARE_PREEMPTION_H */
