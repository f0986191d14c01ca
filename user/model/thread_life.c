// SPDX-License-Identifier: BSD-2-Clause
/* Birth, change and end of threads, and checks against the kernel's own counters. */
#include <string.h>

#include "switch.h"

static struct kernel_counters counters_of(const struct tare_task *task)
{
	return (struct kernel_counters){
		.nvcsw = task->nvcsw,
		.nivcsw = task->nivcsw,
		.exec_ns = task->exec_ns,
		.run_delay_ns = task->run_delay_ns,
		.minor_faults = task->minor_faults,
		.major_faults = task->major_faults,
	};
}

/* Why a thread that was found waiting for a CPU does so, as far as its counters and its call say. */
static uint32_t reason_of_runnable(const struct switches *s, const struct tare_task *task)
{
	if (task->state == TARE_STATE_THROTTLED)
		return REASON_THROTTLED;
	if (!task->nvcsw && !task->nivcsw && !task->exec_ns)
		return REASON_STARTING; /* it has never run */
	return switches__runnable_reason(s, task->syscall, false);
}

/* Set @t to the state in snapshot @task. */
static void switches__place(struct switches *s, struct thread *t, const struct tare_task *task)
{
	struct cpu *cpu = task->cpu < MODEL_MAX_CPUS ? &s->cpus[task->cpu] : NULL;

	t->placed = cpu;
	t->cpu = cpu ? task->cpu : 0;
	if (task->on_cpu) {
		t->state = cpu ? THREAD_ON : THREAD_LOST;
		if (cpu && !cpu->known)
			*cpu = (struct cpu){ .known = true, .is_target = true, .tid = t->tid };
		return;
	}
	t->state = THREAD_OFF;
	t->runnable = task->state == TARE_STATE_RUNNING || task->state == TARE_STATE_THROTTLED;
	if (t->runnable)
		t->reason = reason_of_runnable(s, task);
	else
		t->reason = switches__found_stopped(s, task) ?:
				    switches__blocked_reason(s, task->state, task->syscall, false);
}

/*
 * A process whose birth was not seen, since it was not in the target then, may reuse the pid of one that was. A thread
 * known by its tid is gone, unless it is no older than this one.
 */
static void switches__found(struct switches *s, const struct tare_task *task)
{
	struct thread *t = threads__find(&s->threads, task->tid);
	bool is_other = !t || task->start_ns > t->born_ns;

	if (t && is_other)
		threads__retire(&s->threads, t);
	if (task->tid == task->tgid && is_other)
		births__begin(&s->threads.births, task->tgid, task->start_ns);
	else
		births__see(&s->threads.births, task->tgid, task->ts_ns);
}

static int switches__first_snapshot(struct switches *s, const struct tare_task *task, const char *comm)
{
	struct thread *t;
	bool seen;

	switches__found(s, task);
	t = threads__find(&s->threads, task->tid);
	seen = t && task->ts_ns >= t->last_ns;
	if (t && t->origin != THREAD_SEEN)
		return 0; /* counted since its birth */
	if (!t) {
		t = threads__add(&s->threads, task->tid, task->ts_ns);
		if (!t) {
			s->threads.untracked++;
			return 0;
		}
		switches__place(s, t, task);
		seen = true;
	} else if (seen) {
		/* what was seen before does not count, but gives its state */
		t->acc = (struct accounts){ 0 };
		t->slice_ns = 0;
		t->born_ns = t->last_ns = task->ts_ns;
		/* its stop record came before it was known */
		if (t->state == THREAD_OFF && !task->on_cpu)
			t->reason = switches__found_stopped(s, task) ?: t->reason;
	}
	t->tgid = task->tgid;
	t->start_ns = task->start_ns;
	thread__set_comm(t, comm);
	task_names__set(&s->names, t->tid, t->comm);
	if (seen) {
		t->origin = THREAD_SNAPSHOT;
		t->base = counters_of(task);
	}
	return 0;
}

int switches__task(struct switches *s, const struct event *ev)
{
	const struct tare_task *task = ev->task;
	char comm[TARE_COMM_LEN + 1] = "";
	struct kernel_counters now = counters_of(task);
	struct thread *t;

	memcpy(comm, task->comm, TARE_COMM_LEN);
	if (task->phase == 0)
		return switches__first_snapshot(s, task, comm);
	t = threads__find(&s->threads, task->tid);
	if (!t)
		return 0;
	if (task->phase == TARE_TASK_LEFT_OUT) {
		switches__leave_out(s, t, task->ts_ns);
		return 0;
	}
	thread__check_at(t, task->ts_ns, &now);
	t->maybe_runnable = !task->on_cpu && task->state == TARE_STATE_RUNNING;
	return 0;
}

int switches__fork(struct switches *s, const struct event *ev)
{
	struct thread *t = threads__find(&s->threads, ev->fork.tid);

	if (t && ev->ts_ns < t->born_ns)
		return 0; /* born between the recording's beginning and its snapshot; the snapshot counts */
	t = threads__add(&s->threads, ev->fork.tid, ev->ts_ns);
	if (!t) {
		s->threads.untracked++;
		return 0;
	}
	t->tgid = ev->fork.tgid;
	t->reason = REASON_STARTING;
	if (ev->fork.parent_tid == ev->fork.tid) {
		/* not born: it was renamed, usually by itself, to a name that is followed */
		t->state = THREAD_ON;
		t->cpu = ev->cpu < MODEL_MAX_CPUS ? ev->cpu : 0;
	} else {
		t->origin = THREAD_FORKED;
		t->start_ns = ev->ts_ns;
	}
	/* either way it was not a target process until now */
	if (t->tid == t->tgid)
		births__begin(&s->threads.births, t->tgid, ev->ts_ns);
	else
		births__see(&s->threads.births, t->tgid, ev->ts_ns);
	t->base = (struct kernel_counters){ 0 };
	thread__set_comm(t, ev->fork.comm);
	task_names__set(&s->names, t->tid, t->comm);
	return 0;
}

int switches__exec(struct switches *s, const struct event *ev)
{
	struct thread *t = threads__find(&s->threads, ev->exec.old_tid);

	if (t && ev->exec.old_tid != ev->exec.tid) {
		uint32_t old_tid = t->tid;
		struct thread *first;

		if (threads__renumber(&s->threads, t, ev->exec.tid))
			return 0;
		if (s->cpus[t->cpu].tid == old_tid && s->cpus[t->cpu].is_target)
			s->cpus[t->cpu].tid = t->tid;
		first = threads__find(&s->threads, old_tid);
		if (first && first->state == THREAD_ON && s->cpus[first->cpu].is_target)
			s->cpus[first->cpu].tid = old_tid;
		task_names__forget(&s->names, old_tid);
	} else if (!t) {
		t = threads__find(&s->threads, ev->exec.tid);
	}
	if (!t || ev->ts_ns < t->born_ns)
		return 0;
	thread__set_comm(t, ev->exec.comm);
	task_names__set(&s->names, t->tid, t->comm);
	return 0;
}

int switches__rename(struct switches *s, const struct event *ev)
{
	struct thread *t = threads__find(&s->threads, ev->name.tid);

	if (t)
		thread__set_comm(t, ev->name.comm);
	task_names__set_of(&s->names, ev->name.tid, ev->name.tgid, ev->name.comm);
	return 0;
}

int switches__name(struct switches *s, const struct event *ev)
{
	task_names__set_of(&s->names, ev->name.tid, ev->name.tgid, ev->name.comm);
	return 0;
}

int switches__exit(struct switches *s, const struct event *ev)
{
	struct thread *t = threads__find(&s->threads, ev->exit.tid);
	struct kernel_counters now = {
		.nvcsw = ev->exit.nvcsw,
		.nivcsw = ev->exit.nivcsw,
		.exec_ns = ev->exit.exec_ns,
		.run_delay_ns = ev->exit.run_delay_ns,
		.minor_faults = ev->exit.minor_faults,
		.major_faults = ev->exit.major_faults,
	};

	if (!t || ev->ts_ns < t->born_ns)
		return 0;
	t->exiting = true;
	t->exit_ns = ev->ts_ns;
	thread__check_at(t, ev->ts_ns, &now);
	return 0;
}

int switches__migrate(struct switches *s, const struct event *ev)
{
	struct thread *t = threads__find(&s->threads, ev->migrate.tid);

	if (t && t->state == THREAD_OFF && ev->ts_ns >= t->born_ns)
		moves__add(&t->moves, (struct move){ ev->ts_ns, ev->migrate.from_cpu, ev->migrate.to_cpu });
	return 0;
}
