// SPDX-License-Identifier: BSD-2-Clause
#include "preemption.h"

#define MAX_WAITING (1u << 16)

void preemption__init(struct preemption *p)
{
	*p = (struct preemption){ 0 };
	table__init(&p->waiting, MAX_WAITING);
	table__init(&p->owed, MAX_WAITING);
}

void preemption__free(struct preemption *p)
{
	table__free(&p->waiting);
	table__free(&p->owed);
}

static void preemption__sent(struct preemption *p, uint32_t tid)
{
	uint64_t *owed = table__add(&p->owed, tid);

	p->sent++;
	++*(owed ?: &p->owed_others);
}

static void preemption__delivered(struct preemption *p, uint32_t tid)
{
	uint64_t *owed = table__find(&p->owed, tid) ?: &p->owed_others;

	if (*owed) {
		--*owed;
		p->delivered++;
	} else {
		p->sent_before++;
	}
}

void preemption__signal(struct preemption *p, const struct event *ev)
{
	uint32_t tid = ev->signal.tid;
	uint64_t *since;

	if (ev->signal.step == TARE_SIGNAL_SENT) {
		preemption__sent(p, tid);
		since = table__add(&p->waiting, tid);
		if (since && !*since)
			*since = ev->ts_ns;
		return;
	}
	p->others += ev->signal.step == TARE_SIGNAL_SENT_OTHER;
	if (ev->signal.step != TARE_SIGNAL_DELIVERED) /* not a preemption request, or a step of a later version */
		return;
	preemption__delivered(p, tid);
	since = table__find(&p->waiting, tid);
	if (since && ev->ts_ns >= *since)
		hist__record(&p->latency, ev->ts_ns - *since);
	table__delete(&p->waiting, tid);
}

void preemption__exit(struct preemption *p, uint32_t tid)
{
	table__delete(&p->owed, tid);
	table__delete(&p->waiting, tid);
}
