// SPDX-License-Identifier: BSD-2-Clause
/*
 * Where goroutines wait to run: a ring and a next slot in each P, and one global queue.
 *
 * The ring has one producer, its P's holder, and many consumers. A consumer reads slots first and then claims them by
 * moving head: if that fails another has them, and what was read is forgotten. A thief copies into its own ring
 * behind its tail, where nobody looks yet.
 */
#include <time.h>

#include "runtime.h"

static _Atomic(struct g *) *slot(struct p *p, uint32_t i)
{
	return &p->runq[i % RUNQ_SIZE];
}

void queue__push(struct g_queue *q, struct g *g)
{
	g->link = NULL;
	if (q->tail)
		q->tail->link = g;
	else
		q->head = g;
	q->tail = g;
	q->n++;
}

struct g *queue__pop(struct g_queue *q)
{
	struct g *g = q->head;

	if (!g)
		return NULL;
	q->head = g->link;
	if (!q->head)
		q->tail = NULL;
	q->n--;
	return g;
}

void global__push(struct g_queue *batch)
{
	struct g_queue *q = &sched.runq;

	if (!batch->head)
		return;
	if (q->tail)
		q->tail->link = batch->head;
	else
		q->head = batch->head;
	q->tail = batch->tail;
	q->n += batch->n;
	atomic_store(&sched.runq_n, q->n);
	*batch = (struct g_queue){ 0 };
}

struct g *global__get(struct p *p, int max)
{
	struct g_queue *q = &sched.runq;
	int n = max ? max : q->n / sched.n_procs + 1;
	struct g *first;

	int before = q->n;

	if (n > RUNQ_SIZE / 2)
		n = RUNQ_SIZE / 2;
	first = queue__pop(q);
	for (; first && n > 1 && q->head; n--) {
		uint32_t tail = get_relaxed(&p->tail);

		/* the ring may be half full where a next slot was looked at in vain: never more than it holds */
		if (tail - get_acquire(&p->head) >= RUNQ_SIZE)
			break;
		set_relaxed(slot(p, tail), queue__pop(q));
		atomic_store(&p->tail, tail + 1);
	}
	atomic_store(&sched.runq_n, q->n);
	stats__add(p, global, before - q->n);
	return first;
}

/* The ring is full: half of it, and g, go to the global queue. False: a thief has made room meanwhile */
static bool put_slow(struct p *p, struct g *g, uint32_t head)
{
	struct g_queue batch = { 0 };
	struct g *half[RUNQ_SIZE / 2];

	for (uint32_t i = 0; i < RUNQ_SIZE / 2; i++)
		half[i] = get_relaxed(slot(p, head + i));
	if (!atomic_compare_exchange_strong(&p->head, &head, head + RUNQ_SIZE / 2))
		return false;
	for (uint32_t i = 0; i < RUNQ_SIZE / 2; i++)
		queue__push(&batch, half[i]);
	queue__push(&batch, g);
	lock__acquire(&sched.lock);
	global__push(&batch);
	lock__release(&sched.lock);
	return true;
}

struct overflow {
	struct p *p;
	struct g *g;
	uint32_t head;
	bool done;
};

static void put_slow_on_g0(void *arg)
{
	struct overflow *o = arg;

	o->done = put_slow(o->p, o->g, o->head);
}

void runq__put(struct p *p, struct g *g, bool next)
{
	if (next) {
		g = atomic_exchange(&p->next, g);
		if (!g)
			return;
	}
	for (;;) {
		uint32_t head = get_acquire(&p->head), tail = get_relaxed(&p->tail);
		struct overflow o = { .p = p, .g = g, .head = head };

		if (likely(tail - head < RUNQ_SIZE)) {
			set_relaxed(slot(p, tail), g);
			/* in one order with the idle M's last look: see m__wake_one() */
			atomic_store(&p->tail, tail + 1);
			return;
		}
		/* its kilobyte of pointers is too much for a small stack */
		m__call_on_g0(put_slow_on_g0, &o);
		if (o.done)
			return;
	}
}

struct g *runq__get(struct p *p, bool *inherit_slice)
{
	struct g *g = get_relaxed(&p->next);

	/* the slice that a pair hands to and fro is over: others first */
	if (unlikely(g && get_relaxed(&p->preempt))) {
		g = atomic_exchange(&p->next, NULL);
		if (g)
			runq__put(p, g, false);
		g = NULL;
	}
	*inherit_slice = true;
	if (g && atomic_compare_exchange_strong(&p->next, &g, NULL))
		return g;
	*inherit_slice = false;
	for (;;) {
		uint32_t head = get_acquire(&p->head);

		if (head == get_relaxed(&p->tail))
			return NULL;
		g = get_relaxed(slot(p, head));
		if (atomic_compare_exchange_strong_explicit(&p->head, &head, head + 1, memory_order_acq_rel,
							    memory_order_relaxed))
			return g;
	}
}

static uint32_t grab_next(struct p *to, uint32_t at, struct p *from)
{
	const struct timespec moment = { .tv_nsec = 3000 };
	struct g *g = get_acquire(&from->next);

	if (!g)
		return 0;
	/* who has just made it ready is likely to run it at once, and the two share a cache: give it the time */
	if (get_relaxed(&from->status) == P_RUNNING) {
		nanosleep(&moment, NULL);
		g = get_acquire(&from->next);
	}
	if (!g || !atomic_compare_exchange_strong(&from->next, &g, NULL))
		return 0;
	set_relaxed(slot(to, at), g);
	return 1;
}

/* Half of another's queue, rounded up, to the slots from `at` on */
static uint32_t grab(struct p *to, uint32_t at, struct p *from, bool steal_next)
{
	for (;;) {
		uint32_t head = get_acquire(&from->head);
		uint32_t n = get_acquire(&from->tail) - head;

		n -= n / 2;
		if (n == 0)
			return steal_next ? grab_next(to, at, from) : 0;
		if (n > RUNQ_SIZE / 2)
			continue; /* head and tail of different moments */
		for (uint32_t i = 0; i < n; i++)
			set_relaxed(slot(to, at + i), get_relaxed(slot(from, head + i)));
		if (atomic_compare_exchange_strong_explicit(&from->head, &head, head + n, memory_order_acq_rel,
							    memory_order_relaxed))
			return n;
	}
}

struct g *runq__steal(struct p *p, struct p *from, bool steal_next)
{
	uint32_t tail = get_relaxed(&p->tail);
	uint32_t n = grab(p, tail, from, steal_next);

	if (n == 0)
		return NULL;
	stats__add(p, steals, 1);
	stats__add(p, stolen, n);
	EVENT(steal, 0, p->id, from->id, n);
	n--;
	if (n)
		atomic_store(&p->tail, tail + n);
	return get_relaxed(slot(p, tail + n));
}

bool runq__empty(struct p *p)
{
	for (;;) {
		uint32_t head = atomic_load(&p->head), tail = atomic_load(&p->tail);
		struct g *next = atomic_load(&p->next);

		/* what moves from next to the ring in between is seen by the tail */
		if (tail == atomic_load(&p->tail))
			return head == tail && !next;
	}
}
