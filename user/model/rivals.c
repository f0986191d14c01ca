// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rivals.h"

struct past_switch {
	uint64_t ts_ns;
	uint32_t prev_tid, next_tid;
	uint16_t prev_name;	/* resolved at once: tids are used again */
	bool prev_own, next_own;
};

struct rivals_ring {
	uint64_t count;		/* ever; the newest is at [(count - 1) % RIVALS_RING] */
	struct past_switch past[RIVALS_RING];
};

void rivals__init(struct rivals *r)
{
	static const char *const fixed[] = {
		[NAME_IDLE] = "idle", [NAME_UNKNOWN] = "unknown", [NAME_UNNAMED] = "unnamed", [NAME_OTHER] = "other",
	};

	memset(r, 0, sizeof(*r));
	table__init(&r->tids, RIVALS_MAX_TIDS);
	table__init(&r->ids, RIVALS_MAX_NAMES);
	for (r->nr_names = 0; r->nr_names < NAME_FIRST; r->nr_names++)
		strcpy(r->names[r->nr_names], fixed[r->nr_names]);
}

void rivals__free(struct rivals *r)
{
	table__free(&r->tids);
	table__free(&r->ids);
	for (size_t i = 0; i < RIVALS_MAX_CPUS; i++)
		free(r->rings[i]);
}

static uint64_t name_hash(const char *s)
{
	uint64_t h = 0xcbf29ce484222325ull;	/* FNV-1a */

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * 0x100000001b3ull;
	return h == TABLE_NO_KEY ? 0 : h;
}

static uint32_t rivals__intern(struct rivals *r, const char *name)
{
	uint64_t *id = table__find(&r->ids, name_hash(name));

	/* two names of one hash share a row: not worth more than this line */
	if (id)
		return *id;
	if (r->nr_names >= RIVALS_MAX_NAMES)
		return NAME_OTHER;
	id = table__add(&r->ids, name_hash(name));
	if (!id)
		return NAME_OTHER;
	strcpy(r->names[r->nr_names], name);
	return *id = r->nr_names++;
}

void rivals__name(struct rivals *r, uint32_t tid, const char *comm)
{
	char name[TARE_COMM_LEN + 1] = "";
	uint64_t *id;

	strncat(name, comm, TARE_COMM_LEN);
	id = table__add(&r->tids, tid);
	if (id)
		*id = rivals__intern(r, name);
}

void rivals__forget(struct rivals *r, uint32_t tid)
{
	table__delete(&r->tids, tid);
}

uint32_t rivals__name_of(const struct rivals *r, uint32_t tid)
{
	uint64_t *id;

	if (!tid)
		return NAME_IDLE;
	id = table__find(&r->tids, tid);
	return id ? *id : NAME_UNNAMED;
}

int rivals__switch(struct rivals *r, const struct event *ev)
{
	struct rivals_ring *ring;

	if (ev->cpu >= RIVALS_MAX_CPUS)
		return 0;
	ring = r->rings[ev->cpu];
	if (!ring) {
		ring = r->rings[ev->cpu] = calloc(1, sizeof(*ring));
		if (!ring)
			return -ENOMEM;
	}
	ring->past[ring->count++ % RIVALS_RING] = (struct past_switch){
		.ts_ns = ev->ts_ns,
		.prev_tid = ev->sw.prev_tid,
		.next_tid = ev->sw.next_tid,
		.prev_name = rivals__name_of(r, ev->sw.prev_tid),
		.prev_own = ev->sw.prev_target,
		.next_own = ev->sw.next_target,
	};
	return 0;
}

static void rivals__charge(struct rivals *r, uint32_t name, bool own, uint64_t ns)
{
	struct rival *rival = &r->rival[name][own];

	if (rival->wait_seq != r->wait_seq) {
		rival->wait_seq = r->wait_seq;
		rival->wait_ns = 0;
		rival->waits++;
	}
	rival->wait_ns += ns;
	rival->total_ns += ns;
	if (rival->wait_ns > rival->max_ns)
		rival->max_ns = rival->wait_ns;
}

/*
 * Who ran between @last and @to, where @after, the switch that ended it, may lie later than @to or be missing. Where
 * @last came before the wait began at @from, others may have come and gone unrecorded: then only a target thread
 * (whose leaving is always recorded), or the same task at both ends, is believed.
 */
static void rivals__tail(struct rivals *r, const struct past_switch *last, const struct past_switch *after,
			 uint64_t from, uint64_t to)
{
	bool known = last->ts_ns >= from || last->next_own || (after && after->prev_tid == last->next_tid);

	rivals__charge(r, known ? rivals__name_of(r, last->next_tid) : NAME_UNKNOWN, known && last->next_own,
		       to - (last->ts_ns > from ? last->ts_ns : from));
}

/* Divide the stretch [@from, @to] of a wait on @cpu among those who ran there, newest first. */
static void rivals__stretch(struct rivals *r, uint16_t cpu, uint64_t from, uint64_t to)
{
	const struct rivals_ring *ring = cpu < RIVALS_MAX_CPUS ? r->rings[cpu] : NULL;
	const struct past_switch *e = NULL, *after = NULL;
	uint64_t i = ring ? ring->count : 0, oldest = i > RIVALS_RING ? i - RIVALS_RING : 0;

	if (from >= to)
		return;
	while (i > oldest) {
		e = &ring->past[--i % RIVALS_RING];
		if (e->ts_ns <= to)
			break;
		after = e;
		e = NULL;
	}
	if (!e) {
		/* the switch that ended it is known, and it was the first one there: nobody came between */
		if (after && !oldest)
			rivals__charge(r, after->prev_name, after->prev_own, to - from);
		else
			rivals__charge(r, NAME_UNKNOWN, false, to - from);
		return;
	}
	if (e->ts_ns < to)
		rivals__tail(r, e, after, from, to);
	for (to = e->ts_ns; to > from;) {
		const struct past_switch *before = i > oldest ? &ring->past[--i % RIVALS_RING] : NULL;
		uint64_t start = before && before->ts_ns > from ? before->ts_ns : from;
		bool broken = before ? before->ts_ns > from && before->next_tid != e->prev_tid : oldest > 0;

		/* time that runs backwards (a switch out of order) has no owner */
		start = start < to ? start : to;
		rivals__charge(r, broken ? NAME_UNKNOWN : e->prev_name, !broken && e->prev_own, to - start);
		to = start;
		if (!before)
			break;
		e = before;
	}
}

void rivals__wait(struct rivals *r, const struct event *ev, uint64_t wait_ns, const struct moves *moves)
{
	uint64_t from = ev->ts_ns - wait_ns, to = ev->ts_ns;
	uint16_t cpu = ev->cpu;

	if (!wait_ns)
		return;
	r->wait_seq++;
	for (int i = moves->count - 1; i >= 0 && moves->at[i].ts_ns > from; i--) {
		uint64_t moved = moves->at[i].ts_ns;

		if (moved > to)
			continue;
		rivals__stretch(r, cpu, moved, to);
		to = moved;
		cpu = moves->at[i].from_cpu;
		if (i == 0 && moves->forgot)
			cpu = UINT16_MAX;	/* where it was before is forgotten */
	}
	rivals__stretch(r, cpu, from, to);
}

void rivals__wake(struct rivals *r, const struct event *ev, bool own)
{
	struct waker *waker;

	switch (ev->sw.waker_context) {
	case TARE_CONTEXT_TASK:
		waker = &r->waker[rivals__name_of(r, ev->sw.waker_tid)][own];
		break;
	case TARE_CONTEXT_SOFTIRQ:
		waker = &r->softirq;
		break;
	default:
		waker = &r->interrupt;
	}
	waker->count++;
	waker->other_cpu += ev->sw.waker_cpu != ev->cpu;
}

void moves__add(struct moves *m, uint64_t ts_ns, uint16_t from_cpu)
{
	if (m->count == RIVALS_MAX_MOVES) {
		memmove(&m->at[0], &m->at[1], sizeof(m->at[0]) * (RIVALS_MAX_MOVES - 1));
		m->count--;
		m->forgot = true;
	}
	m->at[m->count].ts_ns = ts_ns;
	m->at[m->count++].from_cpu = from_cpu;
}
