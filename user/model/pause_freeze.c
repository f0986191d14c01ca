// SPDX-License-Identifier: BSD-2-Clause
/*
 * Since Linux 6.1 the freezer of cgroup v1 leaves a sleeping thread asleep, so no event shows that it is frozen: its
 * wake-up is only delayed until the thaw. But the freezer freezes whole processes: if one running thread is seen to
 * freeze, all sleeping ones are frozen as well. Other ways to stop a process wake its sleepers first, and then each
 * thread has its own event. A thread in uninterruptible sleep goes on with that in both cases.
 */
#include "pause_process.h"

static struct pause_freeze *pause_process__frozen(struct pause_process *pr)
{
	struct pause_freeze *last = &pr->freezes[(pr->nr_freezes - 1) % MAX_FREEZES];

	return pr->nr_freezes && !last->until_ns ? last : NULL;
}

void pause_process__note_freeze(struct pauses *ps, struct pause_process *pr, const struct pause_thread *t,
				uint64_t ts_ns)
{
	if (t->off != OFF_BLOCKED || !switches__freezes_sleepers(ps->switches, t->off_detail) ||
	    pause_process__frozen(pr))
		return;
	pr->freezes[pr->nr_freezes++ % MAX_FREEZES] =
		(struct pause_freeze){ .since_ns = ts_ns, .detail = t->off_detail };
}

/* A thread that was frozen or asleep is woken: this is the thaw, or shows that not all are frozen. */
void pause_process__note_thaw(struct pauses *ps, struct pause_process *pr, const struct pause_thread *t,
			      const struct event *ev)
{
	struct pause_freeze *f = pause_process__frozen(pr);
	uint64_t late = ev->sw.wait_ns + ev->sw.wake_delay_ns, woken_ns = late < ev->ts_ns ? ev->ts_ns - late : 0;

	if (!f || !t->is_known || t->is_on || t->off != OFF_BLOCKED || woken_ns <= f->since_ns)
		return;
	if (t->asleep || switches__freezes_sleepers(ps->switches, t->off_detail))
		f->until_ns = woken_ns;
}

static void tell_frozen(const struct pause_freeze *f, const struct pause_seg *s, struct segs *to)
{
	struct pause_seg frozen = *s;
	uint64_t until_ns = f->until_ns && f->until_ns < s->end_ns ? f->until_ns : s->end_ns;

	frozen.detail = f->detail;
	frozen.other = frozen.stack = 0;
	frozen.asleep = frozen.firm = false;
	if (f->since_ns >= s->end_ns || until_ns <= s->start_ns)
		return;
	segs__push(to, s->start_ns, f->since_ns, s);
	segs__push(to, f->since_ns > s->start_ns ? f->since_ns : s->start_ns, until_ns, &frozen);
}

void pause__tell_frozen(const struct pause_process *pr, struct pause *p)
{
	uint64_t first = pr->nr_freezes > MAX_FREEZES ? pr->nr_freezes - MAX_FREEZES : 0;
	struct segs told = { 0 };

	if (!pr->nr_freezes)
		return;
	for (uint32_t i = 0; i < p->chain.n; i++) {
		const struct pause_seg *s = &p->chain.at[i];

		for (uint64_t k = first; s->asleep && k < pr->nr_freezes; k++)
			tell_frozen(&pr->freezes[k % MAX_FREEZES], s, &told);
		segs__push(&told, s->start_ns, s->end_ns, s);
	}
	if (told.failed) { /* leave it as it was */
		segs__free(&told);
		return;
	}
	segs__free(&p->chain);
	p->chain = told;
}
