// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cpu_history.h"

struct past_switch {
	uint64_t ts_ns;
	struct cpu_owner prev, next;
};

/*
 * How many of its last switches a CPU remembers (powers of two). This grows while the oldest one is within
 * LONG_WAIT_NS, as long as there is room. A wait with more switches than that begins with an unknown owner.
 */
#define REMEMBER_FIRST 256
#define REMEMBER       4096
#define REMEMBER_ALL   (1u << 20) /* over all CPUs, in addition to REMEMBER for each */
#define LONG_WAIT_NS   10000000000ull

struct cpu_past {
	uint64_t count, oldest; /* switches ever; the oldest one remembered */
	uint32_t size;		/* a power of two */
	struct past_switch *at; /* number n at [n & (size - 1)] */
};

void moves__add(struct moves *m, struct move move)
{
	if (m->count == MAX_MOVES) {
		memmove(&m->at[0], &m->at[1], sizeof(m->at[0]) * (MAX_MOVES - 1));
		m->count--;
		m->forgot = true;
	}
	m->at[m->count++] = move;
}

void cpu_history__free(struct cpu_history *h)
{
	for (size_t i = 0; i < MODEL_MAX_CPUS; i++) {
		if (h->cpus[i])
			free(h->cpus[i]->at);
		free(h->cpus[i]);
	}
}

static struct past_switch *past__at(const struct cpu_past *p, uint64_t n)
{
	return &p->at[n & (p->size - 1)]; /* NOLINT(clang-analyzer-unix.Malloc): *p owns the grown array */
}

static int past__grow(struct cpu_history *h, struct cpu_past *p)
{
	struct cpu_past more = { p->count, p->oldest, p->size ? p->size * 2 : REMEMBER_FIRST, NULL };

	more.at = malloc(more.size * sizeof(*more.at));
	if (!more.at)
		return -ENOMEM;
	for (uint64_t i = p->oldest; i < p->count; i++)
		*past__at(&more, i) = *past__at(p, i);
	free(p->at);
	h->nr_past += more.size - p->size;
	*p = more;
	return 0;
}

/* Make room for one more at @ts_ns, by dropping the oldest if need be. */
static int past__make_room(struct cpu_history *h, struct cpu_past *p, uint64_t ts_ns)
{
	bool is_recent, may_grow = p->size < REMEMBER || (!h->is_short && h->nr_past + p->size <= REMEMBER_ALL);

	if (p->count - p->oldest < p->size)
		return 0;
	is_recent = !p->size || ts_ns < past__at(p, p->oldest)->ts_ns + LONG_WAIT_NS;
	if (is_recent && may_grow && !past__grow(h, p))
		return 0;
	p->oldest++;
	return p->size ? 0 : -ENOMEM;
}

int cpu_history__switch(struct cpu_history *h, const struct task_names *names, const struct event *ev)
{
	const struct event_switch *sw = &ev->sw;
	uint64_t ts_ns = ev->ts_ns;
	struct cpu_past *p;

	if (ev->cpu >= MODEL_MAX_CPUS)
		return 0;
	if (!h->cpus[ev->cpu])
		h->cpus[ev->cpu] = calloc(1, sizeof(struct cpu_past));
	p = h->cpus[ev->cpu];
	if (!p)
		return -ENOMEM;
	if (p->count && ts_ns < past__at(p, p->count - 1)->ts_ns)
		ts_ns = past__at(p, p->count - 1)->ts_ns;
	if (past__make_room(h, p, ts_ns))
		return -ENOMEM;
	*past__at(p, p->count++) = (struct past_switch){
		.ts_ns = ts_ns,
		.prev = { sw->prev_tid, task_names__of(names, sw->prev_tid), sw->prev_target },
		.next = { sw->next_tid, task_names__of(names, sw->next_tid), sw->next_target },
	};
	return 0;
}

/* Who had the CPU until @e in a wait that began at @from; @before: the previous switch. NULL: unknown. */
static const struct cpu_owner *who_left(const struct past_switch *before, const struct past_switch *e, uint64_t from,
					bool forgot)
{
	bool known = !before ? !forgot :
			       before->next.tid == e->prev.tid || (before->ts_ns < from && !before->next.of_target);

	return known ? &e->prev : NULL;
}

/* Who had the CPU from @before, the last switch of a wait that began at @from, to the end; @after: the next switch. */
static const struct cpu_owner *who_stayed(const struct past_switch *before, const struct past_switch *after,
					  uint64_t from)
{
	if (!before)
		return NULL;
	if (after && after->prev.tid == before->next.tid)
		return &after->prev;
	return before->ts_ns >= from || before->next.of_target ? &before->next : NULL;
}

struct teller {
	void (*take)(void *ctx, const struct cpu_turn *turn);
	void *ctx;
	struct cpu_turn turn;
};

/* @owner (NULL: unknown) had the CPU from the end of the previous turn until @to. */
static void teller__tell(struct teller *t, uint64_t to, const struct cpu_owner *owner)
{
	t->turn.from_ns = t->turn.to_ns;
	t->turn.to_ns = to;
	t->turn.owner = owner ? *owner : (struct cpu_owner){ .name = NAME_UNKNOWN };
	if (t->turn.from_ns < to)
		t->take(t->ctx, &t->turn);
}

/* The part of the wait spent on @cpu, until @to. */
static void teller__stretch(struct teller *t, const struct cpu_history *h, uint16_t cpu, uint64_t to)
{
	static const struct cpu_past nothing;
	const struct cpu_past *p = cpu < MODEL_MAX_CPUS && h->cpus[cpu] ? h->cpus[cpu] : &nothing;
	uint64_t from = t->turn.to_ns, i = p->count;
	const struct past_switch *before = NULL;

	if (from >= to)
		return;
	t->turn.cpu = cpu;
	while (i > p->oldest && past__at(p, i - 1)->ts_ns > from)
		i--;
	if (i > p->oldest)
		before = past__at(p, i - 1);
	for (; i < p->count && past__at(p, i)->ts_ns <= to; i++) {
		const struct past_switch *e = past__at(p, i);

		teller__tell(t, e->ts_ns, who_left(before, e, from, p->oldest));
		before = e;
	}
	teller__tell(t, to, who_stayed(before, i < p->count ? past__at(p, i) : NULL, from));
}

void cpu_history__wait(const struct cpu_history *h, const struct cpu_wait *wait,
		       void (*take)(void *ctx, const struct cpu_turn *turn), void *ctx)
{
	struct teller t = { .take = take, .ctx = ctx, .turn.to_ns = wait->from_ns };

	for (int i = 0; wait->moves && i < wait->moves->count; i++) {
		uint64_t moved = wait->moves->at[i].ts_ns;
		bool forgot = i == 0 && wait->moves->forgot;

		teller__stretch(&t, h, forgot ? UINT16_MAX : wait->moves->at[i].from_cpu,
				moved < wait->to_ns ? moved : wait->to_ns);
	}
	teller__stretch(&t, h, wait->cpu, wait->to_ns);
}
