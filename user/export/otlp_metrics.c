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
#include "otlp_points.h"
#include "util.h"

/* From 128 ns to 69 s by powers of two: what a histogram of the model knows exactly. */
enum { FIRST_LOG2 = 7, LAST_LOG2 = 36, NR_BOUNDS = LAST_LOG2 - FIRST_LOG2 + 1 };

struct metrics {
	struct pb out, points; /* .points: of the metric that is being collected */
	const struct model *model;
};

static struct otlp_times times_of(const struct metrics *x)
{
	return (struct otlp_times){ otlp__begin_ns(x->model), otlp__end_ns(x->model) };
}

/* ---- figures of the report ---- */

static void put_point(struct metrics *x, const struct metric_row *row, const char *label, json_int_t value)
{
	struct otlp_times times = times_of(x);
	size_t at = otlp__number(&x->points, &times, !strcmp(row->unit, "s"), value);

	if (row->key)
		otlp__text(&x->points, OTLP_POINT_ATTRIBUTES, row->key, row->value ?: label);
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

static void put_rows(struct metrics *x, const struct metric_row *rows, size_t nr, json_t *in)
{
	const char *what = NULL;

	for (size_t i = 0; i < nr; i++) {
		what = rows[i].what ?: what;
		put_figures(x, &rows[i], in, rows[i].path, NULL);
		if (i + 1 == nr || strcmp(rows[i].name, rows[i + 1].name))
			otlp__metric(&x->out, &(struct otlp_words){ rows[i].name, what, rows[i].unit }, rows[i].kind,
				     &x->points);
	}
}

/* ---- distributions ---- */

/* A bound belongs to the bucket below it, so that [128, 256) is up to 255 ns. */
static void put_hist(struct metrics *x, const struct metric_hist *of)
{
	const struct hist *h = (const void *)((const char *)x->model + of->at);
	struct otlp_hist told = { .count = h->count, .total_ns = h->total, .nr_bounds = NR_BOUNDS };
	uint64_t counts[NR_BOUNDS + 1] = { 0 }, bounds_ns[NR_BOUNDS];
	struct otlp_times times = times_of(x);
	size_t at;

	if (!h->count)
		return;
	for (unsigned i = 0; i < 64; i++)
		counts[i < FIRST_LOG2 ? 0 : i < LAST_LOG2 ? i - FIRST_LOG2 + 1 : NR_BOUNDS] += hist__log2(h, i);
	for (unsigned i = 0; i < NR_BOUNDS; i++)
		bounds_ns[i] = (1ull << (FIRST_LOG2 + i)) - 1;
	told.counts = counts;
	told.bounds_ns = bounds_ns;
	at = otlp__hist(&x->points, &times, &told);
	otlp__extremes(&x->points, h->min, h->max);
	pb__close(&x->points, at);
	otlp__metric(&x->out, &(struct otlp_words){ of->name, of->what, "s" }, METRIC_HIST, &x->points);
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
