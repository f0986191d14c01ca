// SPDX-License-Identifier: BSD-2-Clause
#include "timeline.h"

#define MAX_PROCESSES 4096
#define READ_AT	      (NR_LEVELS + NR_RATES) /* in .last: when a process's counters were read */

void timeline__init(struct timeline *t, const struct model *m)
{
	uint64_t duration = model__duration(m);

	memset(t, 0, sizeof(*t));
	memset(t->levels, 0xff, sizeof(t->levels));
	t->begin_ns = m->begin_ns;
	t->width_ns = duration / TIMELINE_BINS + 1;
	t->nr = duration / t->width_ns + 1;
	for (unsigned i = 0; i <= READ_AT; i++)
		table__init(&t->last[i], MAX_PROCESSES);
}

void timeline__free(struct timeline *t)
{
	for (unsigned i = 0; i <= READ_AT; i++)
		table__free(&t->last[i]);
}

/* What lies outside of the recording is in no bin. */
static uint64_t bin_of(const struct timeline *t, uint64_t ts_ns)
{
	return ts_ns < t->begin_ns ? 0 : (ts_ns - t->begin_ns) / t->width_ns;
}

struct piece {
	uint64_t bin, ns;
};

/* The next piece of [*@at, @to) within one bin; false: none is left. */
static bool next_piece(const struct timeline *t, uint64_t *at, uint64_t to, struct piece *p)
{
	uint64_t end;

	*at = *at < t->begin_ns ? t->begin_ns : *at;
	p->bin = bin_of(t, *at);
	if (*at >= to || p->bin >= t->nr)
		return false;
	end = t->begin_ns + (p->bin + 1) * t->width_ns;
	end = end < to ? end : to;
	p->ns = end - *at;
	*at = end;
	return true;
}

void timeline__span(struct timeline *t, const struct span *span)
{
	uint64_t at = span->from_ns;
	struct piece p;

	while (span->kind < SPAN_ASLEEP && next_piece(t, &at, span->to_ns, &p))
		t->ns[span->kind][p.bin] += p.ns;
}

static void level(struct timeline *t, enum timeline_level which, uint32_t pid, uint64_t ts_ns, uint64_t value)
{
	uint64_t *last = value == TARE_UNKNOWN ? NULL : table__add(&t->last[which], pid), bin = bin_of(t, ts_ns);

	if (!last)
		return;
	t->now[which] += value - *last;
	*last = value;
	if (bin < t->nr)
		t->levels[which][bin] = t->now[which];
}

/* A counter has grown since @before_ns; the first reading of a process says nothing. */
static void rate(struct timeline *t, enum timeline_rate which, uint32_t pid, uint64_t before_ns, uint64_t ts_ns,
		 uint64_t value)
{
	uint64_t *last = value == TARE_UNKNOWN ? NULL : table__add(&t->last[NR_LEVELS + which], pid), at = before_ns;
	struct piece p;
	double each;

	if (!last)
		return;
	each = before_ns && ts_ns > before_ns && value > *last ? (double)(value - *last) / (ts_ns - before_ns) : 0;
	*last = value;
	t->has_rate[which] |= before_ns != 0;
	while (each > 0 && next_piece(t, &at, ts_ns, &p))
		t->rates[which][p.bin] += each * p.ns;
}

static void on_counters(struct timeline *t, const struct tare_counters *c)
{
	uint64_t *read = table__add(&t->last[READ_AT], c->pid);

	if (!c->final) /* it is over: it holds nothing from now on */
		level(t, LEVEL_HEAP, c->pid, c->ts_ns, c->heap_bytes);
	if (!read)
		return;
	rate(t, RATE_ALLOC, c->pid, *read, c->ts_ns, c->alloc_bytes);
	rate(t, RATE_GREEN, c->pid, *read, c->ts_ns, c->goroutine_switches);
	*read = c->ts_ns;
}

/* A process is gone, and what it had with it; its pid may come again. */
static void on_exit_of(struct timeline *t, uint32_t pid, uint64_t ts_ns)
{
	for (unsigned i = 0; i < NR_LEVELS; i++)
		if (table__find(&t->last[i], pid))
			level(t, i, pid, ts_ns, 0);
	for (unsigned i = 0; i <= READ_AT; i++)
		table__delete(&t->last[i], pid);
}

void timeline__event(struct timeline *t, const struct event *ev)
{
	if (ev->kind == EVENT_COUNTERS)
		on_counters(t, &ev->counters);
	else if (ev->kind == EVENT_BYTES)
		level(t, LEVEL_RESIDENT, ev->bytes.pid, ev->bytes.ts_ns, ev->bytes.rss);
	else if (ev->kind == EVENT_EXIT && ev->exit.tid == ev->exit.tgid)
		on_exit_of(t, ev->exit.tgid, ev->ts_ns);
}

static json_t *ns_json(const struct timeline *t, enum span_kind kind)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < t->nr; i++)
		json_array_append_new(list, json_integer(num(t->ns[kind][i])));
	return list;
}

/* null: nobody has any, or nobody tells. */
static json_t *level_json(const struct timeline *t, enum timeline_level which)
{
	json_t *list = json_array();
	bool any = false;

	for (uint32_t i = 0; i < t->nr; i++) {
		any |= t->levels[which][i] != TARE_UNKNOWN;
		json_array_append_new(list, counter(t->levels[which][i]));
	}
	if (any)
		return list;
	json_decref(list);
	return json_null();
}

static json_t *rate_json(const struct timeline *t, enum timeline_rate which)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < t->nr; i++)
		json_array_append_new(list, json_integer((json_int_t)(t->rates[which][i] + 0.5)));
	if (t->has_rate[which])
		return list;
	json_decref(list);
	return json_null();
}

json_t *timeline__json(const struct timeline *t)
{
	return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "width_ns", num(t->width_ns), "on_cpu_ns",
			 ns_json(t, SPAN_ON_CPU), "run_queue_ns", ns_json(t, SPAN_RUNQUEUE), "throttled_ns",
			 ns_json(t, SPAN_THROTTLED), "heap_bytes", level_json(t, LEVEL_HEAP), "resident_bytes",
			 level_json(t, LEVEL_RESIDENT), "alloc_bytes", rate_json(t, RATE_ALLOC), "goroutine_switches",
			 rate_json(t, RATE_GREEN));
}
