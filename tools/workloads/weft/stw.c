// SPDX-License-Identifier: BSD-2-Clause
/*
 * Stopping the world: no P runs a goroutine, but the one that asked. A P stands when it is idle, when its goroutine
 * is in a system call (whose end then waits), or when its M has laid it down in the scheduler, whither preemption
 * brings it. Threads in system calls go on in the kernel; they touch nothing of weft before they have a P again.
 */
#include "runtime.h"

#define ASK_AGAIN_NS 100000

static struct weft_mutex one_at_a_time;
static int64_t asked_ns;

void stw__p_stopped(struct p *p)
{
	atomic_store(&p->status, P_STOPPED);
	if (--sched.stop_wait == 0)
		note__wake(&sched.stopped);
}

/* sched.lock held: those that stand already */
static void take_standing(struct p *own)
{
	struct p *p;

	atomic_store(&own->status, P_STOPPED);
	sched.stop_wait--;
	for (int i = 0; i < sched.n_procs; i++) {
		int expected = P_SYSCALL;

		p = &sched.p[i];
		if (!atomic_compare_exchange_strong(&p->status, &expected, P_STOPPED))
			continue;
		sched.stop_wait--;
	}
	while ((p = idle__get())) {
		atomic_store(&p->status, P_STOPPED);
		sched.stop_wait--;
	}
}

void weft_stop_the_world(const char *why)
{
	bool wait;

	weft_lock(&one_at_a_time);
	weft_nopreempt_begin();
	asked_ns = os__now_ns();
	lock__acquire(&sched.lock);
	sched.stop_wait = sched.n_procs;
	note__clear(&sched.stopped);
	atomic_store(&sched.stopping, 1);
	preempt__all();
	take_standing(this_p());
	wait = sched.stop_wait > 0;
	lock__release(&sched.lock);
	/* a request is lost where it meets a goroutine that is just beginning, and refused within libc */
	while (wait && !note__sleep(&sched.stopped, ASK_AGAIN_NS))
		preempt__all();
}

void weft_start_the_world(void)
{
	struct p *own = this_p(), *with_work = NULL;

	lock__acquire(&sched.lock);
	atomic_store(&sched.stopping, 0);
	for (int i = 0; i < sched.n_procs; i++) {
		struct p *p = &sched.p[i];

		if (p == own)
			continue;
		atomic_store(&p->status, P_IDLE);
		if (runq__empty(p)) {
			idle__put(p);
		} else {
			p->link = with_work;
			with_work = p;
		}
	}
	set_relaxed(&own->preempt, 0);
	atomic_store(&own->status, P_RUNNING);
	if (sched.monitor_sleeps) {
		sched.monitor_sleeps = false;
		note__wake(&sched.monitor);
	}
	lock__release(&sched.lock);
	while (with_work) {
		struct p *p = with_work;

		/* its M may use the link as soon as it has it */
		with_work = p->link;
		m__start(p, false);
	}
	/* goroutines that lost their P meanwhile are in the global queue */
	m__wake_one();
	stats__add(own, stw, 1);
	stats__add(own, stw_ns, os__now_ns() - asked_ns);
	weft_nopreempt_end();
	weft_unlock(&one_at_a_time);
}
