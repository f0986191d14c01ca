// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "choice.h"
#include "model.h"
#include "moment.h"
#include "util.h"

#define MAX_THREADS  (1u << 22)	 /* the kernel has no more, PID_MAX_LIMIT in include/linux/threads.h */
#define AROUND_PAUSE 10000000ull /* ns before and after it: what led to it */

/* ---- what was asked for ---- */

bool choice_opts__any(const struct choice_opts *o)
{
	return o->from || o->to || o->pid || o->thread || o->pause;
}

static void narrow(struct choice *c, uint64_t from_ns, uint64_t to_ns)
{
	c->from_ns = from_ns > c->from_ns ? from_ns : c->from_ns;
	c->to_ns = to_ns < c->to_ns ? to_ns : c->to_ns;
}

static int around_pause(struct choice *c, uint32_t n, const struct model *m)
{
	const struct pause *p;

	if (n > m->pauses.nr_kept) {
		err("export: --pause %u: the recording has %" PRIu64 " pauses; `tare pauses' lists them, longest first",
		    n, m->pauses.count);
		return -EINVAL;
	}
	p = m->pauses.kept[n - 1];
	narrow(c, p->request_ns > AROUND_PAUSE ? p->request_ns - AROUND_PAUSE : 0, p->end_ns + AROUND_PAUSE);
	c->pid = p->tgid;
	return 0;
}

void choice__between(struct choice *c, uint64_t from_ns, uint64_t to_ns)
{
	*c = (struct choice){ .from_ns = from_ns, .to_ns = to_ns };
	table__init(&c->processes, MAX_THREADS);
	table__init(&c->named, MAX_THREADS);
	standing__init(&c->standing);
}

int choice__init(struct choice *c, const struct choice_opts *o, const struct model *m)
{
	uint64_t from_ns = 0, to_ns = UINT64_MAX;
	int ret = 0;

	choice__between(c, 0, UINT64_MAX);
	c->thread = o->thread;
	if (o->pause)
		ret = around_pause(c, o->pause, m);
	if (o->pid)
		c->pid = o->pid;
	if (!ret && o->from)
		ret = moment__parse("--from", o->from, m, &from_ns);
	if (!ret && o->to)
		ret = moment__parse("--to", o->to, m, &to_ns);
	narrow(c, from_ns, to_ns);
	if (!ret && c->to_ns <= c->from_ns) {
		err("export: what is chosen ends before it begins");
		ret = -EINVAL;
	}
	return ret;
}

void choice__free(struct choice *c)
{
	table__free(&c->processes);
	table__free(&c->named);
	standing__free(&c->standing);
	totals__free(&c->totals);
}

void choice__rewind(struct choice *c)
{
	table__free(&c->processes);
	table__free(&c->named);
	standing__rewind(&c->standing);
	totals__free(&c->totals);
	c->passed = 0;
	c->begun = false;
}

/* ---- threads ---- */

static void learn(struct choice *c, uint32_t tid, uint32_t tgid, const char *comm)
{
	uint64_t *process = table__add(&c->processes, tid);

	if (process)
		*process = tgid;
	if (!c->thread)
		return;
	if (strncmp(comm, c->thread, TARE_COMM_LEN))
		table__delete(&c->named, tid);
	else
		table__add(&c->named, tid);
}

static void learn_of(struct choice *c, const struct event *ev)
{
	const uint64_t *process;

	switch (ev->kind) {
	case EVENT_TASK:
		learn(c, ev->task->tid, ev->task->tgid, ev->task->comm);
		break;
	case EVENT_NAME:
	case EVENT_RENAME:
		learn(c, ev->name.tid, ev->name.tgid, ev->name.comm);
		break;
	case EVENT_FORK:
		learn(c, ev->fork.tid, ev->fork.tgid, ev->fork.comm);
		break;
	case EVENT_EXEC:
		process = table__find(&c->processes, ev->exec.old_tid);
		learn(c, ev->exec.tid, process ? *process : ev->exec.tid, ev->exec.comm);
		break;
	default:
		break;
	}
}

static bool wants_thread(const struct choice *c, uint32_t tid)
{
	const uint64_t *process = table__find(&c->processes, tid);

	return (!c->pid || (process && *process == c->pid)) && (!c->thread || table__find(&c->named, tid));
}

/* Of a switch between two threads only the chosen ones are left: the other is as one that is no target. */
static bool wants_switch(const struct choice *c, struct event_switch *sw)
{
	if (sw->prev_target && !wants_thread(c, sw->prev_tid)) {
		sw->prev_target = sw->voluntary = sw->compat = false;
		sw->state = 0;
		sw->stolen_ns = 0;
		sw->syscall = TARE_NO_SYSCALL;
	}
	if (sw->next_target && !wants_thread(c, sw->next_tid)) {
		sw->next_target = sw->has_wait = sw->has_wake = false;
		sw->wait_ns = sw->throttled_ns = 0;
	}
	return sw->prev_target || sw->next_target;
}

/* The thread or process that @ev is about; 0: the kind has none, or it must always pass. */
static uint32_t thread_of(const struct event *ev)
{
	switch (ev->kind) {
	case EVENT_RUNTIME:
		return ev->runtime.tid;
	case EVENT_GOROUTINE:
		return ev->goroutine.tid;
	case EVENT_SIGNAL:
		return ev->signal.tid;
	case EVENT_FAULT:
		return ev->fault.tid;
	case EVENT_FAULT_END:
		return ev->fault_end.tid;
	case EVENT_FAULT_SAMPLE:
		return ev->fault_sample.tid;
	case EVENT_SAMPLE:
		return ev->sample.tid;
	case EVENT_OFF_CPU:
		return ev->off_cpu.tid;
	case EVENT_IRQ:
		return ev->irq.tid;
	case EVENT_STOP:
		return ev->stop.tid;
	case EVENT_STACKED:
		return ev->stacked.tid;
	case EVENT_MIGRATE:
		return ev->migrate.tid;
	case EVENT_ALLOC_SAMPLE:
		return ev->alloc_sample.tid;
	case EVENT_RECLAIM:
		return ev->reclaim.tid;
	case EVENT_TASK:
		return ev->task->tid;
	case EVENT_FORK:
		return ev->fork.tid;
	case EVENT_EXIT:
		return ev->exit.tid;
	default:
		return 0;
	}
}

static uint32_t process_of(const struct event *ev)
{
	switch (ev->kind) {
	case EVENT_COUNTERS:
		return ev->counters.pid;
	case EVENT_BYTES:
		return ev->bytes.pid;
	case EVENT_HEAP:
		return ev->heap.head->pid;
	case EVENT_MEMORY_CALLS:
		return ev->memory_calls.pid;
	case EVENT_DELAYS:
		return ev->delays->pid;
	case EVENT_PROCESS:
		return ev->process.head->pid;
	default:
		return 0;
	}
}

static bool wants(const struct choice *c, const struct event *ev)
{
	uint32_t tid = thread_of(ev), pid = process_of(ev);

	return (!tid || wants_thread(c, tid)) && (!pid || !c->pid || pid == c->pid);
}

/* ---- time ---- */

/* Told of things that are chosen elsewhere, whenever it comes. */
static bool is_told(enum event_kind kind)
{
	return kind == EVENT_SYMBOL || kind == EVENT_NUMBER_NAME || kind == EVENT_PAGE || kind == EVENT_QUOTA ||
	       kind == EVENT_CALL_STACK || kind == EVENT_ALLOC_BURST;
}

/* What holds for a thread from then on. */
static bool is_of_threads(enum event_kind kind)
{
	return kind == EVENT_NAME || kind == EVENT_RENAME || kind == EVENT_FORK || kind == EVENT_EXEC;
}

/* For as long as it is chosen, @t is a thread that was there before: with what it does now. */
static int emit_standing(struct standing_thread *t, uint64_t ts_ns, choice_emit emit, void *ctx)
{
	struct tare_task task = standing__snapshot(t, ts_ns);
	struct event ev = { .kind = EVENT_TASK, .ts_ns = ts_ns, .cpu = task.cpu, .task = &task };
	struct event comes = { .kind = EVENT_SWITCH, .ts_ns = ts_ns, .cpu = task.cpu };
	int ret = 0;

	/* who is on a CPU comes there, so that it is seen also where it does not leave any more */
	if (task.on_cpu)
		task.state = TARE_STATE_RUNNING;
	task.on_cpu = 0;
	comes.sw = (struct event_switch){ .next_tid = task.tid, .next_target = true, .syscall = TARE_NO_SYSCALL };
	if (!t->told)
		ret = emit(ctx, &ev);
	t->told = true;
	return ret || !t->task.on_cpu ? ret : emit(ctx, &comes);
}

/* The stretch begins. Threads that are there are something to tell of, if they only sleep all through it. */
static int begin(struct choice *c, choice_emit emit, void *ctx)
{
	int ret = 0;

	c->begun = true;
	for (size_t i = 0; i < c->standing.nr && !ret; i++) {
		struct standing_thread *t = &c->standing.threads[i];

		if (t->gone || t->task.ts_ns > c->to_ns || !wants_thread(c, t->task.tid))
			continue;
		c->passed++;
		if (!t->told)
			ret = emit_standing(t, c->from_ns, emit, ctx);
	}
	return ret;
}

/* A thread has the chosen name from now on, or no longer. */
static int emit_renamed(struct choice *c, const struct event *ev, uint32_t tid, bool was_wanted, choice_emit emit,
			void *ctx)
{
	struct standing_thread *t = standing__find(&c->standing, tid);
	struct event leaves = { .kind = EVENT_SWITCH, .ts_ns = ev->ts_ns };

	if (!t || wants_thread(c, tid) == was_wanted)
		return 0;
	if (!was_wanted)
		return emit_standing(t, ev->ts_ns, emit, ctx);
	t->told = false;
	if (!t->task.on_cpu)
		return 0;
	leaves.cpu = t->task.cpu;
	leaves.sw = (struct event_switch){ .prev_tid = tid,
					   .prev_target = true,
					   .voluntary = true,
					   .state = TARE_STATE_DEAD,
					   .syscall = TARE_NO_SYSCALL };
	return emit(ctx, &leaves);
}

/* A snapshot of a thread. What the first one says of it before the stretch begins is told then, and the last one only
 * closes the account of one that was told.
 */
static int emit_task(struct choice *c, struct event *ev, choice_emit emit, void *ctx)
{
	struct standing_thread *t = standing__find(&c->standing, ev->task->tid);
	bool early = ev->task->phase ? !t || !t->told : ev->ts_ns < c->from_ns && !c->begun;

	if (early || ev->ts_ns > c->to_ns)
		return 0;
	if (t)
		t->told = true;
	return emit(ctx, ev);
}

static int emit_end(struct choice *c, struct event *ev, choice_emit emit, void *ctx)
{
	struct tare_end end = *ev->end;

	if (end.ts_ns > c->to_ns)
		end.ts_ns = ev->ts_ns = c->to_ns;
	ev->end = &end;
	return emit(ctx, ev);
}

/* What an event before the stretch still means in it. */
static int emit_before(struct choice *c, struct event *ev, choice_emit emit, void *ctx)
{
	bool is_told_then = ev->kind == EVENT_RENAME && standing__find(&c->standing, ev->name.tid);

	ev->ts_ns = c->from_ns;
	/* names of others hold; so does that symbols and files until now are those of another program */
	if (ev->kind == EVENT_NAME || ev->kind == EVENT_EXEC || (ev->kind == EVENT_RENAME && !is_told_then))
		return emit(ctx, ev);
	return 0;
}

/* Descriptions: they always pass, but for what they say of another time. */
static int emit_description(struct choice *c, struct event *ev, choice_emit emit, void *ctx)
{
	int ret = 0;

	if (ev->kind == EVENT_TASK)
		return emit_task(c, ev, emit, ctx);
	if (ev->kind == EVENT_END) {
		if (!c->begun && ev->ts_ns >= c->from_ns)
			ret = begin(c, emit, ctx);
		return ret ? ret : emit_end(c, ev, emit, ctx);
	}
	if ((ev->kind == EVENT_LOSS || ev->kind == EVENT_PROBE) && !totals__event(&c->totals, ev, c->from_ns, c->to_ns))
		return 0;
	ev->ts_ns = ev->ts_ns > c->to_ns ? c->to_ns : ev->ts_ns;
	return emit(ctx, ev);
}

/* A moment of a thread that is chosen, or of a CPU. Sums are no such: they are told before all that happened until
 * then. */
static bool is_moment(const struct event *ev)
{
	return ev->kind > EVENT_DAMAGE && (ev->kind == EVENT_SWITCH || is_of_threads(ev->kind) || thread_of(ev));
}

static int emit_record(struct choice *c, struct event *ev, choice_emit emit, void *ctx)
{
	struct standing_thread *born = ev->kind == EVENT_FORK ? standing__find(&c->standing, ev->fork.tid) : NULL;

	if (is_told(ev->kind)) {
		/* as of within the stretch: in it programs begin no earlier, and it ends there, whatever is still told
		 */
		ev->ts_ns = ev->ts_ns > c->to_ns ? c->to_ns : ev->ts_ns;
		ev->ts_ns = ev->ts_ns < c->from_ns ? c->from_ns : ev->ts_ns;
		return emit(ctx, ev);
	}
	if (ev->ts_ns > c->to_ns)
		return 0;
	if (ev->ts_ns < c->from_ns)
		return emit_before(c, ev, emit, ctx);
	if (born)
		born->told = true;
	c->passed += ev->kind == EVENT_SWITCH || thread_of(ev) || (process_of(ev) && !c->thread);
	return emit(ctx, ev);
}

/* Whose name @ev changes; 0: nobody's. *@old: its tid until then. */
static uint32_t renamed_by(const struct event *ev, uint32_t *old)
{
	*old = ev->kind == EVENT_RENAME ? ev->name.tid : ev->kind == EVENT_EXEC ? ev->exec.old_tid : 0;
	return ev->kind == EVENT_EXEC ? ev->exec.tid : *old;
}

int choice__event(struct choice *c, const struct event *ev, choice_emit emit, void *ctx)
{
	bool inside = ev->ts_ns >= c->from_ns && ev->ts_ns <= c->to_ns, was_wanted, wanted;
	struct event own = *ev;
	uint32_t old, renamed = renamed_by(ev, &old);
	int ret = 0;

	/* before anything changes, even if that is after the end */
	if (!c->begun && ev->ts_ns >= c->from_ns && is_moment(ev))
		ret = begin(c, emit, ctx);
	was_wanted = wants_thread(c, old);
	learn_of(c, ev);
	/* also who is not chosen takes a CPU from who was on it */
	wanted = ev->kind == EVENT_SWITCH ? wants_switch(c, &own.sw) : wants(c, ev);
	if (!ret)
		ret = standing__event(&c->standing, ev);
	if (!ret && renamed && c->thread && inside)
		ret = emit_renamed(c, ev, renamed, was_wanted, emit, ctx);
	if (ret || !wanted)
		return ret;
	return ev->kind <= EVENT_DAMAGE ? emit_description(c, &own, emit, ctx) : emit_record(c, &own, emit, ctx);
}
