// SPDX-License-Identifier: BSD-2-Clause
/*
 * The collection, by a goroutine of its own: all is swept; the world stops for a moment (sweep termination) and from
 * then on the write barrier is on and new blocks are black; marking, beside the program; the world stops again (mark
 * termination) if nothing is grey; sweeping, beside the program. Nothing that is done while the world stands depends
 * on how large the heap is or how many goroutines there are.
 *
 * Marking takes a quarter of the Ps: this goroutine, for a share of the time where that is less than one P, and
 * workers. Ps that have nothing else to do help.
 */
#include <stdlib.h>

#include "gc.h"

#define SLICE_MARK_NS 1000000
#define SLICE_IDLE_NS 100000
#define WAIT_NS	      20000 /* until those who hold what is left have shared it or are done */

struct gc_waiter {
	struct gc_waiter *next;
	struct g *g;
	uint64_t cycle;
};

static struct {
	struct lock lock;
	struct g *parked;
	_Atomic bool wanted;
	uint64_t begun;
	_Atomic(struct gc_waiter *) waiters;
	/* workers that wait to be taken by an idle P */
	struct g *pool;
	_Atomic int dedicated_wanted;
} gc;

/* ---- workers ---- */

static void mark_for(int64_t ns, bool idle_only)
{
	struct p *p = this_p();
	uint64_t before = get_relaxed(&p->heap->marked_bytes);

	mark__drain(p, UINT64_MAX, ns ? os__now_ns() + ns : 0, idle_only);
	atomic_fetch_add(&credit_bytes, get_relaxed(&p->heap->marked_bytes) - before);
}

static void then_pool(struct m *m, struct g *g, void *arg)
{
	sched__parked(m, g, WEFT_WAIT_GC);
	lock__acquire(&gc.lock);
	g->link = gc.pool;
	gc.pool = g;
	lock__release(&gc.lock);
}

static void work(void *arg)
{
	for (;;) {
		sched__park(then_pool, NULL);
		if (!get_relaxed(&gc_marking))
			continue;
		if (atomic_fetch_sub(&gc.dedicated_wanted, 1) <= 0) {
			mark_for(SLICE_IDLE_NS, true);
			continue;
		}
		while (get_relaxed(&gc_marking)) {
			mark_for(0, false);
			sched__check_preempt();
			if (!mark__work_left())
				weft_sleep(WAIT_NS);
		}
	}
}

static struct g *take_worker(void)
{
	struct g *g;

	lock__acquire(&gc.lock);
	g = gc.pool;
	if (g)
		gc.pool = g->link;
	lock__release(&gc.lock);
	return g;
}

struct g *gc__idle_worker(void)
{
	struct g *g = mark__work_left() ? take_worker() : NULL;

	if (g)
		sched__set_ready(g);
	return g;
}

/* ---- the cycle ---- */

static void begin(void)
{
	struct g *self = this_m()->g;

	weft_stop_the_world(WEFT_STOP_SWEEP_TERMINATION);
	set_relaxed(&gc_cycle, get_relaxed(&gc_cycle) + 1);
	EVENT(gc_start, self->id, get_relaxed(&gc_cycle), get_relaxed(&heap_live_bytes), pace__goal_bytes());
	root__begin();
	finalizer__begin();
	pace__begin();
	/* it runs, so its stack is black; there is nothing on it */
	set_relaxed(&self->scanned, get_relaxed(&gc_cycle));
	set_relaxed(&gc_marking, 1);
	EVENT(gc_phase, self->id, get_relaxed(&gc_cycle), WEFT_PHASE_MARK, 0);
	weft_start_the_world();
}

static void start_dedicated(void)
{
	struct g *g;
	int n = sched.n_procs / 4 - 1;

	atomic_store(&gc.dedicated_wanted, n > 0 ? n : 0);
	for (; n > 0 && (g = take_worker()); n--)
		sched__ready(g);
}

/* Until nobody has found anything for a moment */
static void mark(void)
{
	double share = sched.n_procs < 4 ? sched.n_procs / 4.0 : 1;
	int64_t start_ns = os__now_ns(), used_ns = 0, now_ns;

	for (;;) {
		now_ns = os__now_ns();
		mark_for(SLICE_MARK_NS, false);
		used_ns += os__now_ns() - now_ns;
		pace__revise();
		if (!mark__work_left() && mark__flush_all())
			return;
		if (!mark__work_left()) {
			weft_sleep(WAIT_NS);
			continue;
		}
		now_ns = os__now_ns();
		/* an idle P's time is free */
		if (!atomic_load(&sched.n_idle_p) && used_ns > share * (now_ns - start_ns) + SLICE_MARK_NS)
			weft_sleep(used_ns / share - (now_ns - start_ns));
		else
			sched__check_preempt();
	}
}

/* False: somebody had a grey block still */
static bool end(void)
{
	uint64_t cycle = get_relaxed(&gc_cycle), live, goal, id = this_g_id();

	weft_stop_the_world(WEFT_STOP_MARK_TERMINATION);
	if (!mark__reset() || root__left()) {
		weft_start_the_world();
		return false;
	}
	EVENT(gc_phase, id, cycle, WEFT_PHASE_MARK_TERMINATION, 0);
	set_relaxed(&gc_marking, 0);
	atomic_store(&gc.dedicated_wanted, 0);
	live = mark__marked_bytes();
	goal = pace__end(live);
	span__flip();
	heap__swap_caches();
	stats__add(this_p(), collections, 1);
	EVENT(gc_end, id, cycle, live, goal);
	EVENT(gc_phase, id, cycle, WEFT_PHASE_SWEEP, 0);
	weft_start_the_world();
	return true;
}

static bool in_haste(void)
{
	return get_relaxed(&gc.wanted) || get_relaxed(&gc.waiters);
}

static void sweep(void)
{
	struct weft_totals before, after;

	weft_stats_read(&before);
	heap__sweep_old_caches(this_p());
	sweep__all(in_haste);
	weft_stats_read(&after);
	EVENT(sweep_end, 0, get_relaxed(&gc_cycle), after.freed_bytes - before.freed_bytes, 0);
	EVENT(gc_phase, this_g_id(), get_relaxed(&gc_cycle), WEFT_PHASE_OFF, 0);
	sweep__wake_scavenger();
}

static void then_wait(struct m *m, struct g *g, void *arg)
{
	sched__parked(m, g, WEFT_WAIT_GC);
	gc.parked = g;
	lock__release(&gc.lock);
}

static void wait_until_wanted(void)
{
	lock__acquire(&gc.lock);
	while (!get_relaxed(&gc.wanted)) {
		sched__park(then_wait, NULL);
		lock__acquire(&gc.lock);
	}
	set_relaxed(&gc.wanted, false);
	gc.begun++;
	lock__release(&gc.lock);
}

static void wake_waiters(void)
{
	struct g_queue ready = { 0 };
	struct gc_waiter *w, *later = NULL;
	struct g *g;

	lock__acquire(&gc.lock);
	while ((w = get_relaxed(&gc.waiters))) {
		set_relaxed(&gc.waiters, w->next);
		if (w->cycle <= gc.begun) {
			queue__push(&ready, w->g);
			continue;
		}
		w->next = later;
		later = w;
	}
	set_relaxed(&gc.waiters, later);
	lock__release(&gc.lock);
	while ((g = queue__pop(&ready)))
		sched__ready(g);
}

static void collect(void *arg)
{
	for (;;) {
		wait_until_wanted();
		begin();
		start_dedicated();
		do
			mark();
		while (!end());
		sweep();
		wake_waiters();
	}
}

/* ---- for the others ---- */

struct g *gc__start_goroutine(struct p *p, void (*fn)(void *arg))
{
	struct g *g = g__start(p, fn, NULL, stack__class(WEFT_STACK_BYTES));

	runq__put(p, g, true);
	m__wake_one();
	return g;
}

void gc__start_goroutines(struct p *p)
{
	for (int i = 1; i < sched.n_procs; i++)
		gc__start_goroutine(p, work);
	sweep__start_scavenger(p);
	gc__start_goroutine(p, collect);
}

static struct g *want(void)
{
	struct g *g = gc.parked;

	gc.parked = NULL;
	set_relaxed(&gc.wanted, true);
	return g;
}

void gc__wake(void)
{
	struct g *g;

	if (get_relaxed(&gc.wanted))
		return;
	lock__acquire(&gc.lock);
	g = want();
	lock__release(&gc.lock);
	if (g)
		sched__ready(g);
}

bool gc__wanted(void)
{
	return get_relaxed(&gc.wanted);
}

void weft_gc(void)
{
	struct gc_waiter self = { .g = this_m()->g };
	struct g *g;

	heap__start_goroutines();
	lock__acquire(&gc.lock);
	self.cycle = gc.begun + 1;
	self.next = get_relaxed(&gc.waiters);
	set_relaxed(&gc.waiters, &self);
	g = want();
	if (g)
		sched__ready(g);
	sched__park_release(&gc.lock, WEFT_WAIT_GC);
}
