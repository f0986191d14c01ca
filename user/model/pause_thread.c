// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>
#include <string.h>

#include "pause_thread.h"

#define OLD_SIGNAL_NS 1000000000ull

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static uint64_t at_most(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

struct pause_thread *pause_thread__find(const struct pauses *ps, uint32_t tid)
{
	uint64_t *slot = table__find(&ps->threads, tid);

	return slot ? (struct pause_thread *)(uintptr_t)*slot : NULL;
}

static void pause_thread__free(struct pause_thread *t)
{
	segs__free(&t->timeline);
	free(t);
}

void pause_thread__forget(struct pauses *ps, uint32_t tid)
{
	struct pause_thread *t = pause_thread__find(ps, tid);

	if (!t)
		return;
	table__delete(&ps->threads, tid);
	pause_thread__free(t);
}

void pause_threads__free(struct pauses *ps)
{
	const struct table_slot *slot;
	size_t pos = 0;

	while ((slot = table__next(&ps->threads, &pos)))
		pause_thread__free((struct pause_thread *)(uintptr_t)slot->value);
	table__free(&ps->threads);
}

/* Take over the switch fold's state of a thread that is new here. */
static void pause_thread__seed(struct pauses *ps, struct pause_thread *t)
{
	const struct thread *st = threads__find(&ps->switches->threads, t->tid);
	const struct reason *why;

	if (!st)
		return;
	if (!t->tgid)
		t->tgid = st->tgid;
	t->cpu = st->cpu;
	t->since_ns = t->pos_ns = t->evidence_ns = st->last_ns;
	why = &ps->switches->reasons[st->reason];
	/* the first snapshot may be one step behind, but not for a stopped thread */
	t->is_known = st->state == THREAD_ON ||
		      (st->state == THREAD_OFF && !st->maybe_runnable && (!st->fresh || why->kind == REASON_STOP));
	t->is_on = st->state == THREAD_ON;
	if (!t->is_known || t->is_on)
		return;
	if (st->runnable)
		t->off = why->kind == REASON_THROTTLED ? OFF_THROTTLED : OFF_RUNNABLE;
	else if (why->kind == REASON_PAGE_FAULT)
		t->off = OFF_FAULT;
	else
		t->off = OFF_BLOCKED;
	t->off_detail = why->kind == REASON_SYSCALL ? why->syscall | (uint64_t)why->compat << 16 : TARE_NO_SYSCALL;
	if (t->off == OFF_FAULT) {
		t->in_fault = st->fault_address != 0;
		t->off_detail = t->fault_address = st->fault_address;
	}
	if (why->kind == REASON_STOP || why->kind == REASON_STOPPED || why->kind == REASON_FROZEN)
		t->off_detail = DETAIL_STOP(st->reason);
}

struct pause_thread *pause_thread__get(struct pauses *ps, uint32_t tid, uint32_t tgid)
{
	struct pause_thread *t = pause_thread__find(ps, tid);
	uint64_t *slot;

	if (t) {
		if (tgid)
			t->tgid = tgid;
		return t;
	}
	t = calloc(1, sizeof(*t));
	slot = t ? table__add(&ps->threads, tid) : NULL;
	if (!slot) {
		free(t);
		return NULL;
	}
	*slot = (uintptr_t)t;
	t->tid = tid;
	t->tgid = tgid;
	pause_thread__seed(ps, t);
	return t;
}

void pause_thread__begin(struct pause_thread *t, uint64_t epoch, uint64_t ts_ns)
{
	if (t->epoch == epoch)
		return;
	t->epoch = epoch;
	t->timeline.n = 0;
	t->timeline.failed = 0;
	t->pos_ns = ts_ns;
	t->asked_ns = t->slept_ns = 0;
	t->nr_irqs = 0;
	/* its delivery must have been lost */
	if (t->pending && ts_ns > t->pending_ns + OLD_SIGNAL_NS)
		t->pending = false;
	t->was_busy = t->is_known && (t->is_on || t->off == OFF_RUNNABLE || t->off == OFF_THROTTLED);
}

/*
 * The thread has waited for a CPU since it left one, and still does at @to. Add who had the CPU since the timeline's
 * end.
 */
static void pause_thread__tell_waiting(struct pauses *ps, struct pause_thread *t, uint64_t to)
{
	const struct thread *st = threads__find(&ps->switches->threads, t->tid);
	const struct moves *m = st && st->moves.count ? &st->moves : NULL;
	struct cpu_wait wait = { .tid = t->tid,
				 .cpu = m ? m->at[m->count - 1].to_cpu : t->cpu,
				 .moves = m,
				 .from_ns = at_most(t->since_ns, t->pos_ns),
				 .to_ns = to };

	pause_rivals__wait(ps, &wait, t->pos_ns, t->pos_ns, &t->timeline);
}

/* The thread is off CPU, for a known reason if there is one. */
static void pause_thread__tell_off(struct pause_thread *t, uint64_t from, uint64_t to, struct segs *out)
{
	static const uint8_t causes[] = {
		[OFF_UNKNOWN] = PAUSE_UNEXPLAINED,
		[OFF_THROTTLED] = PAUSE_THROTTLED,
		[OFF_BLOCKED] = PAUSE_BLOCKED,
		[OFF_FAULT] = PAUSE_FAULT,
	};
	struct pause_seg s = { .tid = t->tid, .cause = causes[t->off], .firm = t->off != OFF_UNKNOWN };

	if (t->off == OFF_BLOCKED || t->off == OFF_FAULT)
		s.detail = t->off_detail;
	s.asleep = t->off == OFF_BLOCKED && t->asleep;
	segs__push(out, from, to, &s);
}

void pause_thread__tell_until(struct pauses *ps, struct pause_thread *t, uint64_t ts_ns)
{
	static const struct pause_act nothing;

	if (ts_ns <= t->pos_ns)
		return;
	if (t->is_known && t->is_on) {
		struct pause_act after = t->after;
		uint64_t at = t->evidence_ns;

		pause_thread__evidence(t, ts_ns, &nothing, &after, true);
		t->after = after;
		t->evidence_ns = at;
		return;
	}
	if (t->is_known && t->off == OFF_RUNNABLE)
		pause_thread__tell_waiting(ps, t, ts_ns);
	else if (t->is_known)
		pause_thread__tell_off(t, t->pos_ns, ts_ns, &t->timeline);
	t->pos_ns = ts_ns;
}

/* The wait for a CPU until @ev, on each CPU where it waited; throttled time comes first. */
static void pause_thread__tell_wait(struct pauses *ps, struct pause_thread *t, const struct event *ev, uint64_t from)
{
	const struct thread *st = threads__find(&ps->switches->threads, t->tid);
	struct pause_seg throttled = { .tid = t->tid, .cause = PAUSE_THROTTLED, .firm = true };
	uint64_t ns = ev->sw.throttled_ns;

	if (!ns && t->off == OFF_THROTTLED && t->is_known && !t->is_on)
		ns = ev->ts_ns - from;
	ns = at_most(ns, ev->ts_ns - from);
	segs__push(&ps->scratch, from, from + ns, &throttled);
	/* if a pause was requested meanwhile, do not mix the time before with the time after */
	pause_rivals__wait(ps,
			   &(struct cpu_wait){ .tid = t->tid,
					       .cpu = ev->cpu,
					       .moves = st ? &st->moves : NULL,
					       .from_ns = from + ns,
					       .to_ns = ev->ts_ns },
			   0, t->pos_ns, &ps->scratch);
}

/* Off CPU until @ev: blocked, then woken, then waiting for a CPU. */
void pause_thread__arrive(struct pauses *ps, struct pause_thread *t, const struct event *ev, bool tell)
{
	uint64_t from = at_most(t->since_ns, ev->ts_ns), off = ev->ts_ns - from, delay;
	bool was_off = t->is_known && !t->is_on, runnable = t->off == OFF_RUNNABLE || t->off == OFF_THROTTLED;
	uint64_t wait = at_most(ev->sw.has_wait ? ev->sw.wait_ns : was_off && runnable ? off : 0, off);
	struct pause_seg waking = { .tid = t->tid, .cause = PAUSE_WAKEUP, .firm = true },
			 gap = { .tid = t->tid, .cause = PAUSE_UNEXPLAINED };

	if (was_off && runnable && !ev->sw.has_wake)
		wait = off; /* the kernel's clock may lag a little */
	delay = at_most(ev->sw.has_wake ? ev->sw.wake_delay_ns : 0, off - wait);
	ps->scratch.n = 0;
	if (was_off && !runnable)
		pause_thread__tell_off(t, from, ev->ts_ns - wait - delay, &ps->scratch);
	else
		segs__push(&ps->scratch, from, ev->ts_ns - wait - delay, &gap);
	if (was_off && t->off == OFF_BLOCKED && ps->scratch.n && ev->sw.has_wake &&
	    ev->sw.waker_context == TARE_CONTEXT_TASK)
		ps->scratch.at[0].other = ev->sw.waker_tid;
	segs__push(&ps->scratch, ev->ts_ns - wait - delay, ev->ts_ns - wait, &waking);
	pause_thread__tell_wait(ps, t, ev, ev->ts_ns - wait);
	if (tell) {
		for (uint32_t i = 0; i < ps->scratch.n; i++) {
			const struct pause_seg *s = &ps->scratch.at[i];

			segs__push(&t->timeline, s->start_ns > t->pos_ns ? s->start_ns : t->pos_ns, s->end_ns, s);
		}
	}
	if (was_off && t->off == OFF_FAULT && t->in_fault)
		/* the fault that it was woken from still has to complete, and may block again */
		t->after = (struct pause_act){
			.known = true, .cause = PAUSE_FAULT, .weak = !t->fault_ends, .detail = t->fault_address
		};
	else if (!was_off || !runnable)
		t->after = (struct pause_act){ 0 };
	else if (!t->in_fault || !t->fault_ends)
		t->after.weak = true;
	t->is_on = t->is_known = true;
	t->fault_open = false;
	t->cpu = ev->cpu;
	t->since_ns = t->evidence_ns = ev->ts_ns;
	t->pos_ns = t->pos_ns > ev->ts_ns ? t->pos_ns : ev->ts_ns;
	t->irq_ns = 0;
	t->nr_irqs = 0;
}

/* On-CPU time that the kernel did not charge to it, less known interrupts, was stolen. */
static void pause_thread__stolen(struct pause_thread *t, const struct event *ev)
{
	uint64_t stolen = ev->sw.stolen_ns > 0 ? less(ev->sw.stolen_ns, t->irq_ns) : 0;

	segs__steal(&t->timeline, t->tid, t->since_ns, ev->ts_ns, stolen);
}

void pause_thread__leave(struct pauses *ps, struct pause_thread *t, const struct event *ev, bool tell)
{
	const struct event_switch *sw = &ev->sw;
	uint32_t stop = sw->voluntary ? switches__stopped_by(ps->switches, t->tid, sw->state) : 0;
	/* it is stopped on its way out of the call, not inside */
	bool in_call = !stop && sw->syscall != TARE_NO_SYSCALL;
	uint64_t call = sw->syscall | (uint64_t)sw->compat << 16;
	/* a call that it blocks in has only just begun; one in which it is preempted may have gone on for long */
	struct pause_act before = { .known = true, .weak = true, .cause = PAUSE_USER };

	if (!sw->voluntary && in_call)
		before = (struct pause_act){ .known = true, .cause = PAUSE_KERNEL, .detail = call };
	else if (sw->voluntary && !in_call && !stop)
		before = (struct pause_act){ .known = true,
					     .cause = PAUSE_FAULT,
					     .weak = !t->in_fault,
					     .detail = t->in_fault ? t->fault_address : 0 };
	if (t->is_known && !t->is_on) /* its arrival was not seen */
		t->pos_ns = t->pos_ns > ev->ts_ns ? t->pos_ns : ev->ts_ns;
	else
		pause_thread__evidence(t, ev->ts_ns, &before, &t->after, tell);
	if (in_call)
		t->in_fault = false;
	if (tell && t->is_on)
		pause_thread__stolen(t, ev);
	if (tell && sw->voluntary && in_call && !t->slept_ns)
		t->slept_ns = ev->ts_ns;
	t->is_on = false;
	t->is_known = true;
	t->answered_ns = 0;
	t->asleep = sw->state == TARE_STATE_INTERRUPTIBLE;
	t->since_ns = ev->ts_ns;
	t->cpu = ev->cpu;
	if (!sw->voluntary || sw->state == TARE_STATE_RUNNING) {
		t->off = sw->state == TARE_STATE_THROTTLED ? OFF_THROTTLED : OFF_RUNNABLE;
	} else if (stop) {
		t->off = OFF_BLOCKED;
		t->off_detail = DETAIL_STOP(stop);
	} else if (!in_call && sw->state < TARE_STATE_STOPPED) {
		t->off = OFF_FAULT;
		t->off_detail = before.detail;
	} else {
		t->off = OFF_BLOCKED;
		t->off_detail = in_call ? call : TARE_NO_SYSCALL;
	}
}
