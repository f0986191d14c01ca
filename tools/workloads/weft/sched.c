// SPDX-License-Identifier: BSD-2-Clause
/*
 * The scheduler: what an M does between two goroutines, and how goroutines give way and come back.
 */
#include "runtime.h"

#define STEAL_ROUNDS 4

struct sched sched;

static uint32_t p__random(struct p *p)
{
	p->random ^= p->random << 13;
	p->random ^= p->random >> 17;
	p->random ^= p->random << 5;
	return p->random;
}

/* ---- looking for work ---- */

static void stop_spinning(struct m *m)
{
	m->spinning = false;
	atomic_fetch_sub(&sched.n_spinning, 1);
}

static void start_spinning(struct m *m)
{
	m->spinning = true;
	atomic_fetch_add(&sched.n_spinning, 1);
}

/* The world is to stand still: lay down the P */
static void stop_here(struct m *m)
{
	if (m->spinning)
		stop_spinning(m);
	lock__acquire(&sched.lock);
	if (atomic_load(&sched.stopping))
		stw__p_stopped(m__give(m), m->left, m->left_how);
	lock__release(&sched.lock);
}

static struct g *look_at_global(struct p *p, int max)
{
	struct g *g;

	if (!get_relaxed(&sched.runq_n))
		return NULL;
	lock__acquire(&sched.lock);
	g = global__get(p, max);
	lock__release(&sched.lock);
	return g;
}

static struct g *look_at_network(void)
{
	struct g_queue ready = { 0 };
	struct g *g;

	/* 0: someone blocks in the poller and will see to it */
	if (!poll__anyone() || !get_relaxed(&sched.last_poll_ns) || !poll__wait(0, &ready))
		return NULL;
	g = queue__pop(&ready);
	sched__set_ready(g);
	sched__inject(&ready);
	return g;
}

static struct g *look_at_others(struct p *p)
{
	for (int round = 0; round < STEAL_ROUNDS; round++) {
		uint32_t start = p__random(p);

		for (int i = 0; i < sched.n_procs; i++) {
			struct p *other = &sched.p[(start + i) % sched.n_procs];
			struct g *g;

			if (atomic_load(&sched.stopping))
				return NULL;
			if (other == p || get_relaxed(&other->status) == P_IDLE)
				continue;
			g = runq__steal(p, other, round == STEAL_ROUNDS - 1);
			if (g)
				return g;
		}
	}
	return NULL;
}

static struct p *take_idle_p(struct m *m)
{
	struct p *p;

	lock__acquire(&sched.lock);
	p = idle__get();
	lock__release(&sched.lock);
	if (p)
		m__take(m, p);
	return p;
}

/*
 * Blocks for the network and the next timer, as the one M that does. Returns what to run, and holds a P then. (NULL
 * with a P: timers are due, or look again; NULL without: nothing to do, or no P is free.)
 */
static struct g *wait_for_network(struct m *m)
{
	struct g_queue ready = { 0 };
	int64_t until_ns;
	struct g *g;

	atomic_store(&sched.poll_until_ns, 0);
	until_ns = timer__next_ns();
	atomic_store(&sched.poll_until_ns, until_ns);
	if (until_ns) {
		int64_t left_ns = until_ns - os__now_ns();

		poll__wait(left_ns > 0 ? left_ns : 0, &ready);
	} else {
		poll__wait(-1, &ready);
	}
	atomic_store(&sched.poll_until_ns, 0);
	atomic_store(&sched.last_poll_ns, os__now_ns());
	if (!take_idle_p(m)) {
		sched__inject(&ready);
		return NULL;
	}
	g = queue__pop(&ready);
	if (g)
		sched__set_ready(g);
	sched__inject(&ready);
	return g;
}

/* The P is laid down and work may have come at that moment from one who saw us spinning and so woke nobody */
static bool look_again(struct m *m)
{
	for (int i = 0; i < sched.n_procs; i++)
		if (!runq__empty(&sched.p[i]))
			return take_idle_p(m);
	return false;
}

/* Without a P and without work. Returns a goroutine and a P, or NULL (with or without a P: look again) */
static struct g *go_idle(struct m *m)
{
	bool spun = m->spinning;
	int64_t next_ns, until_ns;
	struct g *g;

	if (spun) {
		stop_spinning(m);
		if (look_again(m)) {
			start_spinning(m);
			return NULL;
		}
	}
	next_ns = timer__next_ns();
	if ((poll__anyone() || next_ns) && atomic_exchange(&sched.last_poll_ns, 0)) {
		g = wait_for_network(m);
		if (!g && this_p() && spun)
			start_spinning(m);
		return g;
	}
	until_ns = atomic_load(&sched.poll_until_ns);
	if (next_ns && (!until_ns || until_ns > next_ns))
		poll__break();
	m__stop(m);
	return NULL;
}

static struct g *find_work(struct m *m, bool *inherit_slice)
{
	for (;;) {
		struct p *p = get_relaxed(&m->p);
		struct g *g = NULL;
		int64_t next_ns;

		*inherit_slice = false;
		if (!p) {
			m__stop(m);
			continue;
		}
		if (unlikely(atomic_load(&sched.stopping))) {
			stop_here(m);
			continue;
		}
		if (unlikely(get_relaxed(&gc_marking)))
			mark__flush(p);
		next_ns = timer__next_ns();
		if (next_ns) {
			int64_t now_ns = os__now_ns();

			if (next_ns <= now_ns)
				timer__run(now_ns);
		}
		if (get_relaxed(&p->tick) % GLOBAL_TICKS == 0)
			g = look_at_global(p, 1);
		if (!g)
			g = runq__get(p, inherit_slice);
		if (!g)
			g = look_at_global(p, 0);
		if (!g)
			g = look_at_network();
		if (g)
			return g;
		/* at most half as many thieves as there are who work: stealing is not free for the robbed */
		if (m->spinning || 2 * atomic_load(&sched.n_spinning) < sched.n_procs - atomic_load(&sched.n_idle_p)) {
			if (!m->spinning)
				start_spinning(m);
			g = look_at_others(p);
			if (g)
				return g;
		}
		if (unlikely(get_relaxed(&gc_marking)) && (g = gc__idle_worker()))
			return g;
		lock__acquire(&sched.lock);
		if (atomic_load(&sched.stopping) || sched.runq.n) {
			lock__release(&sched.lock);
			continue;
		}
		idle__put(m__give(m));
		lock__release(&sched.lock);
		g = go_idle(m);
		if (g)
			return g;
	}
}

void sched__loop(struct m *m)
{
	for (;;) {
		bool inherit_slice;
		struct g *g = find_work(m, &inherit_slice);
		struct p *p = get_relaxed(&m->p);

		if (m->spinning) {
			/* the last one to spin has found work: there may be more */
			stop_spinning(m);
			m__wake_one();
		}
		if (!inherit_slice) {
			set_relaxed(&p->tick, get_relaxed(&p->tick) + 1);
			set_relaxed(&p->preempt, 0);
		}
		set_relaxed(&g->status, G_RUNNING);
		stats__add(p, switches, 1);
		EVENT(g_run, g->id, p->id, 0, 0);
		g__claim(p, g);
		switch__to_g(m, g);
		g__unclaim(g);
		m->left = g->id;
		m->left_how = WEFT_STOP_IN_SCHEDULER;
		/* P may be another one now, or none, after a system call */
		if (unlikely(!g->guarded))
			g__check_stack(g);
		m->then(m, g, m->then_arg);
	}
}

/* ---- giving way and coming back ---- */

void sched__park(void (*then)(struct m *m, struct g *g, void *arg), void *arg)
{
	struct m *m = this_m();

	if (unlikely(get_relaxed(&m->locks)))
		os__die("goroutine %llu blocks between weft_nopreempt_begin() and _end(), or while the world is stopped",
			(unsigned long long)m->g->id);
	m->then = then;
	m->then_arg = arg;
	switch__to_g0(m, false);
}

static void then_release(struct m *m, struct g *g, void *arg)
{
	sched__parked(m, g, g->wait);
	lock__release(arg);
}

void sched__park_release(struct lock *l, enum weft_wait why)
{
	this_m()->g->wait = why;
	sched__park(then_release, l);
}

void sched__ready(struct g *g)
{
	sched__set_ready(g);
	runq__put(this_p(), g, true);
	m__wake_one();
}

void sched__inject(struct g_queue *ready)
{
	int n = ready->n;

	if (!n)
		return;
	for (struct g *g = ready->head; g; g = g->link)
		sched__set_ready(g);
	lock__acquire(&sched.lock);
	global__push(ready);
	lock__release(&sched.lock);
	for (; n && atomic_load(&sched.n_idle_p); n--)
		m__start(NULL, false);
}

static void then_requeue(struct m *m, struct g *g, void *arg)
{
	set_relaxed(&g->status, G_RUNNABLE);
	runq__put(get_relaxed(&m->p), g, false);
}

void sched__yield(void)
{
	sched__park(then_requeue, NULL);
}

static void then_requeue_globally(struct m *m, struct g *g, void *arg)
{
	struct p *p = get_relaxed(&m->p);
	struct g_queue one = { 0 };
	bool *async = arg;

	set_relaxed(&g->status, G_RUNNABLE);
	stats__add(p, preempts, 1);
	stats__add(p, preempts_async, *async);
	EVENT(preempt_taken, g->id, p->id, *async, 0);
	m->left_how = *async ? WEFT_STOP_BY_SIGNAL : WEFT_STOP_AT_CALL;
	set_relaxed(&p->preempt, 0);
	queue__push(&one, g);
	lock__acquire(&sched.lock);
	global__push(&one);
	lock__release(&sched.lock);
}

void sched__yield_preempted(bool async)
{
	if (get_relaxed(&this_m()->locks))
		return;
	sched__park(then_requeue_globally, &async);
}

void weft_yield(void)
{
	sched__yield();
}

void weft_nopreempt_begin(void)
{
	struct m *m = this_m();

	set_relaxed(&m->locks, get_relaxed(&m->locks) + 1);
}

void weft_nopreempt_end(void)
{
	struct m *m = this_m();

	set_relaxed(&m->locks, get_relaxed(&m->locks) - 1);
	if (!get_relaxed(&m->locks))
		sched__check_preempt();
}
