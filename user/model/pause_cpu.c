// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>

#include "pause_cpu.h"
#include "pause_seg.h"

/*
 * How many of its last switches a CPU remembers, powers of two: more where these were within the time that a thread may have
 * to wait, as long as there is room for it. A wait that saw still more has an owner unknown at first.
 */
#define REMEMBER_FIRST	256
#define REMEMBER	4096
#define REMEMBER_ALL	(1u << 20)	/* over all CPUs; each has REMEMBER besides */
#define LONG_WAIT_NS	10000000000ull
#define MAX_PIECES 16	/* of one wait */

struct past {
	uint64_t ts_ns;
	uint32_t prev_tid, next_tid;
	bool prev_own, next_own;
};

struct pause_cpu {
	uint64_t count, oldest;	/* ever; the first one that is remembered */
	uint32_t size;		/* a power of two */
	struct past *past;	/* number n at [n & (size - 1)] */
};

static struct past *past_at(const struct pause_cpu *c, uint64_t n)
{
	return &c->past[n & (c->size - 1)];
}

void pause_cpus__free(struct pauses *ps)
{
	for (size_t i = 0; ps->cpus && i < RIVALS_MAX_CPUS; i++) {
		if (ps->cpus[i])
			free(ps->cpus[i]->past);
		free(ps->cpus[i]);
	}
	free(ps->cpus);
	ps->cpus = NULL;
}

static int pause_cpu__grow(struct pauses *ps, struct pause_cpu *c)
{
	struct pause_cpu more = { c->count, c->oldest, c->size ? c->size * 2 : REMEMBER_FIRST, NULL };

	more.past = malloc(more.size * sizeof(*more.past));
	if (!more.past)
		return -ENOMEM;
	for (uint64_t i = c->oldest; i < c->count; i++)
		*past_at(&more, i) = *past_at(c, i);
	free(c->past);
	ps->nr_past += more.size - c->size;
	*c = more;
	return 0;
}

/* Room for one more at @ts_ns, if need be in place of the oldest. */
static int pause_cpu__make_room(struct pauses *ps, struct pause_cpu *c, uint64_t ts_ns)
{
	bool is_recent, may_grow = c->size < REMEMBER || ps->nr_past + c->size <= REMEMBER_ALL;

	if (c->count - c->oldest < c->size)
		return 0;
	is_recent = !c->size || ts_ns < past_at(c, c->oldest)->ts_ns + LONG_WAIT_NS;
	if (is_recent && may_grow && !pause_cpu__grow(ps, c))
		return 0;
	c->oldest++;
	return c->size ? 0 : -ENOMEM;
}

int pause_cpus__switch(struct pauses *ps, const struct event *ev)
{
	struct pause_cpu *c;
	uint64_t last = 0;

	if (ev->cpu >= RIVALS_MAX_CPUS)
		return 0;
	if (!ps->cpus)
		ps->cpus = calloc(RIVALS_MAX_CPUS, sizeof(struct pause_cpu *));
	if (!ps->cpus)
		return -ENOMEM;
	c = ps->cpus[ev->cpu];
	if (!c)
		c = ps->cpus[ev->cpu] = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	if (c->count)
		last = past_at(c, c->count - 1)->ts_ns;
	if (last < ev->ts_ns)
		last = ev->ts_ns;
	if (pause_cpu__make_room(ps, c, last))
		return -ENOMEM;
	*past_at(c, c->count++) = (struct past){
		.ts_ns = last,
		.prev_tid = ev->sw.prev_tid, .next_tid = ev->sw.next_tid,
		.prev_own = ev->sw.prev_target, .next_own = ev->sw.next_target,
	};
	return 0;
}

static uint16_t name_of(const struct pauses *ps, uint32_t tid)
{
	const uint64_t *id = table__find(&ps->switches->rivals.tids, tid);

	return id ? *id : NAME_UNNAMED;
}

/* Who had the CPU for how long, in the order in which they came. */
struct owners {
	struct pause_seg at[MAX_PIECES];
	uint64_t ns[MAX_PIECES];
	unsigned n;
	bool mixed;	/* some took turns: the time of each is put together */
};

static struct pause_seg rival_seg(const struct pauses *ps, uint16_t cpu, uint32_t tid, uint32_t rival, bool own,
				  bool known)
{
	struct pause_seg s = { .tid = tid, .cpu = cpu, .cause = PAUSE_RUNQUEUE, .firm = true };

	if (known && (!rival || rival == tid)) {
		s.cause = PAUSE_WAKEUP;
		s.cpu = 0;
	} else {
		s.name = known ? name_of(ps, rival) : NAME_UNKNOWN;
		s.other = known ? rival : 0;
		s.own = known && own;
	}
	return s;
}

static bool same_owner(const struct pause_seg *a, const struct pause_seg *b)
{
	return a->cause == b->cause && a->other == b->other && a->name == b->name;
}

static void owners__add(struct owners *o, const struct pause_seg *s, uint64_t ns)
{
	unsigned i;

	if (!ns)
		return;
	if (o->n && same_owner(&o->at[o->n - 1], s)) {
		o->ns[o->n - 1] += ns;
		return;
	}
	if (o->n < MAX_PIECES && !o->mixed) {
		o->at[o->n] = *s;
		o->ns[o->n++] = ns;
		return;
	}
	if (!o->mixed) {
		/* too many turns to tell one by one */
		struct owners all = *o;

		o->n = 0;
		o->mixed = true;
		for (i = 0; i < all.n; i++)
			owners__add(o, &all.at[i], all.ns[i]);
	}
	for (i = 0; i < o->n && !same_owner(&o->at[i], s); i++)
		;
	if (i == MAX_PIECES) {
		i--; /* the last row is for all that have none */
		o->at[i] = (struct pause_seg){
			.tid = s->tid, .cpu = s->cpu, .cause = PAUSE_RUNQUEUE, .name = NAME_OTHER, .firm = true
		};
	} else if (i == o->n) {
		o->at[o->n++] = *s;
		o->ns[i] = 0;
	}
	o->ns[i] += ns;
}

/*
 * While a target thread waits for a CPU each of its switches is recorded. So who leaves at the first one after @from
 * was there all along, and from then on each stays until the next comes, if that one says so too.
 */
void pause_cpus__wait(struct pauses *ps, uint16_t cpu, uint32_t tid, uint64_t from, uint64_t to, struct segs *out)
{
	const struct pause_cpu *c = ps->cpus && cpu < RIVALS_MAX_CPUS ? ps->cpus[cpu] : NULL;
	uint64_t i = c ? c->count : 0, oldest = c ? c->oldest : 0, pos = from;
	const struct past *before = NULL;
	struct owners owners = { .n = 0 };
	struct pause_seg s;

	while (i > oldest && past_at(c, i - 1)->ts_ns > from)
		i--;
	if (i > oldest)
		before = past_at(c, i - 1);
	for (; c && i < c->count && pos < to; i++) {
		const struct past *e = past_at(c, i);
		uint64_t end = e->ts_ns < to ? e->ts_ns : to;
		bool known = before ? before->next_tid == e->prev_tid || before->ts_ns < from : i == 0 || i > oldest;

		s = rival_seg(ps, cpu, tid, e->prev_tid, e->prev_own, known);
		owners__add(&owners, &s, end - pos);
		pos = end;
		before = e;
	}
	if (pos < to) {
		s = rival_seg(ps, cpu, tid, before ? before->next_tid : 0, before && before->next_own, before != NULL);
		owners__add(&owners, &s, to - pos);
	}
	for (unsigned o = 0; o < owners.n; o++) {
		segs__push(out, from, from + owners.ns[o], &owners.at[o]);
		from += owners.ns[o];
	}
}
