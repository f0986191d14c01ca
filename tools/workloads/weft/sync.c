// SPDX-License-Identifier: BSD-2-Clause
/*
 * Mutex and wait group. Who waits lies in a list, as a node on its own stack, under the guard.
 */
#include "runtime.h"

#define STARVING_NS 1000000

enum { FREE, HELD, HELD_WAITED };

struct sleeper {
	struct sleeper *next;
	struct g *g;
	int64_t since_ns;
	bool handed_over;
};

static void waitq__push(struct weft_waitq *q, struct sleeper *s, bool front)
{
	struct sleeper *last = q->last;

	if (front) {
		s->next = q->first;
		q->first = s;
		if (!s->next)
			q->last = s;
		return;
	}
	s->next = NULL;
	if (last)
		last->next = s;
	else
		q->first = s;
	q->last = s;
}

static struct sleeper *waitq__pop(struct weft_waitq *q)
{
	struct sleeper *s = q->first;

	if (!s)
		return NULL;
	q->first = s->next;
	if (!q->first)
		q->last = NULL;
	return s;
}

bool weft_trylock(struct weft_mutex *mu)
{
	int state = FREE;

	return atomic_compare_exchange_strong(&mu->state, &state, HELD);
}

static void lock_slow(struct weft_mutex *mu)
{
	struct lock *guard = (struct lock *)&mu->guard;
	struct sleeper self = { .since_ns = os__now_ns() };

	for (bool again = false;; again = true) {
		lock__acquire(guard);
		/* from here on who unlocks looks at the list; if nobody held it, it is ours */
		if (atomic_exchange(&mu->state, HELD_WAITED) == FREE) {
			lock__release(guard);
			return;
		}
		self.g = this_m()->g;
		waitq__push(&mu->waiters, &self, again);
		sched__park_release(guard, WEFT_WAIT_MUTEX);
		if (self.handed_over)
			return;
	}
}

void weft_lock(struct weft_mutex *mu)
{
	if (unlikely(!weft_trylock(mu)))
		lock_slow(mu);
}

/*
 * One waiter is woken, and takes the lock unless another has come first. While it is under way the state says HELD
 * at most, though others wait: it is this waiter that says HELD_WAITED again, when it takes the lock or fails to.
 */
void weft_unlock(struct weft_mutex *mu)
{
	struct lock *guard = (struct lock *)&mu->guard;
	int state = HELD;
	struct sleeper *s;
	struct g *g = NULL;

	if (likely(atomic_compare_exchange_strong(&mu->state, &state, FREE))) {
		sched__check_preempt();
		return;
	}
	if (state == FREE)
		os__die("goroutine %llu unlocks a mutex that is not locked", (unsigned long long)weft_self());
	lock__acquire(guard);
	s = waitq__pop(&mu->waiters);
	if (s)
		g = s->g;
	if (s && os__now_ns() - s->since_ns > STARVING_NS)
		s->handed_over = true;
	else
		atomic_store(&mu->state, FREE);
	lock__release(guard);
	if (g)
		sched__ready(g);
	sched__check_preempt();
}

void weft_wg_add(struct weft_waitgroup *wg, int64_t n)
{
	struct lock *guard = (struct lock *)&wg->guard;
	struct weft_waitq woken;
	int64_t count;
	struct sleeper *s;

	/* to zero only under the guard: who waits may free the group as soon as it sees the zero there */
	count = get_relaxed(&wg->count);
	while (count + n > 0)
		if (atomic_compare_exchange_weak(&wg->count, &count, count + n))
			return;
	lock__acquire(guard);
	count = atomic_fetch_add(&wg->count, n) + n;
	if (count < 0)
		os__die("goroutine %llu makes a wait group negative", (unsigned long long)weft_self());
	woken = wg->waiters;
	if (count == 0)
		wg->waiters = (struct weft_waitq){ 0 };
	lock__release(guard);
	if (count > 0)
		return;
	while ((s = waitq__pop(&woken)))
		sched__ready(s->g);
}

void weft_wg_done(struct weft_waitgroup *wg)
{
	weft_wg_add(wg, -1);
	sched__check_preempt();
}

void weft_wg_wait(struct weft_waitgroup *wg)
{
	struct lock *guard = (struct lock *)&wg->guard;
	struct sleeper self = { .g = this_m()->g };

	lock__acquire(guard);
	if (atomic_load(&wg->count) == 0) {
		lock__release(guard);
		return;
	}
	waitq__push(&wg->waiters, &self, false);
	sched__park_release(guard, WEFT_WAIT_GROUP);
}
