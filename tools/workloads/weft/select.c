// SPDX-License-Identifier: BSD-2-Clause
/*
 * select. All channels are locked in the order of their addresses, so that two selects never wait for each other; then
 * cases are tried in random order; then a waiter is put into every channel, and the first partner to set
 * g->select_done serves one of them.
 */
#include <stdlib.h>

#include "chan.h"

#define ON_STACK 4 /* cases that need no memory from malloc() */

struct select {
	struct weft_case *cases;
	int n;
	uint16_t *locks; /* cases in the order of their channels' addresses */
	struct waiter *waiters;
};

static uint32_t random_below(uint32_t n)
{
	struct p *p = this_p();

	p->random ^= p->random << 13;
	p->random ^= p->random >> 17;
	p->random ^= p->random << 5;
	return (uint64_t)p->random * n >> 32;
}

static struct weft_chan *chan_at(struct select *s, int i)
{
	return s->cases[s->locks[i]].chan;
}

static void sort_locks(struct select *s)
{
	for (int i = 0; i < s->n; i++) {
		uintptr_t at = (uintptr_t)s->cases[i].chan;
		int j = i;

		for (; j && (uintptr_t)chan_at(s, j - 1) > at; j--)
			s->locks[j] = s->locks[j - 1];
		s->locks[j] = i;
	}
}

static void lock_all(struct select *s)
{
	struct weft_chan *last = NULL;

	for (int i = 0; i < s->n; i++) {
		struct weft_chan *c = chan_at(s, i);

		if (c && c != last)
			lock__acquire(&c->lock);
		last = c;
	}
}

/* The last lock released lets the goroutine run, and with it goes *s: so nothing is read after it */
static void unlock_all(struct select *s)
{
	struct weft_chan *c = s->n ? chan_at(s, s->n - 1) : NULL;

	for (int i = s->n - 1; c; i--) {
		struct weft_chan *before = i ? chan_at(s, i - 1) : NULL;

		if (c != before)
			lock__release(&c->lock);
		c = before;
	}
}

static void then_unlock_all(struct m *m, struct g *g, void *arg)
{
	sched__parked(m, g, WEFT_WAIT_SELECT);
	unlock_all(arg);
}

/* The first case, from a random one on, that can go ahead; WEFT_NONE */
static int try_all(struct select *s, struct g **partner, enum chan_result *result)
{
	int start = s->n ? random_below(s->n) : 0;

	for (int k = 0; k < s->n; k++) {
		int i = (start + k) % s->n;
		struct weft_case *at = &s->cases[i];

		if (!at->chan)
			continue;
		*result = at->dir == WEFT_SEND ? chan__send(at->chan, at->elem, partner) :
						 chan__recv(at->chan, at->elem, partner);
		at->ok = *result == CHAN_DONE;
		if (*result != CHAN_MUST_WAIT)
			return i;
	}
	return WEFT_NONE;
}

static struct waiter_list *list_of(struct weft_case *at)
{
	return at->dir == WEFT_SEND ? &at->chan->senders : &at->chan->receivers;
}

/* All locks held */
static int wait_for_one(struct select *s)
{
	struct g *g = this_m()->g;
	int served;

	atomic_store(&g->select_done, 0);
	g->woken_by = NULL;
	for (int i = 0; i < s->n; i++) {
		s->waiters[i] = (struct waiter){ .g = g, .elem = s->cases[i].elem, .in_select = true };
		if (s->cases[i].chan)
			waiters__push(list_of(&s->cases[i]), &s->waiters[i]);
	}
	sched__park(then_unlock_all, s);
	served = g->woken_by - s->waiters;
	lock_all(s);
	for (int i = 0; i < s->n; i++)
		if (s->waiters[i].queued)
			waiters__remove(list_of(&s->cases[i]), &s->waiters[i]);
	unlock_all(s);
	s->cases[served].ok = s->waiters[served].ok;
	if (!s->cases[served].ok && s->cases[served].dir == WEFT_SEND)
		chan__die_closed();
	return served;
}

static int run(struct select *s, bool block)
{
	enum chan_result result;
	struct g *partner = NULL;
	int i;

	sort_locks(s);
	lock_all(s);
	i = try_all(s, &partner, &result);
	if (i == WEFT_NONE && block)
		return wait_for_one(s);
	unlock_all(s);
	if (i != WEFT_NONE && result == CHAN_CLOSED && s->cases[i].dir == WEFT_SEND)
		chan__die_closed();
	if (partner)
		sched__ready(partner);
	sched__check_preempt();
	return i;
}

static void alloc_on_g0(void *arg)
{
	struct select *s = arg;

	s->waiters = malloc(s->n * (sizeof(*s->waiters) + sizeof(*s->locks)));
	if (!s->waiters)
		os__die("no memory for a select of %d cases", s->n);
	s->locks = (uint16_t *)(s->waiters + s->n);
}

int weft_select(struct weft_case *cases, int n_cases, bool block)
{
	struct waiter waiters[ON_STACK];
	uint16_t locks[ON_STACK];
	struct select s = { cases, n_cases, locks, waiters };
	int i;

	if (n_cases < 0 || n_cases > WEFT_MAX_CASES)
		os__die("a select of %d cases: at most %d", n_cases, WEFT_MAX_CASES);
	if (n_cases <= ON_STACK)
		return run(&s, block);
	m__call_on_g0(alloc_on_g0, &s);
	i = run(&s, block);
	m__call_on_g0(free, s.waiters);
	return i;
}
