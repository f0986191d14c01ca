// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "about.h"
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
	} else if (!ret && m->end_ns && c->from_ns > m->end_ns) {
		err("export: what is chosen begins %.3f s after the recording has ended",
		    (c->from_ns - m->end_ns) / 1e9);
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
	readings__free(&c->readings);
}

void choice__rewind(struct choice *c)
{
	table__free(&c->processes);
	table__free(&c->named);
	standing__rewind(&c->standing);
	totals__free(&c->totals);
	readings__free(&c->readings);
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

static bool wants(const struct choice *c, const struct event *ev)
{
	uint32_t tid = about_thread(ev), pid = about_process(ev);

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

/* A thread has the chosen name from now on, or no longer. @old: its tid until now, by which exporters know it. */
static int emit_renamed(struct choice *c, const struct event *ev, uint32_t tid, uint32_t old, bool was_wanted,
			choice_emit emit, void *ctx)
{
	struct standing_thread *t = standing__find(&c->standing, tid);
	struct event gone = { .kind = EVENT_TASK, .ts_ns = ev->ts_ns };
	struct tare_task task;

	if (!t || wants_thread(c, tid) == was_wanted)
		return 0;
	c->passed++;
	if (!was_wanted)
		return emit_standing(t, ev->ts_ns, emit, ctx);
	t->told = false;
	task = standing__snapshot(t, ev->ts_ns);
	task.tid = old;
	task.phase = TARE_TASK_LEFT_OUT;
	gone.cpu = task.cpu;
	gone.task = &task;
	return emit(ctx, &gone);
}

/* A target that is not chosen: others still meet it, by its name. */
static int emit_name(struct choice *c, const struct event *ev, choice_emit emit, void *ctx)
{
	struct event name = { .kind = EVENT_NAME,
			      .ts_ns = ev->ts_ns > c->from_ns ? ev->ts_ns : c->from_ns,
			      .cpu = ev->cpu };

	if (ev->ts_ns > c->to_ns)
		return 0;
	if (ev->kind == EVENT_FORK) {
		name.name.tid = ev->fork.tid;
		name.name.tgid = ev->fork.tgid;
		memcpy(name.name.comm, ev->fork.comm, sizeof(name.name.comm));
	} else {
		name.name.tid = ev->task->tid;
		name.name.tgid = ev->task->tgid;
		memcpy(name.name.comm, ev->task->comm, TARE_COMM_LEN);
	}
	return emit(ctx, &name);
}

/*
 * A snapshot of a thread. What the first one says of it before the stretch begins is told then, and the last one only
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
	if ((ev->kind == EVENT_LOSS || ev->kind == EVENT_PROBE) &&
	    !totals__event(&c->totals, ev, &(struct stretch){ c->begin_ns, c->from_ns, c->to_ns }))
		return 0;
	ev->ts_ns = ev->ts_ns > c->to_ns ? c->to_ns : ev->ts_ns;
	return emit(ctx, ev);
}

/* A moment of a thread or of a CPU. Sums are no such: they are told before all that happened until then. */
static bool is_moment(const struct event *ev)
{
	return ev->kind > EVENT_DAMAGE && (ev->kind == EVENT_SWITCH || is_of_threads(ev->kind) || about_thread(ev));
}

/* One to count from comes first. */
static int emit_reading(struct choice *c, const struct event *ev, choice_emit emit, void *ctx)
{
	struct event *before = readings__take(&c->readings, ev);

	if (!before)
		return 0;
	/* what it holds keeps its own time: a rate from there on is over all of that */
	before->ts_ns = c->from_ns;
	return emit(ctx, before);
}

/* Who waited for a CPU when the stretch began has waited since then. */
static void clip_wait(const struct choice *c, struct event *ev)
{
	struct event_switch *sw = &ev->sw;
	uint64_t most = ev->ts_ns - c->from_ns;

	if (sw->wait_ns > most)
		sw->wait_ns = most;
	if (sw->throttled_ns > sw->wait_ns)
		sw->throttled_ns = sw->wait_ns;
	if (sw->wake_delay_ns > most - sw->wait_ns)
		sw->wake_delay_ns = most - sw->wait_ns;
}

static int emit_record(struct choice *c, struct event *ev, choice_emit emit, void *ctx)
{
	struct standing_thread *born = ev->kind == EVENT_FORK ? standing__find(&c->standing, ev->fork.tid) : NULL;
	int ret = 0;

	if (is_told(ev->kind)) {
		/* within the stretch: in it programs begin no earlier, and it ends there, whatever is still told */
		ev->ts_ns = ev->ts_ns > c->to_ns ? c->to_ns : ev->ts_ns;
		ev->ts_ns = ev->ts_ns < c->from_ns ? c->from_ns : ev->ts_ns;
		return emit(ctx, ev);
	}
	if (ev->ts_ns > c->to_ns)
		return 0;
	if (ev->ts_ns < c->from_ns)
		return is_reading(ev->kind) ? readings__keep(&c->readings, ev) : emit_before(c, ev, emit, ctx);
	if (is_reading(ev->kind))
		ret = emit_reading(c, ev, emit, ctx);
	if (ev->kind == EVENT_SWITCH)
		clip_wait(c, ev);
	if (born)
		born->told = true;
	c->passed += ev->kind == EVENT_SWITCH || about_thread(ev) || (about_process(ev) && !c->thread);
	return ret ? ret : emit(ctx, ev);
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

	if (!c->begin_ns && (ev->kind == EVENT_TASK || is_moment(ev)))
		c->begin_ns = ev->ts_ns;
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
		ret = emit_renamed(c, ev, renamed, old, was_wanted, emit, ctx);
	if (ret)
		return ret;
	if (!wanted)
		return ev->kind == EVENT_FORK || (ev->kind == EVENT_TASK && !ev->task->phase) ?
			       emit_name(c, ev, emit, ctx) :
			       0;
	return ev->kind <= EVENT_DAMAGE ? emit_description(c, &own, emit, ctx) : emit_record(c, &own, emit, ctx);
}
