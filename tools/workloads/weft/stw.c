// SPDX-License-Identifier: BSD-2-Clause
/*
 * Stopping the world: no P runs a goroutine, but the one that asked. A P stands when it is idle, when its goroutine
 * is in a system call (whose end then waits), or when its M has laid it down in the scheduler, whither preemption
 * brings it. Threads in system calls go on in the kernel; they touch nothing of weft before they have a P again.
 */
#include <unistd.h>

#include "runtime.h"

#define ASK_AGAIN_NS 100000
#define FOR_GOOD_NS  50000000

static struct weft_mutex one_at_a_time;
static enum weft_stop_reason reason;
static int64_t asked_ns;

void stw__p_stopped(struct p *p, uint64_t goroutine, enum weft_stop how)
{
	atomic_store(&p->status, P_STOPPED);
	/* the end of the process is no pause */
	if (!sched.for_good)
		EVENT(p_stopped, goroutine, p->id, how, 0);
	if (--sched.stop_wait == 0)
		note__wake(&sched.stopped);
}

/* sched.lock held: those that stand already */
static void take_standing(struct p *own)
{
	struct p *p;

	if (own) {
		atomic_store(&own->status, P_STOPPED);
		sched.stop_wait--;
	}
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

/* sched.lock held. How many there are to wait for */
static int ask_all(struct p *own)
{
	sched.stop_wait = sched.n_procs;
	note__clear(&sched.stopped);
	atomic_store(&sched.stopping, 1);
	take_standing(own);
	preempt__all();
	return sched.stop_wait;
}

static void then_stay(struct m *m, struct g *g, void *arg)
{
	sched__parked(m, g, WEFT_WAIT_OTHER);
}

void weft_stop_the_world(enum weft_stop_reason why)
{
	int wait;

	weft_lock(&one_at_a_time);
	weft_nopreempt_begin();
	reason = why;
	asked_ns = os__now_ns();
	EVENT(stw_request, this_g_id(), why, sched.n_procs - atomic_load(&sched.n_idle_p), 0);
	lock__acquire(&sched.lock);
	if (sched.for_good) {
		lock__release(&sched.lock);
		weft_nopreempt_end();
		sched__park(then_stay, NULL);
	}
	wait = ask_all(this_p());
	lock__release(&sched.lock);
	/* a request is lost where it meets a goroutine that is just beginning, and refused within libc */
	if (wait)
		while (!note__sleep(&sched.stopped, ASK_AGAIN_NS))
			preempt__all();
	EVENT(stw_stopped, this_g_id(), why, wait, 0);
}

int stw__for_good(void)
{
	int64_t end_ns = os__now_ns() + FOR_GOOD_NS;
	int left;

	/* who has stopped the world already may go on first */
	for (;;) {
		lock__acquire(&sched.lock);
		if (!atomic_load(&sched.stopping) || os__now_ns() > end_ns)
			break;
		lock__release(&sched.lock);
		usleep(ASK_AGAIN_NS / 1000);
	}
	sched.for_good = true;
	left = atomic_load(&sched.stopping) ? sched.n_procs : ask_all(NULL);
	lock__release(&sched.lock);
	while (left && os__now_ns() < end_ns && !note__sleep(&sched.stopped, ASK_AGAIN_NS))
		preempt__all();
	lock__acquire(&sched.lock);
	left = left ? sched.stop_wait : 0;
	lock__release(&sched.lock);
	return left;
}

void weft_start_the_world(void)
{
	struct p *own = this_p(), *with_work = NULL;
	int woken = 0;

	EVENT(stw_restart, this_g_id(), reason, 0, 0);
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
		woken++;
	}
	/* goroutines that lost their P meanwhile are in the global queue */
	m__wake_one();
	stats__add(own, stw, 1);
	stats__add(own, stw_ns, os__now_ns() - asked_ns);
	EVENT(stw_started, this_g_id(), reason, woken, 0);
	weft_nopreempt_end();
	weft_unlock(&one_at_a_time);
}
