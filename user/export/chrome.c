// SPDX-License-Identifier: BSD-2-Clause
/*
 * The Trace Event Format, as chrome://tracing and many others read it: what the Perfetto trace has on its tracks, and a
 * track for each CPU, without samples. Times are microseconds with three decimals. Who reads them as floating point
 * cannot add a length to one and meet the next slice's beginning, so a slice has an event for its end, and none its
 * length. An end says what it ends: speedscope takes none that does not.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "export.h"
#include "json_text.h"
#include "runtime_tracks.h"
#include "schedule.h"
#include "table.h"
#include "util.h"

#define CPUS_PID   0	       /* no process has that number */
#define FIRST_LANE 0x40000000u /* of tracks that are no thread: above any thread's id */

struct chrome_track {
	uint32_t pid, tid;
	char *name;  /* of a counter; else NULL */
	char **open; /* names of the slices that have begun, outermost first */
	size_t nr_open, room_open;
};

struct chrome_cpu {
	struct sched_task task;
	uint64_t since_ns; /* the last switch; 0: there was none */
};

struct chrome {
	FILE *to;
	bool begun;
	struct sched sched;
	struct runtime_tracks *runtime;
	struct chrome_track *tracks; /* by number */
	size_t nr_tracks, room_tracks;
	struct chrome_cpu *cpus;
	size_t nr_cpus, room_cpus;
	uint64_t last_ns; /* the last event of all */
	/* the event being written */
	uint64_t ts_ns, track, flow;
	bool has_arg, last_flow;
	struct table flows; /* those that began */
};

/* ---- events ---- */

static void open_object(struct chrome *c, const char *phase, uint64_t ts_ns, uint32_t pid, uint32_t tid)
{
	fprintf(c->to, "%s{\"ph\":\"%s\",\"ts\":%" PRIu64 ".%03" PRIu64 ",\"pid\":%" PRIu32 ",\"tid\":%" PRIu32,
		c->begun ? ",\n" : "", phase, ts_ns / 1000, ts_ns % 1000, pid, tid);
	c->begun = true;
}

static int close_object(struct chrome *c)
{
	errno = EIO;
	return fputc('}', c->to) < 0 ? -errno : 0;
}

/* "process_name", "thread_name" */
static int put_meta(struct chrome *c, const char *what, uint32_t pid, uint32_t tid, const char *name)
{
	open_object(c, "M", 0, pid, tid);
	put_text(c->to, "name", what, strlen(what));
	fputs(",\"args\":{\"name\":", c->to);
	put_string(c->to, name, strlen(name));
	fputc('}', c->to);
	return close_object(c);
}

/* ---- tracks ---- */

static int describe_track(void *to, const struct track_description *d)
{
	struct chrome *c = to;
	struct chrome_track *t;

	if (ARRAY_GROW(c->tracks, c->room_tracks, d->track + 1))
		return -ENOMEM;
	for (; c->nr_tracks <= d->track; c->nr_tracks++)
		c->tracks[c->nr_tracks] = (struct chrome_track){ 0 };
	t = &c->tracks[d->track];
	t->pid = d->parent ? c->tracks[d->parent].pid : d->pid;
	t->tid = d->tid ?: FIRST_LANE + (uint32_t)d->track;
	if (!d->name)
		return 0;
	if (!d->unit)
		return put_meta(c, "thread_name", t->pid, t->tid, d->name);
	t->name = strdup(d->name);
	return t->name ? 0 : -ENOMEM;
}

static void put_name(struct chrome *c, const char *name)
{
	if (name)
		put_text(c->to, "name", name, strlen(name));
}

static void begin_slice(struct chrome_track *t, const char *name)
{
	if (name && !ARRAY_GROW(t->open, t->room_open, t->nr_open + 1))
		t->open[t->nr_open++] = strdup(name);
}

/* The name of the slice that ends, which has then gone from @t. */
static void put_ended(struct chrome *c, struct chrome_track *t)
{
	char *name = t->nr_open ? t->open[--t->nr_open] : NULL;

	put_name(c, name);
	free(name);
}

static void open_event(void *to, uint64_t ts_ns, enum track_event_type type, uint64_t track, const char *category,
		       const char *name)
{
	static const char *const phases[] = {
		[SLICE_BEGIN] = "B", [SLICE_END] = "E", [INSTANT] = "i", [COUNTER] = "C"
	};
	struct chrome *c = to;
	struct chrome_track *t = &c->tracks[track];

	open_object(c, phases[type], ts_ns, t->pid, t->tid);
	c->ts_ns = ts_ns;
	if (ts_ns > c->last_ns)
		c->last_ns = ts_ns;
	c->track = track;
	c->has_arg = false;
	c->flow = 0;
	if (category)
		put_text(c->to, "cat", category, strlen(category));
	if (type == SLICE_END)
		put_ended(c, t);
	else
		put_name(c, name ?: t->name);
	if (type == SLICE_BEGIN)
		begin_slice(t, name);
	if (type == INSTANT)
		fputs(",\"s\":\"t\"", c->to);
}

static void put_key(struct chrome *c, const char *name)
{
	fprintf(c->to, "%s\"%s\":", c->has_arg ? "," : ",\"args\":{", name);
	c->has_arg = true;
}

static void put_number(void *to, const char *name, enum track_arg kind, uint64_t value)
{
	struct chrome *c = to;

	put_key(c, name);
	if (kind == ARG_BOOL)
		fputs(value ? "true" : "false", c->to);
	else
		fprintf(c->to, kind == ARG_ADDRESS ? "\"0x%" PRIx64 "\"" : "%" PRIu64, value);
}

static void put_words(void *to, const char *name, const char *value)
{
	struct chrome *c = to;

	put_key(c, name);
	put_string(c->to, value, strlen(value));
}

static void put_flow(void *to, uint64_t flow, bool last)
{
	struct chrome *c = to;

	c->flow = flow;
	c->last_flow = last;
}

static void put_count(void *to, uint64_t value)
{
	struct chrome *c = to;

	fprintf(c->to, ",\"args\":{\"value\":%" PRIu64 "}", value);
}

/* An arrow is an event of its own, at the same place. */
static int put_arrow(struct chrome *c)
{
	const struct chrome_track *t = &c->tracks[c->track];
	uint64_t *begun = table__add(&c->flows, c->flow);
	const char *phase = c->last_flow ? "f" : begun && *begun ? "t" : "s";

	if (begun)
		*begun = 1;
	open_object(c, phase, c->ts_ns, t->pid, t->tid);
	fprintf(c->to, ",\"cat\":\"flow\",\"name\":\"signal\",\"id\":%" PRIu64 "%s", c->flow,
		c->last_flow ? ",\"bp\":\"e\"" : "");
	return close_object(c);
}

static int close_event(void *to)
{
	struct chrome *c = to;
	int ret;

	if (c->has_arg)
		fputc('}', c->to);
	ret = close_object(c);
	return ret || !c->flow ? ret : put_arrow(c);
}

static const struct track_writer chrome_tracks = {
	.describe = describe_track,
	.open = open_event,
	.number = put_number,
	.text = put_words,
	.flow = put_flow,
	.count = put_count,
	.close = close_event,
};

/* ---- CPUs and names ---- */

static struct chrome_cpu *cpu_of(struct chrome *c, unsigned cpu)
{
	char name[32];

	if (cpu < c->nr_cpus)
		return &c->cpus[cpu];
	if (ARRAY_GROW(c->cpus, c->room_cpus, cpu + 1u))
		return NULL;
	for (; c->nr_cpus <= cpu; c->nr_cpus++) {
		c->cpus[c->nr_cpus] = (struct chrome_cpu){ 0 };
		snprintf(name, sizeof(name), "CPU %zu", c->nr_cpus);
		put_meta(c, "thread_name", CPUS_PID, c->nr_cpus, name);
	}
	return &c->cpus[cpu];
}

/* One end of the slice of who is @on @cpu; both have what tells it from others of its name. */
static int put_slice(struct chrome *c, const char *phase, unsigned cpu, const struct chrome_cpu *on, uint64_t ts_ns)
{
	open_object(c, phase, ts_ns, CPUS_PID, cpu);
	put_name(c, on->task.comm);
	fprintf(c->to, ",\"cat\":\"sched\",\"args\":{\"tid\":%" PRIu32 ",\"pid\":%" PRIu32 "}", on->task.tid,
		on->task.tgid);
	return close_object(c);
}

static int on_switch(struct chrome *c, const struct sched_event *ev)
{
	struct chrome_cpu *on = cpu_of(c, ev->cpu);
	int ret = 0;

	if (!on)
		return -ENOMEM;
	if (ev->ts_ns > c->last_ns)
		c->last_ns = ev->ts_ns;
	if (ev->ts_ns > on->since_ns)
		on->since_ns = ev->ts_ns;
	if (on->task.tid)
		ret = put_slice(c, "E", ev->cpu, on, on->since_ns);
	on->task = ev->whom;
	return ret || !on->task.tid ? ret : put_slice(c, "B", ev->cpu, on, on->since_ns);
}

/* What goes on at the end of the recording, and who is on a CPU. */
static int end_slices(struct chrome *c)
{
	int ret = 0;

	for (uint64_t i = 0; i < c->nr_tracks; i++)
		while (c->tracks[i].nr_open && !ret) {
			open_event(c, c->last_ns, SLICE_END, i, NULL, NULL);
			ret = close_event(c);
		}
	for (size_t i = 0; i < c->nr_cpus && !ret; i++)
		if (c->cpus[i].task.tid)
			ret = put_slice(c, "E", i, &c->cpus[i], c->last_ns);
	return ret;
}

static int on_sched(void *ctx, const struct sched_event *ev)
{
	return ev->kind == SCHED_SWITCH ? on_switch(ctx, ev) : 0;
}

static int tell_name(struct chrome *c, uint32_t tid)
{
	struct name *n = names__find(&c->sched.names, tid);
	int ret;

	if (!n || !n->tgid || !n->comm[0])
		return 0;
	ret = put_meta(c, "thread_name", n->tgid, tid, n->comm);
	return ret || tid != n->tgid ? ret : put_meta(c, "process_name", n->tgid, tid, n->comm);
}

static int describe(struct chrome *c, const struct event *ev)
{
	switch (ev->kind) {
	case EVENT_TASK:
		return ev->task->phase ? 0 : tell_name(c, ev->task->tid);
	case EVENT_FORK:
		return tell_name(c, ev->fork.tid);
	case EVENT_RENAME:
		return tell_name(c, ev->name.tid);
	case EVENT_EXEC:
		return tell_name(c, ev->exec.tid);
	default:
		return 0;
	}
}

/* ---- the exporter ---- */

static void chrome__free(struct chrome *c)
{
	for (size_t i = 0; i < c->nr_tracks; i++) {
		while (c->tracks[i].nr_open)
			free(c->tracks[i].open[--c->tracks[i].nr_open]);
		free(c->tracks[i].open);
		free(c->tracks[i].name);
	}
	free(c->tracks);
	free(c->cpus);
	table__free(&c->flows);
	runtime_tracks__free(c->runtime);
	sched__free(&c->sched);
	free(c);
}

static int chrome__begin(FILE *to, const struct export_opts *opts, void **state)
{
	struct chrome *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->to = to;
	c->sched.emit = on_sched;
	c->sched.ctx = c;
	table__init(&c->flows, 1u << 24);
	c->runtime = runtime_tracks__new(&chrome_tracks, c, &c->sched.names, opts);
	if (!c->runtime) {
		chrome__free(c);
		return -ENOMEM;
	}
	fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n", to);
	put_meta(c, "process_name", CPUS_PID, 0, "CPUs");
	*state = c;
	return 0;
}

static int chrome__event(void *state, const struct event *ev)
{
	struct chrome *c = state;
	int ret = sched__event(&c->sched, ev);

	if (!ret)
		ret = describe(c, ev);
	return ret ? ret : runtime_tracks__event(c->runtime, ev);
}

static int chrome__end(void *state)
{
	struct chrome *c = state;
	int ret = ferror(c->to) ? 0 : runtime_tracks__finish(c->runtime);

	if (!ret && !ferror(c->to))
		ret = end_slices(c);
	errno = EIO;
	if (!ret && !ferror(c->to) && fputs("\n]}\n", c->to) < 0)
		ret = -errno;
	chrome__free(c);
	return ret;
}

const struct exporter exporter_chrome = {
	.name = "chrome",
	.what = "a trace as JSON, for chrome://tracing and others (Perfetto's own format holds more)",
	.endings = ".json",
	.twice = true,
	.merges = true,
	.begin = chrome__begin,
	.event = chrome__event,
	.end = chrome__end,
};
