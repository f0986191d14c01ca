// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "array.h"
#include "choice.h"
#include "model.h"
#include "util.h"

#define MAX_THREADS  (1u << 20)
#define AROUND_PAUSE 10000000ull /* ns before and after it: what led to it */

/* ---- what was asked for ---- */

bool choice_opts__any(const struct choice_opts *o)
{
	return o->from || o->to || o->pid || o->thread || o->pause;
}

static uint64_t begin_of(const struct model *m)
{
	uint64_t ns = model__begin(m);

	return ns == UINT64_MAX ? 0 : ns;
}

/*
 * By the wall clock, in this machine's time zone; without a date, of the day on which @m begins, or of the next if it
 * goes on until then.
 */
static int parse_wall(const char *s, const struct model *m, uint64_t *ns)
{
	static const char *const formats[] = { "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M",
					       "%Y-%m-%dT%H:%M",    "%H:%M:%S",		 "%H:%M" };
	int64_t offset = (int64_t)(m->header.real_ns - m->header.mono_ns);
	time_t begin = (time_t)((int64_t)begin_of(m) + offset) / (int64_t)NSEC_PER_SEC;
	const char *end = NULL;
	double fraction = 0;
	struct tm tm;
	int64_t real, next;
	int day;
	char *rest;

	for (size_t i = 0; i < ARRAY_SIZE(formats) && !end; i++) {
		localtime_r(&begin, &tm);
		tm.tm_sec = 0;
		end = strptime(s, formats[i], &tm);
		if (end && *end && *end != '.')
			end = NULL;
	}
	if (!end)
		return -EINVAL;
	if (*end == '.') {
		fraction = strtod(end, &rest);
		if (*rest)
			return -EINVAL;
	}
	tm.tm_isdst = -1;
	day = tm.tm_mday;
	real = (int64_t)mktime(&tm) * (int64_t)NSEC_PER_SEC + (int64_t)(fraction * 1e9);
	if (tm.tm_mday != day) /* a month has no such day */
		return -EINVAL;
	next = real + 24ll * 3600 * (int64_t)NSEC_PER_SEC;
	if (!strchr(s, '-') && next - offset <= (int64_t)m->end_ns)
		real = next;
	*ns = real > offset ? real - offset : 0;
	return 0;
}

static int parse_moment(const char *option, const char *s, const struct model *m, uint64_t *ns)
{
	uint64_t since = 0;

	if (strspn(s, "0.s") == strlen(s) || !parse_duration(s, &since)) {
		*ns = begin_of(m) + since;
		return 0;
	}
	if (!parse_wall(s, m, ns))
		return 0;
	err("export: %s takes seconds since the recording began (1.5, 500ms) or a time (14:30:05), not '%s'", option,
	    s);
	return -EINVAL;
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
		ret = parse_moment("--from", o->from, m, &from_ns);
	if (!ret && o->to)
		ret = parse_moment("--to", o->to, m, &to_ns);
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
	free(c->last);
}

void choice__rewind(struct choice *c)
{
	table__free(&c->processes);
	table__free(&c->named);
	c->nr_last = 0;
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

static int remember(struct choice *c, const struct event *ev)
{
	if (ev->cpu >= c->nr_last) {
		if (ARRAY_GROW(c->last, c->room_last, ev->cpu + 1u))
			return -ENOMEM;
		memset(c->last + c->nr_last, 0, (ev->cpu + 1 - c->nr_last) * sizeof(*c->last));
		c->nr_last = ev->cpu + 1u;
	}
	c->last[ev->cpu] = *ev;
	return 0;
}

/* The stretch begins: who is on each CPU then? */
static int begin(struct choice *c, int (*emit)(void *ctx, const struct event *ev), void *ctx)
{
	int ret = 0;

	c->begun = true;
	for (size_t cpu = 0; cpu < c->nr_last && !ret; cpu++) {
		struct event ev = { .kind = EVENT_SWITCH, .ts_ns = c->from_ns, .cpu = cpu };

		if (!c->last[cpu].sw.next_target)
			continue;
		ev.sw.next_tid = c->last[cpu].sw.next_tid;
		ev.sw.next_target = true;
		ev.sw.syscall = TARE_NO_SYSCALL;
		ret = emit(ctx, &ev);
	}
	return ret;
}

static bool some_run(const struct choice *c)
{
	for (size_t cpu = 0; cpu < c->nr_last; cpu++)
		if (c->last[cpu].sw.next_target)
			return true;
	return false;
}

/* A thread's first snapshot, as of when the stretch begins; whether it is on a CPU then is known from switches. */
static int emit_task(struct choice *c, struct event *ev, int (*emit)(void *ctx, const struct event *ev), void *ctx)
{
	struct tare_task task = *ev->task;

	if (task.phase && ev->ts_ns > c->to_ns)
		return 0;
	if (task.ts_ns < c->from_ns) {
		task.ts_ns = ev->ts_ns = c->from_ns;
		task.on_cpu = 0;
	}
	ev->task = &task;
	return emit(ctx, ev);
}

static int emit_end(struct choice *c, struct event *ev, int (*emit)(void *ctx, const struct event *ev), void *ctx)
{
	struct tare_end end = *ev->end;

	if (end.ts_ns > c->to_ns)
		end.ts_ns = ev->ts_ns = c->to_ns;
	ev->end = &end;
	return emit(ctx, ev);
}

int choice__event(struct choice *c, const struct event *ev, int (*emit)(void *ctx, const struct event *ev), void *ctx)
{
	struct event own = *ev;
	int ret = 0;

	learn_of(c, ev);
	/* also who is not chosen takes a CPU from who was on it */
	if (ev->kind == EVENT_SWITCH && !wants_switch(c, &own.sw))
		return ev->ts_ns < c->from_ns ? remember(c, &own) : 0;
	if (ev->kind != EVENT_SWITCH && !wants(c, ev))
		return 0;
	if (ev->kind == EVENT_TASK)
		return emit_task(c, &own, emit, ctx);
	if (ev->kind == EVENT_END) {
		/* a stretch in which nothing happened: somebody may have run all through it */
		ret = c->begun ? 0 : begin(c, emit, ctx);
		c->passed += ev->end->ts_ns >= c->from_ns && some_run(c);
		return ret ? ret : emit_end(c, &own, emit, ctx);
	}
	if (ev->kind > EVENT_DAMAGE && ev->ts_ns > c->to_ns && !is_told(ev->kind))
		return 0;
	/* the recording ends there, whatever is still told */
	if (own.ts_ns > c->to_ns)
		own.ts_ns = c->to_ns;
	/* and begins with what held for its threads then, also that they were no more */
	if (own.ts_ns < c->from_ns && (is_of_threads(ev->kind) || ev->kind == EVENT_EXIT)) {
		own.ts_ns = c->from_ns;
		return emit(ctx, &own);
	}
	if (ev->kind <= EVENT_DAMAGE || is_told(ev->kind) || is_of_threads(ev->kind))
		return emit(ctx, &own);
	if (ev->ts_ns < c->from_ns)
		return ev->kind == EVENT_SWITCH ? remember(c, &own) : 0;
	/* sums are told before all that happened until then */
	if (!c->begun && (ev->kind == EVENT_SWITCH || thread_of(ev)))
		ret = begin(c, emit, ctx);
	c->passed += ev->kind == EVENT_SWITCH || thread_of(ev) || (process_of(ev) && !c->thread);
	return ret ? ret : emit(ctx, &own);
}
