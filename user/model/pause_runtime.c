// SPDX-License-Identifier: BSD-2-Clause
/* A pause's beginning, parts and end, from the runtime's reports. */
#include <errno.h>
#include <stdlib.h>

#include "pause_process.h"

static void pause_process__bury(struct pauses *ps, struct pause_process *pr)
{
	while (pr->nr_dead) {
		struct pause_thread *t = pause_thread__find(ps, pr->dead[--pr->nr_dead]);

		if (t && t->dead)
			pause_thread__forget(ps, t->tid);
	}
}

void pause_process__settle(struct pauses *ps, struct pause_process *pr)
{
	struct pause *p = pr->lingering[0];

	for (unsigned i = 1; i < pr->nr_lingering; i++)
		pr->lingering[i - 1] = pr->lingering[i];
	pr->nr_lingering--;
	p->lost |= ps->loss_total != p->under_way->lost_total;
	pause__join_restart(ps, p);
	pause__tell_frozen(pr, p);
	pauses__add(ps, p);
}

/* The world was restarted: from now on @p only waits for the threads that run because of that. */
static void pause_process__told(struct pauses *ps, struct pause_process *pr, uint64_t ts_ns)
{
	struct pause *p = pr->now;

	if (!p->restart_ns) {
		p->lost = true;
		p->restart_ns = p->stopped_ns ? p->stopped_ns : ts_ns;
	}
	if (!p->stopped_ns) {
		p->lost = true;
		p->stopped_ns = p->restart_ns;
	}
	p->started_ns = ts_ns;
	pause__join_chain(ps, pr, p);
	pr->now = NULL;
	if (pr->nr_lingering == MAX_LINGERING)
		pause_process__settle(ps, pr);
	pr->lingering[pr->nr_lingering++] = p;
	if (ts_ns + LINGER_NS < ps->due_ns)
		ps->due_ns = ts_ns + LINGER_NS;
	pause_process__bury(ps, pr);
}

/* The end of the pause under way was not seen: what is known of it counts from when the world was to be restarted. */
void pause_process__abandon(struct pauses *ps, struct pause_process *pr)
{
	struct pause *p = pr->now;

	if (!p)
		return;
	if (p->restart_ns) {
		p->lost = true;
		pause_process__told(ps, pr, p->restart_ns);
		return;
	}
	ps->unfinished++;
	pause__free(p);
	pr->now = NULL;
	pause_process__bury(ps, pr);
}

void pauses__settle_due(struct pauses *ps, uint64_t now_ns)
{
	const struct table_slot *slot;
	size_t pos = 0;

	ps->due_ns = UINT64_MAX;
	while ((slot = table__next(&ps->processes, &pos))) {
		struct pause_process *pr = (struct pause_process *)(uintptr_t)slot->value;

		while (pr->nr_lingering && pr->lingering[0]->started_ns + LINGER_NS <= now_ns)
			pause_process__settle(ps, pr);
		if (pr->nr_lingering && pr->lingering[0]->started_ns + LINGER_NS < ps->due_ns)
			ps->due_ns = pr->lingering[0]->started_ns + LINGER_NS;
	}
}

/* ---- reports of the runtime ---- */

typedef int (*runtime_fold)(struct pauses *ps, struct pause_process *pr, struct pause_thread *t,
			    const struct event *ev);

static uint64_t goroutine_of(const struct pause_thread *t, const struct event *ev)
{
	return ev->runtime.goroutine ? ev->runtime.goroutine : t->goroutine;
}

/* How long the initiator of @ev waited for its turn to stop the world; TARE_UNKNOWN: not reported. */
static uint64_t pause_process__turn(struct pause_process *pr, const struct pause_thread *t, const struct event *ev)
{
	uint64_t g = goroutine_of(t, ev), since;

	for (unsigned i = 0; i < MAX_TURNS; i++) {
		struct pause_turn *turn = &pr->turns[i];

		if (!turn->since_ns || (g && turn->goroutine ? turn->goroutine != g : turn->tid != t->tid))
			continue;
		since = turn->since_ns;
		turn->since_ns = 0;
		return ev->ts_ns - since;
	}
	return TARE_UNKNOWN;
}

static int rt_request(struct pauses *ps, struct pause_process *pr, struct pause_thread *t, const struct event *ev)
{
	struct pause *p;

	pause_process__abandon(ps, pr);
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->under_way = calloc(1, sizeof(*p->under_way));
	if (!p->under_way) {
		free(p);
		return -ENOMEM;
	}
	p->request_ns = ev->ts_ns;
	p->tgid = pr->tgid;
	p->process = pr->process;
	p->reason = ev->runtime.args[0];
	p->reason_name = runtime_names__find(ps->names, p->tgid, TARE_NAME_STOP_REASON, p->reason);
	p->ps = ev->runtime.args[1];
	p->turn_ns = pause_process__turn(pr, t, ev);
	p->own_stopping_ns = p->own_total_ns = p->own_start_ns = TARE_UNKNOWN;
	p->under_way->lost_total = ps->loss_total;
	pause_who__set(ps, &p->initiator, t->tid, goroutine_of(t, ev));
	if (p->turn_ns != TARE_UNKNOWN) {
		ps->turns++;
		ps->turn_ns += p->turn_ns;
	}
	pr->now = p;
	pr->epoch = ++ps->epoch;
	pause_thread__begin(t, pr->epoch, ev->ts_ns);
	return 0;
}

static int rt_p_stopped(struct pauses *ps, struct pause_process *pr, struct pause_thread *t, const struct event *ev)
{
	struct pause *p = pr->now;

	t->works = true;
	if (!p || p->stopped_ns)
		return 0;
	p->under_way->laid_tid = t->tid;
	p->under_way->laid_ns = ev->ts_ns;
	p->under_way->laid_goroutine = ev->runtime.goroutine;
	return 0;
}

static int rt_stopped(struct pauses *ps, struct pause_process *pr, struct pause_thread *t, const struct event *ev)
{
	struct pause *p = pr->now;

	if (!p || p->restart_ns)
		return 0;
	p->lost |= t->tid != p->initiator.tid;
	if (!p->stopped_ns || p->under_way->stopped_about)
		p->stopped_ns = ev->ts_ns;
	p->under_way->stopped_about = false;
	return 0;
}

static int rt_restart(struct pauses *ps, struct pause_process *pr, struct pause_thread *t, const struct event *ev)
{
	uint64_t start = ev->runtime.args[1], stopped = ev->runtime.args[2];
	struct pause *p = pr->now;

	if (!p || p->restart_ns)
		return 0;
	p->lost |= t->tid != p->initiator.tid;
	p->restart_ns = ev->ts_ns;
	if (start != TARE_UNKNOWN && stopped != TARE_UNKNOWN && start <= stopped && stopped <= ev->ts_ns && start) {
		p->own_start_ns = start;
		p->own_stopping_ns = stopped - start;
		if ((!p->stopped_ns || p->under_way->stopped_about) && stopped >= p->request_ns)
			p->stopped_ns = stopped;
	}
	if (!p->stopped_ns) {
		p->lost = true;
		p->stopped_ns = p->restart_ns;
	}
	return 0;
}

static int rt_started(struct pauses *ps, struct pause_process *pr, struct pause_thread *t, const struct event *ev)
{
	if (!pr->now)
		return 0;
	pr->now->lost |= t->tid != pr->now->initiator.tid;
	pause_process__told(ps, pr, ev->ts_ns);
	return 0;
}

/* The runtime reports its figure for the stop once all have stopped, the one for the pause at about its end. */
static struct pause *pause_process__of(struct pause_process *pr, const struct pause_thread *t)
{
	if (pr->now && pr->now->initiator.tid == t->tid)
		return pr->now;
	for (unsigned i = pr->nr_lingering; i > 0; i--) {
		if (pr->lingering[i - 1]->initiator.tid == t->tid)
			return pr->lingering[i - 1];
	}
	return NULL;
}

static int rt_own_stopping(struct pauses *ps, struct pause_process *pr, struct pause_thread *t, const struct event *ev)
{
	struct pause *p = pr->now;

	if (!p || p->restart_ns || p->initiator.tid != t->tid || !ev->runtime.nr_args)
		return 0;
	p->own_stopping_ns = ev->runtime.args[0];
	if (!p->stopped_ns) {
		p->stopped_ns = ev->ts_ns;
		p->under_way->stopped_about = true;
	}
	return 0;
}

static int rt_own_total(struct pauses *ps, struct pause_process *pr, struct pause_thread *t, const struct event *ev)
{
	struct pause *p = pause_process__of(pr, t);

	if (p && ev->runtime.nr_args && p->own_total_ns == TARE_UNKNOWN)
		p->own_total_ns = ev->runtime.args[0];
	return 0;
}

static int rt_wait(struct pauses *ps, struct pause_process *pr, struct pause_thread *t, const struct event *ev)
{
	pr->turns[pr->next_turn++ % MAX_TURNS] = (struct pause_turn){
		.goroutine = goroutine_of(t, ev),
		.since_ns = ev->ts_ns,
		.tid = t->tid,
	};
	return 0;
}

static int rt_preempt_request(struct pauses *ps, struct pause_process *pr, struct pause_thread *t,
			      const struct event *ev)
{
	uint64_t tid = ev->runtime.args[1];
	struct pause_thread *asked = tid <= UINT32_MAX ? pause_thread__find(ps, tid) : NULL;

	if (!pr->now || !asked || asked->tgid != pr->tgid || t->tid != pr->now->initiator.tid)
		return 0;
	pause_thread__begin(asked, pr->epoch, pr->now->request_ns);
	if (!asked->asked_ns)
		asked->asked_ns = ev->ts_ns;
	return 0;
}

static int rt_assist(struct pauses *ps, struct pause_process *pr, struct pause_thread *t, const struct event *ev)
{
	ps->assists++;
	if (ev->runtime.args[0] != TARE_UNKNOWN)
		ps->assist_bytes += ev->runtime.args[0];
	if (ev->runtime.args[1] != TARE_UNKNOWN)
		ps->assist_ns += ev->runtime.args[1];
	return 0;
}

static const runtime_fold runtime_folds[TARE_NR_RT_EVENTS] = {
	[TARE_RT_STW_REQUEST] = rt_request,
	[TARE_RT_P_STOPPED] = rt_p_stopped,
	[TARE_RT_STW_STOPPED] = rt_stopped,
	[TARE_RT_STW_RESTART] = rt_restart,
	[TARE_RT_STW_STARTED] = rt_started,
	[TARE_RT_OWN_STOPPING] = rt_own_stopping,
	[TARE_RT_OWN_TOTAL] = rt_own_total,
	[TARE_RT_STW_WAIT] = rt_wait,
	[TARE_RT_PREEMPT_REQUEST] = rt_preempt_request,
	[TARE_RT_ASSIST] = rt_assist,
};

int pauses__runtime(struct pauses *ps, struct pause_process *pr, const struct event *ev)
{
	static const struct pause_act running = { .known = true, .cause = PAUSE_USER, .weak = true };
	struct pause_act here = running;
	struct pause_thread *t = pause_thread__get(ps, ev->runtime.tid, ev->runtime.tgid);

	if (!t)
		return 0; /* too many */
	t->dead = false;
	if (pr->now)
		pause_thread__begin(t, pr->epoch, pr->now->request_ns);
	here.weak = false;
	pause_thread__evidence(t, ev->ts_ns, &here, &running, pr->now);
	if (ev->runtime.event >= TARE_NR_RT_EVENTS || !runtime_folds[ev->runtime.event])
		return 0;
	return runtime_folds[ev->runtime.event](ps, pr, t, ev);
}
