// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>

#include "pause_process.h"

void pauses__init(struct pauses *ps, struct switches *switches, const struct runtime_names *names,
		  const struct model_stacks *stacks)
{
	ps->switches = switches;
	ps->names = names;
	ps->due_ns = UINT64_MAX;
	ps->stacks = stacks;
	table__init(&ps->threads, THREADS_MAX_LIVE);
	table__init(&ps->processes, MAX_PROCESSES);
	table__init(&ps->process_of, PAUSES_MAX_PROCESSES);
}

static void pause_process__free(struct pause_process *pr)
{
	pause__free(pr->now);
	for (unsigned i = 0; i < pr->nr_lingering; i++)
		pause__free(pr->lingering[i]);
	free(pr);
}

void pauses__free(struct pauses *ps)
{
	const struct table_slot *slot;
	size_t pos = 0;

	while ((slot = table__next(&ps->processes, &pos)))
		pause_process__free((struct pause_process *)(uintptr_t)slot->value);
	table__free(&ps->processes);
	for (uint32_t i = 0; i < ps->nr_kept; i++)
		pause__free(ps->kept[i]);
	free(ps->kept);
	free(ps->by_process);
	table__free(&ps->process_of);
	pause_threads__free(ps);
	segs__free(&ps->scratch);
}

/* Process @pr is gone: its pauses under way end at what was seen of them. */
static void pauses__end_process(struct pauses *ps, struct pause_process *pr)
{
	pause_process__abandon(ps, pr);
	while (pr->nr_lingering)
		pause_process__settle(ps, pr);
	table__delete(&ps->processes, pr->tgid);
	pause_thread__forget(ps, pr->tgid);
	pause_process__free(pr);
}

static uint64_t process_now(const struct pauses *ps, uint32_t tgid)
{
	return births__at(&ps->switches->threads.births, tgid, ps->now_ns);
}

static struct pause_process *pauses__process(struct pauses *ps, uint32_t tgid)
{
	uint64_t *slot = table__find(&ps->processes, tgid);
	struct pause_process *pr = slot ? (struct pause_process *)(uintptr_t)*slot : NULL;

	if (!pr || pr->process == process_now(ps, tgid))
		return pr;
	pauses__end_process(ps, pr);
	return NULL;
}

static struct pause_process *pauses__add_process(struct pauses *ps, uint32_t tgid)
{
	struct pause_process *pr = pauses__process(ps, tgid);
	uint64_t *slot;

	if (pr)
		return pr;
	pr = calloc(1, sizeof(*pr));
	slot = pr ? table__add(&ps->processes, tgid) : NULL;
	if (!slot) {
		free(pr);
		return NULL;
	}
	*slot = (uintptr_t)pr;
	pr->tgid = tgid;
	pr->process = process_now(ps, tgid);
	return pr;
}

/* Get *@t and its process ready for an event. Processes that never report anything get no state. */
static struct pause_process *pauses__about(struct pauses *ps, uint32_t tid, struct pause_thread **t)
{
	const struct thread *st;
	struct pause_process *pr;

	*t = pause_thread__find(ps, tid);
	if (!*t) {
		st = threads__find(&ps->switches->threads, tid);
		if (!st || !pauses__process(ps, st->tgid))
			return NULL;
		*t = pause_thread__get(ps, tid, 0);
	}
	pr = *t ? pauses__process(ps, (*t)->tgid) : NULL;
	if (pr && pr->now)
		pause_thread__begin(*t, pr->epoch, pr->now->request_ns);
	return pr;
}

static int fold_runtime(struct pauses *ps, const struct event *ev)
{
	struct pause_process *pr = pauses__add_process(ps, ev->runtime.tgid);

	ps->runtime_events++;
	return pr ? pauses__runtime(ps, pr, ev) : 0;
}

static void pause_process__stolen(struct pause_process *pr, const struct pause_thread *t, const struct event *ev)
{
	uint64_t stolen = ev->sw.stolen_ns > 0 ? ev->sw.stolen_ns : 0;

	if (!t->is_known || !t->is_on || stolen <= t->irq_ns)
		return;
	for (unsigned i = 0; i < pr->nr_lingering; i++)
		segs__steal(&pr->lingering[i]->chain, t->tid, t->since_ns, ev->ts_ns, stolen - t->irq_ns);
}

static void pauses__dies(struct pauses *ps, struct pause_process *pr, struct pause_thread *t)
{
	if (pr->now && pr->nr_dead < MAX_DEAD) {
		t->dead = true;
		pr->dead[pr->nr_dead++] = t->tid;
		return;
	}
	pause_thread__forget(ps, t->tid);
}

static void pause__note_sleep(struct pause_under_way *r, uint64_t ts_ns)
{
	struct pause_wake *last = r->nr_wakes ? &r->wakes[(r->nr_wakes - 1) % MAX_WAKES] : NULL;

	if (last && !last->slept_ns)
		last->slept_ns = ts_ns;
}

static void fold_leave(struct pauses *ps, const struct event *ev)
{
	struct pause_thread *t;
	struct pause_process *pr = pauses__about(ps, ev->sw.prev_tid, &t);
	bool is_dead = ev->sw.voluntary && (ev->sw.state == TARE_STATE_DEAD || ev->sw.state == TARE_STATE_ZOMBIE);

	if (!pr) {
		if (t && is_dead)
			pause_thread__forget(ps, t->tid);
		return;
	}
	pause_process__stolen(pr, t, ev);
	pause_thread__leave(ps, t, ev, pr->now);
	pause_process__note_freeze(ps, pr, t, ev->ts_ns);
	if (pr->now && t->tid == pr->now->initiator.tid && !pr->now->stopped_ns && !pr->now->under_way->slept_ns)
		pr->now->under_way->slept_ns = t->slept_ns;
	if (pr->now && t->tid == pr->now->initiator.tid && ev->sw.voluntary)
		pause__note_sleep(pr->now->under_way, ev->ts_ns);
	if (is_dead)
		pauses__dies(ps, pr, t);
}

static void pause__note_wake(struct pauses *ps, struct pause *p, const struct event *ev)
{
	struct pause_under_way *r = p->under_way;
	uint64_t late = ev->sw.wait_ns + ev->sw.wake_delay_ns;
	const struct pause_thread *waker = pause_thread__find(ps, ev->sw.waker_tid);

	if (!ev->sw.has_wake || ev->sw.waker_context != TARE_CONTEXT_TASK || p->stopped_ns)
		return;
	if (!waker || waker->tgid != p->tgid || waker->tid == p->initiator.tid)
		return;
	r->wakes[r->nr_wakes++ % MAX_WAKES] = (struct pause_wake){
		.waker_tid = waker->tid,
		.wake_ns = late < ev->ts_ns ? ev->ts_ns - late : 0,
		.run_ns = ev->ts_ns,
	};
}

static void fold_arrive(struct pauses *ps, const struct event *ev)
{
	struct pause_thread *t;
	struct pause_process *pr = pauses__about(ps, ev->sw.next_tid, &t);

	if (!pr)
		return;
	t->dead = false;
	pause_process__note_thaw(ps, pr, t, ev);
	pause_thread__arrive(ps, t, ev, pr->now);
	if (pr->now && t->tid == pr->now->initiator.tid)
		pause__note_wake(ps, pr->now, ev);
	pause_process__runs(ps, pr, t, ev);
}

static int fold_switch(struct pauses *ps, const struct event *ev)
{
	if (!ps->processes.count)
		return 0;
	if (ev->sw.prev_target)
		fold_leave(ps, ev);
	if (ev->sw.next_target)
		fold_arrive(ps, ev);
	return 0;
}

static int fold_fork(struct pauses *ps, const struct event *ev)
{
	struct pause_process *pr = pauses__process(ps, ev->fork.tgid);
	struct pause *p = pr ? pr->now : NULL;

	/* the tids are reused */
	pause_thread__forget(ps, ev->fork.tid);
	if (pr && ev->fork.tid == ev->fork.tgid) {
		pauses__end_process(ps, pr);
		return 0;
	}
	if (p && p->restart_ns && ev->fork.parent_tid == p->initiator.tid && p->under_way->nr_born < MAX_WAKES)
		p->under_way->born[p->under_way->nr_born++] = ev->fork.tid;
	return 0;
}

static int fold_exit(struct pauses *ps, const struct event *ev)
{
	struct pause_process *pr;

	/* a first thread's exit ends the process only if it was the last one, but nothing more is reported of it */
	if (ev->exit.tid != ev->exit.tgid)
		return 0;
	pr = pauses__process(ps, ev->exit.tgid);
	if (pr && !pr->now && !pr->nr_lingering) {
		table__delete(&ps->processes, pr->tgid);
		pause_process__free(pr);
	}
	return 0;
}

/*
 * A new program, run by the one thread that is left. The state of all other threads is dropped, and of this thread
 * under its old tid.
 */
static int fold_exec(struct pauses *ps, const struct event *ev)
{
	struct pause_process *pr = pauses__process(ps, ev->exec.tid);

	if (!pr)
		return 0;
	pause_process__abandon(ps, pr);
	while (pr->nr_lingering)
		pause_process__settle(ps, pr);
	pause_thread__forget(ps, ev->exec.old_tid);
	pause_thread__forget(ps, ev->exec.tid);
	table__delete(&ps->processes, pr->tgid);
	pause_process__free(pr);
	return 0;
}

static int fold_goroutine(struct pauses *ps, const struct event *ev)
{
	struct pause_thread *t;
	struct pause_process *pr = pauses__about(ps, ev->goroutine.tid, &t);

	if (!pr)
		return 0;
	if (ev->goroutine.goroutine)
		t->goroutine = ev->goroutine.goroutine;
	if (ev->goroutine.goroutine || ev->goroutine.p >= 0)
		t->works = pr->tells_goroutines = true;
	return 0;
}

static int fold_stacked(struct pauses *ps, const struct event *ev)
{
	struct pause_thread *t;
	struct pause_process *pr = pauses__about(ps, ev->stacked.tid, &t);

	if (pr && pr->now)
		told_stacks__add(&t->stacks, ev);
	return 0;
}

#define EVIDENCE(verb)                                                          \
	static int fold_##verb(struct pauses *ps, const struct event *ev)       \
	{                                                                       \
		struct pause_thread *t;                                         \
		struct pause_process *pr = pauses__about(ps, ev->verb.tid, &t); \
                                                                                \
		if (pr)                                                         \
			pause_thread__##verb(t, ev, pr->now);                   \
		return 0;                                                       \
	}
EVIDENCE(signal)
EVIDENCE(fault)
EVIDENCE(fault_end)
EVIDENCE(irq)

/* They are taken all the time; one before the stop says nothing of it. */
static int fold_sample(struct pauses *ps, const struct event *ev)
{
	struct pause_thread *t;
	struct pause_process *pr = pauses__about(ps, ev->sample.tid, &t);

	if (pr && pr->now)
		pause_thread__sample(t, ev, true);
	return 0;
}

static int (*const folds[])(struct pauses *ps, const struct event *ev) = {
	[EVENT_SWITCH] = fold_switch, [EVENT_FORK] = fold_fork,		  [EVENT_EXIT] = fold_exit,
	[EVENT_EXEC] = fold_exec,     [EVENT_RUNTIME] = fold_runtime,	  [EVENT_GOROUTINE] = fold_goroutine,
	[EVENT_SIGNAL] = fold_signal, [EVENT_FAULT] = fold_fault,	  [EVENT_SAMPLE] = fold_sample,
	[EVENT_IRQ] = fold_irq,	      [EVENT_FAULT_END] = fold_fault_end, [EVENT_STACKED] = fold_stacked,
};

int pauses__event(struct pauses *ps, const struct event *at)
{
	struct event ev;

	if (at->kind >= sizeof(folds) / sizeof(folds[0]) || !folds[at->kind])
		return 0;
	if (at->kind != EVENT_RUNTIME && !ps->processes.count)
		return 0;
	/* a few events come late: treat them as happening now */
	ev = *at;
	if (ev.ts_ns < ps->now_ns)
		ev.ts_ns = ps->now_ns;
	ps->now_ns = ev.ts_ns;
	if (ev.ts_ns >= ps->due_ns)
		pauses__settle_due(ps, ev.ts_ns);
	return folds[at->kind](ps, &ev);
}

void pauses__forget(struct pauses *ps, uint32_t tgid)
{
	uint64_t *slot = table__find(&ps->processes, tgid);

	if (slot)
		pauses__end_process(ps, (struct pause_process *)(uintptr_t)*slot);
}

void pauses__lost(struct pauses *ps, uint64_t ts_ns, uint64_t total)
{
	/* lost some time since the last report: pauses that ended before that are whole */
	for (uint32_t i = 0; total > ps->loss_total && i < ps->nr_kept; i++) {
		struct pause *p = ps->kept[i];

		if (!p->lost && p->end_ns >= ps->loss_ns && p->request_ns <= ts_ns) {
			p->lost = true;
			ps->lost++;
		}
	}
	if (total > ps->loss_total)
		ps->loss_total = total;
	if (ts_ns > ps->loss_ns)
		ps->loss_ns = ts_ns;
}

void pauses__finish(struct pauses *ps)
{
	const struct table_slot *slot;
	size_t pos = 0;

	if (ps->finished)
		return;
	ps->finished = true;
	while ((slot = table__next(&ps->processes, &pos))) {
		struct pause_process *pr = (struct pause_process *)(uintptr_t)slot->value;

		pause_process__abandon(ps, pr);
		while (pr->nr_lingering)
			pause_process__settle(ps, pr);
	}
	pauses__sort(ps);
}
