// SPDX-License-Identifier: BSD-2-Clause
/*
 * The monitor: a thread without a P, which looks each 20 us at first and ever more seldom, down to 10 ms, when there
 * is nothing for it to do, and sleeps for good while no P is at work.
 */
#include <pthread.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "runtime.h"

#define LEAST_SLEEP_NS 20000
#define MOST_SLEEP_NS  10000000
#define QUIET_ROUNDS   50	/* before it sleeps longer */
#define SYSCALL_NS     20000	/* a P is taken from a call that lasts longer, where it is needed */
#define POLL_NS	       10000000 /* the network is looked at at least so often */

static struct lock at_work;

/* Nothing runs, and nothing can ever make anything run again. sched.lock held, all Ps are idle */
static bool deadlocked(void)
{
	return !sched.runq.n && sched.n_idle_m == sched.n_m && !poll__anyone() && !timer__next_ns() &&
	       !atomic_load(&sched.stopping) && !atomic_load(&sched.main_done);
}

/* True: it has slept, and everything may be different */
static bool sleep_while_idle(void)
{
	lock__acquire(&sched.lock);
	if (!atomic_load(&sched.stopping) && atomic_load(&sched.n_idle_p) != sched.n_procs) {
		lock__release(&sched.lock);
		return false;
	}
	if (deadlocked())
		os__die("all goroutines are asleep: deadlock");
	note__clear(&sched.monitor);
	sched.monitor_sleeps = true;
	lock__release(&sched.lock);
	note__sleep(&sched.monitor, -1);
	return true;
}

static void mind_network(int64_t now_ns)
{
	int64_t last_ns = atomic_load(&sched.last_poll_ns);
	struct g_queue ready = { 0 };

	if (!last_ns || now_ns - last_ns < POLL_NS || !poll__anyone())
		return;
	/* loses where somebody goes to block in the poller at this moment: then it is his */
	if (!atomic_compare_exchange_strong(&sched.last_poll_ns, &last_ns, now_ns))
		return;
	poll__wait(0, &ready);
	sched__inject(&ready);
}

/* A P whose goroutine is in a system call. True: taken */
static bool retake(struct p *p, bool slice_over, int64_t now_ns)
{
	uint32_t tick = get_relaxed(&p->syscall_tick);
	int expected = P_SYSCALL;

	/* one short call after the other: the time slice counts. Back from the call, it gives way itself */
	if (slice_over)
		set_relaxed(&p->preempt, 1);
	if (!slice_over && p->seen_syscall_tick != tick) {
		p->seen_syscall_tick = tick;
		p->syscall_since_ns = now_ns;
		return false;
	}
	if (!slice_over && now_ns - p->syscall_since_ns < SYSCALL_NS)
		return false;
	/* nobody needs it: others look for work, or have none. But not for ever, for then the monitor could not sleep
	 */
	if (runq__empty(p) && atomic_load(&sched.n_spinning) + atomic_load(&sched.n_idle_p) > 0 &&
	    now_ns - p->syscall_since_ns < SLICE_NS)
		return false;
	if (!atomic_compare_exchange_strong(&p->status, &expected, P_IDLE))
		return false;
	stats__add_shared(handoffs, 1);
	EVENT(handoff, get_relaxed(&p->in_call)->id, p->id, 0, 0);
	p__handoff(p);
	return true;
}

static bool slice_over(struct p *p, int64_t now_ns)
{
	uint32_t tick = get_relaxed(&p->tick);

	if (p->seen_tick == tick)
		return now_ns - p->tick_since_ns >= SLICE_NS;
	p->seen_tick = tick;
	p->tick_since_ns = now_ns;
	return false;
}

static int look_at_ps(int64_t now_ns)
{
	int taken = 0;

	for (int i = 0; i < sched.n_procs; i++) {
		struct p *p = &sched.p[i];
		int status = atomic_load(&p->status);
		bool over;

		if (status != P_RUNNING && status != P_SYSCALL)
			continue;
		over = slice_over(p, now_ns);
		if (status == P_SYSCALL)
			taken += retake(p, over, now_ns);
		else if (over)
			preempt__request(p);
	}
	return taken;
}

static void *sysmon__main(void *arg)
{
	int64_t sleep_ns = LEAST_SLEEP_NS;
	int quiet = 0;

	/* by default a sleep may end 50 us late */
	prctl(PR_SET_TIMERSLACK, 1000);
	for (;;) {
		struct timespec ts;
		int64_t now_ns, next_ns;

		if (quiet == 0)
			sleep_ns = LEAST_SLEEP_NS;
		else if (quiet > QUIET_ROUNDS && sleep_ns < MOST_SLEEP_NS)
			sleep_ns = sleep_ns * 2 < MOST_SLEEP_NS ? sleep_ns * 2 : MOST_SLEEP_NS;
		ts = (struct timespec){ 0, sleep_ns };
		nanosleep(&ts, NULL);
		if (sleep_while_idle()) {
			quiet = 0;
			continue;
		}
		lock__acquire(&at_work);
		now_ns = os__now_ns();
		mind_network(now_ns);
		next_ns = timer__next_ns();
		if (next_ns && next_ns < now_ns && atomic_load(&sched.n_idle_p))
			m__start(NULL, false);
		quiet = look_at_ps(now_ns) ? 0 : quiet + 1;
		lock__release(&at_work);
	}
	return NULL;
}

void sysmon__stop(void)
{
	lock__acquire(&at_work);
}

void sysmon__start(void)
{
	sigset_t all, old;
	pthread_attr_t attr;
	pthread_t thread;
	int err;

	/* no signal of the program's is the monitor's business */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	err = pthread_create(&thread, &attr, sysmon__main, NULL);
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err)
		os__die("cannot start the monitor thread: %s", strerror(err));
}
