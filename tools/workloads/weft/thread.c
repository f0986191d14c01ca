// SPDX-License-Identifier: BSD-2-Clause
/*
 * Ms, the threads of the kernel, and the Ps that they hold. An M without work sleeps on a futex and is given a P by
 * who wakes it. Threads are never ended: so a pointer to an M, and its thread's number, stay true.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime.h"

#define M_STACK_BYTES (256 * 1024)

void m__take(struct m *m, struct p *p)
{
	set_relaxed(&m->p, p);
	set_release(&p->m, m);
	set_relaxed(&p->preempt, 0);
	m->left = 0;
	atomic_store(&p->status, P_RUNNING);
}

struct p *m__give(struct m *m)
{
	struct p *p = get_relaxed(&m->p);

	set_relaxed(&m->p, NULL);
	set_relaxed(&p->m, NULL);
	atomic_store(&p->status, P_IDLE);
	return p;
}

struct p *idle__get(void)
{
	struct p *p = sched.idle_p;

	if (!p)
		return NULL;
	sched.idle_p = p->link;
	atomic_fetch_sub(&sched.n_idle_p, 1);
	if (sched.monitor_sleeps) {
		sched.monitor_sleeps = false;
		note__wake(&sched.monitor);
	}
	return p;
}

void idle__put(struct p *p)
{
	atomic_store(&p->status, P_IDLE);
	p->link = sched.idle_p;
	sched.idle_p = p;
	atomic_fetch_add(&sched.n_idle_p, 1);
}

void m__call_on_g0(void (*fn)(void *arg), void *arg)
{
	uintptr_t sp = (uintptr_t)__builtin_frame_address(0);
	struct m *m = this_m();

	/* the monitor is no M and has a whole stack, as has g0, where a goroutine may be already */
	if (m && m->g && sp >= m->g->stack_lo && sp <= m->g->stack_hi)
		switch__call(fn, arg, m->g0_sp);
	else
		fn(arg);
}

static void *m__main(void *arg)
{
	struct m *m = arg;
	struct p *p = m->next_p;

	switch__first_m(m);
	preempt__init_m(m);
	trace__thread();
	m->tid = syscall(SYS_gettid);
	m->next_p = NULL;
	m__take(m, p);
	sched__loop(m);
	return NULL;
}

static void m__create(void *arg)
{
	struct m *m = arg;
	pthread_attr_t attr;
	pthread_t thread;
	int err;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	err = pthread_attr_setstacksize(&attr, M_STACK_BYTES);
	if (!err)
		err = pthread_create(&thread, &attr, m__main, m);
	pthread_attr_destroy(&attr);
	if (err)
		os__die("cannot start thread %d: error %d; see `ulimit -u` and the cgroup's pids.max", sched.n_m, err);
}

static void m__new(void *arg)
{
	struct m **m = arg;

	*m = calloc(1, sizeof(**m));
	if (!*m)
		os__die("no memory for a thread");
}

void m__start(struct p *p, bool spinning)
{
	struct m *m;

	lock__acquire(&sched.lock);
	if (!p)
		p = idle__get();
	if (!p) {
		lock__release(&sched.lock);
		if (spinning)
			atomic_fetch_sub(&sched.n_spinning, 1);
		return;
	}
	m = sched.idle_m;
	if (m) {
		sched.idle_m = m->link;
		sched.n_idle_m--;
	} else if (++sched.n_m > MAX_THREADS) {
		os__die("more than %d threads: too many goroutines block in system calls at once", MAX_THREADS);
	}
	lock__release(&sched.lock);
	if (m) {
		m->spinning = spinning;
		m->next_p = p;
		note__wake(&m->park);
		return;
	}
	m__call_on_g0(m__new, &m);
	m->spinning = spinning;
	m->next_p = p;
	stats__add_shared(threads, 1);
	m__call_on_g0(m__create, m);
}

void m__stop(struct m *m)
{
	struct p *p;

	lock__acquire(&sched.lock);
	m->link = sched.idle_m;
	sched.idle_m = m;
	sched.n_idle_m++;
	lock__release(&sched.lock);
	note__sleep(&m->park, -1);
	note__clear(&m->park);
	p = m->next_p;
	m->next_p = NULL;
	m__take(m, p);
}

/*
 * Whoever adds work calls this after it, and an M that stops looking looks at the queues once more after it has said
 * so in n_spinning. All of these are in one total order, so one of the two sees the other's.
 */
void m__wake_one(void)
{
	int none = 0;

	if (atomic_load(&sched.n_idle_p) == 0 || atomic_load(&sched.n_spinning) != 0)
		return;
	if (atomic_compare_exchange_strong(&sched.n_spinning, &none, 1))
		m__start(NULL, true);
}

void p__handoff(struct p *p)
{
	if (!runq__empty(p) || atomic_load(&sched.runq_n)) {
		m__start(p, false);
		return;
	}
	lock__acquire(&sched.lock);
	if (atomic_load(&sched.stopping)) {
		stw__p_stopped(p, get_relaxed(&p->in_call)->id, WEFT_STOP_IN_SYSCALL);
		lock__release(&sched.lock);
		return;
	}
	/* the last P at work also minds the network: let it block there rather than leave it to the monitor */
	if (sched.runq.n ||
	    (atomic_load(&sched.n_idle_p) == sched.n_procs - 1 && poll__anyone() && atomic_load(&sched.last_poll_ns))) {
		lock__release(&sched.lock);
		m__start(p, false);
		return;
	}
	idle__put(p);
	lock__release(&sched.lock);
}
