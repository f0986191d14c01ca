// SPDX-License-Identifier: BSD-2-Clause
/*
 * A lane for each P. Where each step of goroutines was recorded it is what they say. Otherwise a thread is seen with a
 * P when it leaves the CPU, and in between at page faults, signals and samples: then it is drawn from when it came, or
 * was last seen. A thread that gave up its P before it left is not seen with one, so a gap need not mean that the P was
 * idle. One that leaves with a P keeps it, so that nobody else can use that P, except in a system call.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "runtime_tracks_impl.h"

#define MAX_PS 65536 /* of all processes */

static uint64_t max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* ---- when the world stood still ---- */

static int by_process(const void *a, const void *b)
{
	const struct pause *x = *(const struct pause *const *)a, *y = *(const struct pause *const *)b;

	if (x->tgid != y->tgid)
		return x->tgid < y->tgid ? -1 : 1;
	return x->stopped_ns < y->stopped_ns ? -1 : x->stopped_ns > y->stopped_ns;
}

int rt_lanes__init(struct runtime_tracks *rt)
{
	const struct pauses *pauses = &rt->whole->pauses;

	table__init(&rt->lanes, MAX_PS);
	if (!pauses->nr_kept)
		return 0;
	rt->stops = calloc(pauses->nr_kept, sizeof(struct pause *));
	if (!rt->stops)
		return -ENOMEM;
	for (uint32_t i = 0; i < pauses->nr_kept; i++) {
		if (pauses->kept[i]->stopped_ns < pauses->kept[i]->restart_ns)
			rt->stops[rt->nr_stops++] = pauses->kept[i];
	}
	qsort(rt->stops, rt->nr_stops, sizeof(struct pause *), by_process);
	return 0;
}

void rt_lanes__free(struct runtime_tracks *rt)
{
	table__free(&rt->lanes);
	free(rt->stops);
}

/* The first stop of process @pid that is not over at @ts_ns, or a later process's. */
static uint32_t first_stop(const struct runtime_tracks *rt, uint32_t pid, uint64_t ts_ns)
{
	return ARRAY_FIRST_NOT(rt->nr_stops, i,
			       rt->stops[i]->tgid < pid ||
				       (rt->stops[i]->tgid == pid && rt->stops[i]->restart_ns <= ts_ns));
}

/* ---- slices ---- */

static int put_held(struct runtime_tracks *rt, const struct rt_process *p, const struct rt_lane *lane,
		    const struct rt_held *h, uint64_t from_ns, uint64_t to_ns)
{
	char name[96];
	int ret;

	track_event__open(&rt->tracks, from_ns, SLICE_BEGIN, lane->track, "p",
			  h->off ? "thread off CPU" : rt__goroutine_name(rt, p->pid, h->goroutine, name));
	track_event__int(&rt->tracks, "goroutine", h->goroutine);
	track_event__int(&rt->tracks, "tid", h->tid);
	if (h->off)
		track_event__bool(&rt->tracks, "runnable", h->runnable);
	else
		track_event__bool(&rt->tracks, "seen_at_both_ends", h->both_ends);
	ret = track_event__close(&rt->tracks);
	return ret ? ret : tracks__end(&rt->tracks, to_ns, lane->track);
}

static int put_stop(struct runtime_tracks *rt, struct rt_lane *lane, const struct pause *stop)
{
	uint64_t from_ns = max(stop->stopped_ns, lane->drawn_ns);
	int ret;

	lane->next_stop++;
	if (from_ns >= stop->restart_ns)
		return 0;
	lane->drawn_ns = stop->restart_ns;
	track_event__open(&rt->tracks, from_ns, SLICE_BEGIN, lane->track, "p", "stopped");
	ret = track_event__close(&rt->tracks);
	return ret ? ret : tracks__end(&rt->tracks, stop->restart_ns, lane->track);
}

/* Draw stops that begin before @to_ns, and around them @h, unless it is NULL. */
static int lane__draw(struct runtime_tracks *rt, const struct rt_process *p, struct rt_lane *lane,
		      const struct rt_held *h, uint64_t from_ns, uint64_t to_ns)
{
	int ret = 0;

	for (; !ret && lane->next_stop < rt->nr_stops; from_ns = max(from_ns, lane->drawn_ns)) {
		const struct pause *stop = rt->stops[lane->next_stop];

		if (stop->tgid != p->pid || stop->stopped_ns >= to_ns)
			break;
		from_ns = max(from_ns, lane->drawn_ns);
		if (h && from_ns < stop->stopped_ns)
			ret = put_held(rt, p, lane, h, from_ns, stop->stopped_ns);
		if (!ret)
			ret = put_stop(rt, lane, stop);
	}
	from_ns = max(from_ns, lane->drawn_ns);
	if (ret || !h || from_ns >= to_ns)
		return ret;
	lane->drawn_ns = to_ns;
	return put_held(rt, p, lane, h, from_ns, to_ns);
}

static int lane__flush(struct runtime_tracks *rt, const struct rt_process *p, struct rt_lane *lane)
{
	struct rt_held h = lane->held;

	lane->held = (struct rt_held){ 0 };
	return h.tid ? lane__draw(rt, p, lane, &h, h.from_ns, h.to_ns) : 0;
}

/* Like what was there last if it goes on. */
static int lane__add(struct runtime_tracks *rt, const struct rt_process *p, struct rt_lane *lane, struct rt_held h)
{
	struct rt_held *last = &lane->held;
	int ret;

	h.from_ns = max(h.from_ns, last->to_ns);
	if (h.from_ns >= h.to_ns)
		return 0;
	if (!h.off && !last->off && last->tid == h.tid && last->goroutine == h.goroutine && last->to_ns == h.from_ns) {
		last->to_ns = h.to_ns;
		last->both_ends &= h.both_ends;
		return 0;
	}
	ret = lane__flush(rt, p, lane);
	lane->held = h;
	return ret;
}

static uint64_t lane_key(uint32_t pid, uint64_t number)
{
	return (uint64_t)pid << 16 | number;
}

/* *@lane is NULL if there is no room for more. */
static int lane__get(struct runtime_tracks *rt, uint32_t pid, uint64_t number, uint64_t ts_ns,
		     struct rt_process **process, struct rt_lane **lane)
{
	char name[32];
	uint64_t *slot;
	int ret = rt__process(rt, pid, process);

	*lane = NULL;
	if (ret || !*process || number > INT16_MAX)
		return ret;
	slot = table__add(&rt->lanes, lane_key(pid, number));
	*lane = slot ? (struct rt_lane *)(uintptr_t)*slot : NULL;
	if (!slot || *slot)
		return 0;
	*lane = calloc(1, sizeof(**lane));
	if (!*lane) {
		table__delete(&rt->lanes, lane_key(pid, number));
		return -ENOMEM;
	}
	*slot = (uintptr_t)*lane;
	**lane = (struct rt_lane){ .next = (*process)->lanes_of_ps,
				   .number = number,
				   .next_stop = first_stop(rt, pid, ts_ns) };
	(*process)->lanes_of_ps = *lane;
	snprintf(name, sizeof(name), "P %u", (unsigned)number);
	return tracks__child(&rt->tracks, (*process)->track, name, &(*lane)->track);
}

/* ---- what happens ---- */

int rt_lanes__ran(struct runtime_tracks *rt, const struct rt_thread *t, uint64_t to_ns)
{
	struct rt_process *process;
	struct rt_lane *lane;
	int ret = lane__get(rt, t->pid, t->run_p, t->run_ns, &process, &lane);

	rt->steps = true;
	if (ret || !lane)
		return ret;
	return lane__add(rt, process, lane,
			 (struct rt_held){ .tid = t->tid,
					   .goroutine = t->running,
					   .from_ns = t->run_ns,
					   .to_ns = to_ns,
					   .both_ends = true });
}

int rt_lanes__seen(struct runtime_tracks *rt, struct rt_thread *t, const struct event *ev)
{
	const struct event_goroutine *g = &ev->goroutine;
	struct rt_held h = { .tid = t->tid, .goroutine = g->goroutine, .to_ns = ev->ts_ns };
	struct rt_process *process;
	struct rt_lane *lane;
	int ret;

	h.from_ns = t->came_ns ? max(t->came_ns, t->seen_ns) : ev->ts_ns;
	h.both_ends = t->seen_p == g->p;
	t->seen_ns = ev->ts_ns;
	t->seen_p = g->p;
	if (rt->steps || g->p < 0 || !g->goroutine)
		return 0;
	ret = lane__get(rt, t->pid, g->p, h.from_ns, &process, &lane);
	return ret || !lane ? ret : lane__add(rt, process, lane, h);
}

int rt_lanes__came(struct runtime_tracks *rt, struct rt_thread *t, uint64_t ts_ns)
{
	struct rt_held h = { .tid = t->tid, .from_ns = t->left_ns, .to_ns = ts_ns, .off = true };
	struct rt_process *process;
	struct rt_lane *lane;
	int ret = 0;

	if (t->left_ns && !rt->steps) {
		h.goroutine = t->on.goroutine;
		h.runnable = t->left_runnable;
		ret = lane__get(rt, t->pid, t->seen_p, t->left_ns, &process, &lane);
		if (!ret && lane)
			ret = lane__add(rt, process, lane, h);
	}
	t->left_ns = 0;
	t->came_ns = ts_ns;
	return ret;
}

/* During a system call others may take the thread's P. */
static bool may_lose_p(const struct runtime_tracks *rt, const struct rt_thread *t)
{
	char buf[64];
	const char *status = rt__name_of(rt, t->pid, TARE_NAME_STATUS, t->on.status, buf);

	return status && !strcmp(status, "in a system call");
}

void rt_lanes__left(const struct runtime_tracks *rt, struct rt_thread *t, const struct event *ev)
{
	bool seen = t->on_ns == ev->ts_ns && t->on.goroutine && t->on.p >= 0;

	t->came_ns = 0;
	t->left_ns = seen && !may_lose_p(rt, t) ? ev->ts_ns : 0;
	t->left_runnable = ev->sw.state == TARE_STATE_RUNNING;
	if (!seen)
		t->seen_p = -1;
}

int rt_lanes__finish(struct runtime_tracks *rt, const struct rt_process *p, uint64_t ts_ns)
{
	int ret = 0;

	for (struct rt_lane *lane = p->lanes_of_ps; lane && !ret; lane = lane->next)
		ret = lane__flush(rt, p, lane) ?: lane__draw(rt, p, lane, NULL, 0, ts_ns);
	return ret;
}

void rt_lanes__forget(struct runtime_tracks *rt, struct rt_process *p)
{
	struct rt_lane *lane;

	while ((lane = p->lanes_of_ps)) {
		p->lanes_of_ps = lane->next;
		table__delete(&rt->lanes, lane_key(p->pid, lane->number));
		free(lane);
	}
}
