// SPDX-License-Identifier: BSD-2-Clause
/*
 * A runtime's own trace of the run, beside what was recorded of it. Below the process, "runtime's trace":
 *
 *   P N (trace)          who runs on that P: a slice named by the function that the goroutine began with, or "syscall",
 *                        "idle", or "stopped" with the world; in between the scheduler runs. Sweeping, within these.
 *   marking, stops       as the runtime tells them: a stop begins before all threads know of it
 *   tasks                those of the program
 *   goroutines           for those that matter, each one's states, and below them its regions, logs and mark assists
 *
 * And below each of the kernel's threads, which goroutine it runs.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "lanes.h"
#include "merged.h"
#include "runtime_tracks_impl.h"
#include "util.h"

#define MAX_TASK_LANES 64 /* that overlap */

struct drawn_p {
	struct lane *lane;
	bool sweeping;
};

struct drawn_goroutine {
	struct lane *states, *own; /* what it is, and what it tells of itself */
};

struct task_lane {
	struct lane *lane;
	uint64_t task; /* 0: free */
};

struct merging {
	struct runtime_tracks *rt;
	const struct merged *m;
	struct lanes lanes;
	uint64_t root;	      /* the track above all but threads' */
	struct table ps;      /* to struct drawn_p */
	struct table threads; /* to struct lane; 0: has none */
	struct table chosen;  /* goroutines to struct drawn_goroutine */
	struct drawn_goroutine goroutines[MERGED_LANES];
	struct lane *marking, *stops;
	struct task_lane tasks[MAX_TASK_LANES];
	bool stopped; /* the world */
	uint64_t tasks_left_out;
};

/* ---- slices ---- */

static void put_text(char to[LANE_TEXT], const char *text)
{
	if (text)
		sanitize(text, strlen(text), to, LANE_TEXT);
}

static struct lane_slice slice_of(const struct run_event *ev, const char *category, const char *name)
{
	struct lane_slice s = { .category = category, .thread = ev->thread, .goroutine = ev->goroutine };

	put_text(s.name, name && name[0] ? name : "unnamed");
	s.task = ev->task;
	if (ev->p != RUN_NO_P)
		s.p = ev->p + 1ull;
	return s;
}

/* A goroutine on a P or a thread. */
static struct lane_slice run_of(const struct run_event *ev)
{
	if (ev->kind == RUN_GOROUTINE && ev->state == RUN_SYSCALL)
		return slice_of(ev, "syscall", "syscall");
	return slice_of(ev, "goroutine", ev->function ?: "goroutine");
}

/* ---- Ps ---- */

static struct drawn_p *p_of(struct merging *m, uint32_t nr)
{
	uint64_t *slot = nr == RUN_NO_P ? NULL : table__add(&m->ps, nr);
	struct drawn_p *p = slot ? (struct drawn_p *)(uintptr_t)*slot : NULL;
	char name[24];

	if (p || !slot)
		return p;
	p = calloc(1, sizeof(*p));
	snprintf(name, sizeof(name), "P %" PRIu32 " (trace)", nr);
	if (p)
		p->lane = lanes__add(&m->lanes, m->root, name);
	if (!p || !p->lane) {
		free(p);
		return NULL;
	}
	*slot = (uintptr_t)p;
	return p;
}

static int p__set(struct merging *m, struct drawn_p *p, const struct run_event *ev, const struct lane_slice *slice)
{
	struct lane_slice sweep = slice_of(ev, "gc", "sweep");
	int ret = lane__set(&m->lanes, p->lane, ev->ts_ns, slice);

	return ret || !p->sweeping ? ret : lane__begin(&m->lanes, p->lane, ev->ts_ns, &sweep);
}

static int on_p(struct merging *m, const struct run_event *ev)
{
	struct drawn_p *p = p_of(m, ev->p);
	struct lane_slice s = run_of(ev);

	if (!p)
		return -ENOMEM;
	if (ev->state == RUN_RUNNING)
		return p__set(m, p, ev, ev->goroutine ? &s : NULL);
	s = (struct lane_slice){ .category = "p" };
	put_text(s.name, m->stopped ? "stopped" : "idle");
	return p__set(m, p, ev, &s);
}

static int on_sweep(struct merging *m, const struct run_event *ev)
{
	struct drawn_p *p = p_of(m, ev->p);
	struct lane_slice s = slice_of(ev, "gc", "sweep");

	if (!p)
		return ev->p == RUN_NO_P ? 0 : -ENOMEM;
	if (ev->kind == RUN_SWEEP_END && p->sweeping) {
		p->sweeping = false;
		return lane__end(&m->lanes, p->lane, ev->ts_ns);
	}
	if (ev->kind == RUN_SWEEP_END || p->sweeping)
		return 0;
	p->sweeping = true;
	return lane__begin(&m->lanes, p->lane, ev->ts_ns, &s);
}

/* ---- threads ---- */

/* *@lane is NULL where the kernel's thread is not known. */
static int thread_lane(struct merging *m, uint64_t tid, struct lane **lane)
{
	bool known = m->m->same_tids && tid && tid <= INT32_MAX;
	uint64_t *slot = known ? table__find(&m->threads, tid) : NULL, track;
	int ret;

	*lane = slot ? (struct lane *)(uintptr_t)*slot : NULL;
	if (slot || !known)
		return 0;
	ret = rt__thread_track(m->rt, tid, m->m->pid, &track);
	if (ret || !track)
		return ret;
	*lane = lanes__add(&m->lanes, track, "goroutine, by the runtime's trace");
	slot = *lane ? table__add(&m->threads, tid) : NULL;
	if (!slot)
		return -ENOMEM;
	*slot = (uintptr_t)*lane;
	return 0;
}

/* ---- goroutines ---- */

static struct drawn_goroutine *goroutine_of(struct merging *m, uint64_t id)
{
	const uint64_t *slot = table__find(&m->chosen, id);

	return slot ? (struct drawn_goroutine *)(uintptr_t)*slot : NULL;
}

static int by_id(const void *a, const void *b)
{
	const struct merged_goroutine *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/* Lanes for those that matter, in the order in which they were made. */
static int add_goroutines(struct merging *m, struct merged *merged)
{
	char name[LANE_TEXT + 16];
	uint64_t above = 0, *slot;
	int ret;

	snprintf(name, sizeof(name),
		 merged->goroutines > merged->nr_lanes ? "goroutines: %u of %" PRIu64 : "goroutines", merged->nr_lanes,
		 merged->goroutines);
	ret = merged->nr_lanes ? tracks__child(&m->rt->tracks, m->root, name, &above) : 0;
	qsort(merged->lanes, merged->nr_lanes, sizeof(*merged->lanes), by_id);
	for (unsigned i = 0; i < merged->nr_lanes && !ret; i++) {
		const struct merged_goroutine *g = &merged->lanes[i];
		struct drawn_goroutine *d = &m->goroutines[i];

		snprintf(name, sizeof(name), "goroutine %" PRIu64 "%s%s", g->id, g->function[0] ? " " : "",
			 g->function);
		d->states = lanes__add(&m->lanes, above, name);
		snprintf(name, sizeof(name), "goroutine %" PRIu64 ": regions", g->id);
		d->own = lanes__add(&m->lanes, above, name);
		slot = table__add(&m->chosen, g->id);
		if (!d->states || !d->own || !slot)
			return -ENOMEM;
		*slot = (uintptr_t)d;
	}
	return ret;
}

static int draw_state(struct merging *m, struct drawn_goroutine *g, const struct run_event *ev)
{
	static const char *const names[] = { "", "runnable", "running", "syscall", "waiting" };
	struct lane_slice s = slice_of(ev, "goroutine", names[ev->state]);

	put_text(s.reason, ev->reason);
	put_text(s.at, ev->at);
	s.line = ev->line;
	if (ev->state == RUN_WAITING && s.reason[0])
		snprintf(s.name, sizeof(s.name), "waiting: %.80s", s.reason);
	return lane__set(&m->lanes, g->states, ev->ts_ns, ev->state == RUN_NONE ? NULL : &s);
}

static bool on_thread(enum run_state s)
{
	return s == RUN_RUNNING || s == RUN_SYSCALL;
}

static int on_goroutine(struct merging *m, const struct run_event *ev)
{
	struct lane_slice run = run_of(ev);
	const struct lane_slice *now = on_thread(ev->state) ? &run : NULL;
	struct drawn_goroutine *g = goroutine_of(m, ev->goroutine);
	struct drawn_p *p;
	struct lane *lane;
	int ret = g ? draw_state(m, g, ev) : 0;

	if (ret || (!on_thread(ev->was) && !now))
		return ret;
	p = p_of(m, ev->p);
	if (ev->p != RUN_NO_P)
		ret = p ? p__set(m, p, ev, now) : -ENOMEM;
	if (!ret)
		ret = thread_lane(m, ev->thread, &lane);
	return ret || !lane ? ret : lane__set(&m->lanes, lane, ev->ts_ns, now);
}

static int on_own(struct merging *m, const struct run_event *ev)
{
	bool assist = ev->kind == RUN_ASSIST_BEGIN || ev->kind == RUN_ASSIST_END;
	struct lane_slice s = slice_of(ev, assist ? "gc" : "region", assist ? "mark assist" : ev->name);
	struct drawn_goroutine *g = goroutine_of(m, ev->goroutine);

	if (!g)
		return 0;
	if (ev->kind == RUN_ASSIST_END || ev->kind == RUN_REGION_END)
		return lane__end_named(&m->lanes, g->own, ev->ts_ns, s.name);
	return lane__begin(&m->lanes, g->own, ev->ts_ns, &s);
}

static int on_log(struct merging *m, const struct run_event *ev)
{
	struct lane_slice s = slice_of(ev, "log", ev->name && ev->name[0] ? ev->name : "log");
	struct drawn_goroutine *g = goroutine_of(m, ev->goroutine);
	struct drawn_p *p = g ? NULL : p_of(m, ev->p);

	put_text(s.reason, ev->value);
	return g || p ? lane__instant(&m->lanes, g ? g->own : p->lane, ev->ts_ns, &s) : 0;
}

/* ---- of the whole process ---- */

static int on_stop(struct merging *m, const struct run_event *ev)
{
	struct lane_slice s = slice_of(ev, "pause", ev->name ?: "unknown");

	m->stopped = ev->kind == RUN_STOP_BEGIN;
	return lane__set(&m->lanes, m->stops, ev->ts_ns, m->stopped ? &s : NULL);
}

static int on_mark(struct merging *m, const struct run_event *ev)
{
	struct lane_slice s = slice_of(ev, "gc", "mark");

	return lane__set(&m->lanes, m->marking, ev->ts_ns, ev->kind == RUN_MARK_BEGIN ? &s : NULL);
}

static int on_task(struct merging *m, const struct run_event *ev)
{
	uint64_t wanted = ev->kind == RUN_TASK_END ? ev->task : 0;
	struct lane_slice s = slice_of(ev, "task", ev->name);
	unsigned i = 0;

	s.parent = ev->parent;
	while (i < MAX_TASK_LANES && (m->tasks[i].task != wanted || (wanted && !m->tasks[i].lane)))
		i++;
	if (i == MAX_TASK_LANES || !ev->task) {
		m->tasks_left_out += !wanted && m->lanes.drawing;
		return 0;
	}
	if (!m->tasks[i].lane)
		m->tasks[i].lane = lanes__add(&m->lanes, m->root, "tasks");
	if (!m->tasks[i].lane)
		return -ENOMEM;
	m->tasks[i].task = wanted ? 0 : ev->task;
	return lane__set(&m->lanes, m->tasks[i].lane, ev->ts_ns, wanted ? NULL : &s);
}

/* ---- all of it ---- */

static int (*const handlers[])(struct merging *m, const struct run_event *ev) = {
	[RUN_P] = on_p,
	[RUN_GOROUTINE] = on_goroutine,
	[RUN_STOP_BEGIN] = on_stop,
	[RUN_STOP_END] = on_stop,
	[RUN_MARK_BEGIN] = on_mark,
	[RUN_MARK_END] = on_mark,
	[RUN_SWEEP_BEGIN] = on_sweep,
	[RUN_SWEEP_END] = on_sweep,
	[RUN_ASSIST_BEGIN] = on_own,
	[RUN_ASSIST_END] = on_own,
	[RUN_TASK_BEGIN] = on_task,
	[RUN_TASK_END] = on_task,
	[RUN_REGION_BEGIN] = on_own,
	[RUN_REGION_END] = on_own,
	[RUN_LOG] = on_log,
};

static int draw(struct merging *m, void *trace)
{
	uint64_t end_ns = m->m->from_ns;
	const char *problem;
	struct run_event ev;
	int ret;

	while ((ret = m->m->format->next(trace, &ev, &problem)) > 0) {
		ret = !m->lanes.drawing && ev.ts_ns >= m->m->from_ns ? lanes__begin_drawing(&m->lanes) : 0;
		if (!ret)
			ret = handlers[ev.kind](m, &ev);
		if (ret)
			return ret;
		if (ev.ts_ns > end_ns)
			end_ns = ev.ts_ns;
	}
	return ret < 0 ? ret : lanes__end(&m->lanes, end_ns);
}

static int begin(struct merging *m, struct merged *merged)
{
	struct rt_process *process;
	int ret = rt__process(m->rt, merged->pid, &process);

	if (ret || !process)
		return ret ?: -ENOMEM;
	ret = tracks__child(&m->rt->tracks, process->track, "runtime's trace", &m->root);
	if (ret)
		return ret;
	m->marking = lanes__add(&m->lanes, m->root, "marking");
	m->stops = lanes__add(&m->lanes, m->root, "stops of the world");
	return m->marking && m->stops ? add_goroutines(m, merged) : -ENOMEM;
}

static void tell_left_out(const struct merging *m)
{
	if (m->tasks_left_out)
		warn("%s: %" PRIu64 " tasks are left out: more than %u overlap", m->m->path, m->tasks_left_out,
		     MAX_TASK_LANES);
	if (m->lanes.left_out)
		warn("%s: %" PRIu64 " regions are left out: they are more than %u deep", m->m->path, m->lanes.left_out,
		     LANE_DEPTH);
}

static void merging__free(struct merging *m)
{
	const struct table_slot *slot;
	size_t pos = 0;

	while ((slot = table__next(&m->ps, &pos)))
		free((void *)(uintptr_t)slot->value);
	table__free(&m->ps);
	table__free(&m->threads);
	table__free(&m->chosen);
	lanes__free(&m->lanes);
	free(m);
}

int rt__draw_merged(struct runtime_tracks *rt)
{
	struct merging *m = calloc(1, sizeof(*m));
	void *trace;
	int ret;

	if (!m)
		return -ENOMEM;
	m->rt = rt;
	m->m = rt->merged;
	m->lanes = (struct lanes){ .tracks = &rt->tracks, .from_ns = rt->merged->from_ns, .to_ns = rt->merged->to_ns };
	table__init(&m->ps, 1u << 16);
	table__init(&m->threads, 1u << 20);
	table__init(&m->chosen, MERGED_LANES);
	rewind(rt->merged->from);
	ret = rt->merged->format->open(rt->merged->from, &trace);
	if (!ret) {
		ret = begin(m, rt->merged);
		if (!ret)
			ret = draw(m, trace);
		rt->merged->format->close(trace);
	}
	if (!ret)
		tell_left_out(m);
	merging__free(m);
	return ret;
}
