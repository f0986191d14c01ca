// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "event_names.h"
#include "export.h"
#include "runtime_tracks_impl.h"
#include "util.h"

#define MAX_PROCESSES (1u << 16)
#define MAX_THREADS   (1u << 19)
#define MAX_LOSSES    (1u << 16)

static uint64_t later(uint64_t *last_ns, uint64_t ts_ns)
{
	if (ts_ns > *last_ns)
		*last_ns = ts_ns;
	return *last_ns;
}

/* ---- collections ---- */

static int gc__end_phase(struct runtime_tracks *rt, struct rt_process *p, uint64_t ts_ns)
{
	if (!p->in_phase)
		return 0;
	p->in_phase = false;
	return tracks__end(&rt->tracks, later(&p->gc_ns, ts_ns), p->gc);
}

/* @ev: the event that ended it; NULL: its end was not seen. */
static int gc__end_cycle(struct runtime_tracks *rt, struct rt_process *p, uint64_t ts_ns, const struct event *ev)
{
	int ret = gc__end_phase(rt, p, ts_ns);

	if (ret || !p->in_cycle)
		return ret;
	p->in_cycle = false;
	track_event__open(&rt->tracks, later(&p->gc_ns, ts_ns), SLICE_END, p->gc, NULL, NULL);
	if (ev) { /* this cycle's goal was reported at its beginning */
		track_event__known(&rt->tracks, "live_bytes", ev->runtime.args[1]);
		track_event__known(&rt->tracks, "next_goal_bytes", ev->runtime.args[2]);
	} else {
		track_event__bool(&rt->tracks, "end_not_seen", true);
	}
	return track_event__close(&rt->tracks);
}

static int process__forget(struct runtime_tracks *rt, uint32_t pid, uint64_t ts_ns)
{
	uint64_t *slot = table__find(&rt->processes, pid);
	struct rt_process *p = slot ? (struct rt_process *)(uintptr_t)*slot : NULL;
	int ret = p ? gc__end_cycle(rt, p, ts_ns, NULL) ?: rt_lanes__finish(rt, p, ts_ns) : 0;

	if (p)
		rt_lanes__forget(rt, p);
	free(p);
	table__delete(&rt->processes, pid);
	return ret;
}

/* Another program: nothing of the last one goes on, but it is the same process, so its tracks stay. */
static int process__becomes(struct runtime_tracks *rt, uint32_t pid, uint64_t ts_ns)
{
	uint64_t *slot = table__find(&rt->processes, pid);

	return slot ? gc__end_cycle(rt, (struct rt_process *)(uintptr_t)*slot, ts_ns, NULL) : 0;
}

/* ---- runtime events about the whole process ---- */

static int gc__begin(struct runtime_tracks *rt, struct rt_process *p, const struct event *ev, const char *name,
		     unsigned first_arg)
{
	int ret = p->gc ? 0 : tracks__child(&rt->tracks, p->track, "GC", &p->gc);

	if (ret)
		return ret;
	track_event__open(&rt->tracks, later(&p->gc_ns, ev->ts_ns), SLICE_BEGIN, p->gc, "gc", name);
	for (unsigned i = first_arg; i < ev->runtime.nr_args; i++)
		rt__arg(rt, ev, i);
	return track_event__close(&rt->tracks);
}

static int on_gc_start(struct runtime_tracks *rt, struct rt_process *p, const struct event *ev)
{
	int ret = gc__end_cycle(rt, p, ev->ts_ns, NULL);

	if (!ret)
		ret = gc__begin(rt, p, ev, "GC cycle", 0);
	p->in_cycle = true;
	p->cycle_ns = p->gc_ns;
	p->phase_told = false;
	if (!ret)
		ret = rt__count(rt, p, ev->ts_ns, RT_HEAP, ev->runtime.args[1]);
	return ret ? ret : rt__count(rt, p, ev->ts_ns, RT_GOAL, ev->runtime.args[2]);
}

/* Not every runtime tells of its first phase: that began with the cycle, and ends with the first one told. */
static int gc__first_phase(struct runtime_tracks *rt, struct rt_process *p, const struct event *ev)
{
	uint64_t phase = ev->runtime.args[1];
	bool told = p->phase_told;
	const char *name;
	char buf[64];
	int ret;

	p->phase_told = true;
	if (told || !p->in_cycle || !phase)
		return 0;
	name = rt__name_of(rt, ev->runtime.tgid, TARE_NAME_GC_PHASE, phase - 1, buf);
	if (!name || !strcmp(name, "off"))
		return 0;
	track_event__open(&rt->tracks, p->cycle_ns, SLICE_BEGIN, p->gc, "gc", name);
	ret = track_event__close(&rt->tracks);
	return ret ? ret : tracks__end(&rt->tracks, later(&p->gc_ns, ev->ts_ns), p->gc);
}

static int on_gc_phase(struct runtime_tracks *rt, struct rt_process *p, const struct event *ev)
{
	uint64_t phase = ev->runtime.args[1];
	char buf[64], number[32];
	const char *name = rt__name_of(rt, ev->runtime.tgid, TARE_NAME_GC_PHASE, phase, buf);
	int ret = gc__end_phase(rt, p, ev->ts_ns);

	if (!ret)
		ret = gc__first_phase(rt, p, ev);
	if (ret || (name ? !strcmp(name, "off") : !phase))
		return ret;
	snprintf(number, sizeof(number), "phase %" PRIu64, phase);
	p->in_phase = true;
	return gc__begin(rt, p, ev, name ? name : number, ev->runtime.nr_args);
}

static int on_gc_end(struct runtime_tracks *rt, struct rt_process *p, const struct event *ev)
{
	int ret = gc__end_cycle(rt, p, ev->ts_ns, ev);

	if (!ret)
		ret = rt__count(rt, p, ev->ts_ns, RT_HEAP, ev->runtime.args[1]);
	return ret ? ret : rt__count(rt, p, ev->ts_ns, RT_GOAL, ev->runtime.args[2]);
}

static int on_runtime(struct runtime_tracks *rt, const struct event *ev)
{
	static int (*const handlers[TARE_NR_RT_EVENTS])(struct runtime_tracks * rt, struct rt_process * p,
							const struct event *ev) = {
		[TARE_RT_GC_START] = on_gc_start,
		[TARE_RT_GC_PHASE] = on_gc_phase,
		[TARE_RT_GC_END] = on_gc_end,
	};
	struct rt_process *p;
	int ret;

	if (ev->runtime.event >= TARE_NR_RT_EVENTS || !handlers[ev->runtime.event])
		return 0;
	ret = rt__process(rt, ev->runtime.tgid, &p);
	return ret || !p ? ret : handlers[ev->runtime.event](rt, p, ev);
}

/* ---- the exporter's interface ---- */

struct runtime_tracks *runtime_tracks__new(const struct track_writer *writer, void *to, const struct names *names,
					   const struct export_opts *opts)
{
	struct runtime_tracks *rt = calloc(1, sizeof(*rt));
	const struct model *whole = opts->whole;

	if (!rt)
		return NULL;
	rt->whole = whole;
	rt->merged = opts->merged;
	if (pause_order__init(&rt->pauses, &whole->pauses) || rt_lanes__init(rt)) {
		pause_order__free(&rt->pauses);
		free(rt);
		return NULL;
	}
	rt->tracks.writer = writer;
	rt->tracks.to = to;
	rt->names = names;
	table__init(&rt->processes, MAX_PROCESSES);
	table__init(&rt->threads, MAX_THREADS);
	table__init(&rt->running, MAX_THREADS);
	table__init(&rt->lost, MAX_LOSSES);
	runtime_names__init(&rt->runtime_names);
	return rt;
}

void runtime_tracks__free(struct runtime_tracks *rt)
{
	const struct table_slot *slot;
	size_t pos = 0;

	if (!rt)
		return;
	while ((slot = table__next(&rt->processes, &pos))) {
		rt_lanes__forget(rt, (struct rt_process *)(uintptr_t)slot->value);
		free((void *)(uintptr_t)slot->value);
	}
	rt_lanes__free(rt);
	table__free(&rt->processes);
	table__free(&rt->lost);
	rt_threads__free(rt);
	runtime_names__free(&rt->runtime_names);
	pause_order__free(&rt->pauses);
	free(rt);
}

int runtime_tracks__event(struct runtime_tracks *rt, const struct event *ev)
{
	int ret = rt__pauses(rt, ev);

	if (!ret)
		ret = rt_threads__event(rt, ev);
	if (ret)
		return ret;
	if (ev->kind == EVENT_NUMBER_NAME)
		runtime_names__event(&rt->runtime_names, ev);
	if (ev->kind == EVENT_RUNTIME)
		return on_runtime(rt, ev);
	if (ev->kind == EVENT_COUNTERS)
		return rt__on_counters(rt, ev);
	if (ev->kind == EVENT_BYTES)
		return rt__on_bytes(rt, ev);
	if (ev->kind == EVENT_LOSS)
		return rt__on_loss(rt, ev->loss, ev->ts_ns);
	if (ev->kind == EVENT_SWITCH && ev->sw.throttled_ns)
		return rt__on_throttled(rt, ev);
	/* another process with that pid */
	if (ev->kind == EVENT_FORK && ev->fork.tid == ev->fork.tgid)
		return process__forget(rt, ev->fork.tid, ev->ts_ns);
	return ev->kind == EVENT_EXEC ? process__becomes(rt, ev->exec.tid, ev->ts_ns) : 0;
}

int runtime_tracks__finish(struct runtime_tracks *rt)
{
	const struct table_slot *slot;
	int ret = rt__pauses(rt, NULL);
	size_t pos = 0;

	while (!ret && (slot = table__next(&rt->processes, &pos)))
		ret = rt_lanes__finish(rt, (struct rt_process *)(uintptr_t)slot->value, UINT64_MAX);
	return ret || !rt->merged ? ret : rt__draw_merged(rt);
}
