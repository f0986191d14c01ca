// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "behind.h"
#include "capability.h"
#include "pthreads.h"
#include "util.h"

/*
 * A SCHED_IDLE thread is preempted by any wake-up, not at the end of its slice as with the worst nice value
 * (kernel/sched/fair.c, check_preempt_wakeup_fair()); beside busy loops it gets 1/300 of a CPU. So its progress is
 * watched.
 */
#define LOOK_NS	    (NSEC_PER_SEC / 10)
#define LEAST_SHARE 4 /* of a CPU: 1/LEAST_SHARE */
#define SHORT_NS    (NSEC_PER_SEC / 10000)

static uint64_t cpu_ns(clockid_t clock)
{
	struct timespec t = { 0 };

	clock_gettime(clock, &t);
	return t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

static int set_policy(pthread_t thread, int policy)
{
	return pthread_setschedparam(thread, policy, &(struct sched_param){ 0 });
}

/* struct sched_attr: which header declares it depends on the C library. */
struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime_ns, deadline_ns, period_ns;
};

/* How long the thread may stay on a CPU that others want; the same for all before Linux 6.12. Returns what it was. */
static uint64_t set_turn(pid_t tid, uint64_t ns)
{
	struct attributes a = { .size = sizeof(a) };
	uint64_t before;

	if (syscall(SYS_sched_getattr, tid, &a, sizeof(a), 0))
		return 0;
	before = a.runtime_ns;
	a.runtime_ns = ns;
	syscall(SYS_sched_setattr, tid, &a, 0);
	return before;
}

static void *watch(void *arg)
{
	struct behind *b = arg;
	uint64_t before = 0, now;
	struct timespec until;
	clockid_t clock;

	if (pthread_getcpuclockid(b->self, &clock))
		return NULL;
	pthread_mutex_lock(&b->lock);
	while (!b->ended) {
		before = cpu_ns(clock);
		until = wait_until(LOOK_NS);
		if (pthread_cond_timedwait(&b->end, &b->lock, &until) != ETIMEDOUT)
			continue;
		now = cpu_ns(clock);
		if (now - before >= LOOK_NS / LEAST_SHARE)
			continue;
		set_policy(b->self, b->policy);
		b->turn_ns = set_turn(b->tid, SHORT_NS); /* whoever wakes up waits for its end */
		break;
	}
	pthread_mutex_unlock(&b->lock);
	return NULL;
}

static void behind__init(struct behind *b)
{
	pthread_mutex_init(&b->lock, NULL);
	pthreads__cond(&b->end);
}

void behind__begin(struct behind *b)
{
	int ret;

	*b = (struct behind){ .self = pthread_self(), .tid = gettid(), .policy = sched_getscheduler(0) };
	/* any other policy was set for a reason */
	if (b->policy != SCHED_OTHER || !capability__has(CAP_SYS_NICE))
		return;
	behind__init(b);
	ret = pthreads__start(&b->watcher, watch, b);
	b->active = !ret;
	/* under the lock: or the watcher's restore might come first */
	pthread_mutex_lock(&b->lock);
	if (b->active)
		set_policy(b->self, SCHED_IDLE);
	pthread_mutex_unlock(&b->lock);
}

void behind__end(struct behind *b)
{
	if (!b->active)
		return;
	set_policy(b->self, b->policy);
	pthread_mutex_lock(&b->lock);
	b->ended = true;
	pthread_cond_signal(&b->end);
	pthread_mutex_unlock(&b->lock);
	pthread_join(b->watcher, NULL);
	if (b->turn_ns)
		set_turn(b->tid, b->turn_ns);
	pthread_cond_destroy(&b->end);
	pthread_mutex_destroy(&b->lock);
	b->active = false;
}
