// SPDX-License-Identifier: BSD-2-Clause
/*
 * The report's figures as an OpenTelemetry collector takes them, at /v1/metrics. MetricsData of protocol 1.11.0, which
 * is ExportMetricsServiceRequest field by field:
 * opentelemetry/proto/metrics/v1/metrics.proto
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "json_impl.h"
#include "otlp.h"
#include "otlp_metrics.h"
#include "util.h"

/* Field numbers of that file. */
enum {
	METRIC_NAME = 1,
	METRIC_DESCRIPTION = 2,
	METRIC_UNIT = 3,
	METRIC_DATA_GAUGE = 5,
	METRIC_DATA_SUM = 7,
	METRIC_DATA_HISTOGRAM = 9,
	DATA_POINTS = 1,
	DATA_TEMPORALITY = 2,
	SUM_IS_MONOTONIC = 3,
	POINT_START = 2,
	POINT_TIME = 3,
	POINT_DOUBLE = 4,
	POINT_INT = 6,
	POINT_ATTRIBUTES = 7,
	HISTOGRAM_COUNT = 4,
	HISTOGRAM_SUM = 5,
	HISTOGRAM_BUCKETS = 6,
	HISTOGRAM_BOUNDS = 7,
	HISTOGRAM_MIN = 11,
	HISTOGRAM_MAX = 12,
};

/* Since the recording's beginning, which each point has; Prometheus and its like take no deltas. */
#define CUMULATIVE 2

/* From 128 ns to 69 s by powers of two: what a histogram of the model knows exactly. */
enum { FIRST_LOG2 = 7, LAST_LOG2 = 36, NR_BOUNDS = LAST_LOG2 - FIRST_LOG2 + 1 };

struct metrics {
	struct pb out, points; /* .points: of the metric that is being collected */
	const struct model *model;
};

static double seconds(double ns)
{
	return ns / NSEC_PER_SEC;
}

static void put_times(struct metrics *x, struct pb *to)
{
	pb__fixed64(to, POINT_START, otlp__begin_ns(x->model));
	pb__fixed64(to, POINT_TIME, otlp__end_ns(x->model));
}

/* ---- figures of the report ---- */

static void put_point(struct metrics *x, const struct metric_row *row, const char *label, json_int_t value)
{
	size_t at = pb__open(&x->points, DATA_POINTS);

	put_times(x, &x->points);
	if (!strcmp(row->unit, "s"))
		pb__double(&x->points, POINT_DOUBLE, seconds(value));
	else
		pb__fixed64(&x->points, POINT_INT, value);
	if (row->key)
		otlp__text(&x->points, POINT_ATTRIBUTES, row->key, row->value ?: label);
	pb__close(&x->points, at);
}

/* A point for each figure in @in that @path leads to. */
static void put_figures(struct metrics *x, const struct metric_row *row, json_t *in, const char *path,
			const char *label)
{
	size_t len = strcspn(path, "."), i;
	const char *rest = path + len + (path[len] == '.'), *key;
	char name[64];
	json_t *each;

	if (!len) {
		if (json_is_integer(in))
			put_point(x, row, label, json_integer_value(in));
		return;
	}
	snprintf(name, sizeof(name), "%.*s", (int)len, path);
	if (name[0] == '*') {
		json_object_foreach(in, key, each) put_figures(x, row, each, rest, key);
	} else if (name[0] == '[') {
		name[len - 1] = '\0';
		json_array_foreach(in, i, each)
			put_figures(x, row, each, rest, json_string_value(json_object_get(each, name + 1)));
	} else {
		put_figures(x, row, json_object_get(in, name), rest, label);
	}
}

static void put_words(struct metrics *x, const char *name, const char *what, const char *unit)
{
	pb__string(&x->out, METRIC_NAME, name);
	pb__string(&x->out, METRIC_DESCRIPTION, what);
	pb__string(&x->out, METRIC_UNIT, unit);
}

/* The metric of @row with the points that were collected, if any. */
static void put_metric(struct metrics *x, const struct metric_row *row, const char *what)
{
	size_t at, data;

	if (!x->points.len)
		return;
	at = pb__open(&x->out, OTLP_SCOPE_DATA);
	put_words(x, row->name, what, row->unit);
	data = pb__open(&x->out, row->kind == METRIC_GAUGE ? METRIC_DATA_GAUGE : METRIC_DATA_SUM);
	pb__raw(&x->out, x->points.data, x->points.len);
	if (row->kind != METRIC_GAUGE) {
		pb__int(&x->out, DATA_TEMPORALITY, CUMULATIVE);
		pb__int(&x->out, SUM_IS_MONOTONIC, row->kind == METRIC_COUNT);
	}
	pb__close(&x->out, data);
	pb__close(&x->out, at);
	pb__reset(&x->points);
}

static void put_rows(struct metrics *x, const struct metric_row *rows, size_t nr, json_t *in)
{
	const char *what = NULL;

	for (size_t i = 0; i < nr; i++) {
		what = rows[i].what ?: what;
		put_figures(x, &rows[i], in, rows[i].path, NULL);
		if (i + 1 == nr || strcmp(rows[i].name, rows[i + 1].name))
			put_metric(x, &rows[i], what);
	}
}

/* ---- distributions ---- */

/* A bound belongs to the bucket below it, so that [128, 256) is up to 255 ns. */
static void put_buckets(struct metrics *x, const struct hist *h)
{
	uint64_t counts[NR_BOUNDS + 1] = { 0 };
	double bounds[NR_BOUNDS];

	for (unsigned i = 0; i < 64; i++)
		counts[i < FIRST_LOG2 ? 0 : i < LAST_LOG2 ? i - FIRST_LOG2 + 1 : NR_BOUNDS] += hist__log2(h, i);
	for (unsigned i = 0; i < NR_BOUNDS; i++)
		bounds[i] = seconds((1ull << (FIRST_LOG2 + i)) - 1);
	pb__packed_fixed64(&x->out, HISTOGRAM_BUCKETS, counts, ARRAY_SIZE(counts));
	pb__packed_double(&x->out, HISTOGRAM_BOUNDS, bounds, NR_BOUNDS);
}

static void put_hist(struct metrics *x, const struct metric_hist *of)
{
	const struct hist *h = (const void *)((const char *)x->model + of->at);
	size_t at, data, point;

	if (!h->count)
		return;
	at = pb__open(&x->out, OTLP_SCOPE_DATA);
	put_words(x, of->name, of->what, "s");
	data = pb__open(&x->out, METRIC_DATA_HISTOGRAM);
	point = pb__open(&x->out, DATA_POINTS);
	put_times(x, &x->out);
	pb__fixed64(&x->out, HISTOGRAM_COUNT, h->count);
	pb__double(&x->out, HISTOGRAM_SUM, seconds(h->total));
	put_buckets(x, h);
	pb__double(&x->out, HISTOGRAM_MIN, seconds(h->min));
	pb__double(&x->out, HISTOGRAM_MAX, seconds(h->max));
	pb__close(&x->out, point);
	pb__int(&x->out, DATA_TEMPORALITY, CUMULATIVE);
	pb__close(&x->out, data);
	pb__close(&x->out, at);
}

/* ---- whose they are ---- */

static void put_all(struct metrics *x, json_t *report)
{
	put_rows(x, metrics_of_all, nr_metrics_of_all, report);
	for (size_t i = 0; i < nr_metric_hists; i++)
		put_hist(x, &metric_hists[i]);
}

/* A process's figures, or with @process NULL those of all; of an @only one, both together. */
static void put_resource(struct metrics *x, json_t *report, json_t *process, bool only)
{
	const char *name = json_string_value(json_object_get(process, "comm"));
	uint32_t pid = json_integer_value(json_object_get(process, "pid"));
	size_t at = pb__open(&x->out, OTLP_DATA_RESOURCES), scope;

	otlp__resource(&x->out, x->model, pid, name ?: "", only);
	scope = pb__open(&x->out, OTLP_RESOURCE_SCOPES);
	otlp__scope(&x->out);
	if (process)
		put_rows(x, metrics_of_process, nr_metrics_of_process, process);
	if (!process || only)
		put_all(x, report);
	pb__close(&x->out, scope);
	pb__close(&x->out, at);
}

static void put_report(struct metrics *x, json_t *report)
{
	json_t *processes = json_object_get(report, "processes"), *each;
	bool only = json_array_size(processes) == 1;
	size_t i;

	json_array_foreach(processes, i, each) put_resource(x, report, each, only);
	if (!only)
		put_resource(x, report, NULL, false);
}

/* ---- the exporter ---- */

struct metrics_export {
	struct model *model;
	FILE *to;
};

static int otlp_metrics__begin(FILE *to, const struct export_opts *opts, void **state)
{
	struct metrics_export *e = malloc(sizeof(*e));

	if (!e)
		return -ENOMEM;
	*e = (struct metrics_export){ model__new(), to };
	if (!e->model) {
		free(e);
		return -ENOMEM;
	}
	*state = e;
	return 0;
}

static int otlp_metrics__event(void *state, const struct event *ev)
{
	struct metrics_export *e = state;

	return model__event(e->model, ev);
}

static int otlp_metrics__end(void *state)
{
	struct metrics_export *e = state;
	struct metrics x = { .model = e->model };
	json_t *report;
	int ret;

	model__finish(e->model);
	report = report__object(e->model);
	if (report)
		put_report(&x, report);
	ret = report ? pb__error(&x.points) : -ENOMEM;
	if (!ret && !ferror(e->to))
		ret = otlp__write(&x.out, e->to);
	json_decref(report);
	pb__free(&x.out);
	pb__free(&x.points);
	model__free(e->model);
	free(e);
	return ret;
}

const struct exporter exporter_otlp_metrics = {
	.name = "otlp-metrics",
	.what = "the report's figures for an OpenTelemetry collector, protobuf",
	.binary = true,
	.begin = otlp_metrics__begin,
	.event = otlp_metrics__event,
	.end = otlp_metrics__end,
};
