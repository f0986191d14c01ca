// SPDX-License-Identifier: BSD-2-Clause
/* Who was waited for, and the chain from the request until the others were told to go on. */
#include <string.h>

#include "pause_process.h"

struct straggler {
	struct pause_thread *t;
	uint64_t stop_ns;	/* it stood .. */
	uint64_t until_ns;	/* .. and until then others still waited for it to say so */
	uint64_t goroutine;
};

void pause_who__set(const struct pauses *ps, struct pause_who *who, uint32_t tid, uint64_t goroutine)
{
	const struct thread *st = threads__find(&ps->switches->threads, tid);

	*who = (struct pause_who){ .tid = tid, .goroutine = goroutine };
	if (st)
		memcpy(who->comm, st->comm, sizeof(who->comm));
}

/* The last time before all stood that a thread of the target woke the initiator; NULL: none did. */
static const struct pause_wake *pause__last_wake(const struct pause *p)
{
	const struct pause_restarts *r = p->restarts;

	for (uint64_t i = r->nr_wakes; i > 0 && r->nr_wakes - i < MAX_WAKES; i--) {
		const struct pause_wake *w = &r->wakes[(i - 1) % MAX_WAKES];

		if (w->wake_ns >= p->request_ns && w->run_ns <= p->stopped_ns)
			return w;
	}
	return NULL;
}

/* Some runtimes do not say who stopped: the last thread that was asked, or was busy, to go to sleep. */
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
		if (!t->asked_ns && !(t->was_busy && (t->works || !pr->tells_goroutines)))
			continue;
		stop = t->slept_ns && t->slept_ns < p->stopped_ns ? t->slept_ns : p->stopped_ns;
		/* of several that are not known to have stopped, one that was asked */
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
	const struct pause_restarts *r = p->restarts;
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

/* To stop a thread it must be asked, then stand, then the initiator must hear of it: each of these may be late. */
static void pause__join_stopping(struct pauses *ps, struct pause *p, struct straggler *s,
				 struct pause_thread *initiator)
{
	static const struct pause_act in_user = { .known = true, .cause = PAUSE_USER, .weak = true };
	struct segs_role doer = { p->initiator.tid, PAUSE_STOPPING, true }, late = { 0, PAUSE_STOPPING, false };
	uint64_t asked = p->request_ns, stop, until;

	if (!s->t) {
		segs__copy(&initiator->timeline, p->request_ns, p->stopped_ns, &doer, &p->chain);
		return;
	}
	stop = clamp(s->stop_ns, p->request_ns, p->stopped_ns);
	until = clamp(s->until_ns, stop, p->stopped_ns);
	if (s->t->asked_ns)
		asked = clamp(s->t->asked_ns, p->request_ns, stop);
	/* who has gone to sleep has done its asking: where no signal was sent by then, other means had to do */
	if (p->restarts->slept_ns && p->restarts->slept_ns < asked)
		asked = p->restarts->slept_ns;
	/* it ran to say that it stands */
	if (s->t->is_known && s->t->is_on && !p->guessed && until > s->t->pos_ns)
		pause_thread__evidence(s->t, until, &in_user, &in_user, true);
	pause_thread__tell_until(ps, s->t, until);
	late.tid = s->t->tid;
	segs__copy(&initiator->timeline, p->request_ns, asked, &doer, &p->chain);
	segs__copy(&s->t->timeline, asked, stop, &late, &p->chain);
	late.works = true;
	segs__copy(&s->t->timeline, stop, until, &late, &p->chain);
	segs__copy(&initiator->timeline, until, p->stopped_ns, &doer, &p->chain);
}

void pause__join_chain(struct pauses *ps, struct pause_process *pr, struct pause *p)
{
	struct segs_role role = { p->initiator.tid, PAUSE_STOPPED, true };
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
	segs__copy(&initiator->timeline, p->stopped_ns, p->restart_ns, &role, &p->chain);
	role.part = PAUSE_RESTART;
	segs__copy(&initiator->timeline, p->restart_ns, p->started_ns, &role, &p->chain);
}
