// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <string.h>

#include "perf_events.h"
#include "util.h"

#define MAX_CPUS (1u << 16)

/* ---- the scheduler ---- */

static struct perf_sample sample_of(unsigned kind, uint64_t ts_ns, unsigned cpu, const struct sched_task *who)
{
	return (struct perf_sample){ .kind = kind, .ts_ns = ts_ns, .cpu = cpu, .period = 1, .who = *who };
}

static int emit_runtime(struct perf_events *pe, const struct sched_event *ev, uint64_t since_ns)
{
	struct perf_sample s = sample_of(PERF_SCHED_RUNTIME, ev->ts_ns, ev->cpu, &ev->who);

	s.values[0].text = ev->who.comm;
	s.values[1].n = ev->who.tid;
	s.values[2].n = ev->ts_ns - since_ns;
	return pe->emit(pe->ctx, &s);
}

static int on_sched_switch(struct perf_events *pe, const struct sched_event *ev)
{
	struct perf_sample s = sample_of(PERF_SCHED_SWITCH, ev->ts_ns, ev->cpu, &ev->who);
	uint64_t *since = table__add(&pe->since, ev->cpu);
	int ret = 0;

	if (ev->who.tid && since && *since && *since <= ev->ts_ns)
		ret = emit_runtime(pe, ev, *since);
	if (since)
		*since = ev->ts_ns;
	s.values[0].text = ev->who.comm;
	s.values[1].n = ev->who.tid;
	s.values[2].n = SCHED_PRIO;
	s.values[3].n = ev->prev_state;
	s.values[4].text = ev->whom.comm;
	s.values[5].n = ev->whom.tid;
	s.values[6].n = SCHED_PRIO;
	return ret ? ret : pe->emit(pe->ctx, &s);
}

static int on_sched_waking(struct perf_events *pe, const struct sched_event *ev)
{
	struct perf_sample s = sample_of(PERF_SCHED_WAKING, ev->ts_ns, ev->cpu, &ev->who);
	int ret;

	s.values[0].text = ev->whom.comm;
	s.values[1].n = ev->whom.tid;
	s.values[2].n = SCHED_PRIO;
	s.values[3].n = ev->target_cpu;
	ret = pe->emit(pe->ctx, &s);
	s.kind = PERF_SCHED_WAKEUP;
	return ret ? ret : pe->emit(pe->ctx, &s);
}

static int on_sched(void *ctx, const struct sched_event *ev)
{
	if (ev->kind == SCHED_SWITCH)
		return on_sched_switch(ctx, ev);
	return ev->kind == SCHED_WAKING ? on_sched_waking(ctx, ev) : 0;
}

/* ---- stacks ---- */

static int emit_stacked(struct perf_events *pe, const struct event *ev, unsigned kind, uint32_t tid, uint64_t period)
{
	struct sched_task who;
	struct perf_sample s;

	sched__describe(&pe->sched, tid, ev->cpu, &who);
	s = sample_of(kind, ev->ts_ns, ev->cpu, &who);
	s.period = period;
	s.stack = stacked__of(&pe->stacks, ev);
	return pe->emit(pe->ctx, &s);
}

static int on_sample(struct perf_events *pe, const struct event *ev)
{
	return emit_stacked(pe, ev, PERF_CPU_CLOCK, ev->sample.tid, pe->sample_ns);
}

static int on_off_cpu(struct perf_events *pe, const struct event *ev)
{
	return emit_stacked(pe, ev, PERF_OFF_CPU, ev->off_cpu.tid, ev->off_cpu.ns);
}

/* ---- the runtime ---- */

static int on_goroutine(struct perf_events *pe, const struct event *ev)
{
	const struct event_goroutine *g = &ev->goroutine;
	struct sched_task who;
	struct perf_sample s;

	sched__describe(&pe->sched, g->tid, ev->cpu, &who);
	s = sample_of(PERF_GOROUTINE, ev->ts_ns, ev->cpu, &who);
	s.values[0].n = g->goroutine;
	s.values[1].n = g->p;
	s.values[2].n = g->status;
	s.values[3].n = g->wait_reason;
	return pe->emit(pe->ctx, &s);
}

static int on_runtime(struct perf_events *pe, const struct event *ev)
{
	struct sched_task who;
	struct perf_sample s;

	if (ev->runtime.event >= TARE_NR_RT_EVENTS)
		return 0;
	sched__describe(&pe->sched, ev->runtime.tid, ev->cpu, &who);
	s = sample_of(PERF_RUNTIME + ev->runtime.event, ev->ts_ns, ev->cpu, &who);
	s.values[0].n = ev->runtime.goroutine;
	for (unsigned i = 0; i < TARE_RT_MAX_ARGS && i + 1 < PERF_MAX_FIELDS; i++)
		s.values[i + 1].n = ev->runtime.args[i];
	return pe->emit(pe->ctx, &s);
}

static int emit_cause(struct perf_events *pe, const struct pause *p, const struct pause_seg *seg)
{
	struct sched_task who;
	struct perf_sample s;

	sched__describe(&pe->sched, seg->tid ?: p->initiator.tid, 0, &who);
	s = sample_of(PERF_PAUSE_CAUSE, seg->start_ns, 0, &who);
	s.values[0].n = p->seq;
	s.values[1].text = pause_part_name(seg->part);
	s.values[2].text = pause_cause_name(seg->cause);
	s.values[3].n = seg->end_ns - seg->start_ns;
	s.values[4].n = seg->tid;
	s.values[5].n = seg->on_cpu;
	return pe->emit(pe->ctx, &s);
}

static int emit_pause(struct perf_events *pe, const struct pause *p)
{
	struct pause_verdict v;
	struct sched_task who;
	struct perf_sample s;
	char reason[64];
	int ret;

	pause__verdict(p, &v);
	if (p->reason_name)
		sanitize(p->reason_name, strlen(p->reason_name), reason, sizeof(reason));
	else
		snprintf(reason, sizeof(reason), "reason %lld", (long long)p->reason);
	sched__describe(&pe->sched, p->initiator.tid, 0, &who);
	s = sample_of(PERF_PAUSE, p->request_ns, 0, &who);
	sanitize(p->straggler.comm, strlen(p->straggler.comm), s.texts[0], sizeof(s.texts[0]));
	s.values[0].n = p->seq;
	s.values[1].text = reason;
	s.values[2].n = pause__total_ns(p);
	s.values[3].n = pause__stopping_ns(p);
	s.values[4].text = pause_cause_name(v.cause);
	s.values[5].n = v.ns;
	s.values[6].text = s.texts[0];
	s.values[7].n = p->straggler.tid;
	ret = pe->emit(pe->ctx, &s);
	for (uint32_t i = 0; i < p->chain.n && !ret; i++)
		ret = emit_cause(pe, p, &p->chain.at[i]);
	return ret;
}

static int emit_pauses(struct perf_events *pe, const struct event *before)
{
	const struct pause *p;
	int ret = 0;

	while (!ret && (p = pause_order__next(&pe->pauses, before)))
		ret = emit_pause(pe, p);
	return ret;
}

/* ---- all of them ---- */

int perf_events__init(struct perf_events *pe, const struct export_opts *opts,
		      int (*emit)(void *ctx, const struct perf_sample *s), void *ctx)
{
	*pe = (struct perf_events){ .emit = emit, .ctx = ctx };
	pe->sched.emit = on_sched;
	pe->sched.ctx = pe;
	stacked__init(&pe->stacks, opts->whole);
	table__init(&pe->since, MAX_CPUS);
	pe->sample_ns = stacked__sample_ns(&pe->stacks) ?: 1;
	return pause_order__init(&pe->pauses, &opts->whole->pauses);
}

void perf_events__free(struct perf_events *pe)
{
	stacked__free(&pe->stacks);
	table__free(&pe->since);
	sched__free(&pe->sched);
	pause_order__free(&pe->pauses);
}

int perf_events__event(struct perf_events *pe, const struct event *ev)
{
	static int (*const handlers[NR_EVENTS])(struct perf_events * pe, const struct event *ev) = {
		[EVENT_SAMPLE] = on_sample,
		[EVENT_OFF_CPU] = on_off_cpu,
		[EVENT_RUNTIME] = on_runtime,
		[EVENT_GOROUTINE] = on_goroutine,
	};
	int ret = emit_pauses(pe, ev);

	if (!ret)
		ret = stacked__event(&pe->stacks, ev);
	if (!ret)
		ret = sched__event(&pe->sched, ev);
	return ret || !handlers[ev->kind] ? ret : handlers[ev->kind](pe, ev);
}

int perf_events__finish(struct perf_events *pe)
{
	return emit_pauses(pe, NULL);
}

bool perf_events__has(const struct export_opts *opts, unsigned kind)
{
	static const enum event_kind comes_from[PERF_RUNTIME] = {
		[PERF_OFF_CPU] = EVENT_OFF_CPU,	     [PERF_SCHED_SWITCH] = EVENT_SWITCH,
		[PERF_SCHED_WAKING] = EVENT_SWITCH,  [PERF_SCHED_WAKEUP] = EVENT_SWITCH,
		[PERF_SCHED_RUNTIME] = EVENT_SWITCH, [PERF_GOROUTINE] = EVENT_GOROUTINE,
	};

	if (kind == PERF_CPU_CLOCK)
		return true;
	if (kind == PERF_PAUSE || kind == PERF_PAUSE_CAUSE)
		return opts->whole->pauses.count > 0;
	return kind >= PERF_RUNTIME ? opts->runtime_events[kind - PERF_RUNTIME] > 0 :
				      opts->events[comes_from[kind]] > 0;
}
