// SPDX-License-Identifier: BSD-2-Clause
/* What is drawn on threads' tracks. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "event_names.h"
#include "runtime_tracks_impl.h"
#include "util.h"

static struct rt_thread *rt_thread__find(const struct runtime_tracks *rt, uint32_t tid)
{
	uint64_t *slot = table__find(&rt->threads, tid);

	return slot ? (struct rt_thread *)(uintptr_t)*slot : NULL;
}

/* The thread with its track. *@thread is NULL if there is no room for more, or its process is unknown. */
static int rt_thread__get(struct runtime_tracks *rt, uint32_t tid, uint32_t pid, struct rt_thread **thread)
{
	const struct name *n = pid ? NULL : names__find(rt->names, tid);
	struct rt_thread *t;
	uint64_t *slot;

	*thread = rt_thread__find(rt, tid);
	if (n)
		pid = n->tgid;
	if (*thread || !tid || !pid)
		return 0;
	t = calloc(1, sizeof(*t));
	slot = t ? table__add(&rt->threads, tid) : NULL;
	if (!slot) {
		free(t);
		return t ? 0 : -ENOMEM;
	}
	t->tid = tid;
	t->pid = pid;
	t->seen_p = -1;
	*slot = (uintptr_t)t;
	*thread = t;
	return tracks__thread(&rt->tracks, pid, tid, &t->track);
}

int rt__thread_track(struct runtime_tracks *rt, uint32_t tid, uint32_t pid, uint64_t *track)
{
	struct rt_thread *t;
	int ret = rt_thread__get(rt, tid, pid, &t);

	*track = t ? t->track : 0;
	return ret;
}

/* Begins and ends of slices never go back in time, nor into an interrupt. */
static uint64_t rt_thread__at(struct rt_thread *t, uint64_t ts_ns)
{
	if (ts_ns < t->irq_ns)
		ts_ns = t->irq_ns;
	if (ts_ns > t->last_ns)
		t->last_ns = ts_ns;
	return t->last_ns;
}

/* ---- goroutines ---- */

static uint64_t run_key(const struct rt_thread *t, uint64_t goroutine)
{
	return (uint64_t)t->pid << 40 ^ goroutine;
}

static int rt_thread__end_off(struct runtime_tracks *rt, struct rt_thread *t, uint64_t ts_ns)
{
	if (!t->is_off)
		return 0;
	t->is_off = false;
	return tracks__end(&rt->tracks, rt_thread__at(t, ts_ns), t->track);
}

/* @ev: the event by which the goroutine left the thread; NULL: none */
static int rt_thread__end_run(struct runtime_tracks *rt, struct rt_thread *t, uint64_t ts_ns, const struct event *ev)
{
	int ret = rt_thread__end_off(rt, t, ts_ns);

	if (ret || !t->in_run)
		return ret;
	t->in_run = false;
	ret = rt_lanes__ran(rt, t, ts_ns);
	if (ret)
		return ret;
	table__delete(&rt->running, run_key(t, t->running));
	track_event__open(&rt->tracks, rt_thread__at(t, ts_ns), SLICE_END, t->track, NULL, NULL);
	if (ev) {
		track_event__text(&rt->tracks, "end", runtime_event_name(ev->runtime.event));
		rt__arg(rt, ev, ev->runtime.event == TARE_RT_PREEMPT_TAKEN);
	}
	return track_event__close(&rt->tracks);
}

static void begin_goroutine(struct runtime_tracks *rt, struct rt_thread *t, uint64_t ts_ns, uint64_t goroutine,
			    bool off)
{
	char name[96], buf[64];
	const char *green = rt__name_of(rt, t->pid, TARE_NAME_GREEN, 0, buf) ?: "goroutine";

	/* one name for all that are off CPU: a viewer's sums are by name */
	if (off)
		snprintf(name, sizeof(name), "%s off CPU", green);
	else
		rt__goroutine_name(rt, t->pid, goroutine, name);
	track_event__open(&rt->tracks, rt_thread__at(t, ts_ns), SLICE_BEGIN, t->track, "goroutine", name);
	track_event__int(&rt->tracks, "goroutine", goroutine);
}

static int on_run(struct runtime_tracks *rt, struct rt_thread *t, const struct event *ev)
{
	uint64_t goroutine = ev->runtime.goroutine, *slot = table__find(&rt->running, run_key(t, goroutine));
	struct rt_thread *other = slot ? rt_thread__find(rt, *slot) : NULL;
	int ret = other ? rt_thread__end_run(rt, other, ev->ts_ns, NULL) : 0;

	if (!ret)
		ret = rt_thread__end_run(rt, t, ev->ts_ns, NULL);
	if (ret || !goroutine)
		return ret;
	begin_goroutine(rt, t, ev->ts_ns, goroutine, false);
	rt__arg(rt, ev, 0);
	t->in_run = true;
	t->running = goroutine;
	t->run_ns = ev->ts_ns;
	t->run_p = ev->runtime.args[0];
	slot = table__add(&rt->running, run_key(t, goroutine));
	if (slot)
		*slot = t->tid;
	return track_event__close(&rt->tracks);
}

static int on_run_end(struct runtime_tracks *rt, struct rt_thread *t, const struct event *ev)
{
	return rt_thread__end_run(rt, t, ev->ts_ns, t->running == ev->runtime.goroutine ? ev : NULL);
}

/* What the thread runs, recorded before the event that it belongs to. */
static int on_goroutine(struct runtime_tracks *rt, const struct event *ev)
{
	struct rt_thread *t;
	int ret = rt_thread__get(rt, ev->goroutine.tid, 0, &t);

	if (ret || !t)
		return ret;
	t->on = ev->goroutine;
	t->on_ns = ev->ts_ns;
	return rt_lanes__seen(rt, t, ev);
}

static void put_goroutine(struct runtime_tracks *rt, const struct rt_thread *t, uint64_t ts_ns)
{
	if (t->on_ns == ts_ns && t->on.goroutine)
		track_event__int(&rt->tracks, "goroutine", t->on.goroutine);
}

static void put_status(struct runtime_tracks *rt, uint32_t pid, const struct event_goroutine *g)
{
	char buf[64], why[64];
	const char *status = rt__name_of(rt, pid, TARE_NAME_STATUS, g->status, buf), *reason;

	if (status)
		track_event__text(&rt->tracks, "status", status);
	else
		track_event__int(&rt->tracks, "status", g->status);
	/* unless it waits, the reason is left over from its last wait */
	reason = status && !strcmp(status, "waiting") ?
			 rt__name_of(rt, pid, TARE_NAME_WAIT_REASON, g->wait_reason, why) :
			 NULL;
	if (reason)
		track_event__text(&rt->tracks, "wait_reason", reason);
}

/* While a thread is off CPU, it keeps its goroutine. */
static int off_begins(struct runtime_tracks *rt, struct rt_thread *t, const struct event *ev)
{
	char buf[64];
	int ret = rt_thread__end_off(rt, t, ev->ts_ns);

	if (ret || t->on_ns != ev->ts_ns || !t->on.goroutine)
		return ret;
	t->is_off = true;
	begin_goroutine(rt, t, ev->ts_ns, t->on.goroutine, true);
	put_status(rt, t->pid, &t->on);
	if (t->on.p >= 0)
		track_event__int(&rt->tracks, "p", t->on.p);
	if (ev->sw.syscall != TARE_NO_SYSCALL)
		track_event__text(&rt->tracks, "syscall",
				  syscall_name(rt->whole->header.arch, ev->sw.compat, ev->sw.syscall, buf));
	return track_event__close(&rt->tracks);
}

static int rt_thread__forget(struct runtime_tracks *rt, uint32_t tid, uint64_t ts_ns)
{
	struct rt_thread *t = rt_thread__find(rt, tid);
	int ret = t ? rt_thread__end_run(rt, t, ts_ns, NULL) : 0;

	if (t && !ret)
		ret = rt_lanes__came(rt, t, ts_ns);
	free(t);
	table__delete(&rt->threads, tid);
	return ret;
}

static int on_switch(struct runtime_tracks *rt, const struct event *ev)
{
	struct rt_thread *prev = ev->sw.prev_target ? rt_thread__find(rt, ev->sw.prev_tid) : NULL;
	struct rt_thread *next = ev->sw.next_target ? rt_thread__find(rt, ev->sw.next_tid) : NULL;
	int ret = 0;

	if (next)
		ret = rt_thread__end_off(rt, next, ev->ts_ns) ?: rt_lanes__came(rt, next, ev->ts_ns);
	if (ret || !prev)
		return ret;
	rt_lanes__left(rt, prev, ev);
	return prev->dead ? rt_thread__forget(rt, prev->tid, ev->ts_ns) : off_begins(rt, prev, ev);
}

/* Its last switch is still to come. */
static int on_exit_of(struct runtime_tracks *rt, const struct event *ev)
{
	struct rt_thread *t = rt_thread__find(rt, ev->exit.tid);

	if (!t)
		return 0;
	t->dead = true;
	return rt_thread__end_run(rt, t, ev->ts_ns, NULL);
}

static int on_fork(struct runtime_tracks *rt, const struct event *ev)
{
	return rt_thread__forget(rt, ev->fork.tid, ev->ts_ns);
}

static int on_exec(struct runtime_tracks *rt, const struct event *ev)
{
	struct rt_thread *t = rt_thread__find(rt, ev->exec.tid);
	int ret = ev->exec.old_tid != ev->exec.tid ? rt_thread__forget(rt, ev->exec.old_tid, ev->ts_ns) : 0;

	/* it stays the same thread, and keeps its track */
	return ret || !t ? ret : rt_thread__end_run(rt, t, ev->ts_ns, NULL);
}

/* ---- other runtime events ---- */

static int on_instant(struct runtime_tracks *rt, struct rt_thread *t, const struct event *ev)
{
	track_event__open(&rt->tracks, ev->ts_ns, INSTANT, t->track, "runtime", runtime_event_name(ev->runtime.event));
	if (ev->runtime.goroutine)
		track_event__int(&rt->tracks, "goroutine", ev->runtime.goroutine);
	for (unsigned i = 0; i < ev->runtime.nr_args; i++)
		rt__arg(rt, ev, i);
	return track_event__close(&rt->tracks);
}

static int on_preempted(struct runtime_tracks *rt, struct rt_thread *t, const struct event *ev)
{
	int ret = on_instant(rt, t, ev);

	return ret ? ret : on_run_end(rt, t, ev);
}

/* Collections and the runtime's own figures for a pause are drawn elsewhere. */
static int (*const runtime_handlers[TARE_NR_RT_EVENTS])(struct runtime_tracks *rt, struct rt_thread *t,
							const struct event *ev) = {
	[TARE_RT_STW_REQUEST] = on_instant,	[TARE_RT_P_STOPPED] = on_instant,
	[TARE_RT_STW_STOPPED] = on_instant,	[TARE_RT_STW_RESTART] = on_instant,
	[TARE_RT_STW_STARTED] = on_instant,	[TARE_RT_STW_WAIT] = on_instant,
	[TARE_RT_G_CREATE] = on_instant,	[TARE_RT_G_RUN] = on_run,
	[TARE_RT_G_PARK] = on_run_end,		[TARE_RT_G_EXIT] = on_run_end,
	[TARE_RT_G_READY] = on_instant,		[TARE_RT_PREEMPT_REQUEST] = on_instant,
	[TARE_RT_PREEMPT_TAKEN] = on_preempted, [TARE_RT_STEAL] = on_instant,
	[TARE_RT_HANDOFF] = on_instant,		[TARE_RT_SPAN_REFILL] = on_instant,
	[TARE_RT_LARGE_ALLOC] = on_instant,	[TARE_RT_ASSIST] = on_instant,
	[TARE_RT_SWEEP_END] = on_instant,
};

static int on_runtime(struct runtime_tracks *rt, const struct event *ev)
{
	struct rt_thread *t;
	int ret;

	if (ev->runtime.event >= TARE_NR_RT_EVENTS || !runtime_handlers[ev->runtime.event])
		return 0;
	ret = rt_thread__get(rt, ev->runtime.tid, ev->runtime.tgid, &t);
	return ret || !t ? ret : runtime_handlers[ev->runtime.event](rt, t, ev);
}

/* ---- what the kernel did to it ---- */

/*
 * Drawn on the sender's track if it is a thread of the same process, else on the receiver's. An arrow leads to
 * delivery.
 */
static int on_sent(struct runtime_tracks *rt, struct rt_thread *t, const struct event *ev)
{
	const struct name *sender = names__find(rt->names, ev->signal.other);
	struct rt_thread *from = NULL;
	int ret = 0;

	if (sender && sender->tgid == t->pid)
		ret = rt_thread__get(rt, ev->signal.other, t->pid, &from);
	if (ret)
		return ret;
	if (ev->signal.step == TARE_SIGNAL_SENT && !t->flow)
		t->flow = ++rt->flows;
	track_event__open(&rt->tracks, ev->ts_ns, INSTANT, from ? from->track : t->track, "signal",
			  ev->signal.step == TARE_SIGNAL_SENT ? "preemption signal sent" : "signal sent by other");
	track_event__int(&rt->tracks, "to_tid", t->tid);
	if (!from)
		track_event__int(&rt->tracks, "from_tid", ev->signal.other);
	if (ev->signal.step == TARE_SIGNAL_SENT)
		track_event__flow(&rt->tracks, t->flow, false);
	return track_event__close(&rt->tracks);
}

static int on_signal(struct runtime_tracks *rt, const struct event *ev)
{
	struct rt_thread *t;
	int ret = rt_thread__get(rt, ev->signal.tid, ev->signal.tgid, &t);

	if (ret || !t)
		return ret;
	if (ev->signal.step >= TARE_NR_SIGNAL_STEPS)
		return 0;
	if (ev->signal.step == TARE_SIGNAL_SENT || ev->signal.step == TARE_SIGNAL_SENT_OTHER)
		return on_sent(rt, t, ev);
	track_event__open(&rt->tracks, ev->ts_ns, INSTANT, t->track, "signal",
			  ev->signal.step == TARE_SIGNAL_DELIVERED ? "preemption signal delivered" :
								     "signal of other delivered");
	put_goroutine(rt, t, ev->ts_ns);
	if (ev->signal.ip)
		track_event__address(&rt->tracks, "ip", ev->signal.ip);
	if (ev->signal.step == TARE_SIGNAL_DELIVERED) {
		if (t->flow)
			track_event__flow(&rt->tracks, t->flow, true);
		t->flow = 0;
	}
	return track_event__close(&rt->tracks);
}

static int on_fault(struct runtime_tracks *rt, const struct event *ev)
{
	struct rt_thread *t;
	int ret = rt_thread__get(rt, ev->fault.tid, ev->fault.tgid, &t);

	if (ret || !t)
		return ret;
	track_event__open(&rt->tracks, ev->ts_ns, INSTANT, t->track, "fault", "page fault");
	put_goroutine(rt, t, ev->ts_ns);
	track_event__address(&rt->tracks, "address", ev->fault.address);
	track_event__address(&rt->tracks, "ip", ev->fault.ip);
	track_event__bool(&rt->tracks, "write", ev->fault.write);
	return track_event__close(&rt->tracks);
}

/* Recorded when it is over: its begin is earlier than events recorded meanwhile. */
static int on_irq(struct runtime_tracks *rt, const struct event *ev)
{
	uint64_t begin_ns = ev->ts_ns > ev->irq.ns ? ev->ts_ns - ev->irq.ns : 0;
	char buf[32];
	struct rt_thread *t;
	int ret = rt_thread__get(rt, ev->irq.tid, 0, &t);

	if (ret || !t)
		return ret;
	if (begin_ns < t->last_ns)
		begin_ns = t->last_ns;
	if (begin_ns >= ev->ts_ns)
		return 0;
	track_event__open(&rt->tracks, begin_ns, SLICE_BEGIN, t->track, "irq", irq_name(ev->irq.number, buf));
	ret = track_event__close(&rt->tracks);
	if (ev->ts_ns > t->irq_ns)
		t->irq_ns = ev->ts_ns;
	return ret ? ret : tracks__end(&rt->tracks, ev->ts_ns, t->track);
}

/* ---- all events ---- */

int rt_threads__event(struct runtime_tracks *rt, const struct event *ev)
{
	static int (*const handlers[])(struct runtime_tracks * rt, const struct event *ev) = {
		[EVENT_RUNTIME] = on_runtime, [EVENT_GOROUTINE] = on_goroutine, [EVENT_SWITCH] = on_switch,
		[EVENT_SIGNAL] = on_signal,   [EVENT_FAULT] = on_fault,		[EVENT_IRQ] = on_irq,
		[EVENT_EXIT] = on_exit_of,    [EVENT_FORK] = on_fork,		[EVENT_EXEC] = on_exec,
	};

	return ev->kind < ARRAY_SIZE(handlers) && handlers[ev->kind] ? handlers[ev->kind](rt, ev) : 0;
}

void rt_threads__free(struct runtime_tracks *rt)
{
	const struct table_slot *slot;
	size_t pos = 0;

	while ((slot = table__next(&rt->threads, &pos)))
		free((void *)(uintptr_t)slot->value);
	table__free(&rt->threads);
	table__free(&rt->running);
}
