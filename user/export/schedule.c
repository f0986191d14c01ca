// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "schedule.h"
#include "util.h"

#define STATE_DEAD    0x10 /* X */
#define STATE_UNKNOWN 0x01 /* how another task leaves is not recorded: S, as that is the most common */

void sched__free(struct sched *s)
{
	names__free(&s->names);
	free(s->cpus);
	s->cpus = NULL;
	s->nr_cpus = s->room_cpus = 0;
}

static struct sched_cpu *sched__cpu(struct sched *s, unsigned cpu)
{
	if (cpu >= s->nr_cpus) {
		if (ARRAY_GROW(s->cpus, s->room_cpus, cpu + 1))
			return NULL;
		memset(s->cpus + s->nr_cpus, 0, (cpu + 1 - s->nr_cpus) * sizeof(*s->cpus));
		s->nr_cpus = cpu + 1;
	}
	return &s->cpus[cpu];
}

void sched__describe(const struct sched *s, uint32_t tid, unsigned cpu, struct sched_task *task)
{
	const struct name *n = names__find(&s->names, tid);

	task->tid = tid;
	task->tgid = n && n->tgid ? n->tgid : tid;
	if (!tid)
		snprintf(task->comm, sizeof(task->comm), "swapper/%u", cpu);
	else if (!n || !n->comm[0])
		snprintf(task->comm, sizeof(task->comm), ":%" PRIu32, tid);
	else
		memcpy(task->comm, n->comm, sizeof(n->comm)); /* several times for each switch */
}

/*
 * The tracepoint's prev_state. A state unknown here becomes D: the thread waited for something. So does TASK_FROZEN
 * (__task_state_index(), include/linux/sched.h); cgroup v2 freezes in an ordinary sleep.
 */
static uint32_t prev_state(const struct event_switch *sw, const struct name *prev)
{
	static const uint16_t states[] = {
		[TARE_STATE_RUNNING] = 0,    [TARE_STATE_INTERRUPTIBLE] = 0x01, [TARE_STATE_UNINTERRUPTIBLE] = 0x02,
		[TARE_STATE_STOPPED] = 0x04, [TARE_STATE_TRACED] = 0x08,	[TARE_STATE_DEAD] = STATE_DEAD,
		[TARE_STATE_ZOMBIE] = 0x20,  [TARE_STATE_PARKED] = 0x40,	[TARE_STATE_IDLE] = 0x80,
		[TARE_STATE_OTHER] = 0x02,   [TARE_STATE_THROTTLED] = 0,	[TARE_STATE_FROZEN] = 0x02,
	};
	uint32_t state = states[sw->state < ARRAY_SIZE(states) ? sw->state : TARE_STATE_OTHER];

	if (sw->state == TARE_STATE_FROZEN && prev && prev->stops_asleep)
		return states[TARE_STATE_INTERRUPTIBLE];
	return !state && !sw->voluntary ? SCHED_PREEMPTED : state;
}

/* Callers make sure that not both tids are 0, which would be no switch. */
static int sched__switch(struct sched *s, uint64_t ts_ns, unsigned cpu, uint32_t prev, uint32_t next, uint32_t state)
{
	struct sched_event out = { .kind = SCHED_SWITCH, .cpu = cpu, .ts_ns = ts_ns, .prev_state = prev ? state : 0 };
	struct name *p, *n;

	/* it was shown there before it was followed */
	if (prev == next) {
		n = names__find(&s->names, next);
		if (n)
			n->cpu = cpu;
		s->cpus[cpu].last_ns = ts_ns;
		return 0;
	}
	sched__describe(s, prev, cpu, &out.who);
	sched__describe(s, next, cpu, &out.whom);
	if (prev) {
		p = names__add(&s->names, prev);
		if (!p)
			return -ENOMEM;
		p->cpu = NO_CPU;
		p->left_ns = ts_ns;
	}
	if (next) {
		n = names__add(&s->names, next);
		if (!n)
			return -ENOMEM;
		n->cpu = cpu;
	}
	s->cpus[cpu] = (struct sched_cpu){ .known = true, .tid = next, .last_ns = ts_ns };
	return s->emit(s->ctx, &out);
}

static uint32_t sched__tgid(const struct sched *s, uint32_t tid)
{
	const struct name *n = names__find(&s->names, tid);

	return n ? n->tgid : 0;
}

/*
 * Make @tid (0: no target thread) the running task on @cpu in the reader's view. If that seemed to be another thread of
 * the process whose first thread is @tid, it called exec and goes on under that tid: nothing was lost.
 */
static int sched__mend(struct sched *s, uint64_t ts_ns, unsigned cpu, uint32_t tid)
{
	const struct name *n = names__find(&s->names, tid);
	struct sched_cpu was = s->cpus[cpu];
	int ret;

	if (was.tid == tid)
		return 0;
	if (was.tid && tid && sched__tgid(s, was.tid) == tid)
		return sched__switch(s, ts_ns, cpu, was.tid, tid, STATE_DEAD);
	if (was.tid) {
		s->mended += !was.other;
		ret = sched__switch(s, ts_ns, cpu, was.tid, 0, was.other ? STATE_UNKNOWN : 0);
		if (ret || !tid)
			return ret;
	} else if (n && n->cpu == (int)cpu && n->since_ns && n->since_ns >= was.last_ns && n->since_ns <= ts_ns) {
		/* no gap: it ran here when first looked at */
		return sched__switch(s, n->since_ns, cpu, 0, tid, 0);
	}
	if (!was.known)
		return 0;
	s->mended++;
	return sched__switch(s, ts_ns, cpu, 0, tid, 0);
}

/* The thread comes onto @cpu: if it still seems to run on another CPU, its leaving was lost. */
static int sched__leave_other(struct sched *s, uint64_t ts_ns, unsigned cpu, uint32_t tid)
{
	const struct name *n = names__find(&s->names, tid);
	struct sched_cpu *other;

	if (!n || n->cpu == NO_CPU || n->cpu == (int)cpu || (unsigned)n->cpu >= s->nr_cpus)
		return 0;
	other = &s->cpus[n->cpu];
	if (other->tid != tid)
		return 0;
	return sched__mend(s, ts_ns > other->last_ns ? ts_ns : other->last_ns, n->cpu, 0);
}

/* A time in the past, counted back from the switch; a file may claim any wait. */
static uint64_t ago(uint64_t ts_ns, uint64_t ns)
{
	return ts_ns > ns ? ts_ns - ns : 0;
}

/*
 * When the thread was on the run queue, not when it was woken: readers take the time from here on for run-queue
 * latency. But not before it left, by the kernel's clock, which may be behind.
 */
static int sched__waking(struct sched *s, const struct event *ev)
{
	const struct event_switch *sw = &ev->sw;
	const struct name *n = names__find(&s->names, sw->next_tid);
	struct sched_event out = {
		.kind = SCHED_WAKING,
		.cpu = sw->waker_cpu,
		.ts_ns = ago(ev->ts_ns, sw->wait_ns),
		.target_cpu = ev->cpu,
		.context = sw->waker_context,
	};

	if (n && out.ts_ns < n->left_ns && n->left_ns <= ev->ts_ns)
		out.ts_ns = n->left_ns;
	sched__describe(s, sw->waker_tid, sw->waker_cpu, &out.who);
	sched__describe(s, sw->next_tid, ev->cpu, &out.whom);
	return s->emit(s->ctx, &out);
}

/* A thread's events count from its first snapshot on: earlier ones are outside the recording. */
static uint32_t counted(const struct sched *s, uint32_t tid, bool target, uint64_t ts_ns)
{
	const struct name *n = names__find(&s->names, tid);

	return target && (!n || ts_ns >= n->since_ns) ? tid : 0;
}

/*
 * Another task has @cpu from then on, or swapper (@tid 0); what was there was no target either, or has left already.
 */
static int sched__show_other(struct sched *s, uint64_t ts_ns, unsigned cpu, uint32_t tid)
{
	struct sched_cpu *c = &s->cpus[cpu];
	int ret = 0;

	if (tid == c->tid)
		return 0;
	if (tid)
		ret = sched__leave_other(s, ts_ns, cpu, tid);
	if (!ret)
		ret = sched__switch(s, ts_ns, cpu, c->tid, tid, STATE_UNKNOWN);
	s->cpus[cpu].other = tid != 0;
	return ret;
}

/* A target is on neither side: all of these are recorded while one waits there. */
static int on_switch_of_others(struct sched *s, const struct event *ev, uint64_t ts_ns)
{
	struct sched_cpu *c = &s->cpus[ev->cpu];

	if (c->tid && !c->other)
		return sched__mend(s, ts_ns, ev->cpu, 0);
	return sched__show_other(s, ts_ns, ev->cpu, ev->sw.next_tid);
}

static int on_switch(struct sched *s, const struct event *ev)
{
	const struct event_switch *sw = &ev->sw;
	uint32_t prev = counted(s, sw->prev_tid, sw->prev_target, ev->ts_ns), other = 0;
	uint32_t next = counted(s, sw->next_tid, sw->next_target, ev->ts_ns);
	struct sched_cpu *c = sched__cpu(s, ev->cpu);
	uint32_t state = prev_state(sw, names__find(&s->names, prev));
	uint64_t ts_ns;
	int ret = 0;

	if (!c)
		return -ENOMEM;
	ts_ns = ev->ts_ns > c->last_ns ? ev->ts_ns : c->last_ns;
	if (!sw->prev_target && !sw->next_target)
		return on_switch_of_others(s, ev, ts_ns);
	/* who is preempted waits from now on, and whoever comes is seen to leave */
	if (prev && !next && !sw->next_target && state == SCHED_PREEMPTED && sw->state != TARE_STATE_THROTTLED)
		other = sw->next_tid;
	if (prev || !c->other)
		ret = sched__mend(s, ts_ns, ev->cpu, prev);
	if (!ret && next)
		ret = sched__leave_other(s, ts_ns, ev->cpu, next);
	if (!ret && other)
		ret = sched__leave_other(s, ts_ns, ev->cpu, other);
	if (!ret && next && sw->has_wake)
		ret = sched__waking(s, ev);
	if (ret || !(prev || next))
		return ret;
	ret = sched__switch(s, ts_ns, ev->cpu, prev ?: s->cpus[ev->cpu].tid, next ?: other,
			    prev ? state : STATE_UNKNOWN);
	s->cpus[ev->cpu].other = other != 0;
	return ret;
}

/* The last one that waited there may be gone: what happens there now is not recorded. */
static int on_migrate(struct sched *s, const struct event *ev)
{
	unsigned cpu = ev->migrate.from_cpu;
	struct sched_cpu *c = cpu < s->nr_cpus ? &s->cpus[cpu] : NULL;

	if (!c || !c->other)
		return 0;
	return sched__show_other(s, ev->ts_ns > c->last_ns ? ev->ts_ns : c->last_ns, cpu, 0);
}

static int on_task(struct sched *s, const struct event *ev)
{
	const struct tare_task *t = ev->task;
	struct name *n = names__find(&s->names, t->tid);

	if (t->phase == TARE_TASK_LEFT_OUT) {
		if (n && n->cpu != NO_CPU && (unsigned)n->cpu < s->nr_cpus && s->cpus[n->cpu].tid == t->tid)
			return sched__switch(s,
					     ev->ts_ns > s->cpus[n->cpu].last_ns ? ev->ts_ns : s->cpus[n->cpu].last_ns,
					     n->cpu, t->tid, 0, 0);
		return 0;
	}
	/* the last snapshot adds nothing, except for a thread whose beginning was lost */
	if (!t->tid || (t->phase && n && n->comm[0]))
		return 0;
	n = names__add(&s->names, t->tid);
	if (!n)
		return -ENOMEM;
	n->tgid = t->tgid;
	n->ppid = t->ppid;
	name__set_comm(n, t->comm, sizeof(t->comm));
	if (!t->phase) {
		n->since_ns = t->ts_ns;
		n->cpu = t->on_cpu ? t->cpu : NO_CPU;
	}
	return 0;
}

static int on_name(struct sched *s, const struct event *ev)
{
	struct name *n;

	if (!ev->name.tid)
		return 0;
	n = names__add(&s->names, ev->name.tid);
	if (!n)
		return -ENOMEM;
	n->told = false;
	n->tgid = ev->name.tgid;
	name__set_comm(n, ev->name.comm, TARE_COMM_LEN);
	return 0;
}

static int on_fork(struct sched *s, const struct event *ev)
{
	struct sched_event out = { .kind = SCHED_NEWTASK, .cpu = ev->cpu, .ts_ns = ev->ts_ns };
	struct name *n;

	if (!ev->fork.tid)
		return 0;
	n = names__add(&s->names, ev->fork.tid);
	if (!n)
		return -ENOMEM;
	n->tgid = ev->fork.tgid;
	n->ppid = ev->fork.tgid == ev->fork.tid ? ev->fork.parent_tgid : 0;
	n->told = n->told_process = false;
	n->cpu = NO_CPU;
	n->since_ns = ev->ts_ns;
	name__set_comm(n, ev->fork.comm, TARE_COMM_LEN);
	sched__describe(s, ev->fork.parent_tid, ev->cpu, &out.who);
	out.who.tgid = ev->fork.parent_tgid;
	sched__describe(s, ev->fork.tid, ev->cpu, &out.whom);
	return s->emit(s->ctx, &out);
}

static int sched__rename(struct sched *s, const struct event *ev, uint32_t tid, const char *comm)
{
	struct sched_event out = { .kind = SCHED_RENAME, .cpu = ev->cpu, .ts_ns = ev->ts_ns };
	struct name *n = tid ? names__add(&s->names, tid) : NULL;

	if (!n)
		return tid ? -ENOMEM : 0;
	sched__describe(s, tid, ev->cpu, &out.who);
	name__set_comm(n, comm, TARE_COMM_LEN);
	sched__describe(s, tid, ev->cpu, &out.whom);
	if (!strcmp(out.who.comm, out.whom.comm))
		return 0;
	return s->emit(s->ctx, &out);
}

static int on_rename(struct sched *s, const struct event *ev)
{
	return sched__rename(s, ev, ev->name.tid, ev->name.comm);
}

/*
 * When a thread other than the first calls exec, it goes on under the first one's tid: shown as a switch to that tid.
 */
static int on_exec(struct sched *s, const struct event *ev)
{
	uint32_t tid = ev->exec.tid, old = ev->exec.old_tid;
	struct name *n;
	int ret;

	/* it was over before the part that is exported begins */
	if (!names__find(&s->names, tid) && !names__find(&s->names, old))
		return 0;
	ret = sched__rename(s, ev, tid, ev->exec.comm);
	if (ret || !tid || tid == old)
		return ret;
	n = names__find(&s->names, tid);
	if (n->since_ns > ev->ts_ns)
		n->since_ns = ev->ts_ns;
	if (!old || ev->cpu >= s->nr_cpus || s->cpus[ev->cpu].tid != old || s->cpus[ev->cpu].last_ns > ev->ts_ns)
		return 0;
	return sched__switch(s, ev->ts_ns, ev->cpu, old, tid, STATE_DEAD);
}

static int on_thread_exit(struct sched *s, const struct event *ev)
{
	struct sched_event out = { .kind = SCHED_EXIT, .cpu = ev->cpu, .ts_ns = ev->ts_ns };

	if (!ev->exit.tid)
		return 0;
	sched__describe(s, ev->exit.tid, ev->cpu, &out.who);
	return s->emit(s->ctx, &out);
}

/* Comes before the switch that it leads to. */
static int on_stop(struct sched *s, const struct event *ev)
{
	struct name *n = ev->stop.tid ? names__add(&s->names, ev->stop.tid) : NULL;

	if (!n)
		return ev->stop.tid ? -ENOMEM : 0;
	n->stops_asleep = ev->stop.interruptible;
	return 0;
}

int sched__event(struct sched *s, const struct event *ev)
{
	static int (*const handlers[])(struct sched * s, const struct event *ev) = {
		[EVENT_SWITCH] = on_switch,    [EVENT_TASK] = on_task,	   [EVENT_NAME] = on_name,
		[EVENT_FORK] = on_fork,	       [EVENT_RENAME] = on_rename, [EVENT_EXEC] = on_exec,
		[EVENT_EXIT] = on_thread_exit, [EVENT_STOP] = on_stop,	   [EVENT_MIGRATE] = on_migrate,
	};

	if (ev->kind >= ARRAY_SIZE(handlers) || !handlers[ev->kind])
		return 0;
	return handlers[ev->kind](s, ev);
}
