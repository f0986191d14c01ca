// SPDX-License-Identifier: BSD-2-Clause
/* After the stop: which threads were restarted, by whom, and when the last one runs. */
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "pause_process.h"

static void pause__free_under_way(struct pause *p)
{
	if (!p->under_way)
		return;
	for (uint32_t i = 0; i < p->under_way->n; i++)
		segs__free(&p->under_way->at[i].wait);
	free(p->under_way->at);
	free(p->under_way);
	p->under_way = NULL;
}

void pause__free(struct pause *p)
{
	if (!p)
		return;
	pause__free_under_way(p);
	segs__free(&p->chain);
	free(p);
}

#define NOT_OF_THIS (-2)

/* The participant that woke a thread at @wake_ns: an index, -1 for the initiator, NOT_OF_THIS. */
static int pause__parent(const struct pause *p, uint32_t waker, uint64_t wake_ns)
{
	const struct pause_under_way *r = p->under_way;

	if (waker == p->initiator.tid && wake_ns >= p->restart_ns &&
	    (!p->started_ns || wake_ns <= p->started_ns + CHAIN_NS))
		return -1;
	for (uint32_t i = 0; i < r->n; i++) {
		if (r->at[i].tid == waker && wake_ns >= r->at[i].run_ns && wake_ns <= r->at[i].run_ns + CHAIN_NS)
			return i;
	}
	return NOT_OF_THIS;
}

static bool pause__was_born_for(const struct pause *p, uint32_t tid)
{
	for (uint32_t i = 0; i < p->under_way->nr_born; i++) {
		if (p->under_way->born[i] == tid)
			return true;
	}
	return false;
}

static struct pause_restart *pause__add_restart(struct pause *p)
{
	struct pause_under_way *r = p->under_way;

	if (r->n == MAX_RESTARTS || ARRAY_GROW(r->at, r->room, r->n + 1))
		return NULL;
	return &r->at[r->n++];
}

static void pause__runs(struct pauses *ps, struct pause *p, const struct pause_thread *t, const struct event *ev)
{
	const struct event_switch *sw = &ev->sw;
	uint64_t late = sw->wait_ns + sw->wake_delay_ns, wake_ns = late < ev->ts_ns ? ev->ts_ns - late : 0;
	uint32_t waker = sw->has_wake && sw->waker_context == TARE_CONTEXT_TASK ? sw->waker_tid : 0;
	struct pause_restart *r;
	int parent;

	if (!p->restart_ns || t->tid == p->initiator.tid)
		return;
	for (uint32_t i = 0; i < p->under_way->n; i++) {
		if (p->under_way->at[i].tid == t->tid)
			return; /* already running again */
	}
	parent = waker ? pause__parent(p, waker, wake_ns) : NOT_OF_THIS;
	if (parent == NOT_OF_THIS && pause__was_born_for(p, t->tid))
		parent = -1;
	if (parent == NOT_OF_THIS)
		return;
	r = pause__add_restart(p);
	if (!r) {
		p->lost = true;
		return;
	}
	*r = (struct pause_restart){
		.tid = t->tid, .waker_tid = waker, .wake_ns = wake_ns, .run_ns = ev->ts_ns, .parent = parent
	};
	for (uint32_t i = 0; i < ps->scratch.n; i++) {
		const struct pause_seg *s = &ps->scratch.at[i];

		segs__push(&r->wait, s->start_ns > wake_ns ? s->start_ns : wake_ns, s->end_ns, s);
	}
}

void pause_process__runs(struct pauses *ps, struct pause_process *pr, const struct pause_thread *t,
			 const struct event *ev)
{
	/* a thread without a P or a goroutine (such as a monitor) is not part of the world */
	if (pr->tells_goroutines && !t->works && ev->sw.has_wake)
		return;
	for (unsigned i = 0; i < pr->nr_lingering; i++)
		pause__runs(ps, pr->lingering[i], t, ev);
	if (pr->now)
		pause__runs(ps, pr->now, t, ev);
}

void pause__join_restart(struct pauses *ps, struct pause *p)
{
	const struct pause_under_way *r = p->under_way;
	struct segs_role role = { .part = PAUSE_RESTART, .works = true };
	int last = -1, path[MAX_RESTARTS], n = 0;
	uint64_t pos = p->started_ns;
	uint32_t who = p->initiator.tid;

	p->end_ns = p->started_ns;
	for (uint32_t i = 0; i < r->n; i++) {
		if (r->at[i].run_ns <= p->end_ns)
			continue;
		p->end_ns = r->at[i].run_ns;
		last = i;
	}
	/* a parent ran before its child was known, so indexes only decrease */
	for (int i = last; i >= 0 && n < MAX_RESTARTS; i = r->at[i].parent)
		path[n++] = i;
	while (n--) {
		const struct pause_restart *step = &r->at[path[n]];
		struct pause_seg waking = {
			.tid = who, .part = PAUSE_RESTART, .cause = PAUSE_RUNTIME, .on_cpu = true, .firm = true
		};

		/* its waker had to run first */
		if (step->wake_ns > pos) {
			segs__push(&p->chain, pos, step->wake_ns, &waking);
			pos = step->wake_ns;
		}
		if (step->run_ns > pos) {
			role.tid = step->tid;
			segs__copy(&step->wait, pos, step->run_ns, &role, &p->chain);
			pos = step->run_ns;
		}
		who = step->tid;
	}
	if (last >= 0) {
		const struct pause_thread *t = pause_thread__find(ps, r->at[last].tid);

		pause_who__set(ps, &p->last, r->at[last].tid, t ? t->goroutine : 0);
	}
	pause__free_under_way(p);
}
