// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "standing.h"

#define MAX_THREADS (1u << 22) /* PID_MAX_LIMIT, include/linux/threads.h */
#define MAX_CPUS    (1u << 16)
#define ROOM	    4096 /* threads that are gone may take so much, and as much as the others */

void standing__init(struct standing *s)
{
	*s = (struct standing){ 0 };
	table__init(&s->index, MAX_THREADS);
	table__init(&s->cpus, MAX_CPUS);
}

void standing__free(struct standing *s)
{
	table__free(&s->index);
	table__free(&s->cpus);
	free(s->threads);
	standing__init(s);
}

void standing__rewind(struct standing *s)
{
	table__free(&s->index);
	table__free(&s->cpus);
	s->nr = s->nr_gone = 0;
}

struct standing_thread *standing__find(const struct standing *s, uint32_t tid)
{
	const uint64_t *place = table__find(&s->index, tid);

	return place ? &s->threads[*place - 1] : NULL;
}

/* Without those that are gone, in the same order. */
static void pack(struct standing *s)
{
	size_t left = 0;
	uint64_t *place;

	for (size_t i = 0; i < s->nr; i++) {
		if (s->threads[i].gone)
			continue;
		s->threads[left++] = s->threads[i];
		place = table__find(&s->index, s->threads[left - 1].task.tid);
		if (place)
			*place = left;
	}
	s->nr = left;
	s->nr_gone = 0;
}

static void goes(struct standing *s, struct standing_thread *t)
{
	t->gone = true;
	s->nr_gone++;
	table__delete(&s->index, t->task.tid);
}

/*
 * A new thread, also where one with that tid has ended. NULL: there are too many, or no memory. Others' places are not
 * valid any more.
 */
static struct standing_thread *standing__add(struct standing *s, uint32_t tid)
{
	struct standing_thread *old = standing__find(s, tid);
	uint64_t *place;

	if (old)
		goes(s, old);
	if (s->threads && s->nr_gone > ROOM && s->nr_gone > s->nr / 2)
		pack(s);
	if (ARRAY_GROW(s->threads, s->room, s->nr + 1))
		return NULL;
	place = table__add(&s->index, tid);
	if (!place)
		return NULL;
	s->threads[s->nr] = (struct standing_thread){ .task = { .tid = tid, .syscall = TARE_NO_SYSCALL } };
	*place = ++s->nr;
	return &s->threads[s->nr - 1];
}

static void set_comm(struct standing_thread *t, const char *comm)
{
	memset(t->task.comm, 0, sizeof(t->task.comm));
	memcpy(t->task.comm, comm, strnlen(comm, sizeof(t->task.comm)));
}

static int on_task(struct standing *s, const struct event *ev)
{
	const struct tare_task *task = ev->task;
	struct standing_thread *t = standing__find(s, task->tid);

	/* counted since its birth */
	if (task->phase || (t && t->task.start_ns && t->task.start_ns >= task->start_ns))
		return 0;
	t = standing__add(s, task->tid);
	if (!t)
		return -ENOMEM;
	t->task = *task;
	t->came_ns = task->ts_ns;
	return 0;
}

static int on_fork(struct standing *s, const struct event *ev)
{
	struct standing_thread *t = standing__add(s, ev->fork.tid);
	bool found = ev->fork.tid == ev->fork.parent_tid; /* not born, but followed from now on */

	if (!t)
		return -ENOMEM;
	t->task.ts_ns = t->came_ns = ev->ts_ns;
	t->task.start_ns = ev->ts_ns;
	t->task.tgid = ev->fork.tgid;
	t->task.on_cpu = found;
	t->task.cpu = ev->cpu;
	if (ev->fork.tid == ev->fork.tgid && !found) {
		t->task.ppid = ev->fork.parent_tgid;
		t->task.program_ns = ev->ts_ns;
	}
	set_comm(t, ev->fork.comm);
	return 0;
}

static int on_rename(struct standing *s, const struct event *ev)
{
	struct standing_thread *t = standing__find(s, ev->name.tid);

	if (t)
		set_comm(t, ev->name.comm);
	return 0;
}

/* The thread that calls exec goes on under the tid of the process's first. */
static int on_exec(struct standing *s, const struct event *ev)
{
	struct standing_thread *t = standing__find(s, ev->exec.old_tid), was;
	const struct standing_thread *first = standing__find(s, ev->exec.tid);

	if (t && t != first) {
		was = *t;
		if (first) {
			was.task.start_ns = first->task.start_ns;
			was.task.ppid = first->task.ppid;
		}
		goes(s, t);
		t = standing__add(s, ev->exec.tid);
		if (!t)
			return -ENOMEM;
		*t = was;
		t->task.tid = ev->exec.tid;
	}
	t = standing__find(s, ev->exec.tid);
	if (!t)
		return 0;
	t->task.program_ns = ev->ts_ns;
	set_comm(t, ev->exec.comm);
	return 0;
}

static int on_thread_exit(struct standing *s, const struct event *ev)
{
	struct standing_thread *t = standing__find(s, ev->exit.tid);

	if (t)
		goes(s, t);
	return 0;
}

/* It comes before the switch by which the thread leaves. */
static int on_stop(struct standing *s, const struct event *ev)
{
	const struct event_stop *stop = &ev->stop;
	struct standing_thread *t = standing__find(s, stop->tid);

	if (!t)
		return 0;
	t->task.stop = stop->state | (stop->sleepers ? TARE_STOP_SLEEPERS : 0);
	t->task.signal = stop->signal;
	memset(t->task.cgroup, 0, sizeof(t->task.cgroup));
	memcpy(t->task.cgroup, stop->cgroup, strnlen(stop->cgroup, sizeof(t->task.cgroup)));
	return 0;
}

static void leaves(struct standing_thread *t, const struct event *ev)
{
	struct tare_task *task = &t->task;

	if (ev->ts_ns >= task->ts_ns) {
		task->nvcsw += ev->sw.voluntary;
		task->nivcsw += !ev->sw.voluntary;
		if (task->on_cpu && ev->ts_ns > t->came_ns)
			task->exec_ns += ev->ts_ns - t->came_ns;
	}
	task->on_cpu = 0;
	task->cpu = ev->cpu;
	/* with a signal pending it is runnable at once: as one that was woken, it waits in its call until it comes */
	task->state = ev->sw.voluntary && !ev->sw.state ? TARE_STATE_INTERRUPTIBLE : ev->sw.state;
	task->syscall = ev->sw.syscall;
	if (ev->sw.state != (task->stop & TARE_STOP_STATE))
		task->stop = task->signal = 0;
}

static void comes(struct standing *s, struct standing_thread *t, const struct event *ev)
{
	uint64_t *there = table__add(&s->cpus, ev->cpu);
	struct standing_thread *other = there && *there ? standing__find(s, *there) : NULL;

	if (other && other != t && other->task.cpu == ev->cpu)
		other->task.on_cpu = 0;
	if (there)
		*there = t->task.tid;
	if (ev->ts_ns >= t->task.ts_ns && t->task.run_delay_ns != TARE_UNKNOWN)
		t->task.run_delay_ns += ev->sw.wait_ns;
	t->task.on_cpu = 1;
	t->task.cpu = ev->cpu;
	t->came_ns = ev->ts_ns;
}

static int on_switch(struct standing *s, const struct event *ev)
{
	struct standing_thread *prev = ev->sw.prev_target ? standing__find(s, ev->sw.prev_tid) : NULL;
	struct standing_thread *next = ev->sw.next_target ? standing__find(s, ev->sw.next_tid) : NULL;

	if (prev)
		leaves(prev, ev);
	if (next)
		comes(s, next, ev);
	return 0;
}

int standing__event(struct standing *s, const struct event *ev)
{
	static int (*const of[NR_EVENTS])(struct standing *, const struct event *) = {
		[EVENT_TASK] = on_task,	    [EVENT_FORK] = on_fork,	   [EVENT_RENAME] = on_rename,
		[EVENT_EXEC] = on_exec,	    [EVENT_EXIT] = on_thread_exit, [EVENT_STOP] = on_stop,
		[EVENT_SWITCH] = on_switch,
	};

	return of[ev->kind] ? of[ev->kind](s, ev) : 0;
}

struct tare_task standing__snapshot(const struct standing_thread *t, uint64_t ts_ns)
{
	struct tare_task task = t->task;

	task.ts_ns = ts_ns;
	task.phase = 0;
	task.minor_faults = task.major_faults = TARE_UNKNOWN;
	if (task.on_cpu && ts_ns > t->came_ns)
		task.exec_ns += ts_ns - t->came_ns;
	return task;
}
