// SPDX-License-Identifier: BSD-2-Clause
/* Who was waited for, and the chain from the request to the restart. */
#include <string.h>

#include "pause_process.h"

struct straggler {
	struct pause_thread *t;
	uint64_t stop_ns;  /* when it stopped */
	uint64_t until_ns; /* how long others still waited to hear that it had stopped */
	uint64_t goroutine;
};

void pause_who__set(const struct pauses *ps, struct pause_who *who, uint32_t tid, uint64_t goroutine)
{
	const struct thread *st = threads__find(&ps->switches->threads, tid);

	*who = (struct pause_who){ .tid = tid, .goroutine = goroutine };
	if (st)
		memcpy(who->comm, st->comm, sizeof(who->comm));
}

/* The last time a target thread woke the initiator before the world was stopped; NULL: never. */
static const struct pause_wake *pause__last_wake(const struct pause *p)
{
	const struct pause_under_way *r = p->under_way;

	for (uint64_t i = r->nr_wakes; i > 0 && r->nr_wakes - i < MAX_WAKES; i--) {
		const struct pause_wake *w = &r->wakes[(i - 1) % MAX_WAKES];

		if (w->wake_ns < p->request_ns || w->run_ns > p->stopped_ns)
			continue;
		/* woken too early, it went back to sleep and noticed by itself that all had stopped */
		return w->slept_ns && w->slept_ns < p->stopped_ns ? NULL : w;
	}
	return NULL;
}

/* Some runtimes do not report who stopped. Take the last thread to go to sleep that was asked or busy. */
static struct pause_thread *pause__guess(struct pauses *ps, struct pause_process *pr, struct pause *p,
					 uint64_t *stop_ns)
{
	struct pause_thread *best = NULL;
	const struct table_slot *slot;
	uint64_t stop, best_stop = 0;
	size_t pos = 0;

	while ((slot = table__next(&ps->threads, &pos))) {
		struct pause_thread *t = (struct pause_thread *)(uintptr_t)slot->value;

		if (t->tgid != pr->tgid || t->tid == p->initiator.tid)
			continue;
		pause_thread__begin(t, pr->epoch, p->request_ns);
		/* a thread that slept with its P at the request has something to hand over, too */
		if (!t->asked_ns && !((t->was_busy || t->slept_ns) && (t->works || !pr->tells_goroutines)))
			continue;
		stop = t->slept_ns && t->slept_ns < p->stopped_ns ? t->slept_ns : p->stopped_ns;
		/* if several are not known to have stopped, take one that was asked */
		if (!best || stop > best_stop || (stop == best_stop && t->asked_ns > best->asked_ns)) {
			best = t;
			best_stop = stop;
		}
	}
	*stop_ns = best_stop;
	return best;
}

static void pause__find_straggler(struct pauses *ps, struct pause_process *pr, struct pause *p, struct straggler *s)
{
	const struct pause_under_way *r = p->under_way;
	const struct pause_wake *wake = pause__last_wake(p);

	*s = (struct straggler){ 0 };
	if (r->laid_tid && r->laid_tid != p->initiator.tid) {
		s->t = pause_thread__find(ps, r->laid_tid);
		s->stop_ns = r->laid_ns;
		s->goroutine = r->laid_goroutine;
	} else if (wake) {
		s->t = pause_thread__find(ps, wake->waker_tid);
		s->stop_ns = wake->wake_ns;
	} else if (r->slept_ns && r->slept_ns < p->stopped_ns) {
		s->t = pause__guess(ps, pr, p, &s->stop_ns);
		p->guessed = s->t != NULL;
	}
	if (!s->t)
		return;
	pause_thread__begin(s->t, pr->epoch, p->request_ns);
	if (!s->goroutine)
		s->goroutine = s->t->goroutine;
	s->until_ns = s->stop_ns;
	if (wake && wake->waker_tid == s->t->tid && wake->wake_ns > s->stop_ns)
		s->until_ns = wake->wake_ns;
	pause_who__set(ps, &p->straggler, s->t->tid, s->goroutine);
}

static uint64_t clamp(uint64_t x, uint64_t low, uint64_t high)
{
	return x < low ? low : x > high ? high : x;
}

static bool is_futex(const struct pauses *ps, uint64_t detail)
{
	/* from the kernel's syscall tables: native and 32-bit */
	static const uint16_t futex[][2] = {
		[0] = { TARE_NO_SYSCALL, TARE_NO_SYSCALL },
		[TARE_ARCH_X86_64] = { 202, 240 },
		[TARE_ARCH_ARM64] = { 98, 240 },
	};
	uint32_t arch = ps->switches->arch;

	if (arch >= sizeof(futex) / sizeof(futex[0]))
		return false;
	return detail < DETAIL_STOP(0) && (detail & 0xffff) != TARE_NO_SYSCALL &&
	       (detail & 0xffff) == futex[arch][detail >> 16 & 1];
}

/*
 * @t's timeline. While it was blocked on a futex until another thread of the process woke it, that thread held a lock
 * @t needed, so that thread is the one that was waited for.
 */
static void pause__join(struct pauses *ps, struct pause *p, const struct pause_thread *t, uint64_t from, uint64_t to,
			const struct segs_role *role)
{
	struct segs_role other = *role;

	for (uint32_t i = 0; i < t->timeline.n; i++) {
		const struct pause_seg *s = &t->timeline.at[i];
		uint64_t start = s->start_ns > from ? s->start_ns : from, end = s->end_ns < to ? s->end_ns : to;
		struct pause_thread *holder = NULL;

		if (s->cause == PAUSE_BLOCKED && s->other && start < end && is_futex(ps, s->call))
			holder = pause_thread__find(ps, s->other);
		if (!holder || holder == t || holder->tgid != p->tgid || !holder->is_known)
			continue;
		pause_thread__begin(holder, t->epoch, p->request_ns);
		pause_thread__tell_until(ps, holder, end);
		other.tid = holder->tid;
		segs__copy(&t->timeline, from, start, role, &p->chain);
		segs__copy(&holder->timeline, start, end, &other, &p->chain);
		from = end;
	}
	segs__copy(&t->timeline, from, to, role, &p->chain);
}

static void pause__join_doer(struct pauses *ps, struct pause *p, const struct pause_thread *doer, uint64_t from,
			     uint64_t to, enum pause_part part)
{
	pause__join(ps, p, doer, from, to, &(struct segs_role){ p->initiator.tid, part, true });
}

/* A straggler must be asked, then stop, then the initiator must hear of it. Each step may be late. */
static void pause__join_stopping(struct pauses *ps, struct pause *p, struct straggler *s,
				 struct pause_thread *initiator)
{
	static const struct pause_act in_user = { .known = true, .cause = PAUSE_USER, .weak = true };
	struct segs_role late = { 0, PAUSE_STOPPING, false };
	uint64_t asked = p->request_ns, stop, until;

	if (!s->t) {
		pause__join_doer(ps, p, initiator, p->request_ns, p->stopped_ns, PAUSE_STOPPING);
		return;
	}
	stop = clamp(s->stop_ns, p->request_ns, p->stopped_ns);
	until = clamp(s->until_ns, stop, p->stopped_ns);
	if (s->t->asked_ns)
		asked = clamp(s->t->asked_ns, p->request_ns, stop);
	/* an initiator that sleeps has done its asking: without a signal so far, it used other means */
	if (p->under_way->slept_ns && p->under_way->slept_ns < asked)
		asked = p->under_way->slept_ns;
	/* it ran to report that it had stopped */
	if (s->t->is_known && s->t->is_on && !p->guessed && until > s->t->pos_ns)
		pause_thread__evidence(s->t, until, &in_user, &in_user, true);
	pause_thread__tell_until(ps, s->t, until);
	late.tid = s->t->tid;
	pause__join_doer(ps, p, initiator, p->request_ns, asked, PAUSE_STOPPING);
	pause__join(ps, p, s->t, asked, stop, &late);
	late.works = true;
	segs__copy(&s->t->timeline, stop, until, &late, &p->chain);
	pause__join_doer(ps, p, initiator, until, p->stopped_ns, PAUSE_STOPPING);
}

void pause__join_chain(struct pauses *ps, struct pause_process *pr, struct pause *p)
{
	struct pause_thread *initiator = pause_thread__find(ps, p->initiator.tid);
	struct pause_thread nobody = { 0 };
	struct straggler s;

	if (!initiator)
		initiator = &nobody;
	else
		pause_thread__begin(initiator, pr->epoch, p->request_ns);
	pause__find_straggler(ps, pr, p, &s);
	if (initiator != &nobody)
		pause_thread__tell_until(ps, initiator, p->started_ns);
	pause__join_stopping(ps, p, &s, initiator);
	pause__join_doer(ps, p, initiator, p->stopped_ns, p->restart_ns, PAUSE_STOPPED);
	pause__join_doer(ps, p, initiator, p->restart_ns, p->started_ns, PAUSE_RESTART);
}
