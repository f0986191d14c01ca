// SPDX-License-Identifier: BSD-2-Clause
/*
 * What a thread does between two moments with evidence. A page fault without a recorded end (old recordings) has a
 * known beginning, but gets no time unless other evidence shows it.
 */
#include "pause_thread.h"

static const struct pause_act in_user = { .known = true, .cause = PAUSE_USER, .weak = true };

static void tell(struct pause_thread *t, uint64_t from, uint64_t to, const struct pause_act *act, bool firm)
{
	struct pause_seg s = { .tid = t->tid, .cause = PAUSE_UNEXPLAINED, .on_cpu = true, .firm = firm };

	if (act->known) {
		s.cause = act->cause;
		s.detail = act->detail;
		s.stack = act->stack;
	}
	/* in user space an asked thread is interrupted at once unless it blocks the signal */
	if (t->pending && (s.cause == PAUSE_USER || s.cause == PAUSE_UNEXPLAINED)) {
		if (t->pending_ns > from && t->pending_ns < to) {
			segs__push(&t->timeline, from, t->pending_ns, &s);
			from = t->pending_ns;
		}
		if (t->pending_ns < to)
			s.cause = PAUSE_SIGNAL;
	}
	segs__push(&t->timeline, from, to, &s);
}

static bool same(const struct pause_act *a, const struct pause_act *b)
{
	return a->cause == b->cause && (a->cause != PAUSE_KERNEL || a->detail == b->detail);
}

static uint64_t clamp(uint64_t x, uint64_t low, uint64_t high)
{
	return x < low ? low : x > high ? high : x;
}

/* [t->pos_ns, @to]: @t->after held at its beginning (or before), @before holds at its end. */
static void tell_between(struct pause_thread *t, uint64_t to, const struct pause_act *before)
{
	const struct pause_act *after = &t->after;
	uint64_t from = t->pos_ns, middle;

	if (before->asked) {
		/* it was in that call when it was asked, whatever it did before */
		middle = clamp(t->pending_ns, from, to);
		tell(t, from, middle, after->known && !after->weak ? after : before, after->known && !after->weak);
		tell(t, middle, to, before, true);
	} else if (!after->known || !before->known) {
		/* a fault without other evidence goes on: with a signal pending, its end would deliver that */
		tell(t, from, to, after->known ? after : before, false);
	} else if (after->cause == PAUSE_USER && before->cause == PAUSE_USER && !after->weak && !before->weak) {
		/* each side gets half of the time */
		middle = clamp(t->evidence_ns + (to - t->evidence_ns) / 2, from, to);
		tell(t, from, middle, after, true);
		tell(t, middle, to, before, true);
	} else if (same(after, before)) {
		tell(t, from, to, before->detail ? before : after, !after->weak || !before->weak);
	} else if (t->fault_open && !t->pending) {
		tell(t, from, to, before, !before->weak);
	} else if (after->weak != before->weak) {
		tell(t, from, to, after->weak ? before : after, false);
	} else if (after->weak) {
		tell(t, from, to, before, false);
	} else {
		middle = clamp(t->evidence_ns + (to - t->evidence_ns) / 2, from, to);
		/* had it still been in user space when asked, the signal would have been delivered */
		if (t->pending && after->cause == PAUSE_USER)
			middle = clamp(t->pending_ns, from, to);
		tell(t, from, middle, after, true);
		tell(t, middle, to, before, true);
	}
}

static void tell_to(struct pause_thread *t, uint64_t to, const struct pause_act *before)
{
	tell_between(t, to, before);
	for (unsigned i = 0; i < t->nr_irqs; i++)
		segs__carve(&t->timeline, t->tid, t->irqs[i].start_ns, t->irqs[i].end_ns,
			    t->irqs[i].end_ns - t->irqs[i].start_ns, PAUSE_IRQ, t->irqs[i].number);
	t->nr_irqs = 0;
}

void pause_thread__evidence(struct pause_thread *t, uint64_t ts_ns, const struct pause_act *before,
			    const struct pause_act *after, bool told)
{
	struct pause_act next = *after;

	if (t->is_known && !t->is_on) {
		/* its arrival was not seen: the timeline has a gap, which is unexplained */
		t->after = (struct pause_act){ 0 };
		t->since_ns = ts_ns;
		t->irq_ns = 0;
		t->nr_irqs = 0;
	} else if (told && ts_ns > t->pos_ns) {
		tell_to(t, ts_ns, before);
	}
	t->is_on = t->is_known = true;
	t->after = next;
	if (ts_ns > t->pos_ns)
		t->pos_ns = ts_ns;
	t->evidence_ns = t->pos_ns;
	if (next.cause != PAUSE_FAULT)
		t->fault_open = t->in_fault = false;
}

/* From now on it is in the fault at @address, or still is. @ends: the end will be reported. */
static struct pause_act enter_fault(struct pause_thread *t, uint64_t address, bool ends)
{
	t->in_fault = true;
	t->fault_ends = ends;
	t->fault_address = address;
	return (struct pause_act){ .known = true, .cause = PAUSE_FAULT, .detail = address };
}

void pause_thread__fault(struct pause_thread *t, const struct event *ev, bool told)
{
	bool ends = ev->fault.ends;
	struct pause_act after = enter_fault(t, ev->fault.address, ends), before = in_user;

	before.detail = ev->fault.ip;
	pause_thread__evidence(t, ev->ts_ns, &before, &after, told);
	t->fault_open = !ends;
}

void pause_thread__fault_end(struct pause_thread *t, const struct event *ev, bool told)
{
	uint64_t begin_ns = ev->ts_ns > ev->fault_end.ns ? ev->ts_ns - ev->fault_end.ns : 0;
	struct pause_act fault = enter_fault(t, ev->fault_end.address, true);

	/* the beginning was before the pause, or was lost */
	if (t->is_known && t->is_on && begin_ns > t->pos_ns && t->after.cause != PAUSE_FAULT)
		pause_thread__evidence(t, begin_ns, &in_user, &fault, told);
	pause_thread__evidence(t, ev->ts_ns, &fault, &in_user, told);
}

void pause_thread__sample(struct pause_thread *t, const struct event *ev, bool told)
{
	struct pause_act at = {
		.known = true,
		.cause = PAUSE_USER,
		.detail = ev->sample.ip,
		.stack = told_stacks__take(&t->stacks, ev->ts_ns),
	};

	if (ev->sample.softirq || ev->sample.hardirq)
		return; /* interrupts have their own records, with durations */
	if (ev->sample.kernel) {
		bool in_call = ev->sample.syscall != TARE_NO_SYSCALL;

		at.cause = in_call ? PAUSE_KERNEL : PAUSE_FAULT;
		/* without a known fault this may be one from before the pause, or kernel entry or exit */
		at.weak = !in_call && !t->in_fault && (t->after.weak || t->after.cause != PAUSE_FAULT);
		at.stack = in_call ? at.stack : 0;
		at.detail = in_call ? ev->sample.syscall : t->in_fault ? t->fault_address : 0;
	} else if (ev->sample.called) {
		at.weak = true; /* the tick due during the call came at its end */
	}
	pause_thread__evidence(t, ev->ts_ns, &at, &at, told);
	t->fault_open = false;
}

static void asked(struct pause_thread *t, const struct event *ev, bool told)
{
	/* asked again: it ran on after the last one, and would have if that had come sooner */
	if (told && t->answered_ns)
		segs__rename(&t->timeline, t->answered_ns, PAUSE_SIGNAL, PAUSE_USER);
	t->answered_ns = 0;
	if (!t->pending)
		t->pending_ns = ev->ts_ns;
	t->masked = ev->signal.masked || (t->pending && t->masked);
	t->pending = true;
	if (told && !t->asked_ns)
		t->asked_ns = ev->ts_ns;
}

void pause_thread__signal(struct pause_thread *t, const struct event *ev, bool told)
{
	struct pause_act before = in_user, after = in_user;

	if (ev->signal.step == TARE_SIGNAL_SENT)
		asked(t, ev, told);
	if (ev->signal.step != TARE_SIGNAL_DELIVERED && ev->signal.step != TARE_SIGNAL_DELIVERED_OTHER)
		return;
	before.detail = after.detail = ev->signal.ip;
	before.stack = after.stack = told_stacks__take(&t->stacks, ev->ts_ns);
	after.weak = false;
	/* it was held up by the call at whose end it came, unless it was blocked and that call unblocked it */
	if (ev->signal.call && t->pending && !t->masked) {
		before = (struct pause_act){ .known = true,
					     .cause = PAUSE_KERNEL,
					     .asked = true,
					     .detail = ev->signal.call - 1,
					     .stack = after.stack };
		/* next it runs the handler. Where it continues after that is unknown, but not at that instruction */
		after.weak = true;
		after.detail = after.stack = 0;
	}
	pause_thread__evidence(t, ev->ts_ns, &before, &after, told);
	if (ev->signal.step == TARE_SIGNAL_DELIVERED) {
		t->answered_ns = t->pending && !t->masked ? t->pending_ns : 0;
		t->pending = t->masked = false;
	}
}

void pause_thread__irq(struct pause_thread *t, const struct event *ev, bool told)
{
	uint64_t end = ev->ts_ns, start = end > ev->irq.ns ? end - ev->irq.ns : 0;

	if (!t->is_known || !t->is_on)
		return;
	if (start < t->since_ns)
		start = t->since_ns < end ? t->since_ns : end;
	t->irq_ns += end - start;
	if (!told)
		return;
	/* this many between two pieces of evidence are an interrupt storm: what they interrupted is a guess */
	if (t->nr_irqs == PAUSE_MAX_IRQS && end > t->pos_ns) {
		tell_to(t, start > t->pos_ns ? start : t->pos_ns, &in_user);
		t->pos_ns = start > t->pos_ns ? start : t->pos_ns;
	}
	if (t->nr_irqs == PAUSE_MAX_IRQS)
		return;
	t->irqs[t->nr_irqs].start_ns = start;
	t->irqs[t->nr_irqs].end_ns = end;
	t->irqs[t->nr_irqs++].number = ev->irq.number;
}
