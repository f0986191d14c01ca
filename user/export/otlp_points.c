// SPDX-License-Identifier: BSD-2-Clause
#include "otlp.h"
#include "otlp_points.h"
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
	HISTOGRAM_COUNT = 4,
	HISTOGRAM_SUM = 5,
	HISTOGRAM_BUCKETS = 6,
	HISTOGRAM_BOUNDS = 7,
	HISTOGRAM_MIN = 11,
	HISTOGRAM_MAX = 12,
};

/* Since a beginning that each point has; Prometheus and its like take no deltas. */
#define CUMULATIVE 2

static const uint32_t data_of[] = {
	[METRIC_COUNT] = METRIC_DATA_SUM,
	[METRIC_LEVEL] = METRIC_DATA_SUM,
	[METRIC_GAUGE] = METRIC_DATA_GAUGE,
	[METRIC_HIST] = METRIC_DATA_HISTOGRAM,
};

static double in_seconds(double ns)
{
	return ns / NSEC_PER_SEC;
}

static size_t open_point(struct pb *points, const struct otlp_times *times)
{
	size_t at = pb__open(points, DATA_POINTS);

	pb__fixed64(points, POINT_START, times->begin_ns);
	pb__fixed64(points, POINT_TIME, times->end_ns);
	return at;
}

size_t otlp__number(struct pb *points, const struct otlp_times *times, bool seconds, uint64_t value)
{
	size_t at = open_point(points, times);

	if (seconds)
		pb__double(points, POINT_DOUBLE, in_seconds(value));
	else
		pb__fixed64(points, POINT_INT, value);
	return at;
}

size_t otlp__hist(struct pb *points, const struct otlp_times *times, const struct otlp_hist *hist)
{
	size_t at = open_point(points, times);
	double bounds[OTLP_MAX_BOUNDS];

	for (unsigned i = 0; i < hist->nr_bounds; i++)
		bounds[i] = in_seconds(hist->bounds_ns[i]);
	pb__fixed64(points, HISTOGRAM_COUNT, hist->count);
	pb__double(points, HISTOGRAM_SUM, in_seconds(hist->total_ns));
	pb__packed_fixed64(points, HISTOGRAM_BUCKETS, hist->counts, hist->nr_bounds + 1);
	pb__packed_double(points, HISTOGRAM_BOUNDS, bounds, hist->nr_bounds);
	return at;
}

void otlp__extremes(struct pb *points, uint64_t min_ns, uint64_t max_ns)
{
	pb__double(points, HISTOGRAM_MIN, in_seconds(min_ns));
	pb__double(points, HISTOGRAM_MAX, in_seconds(max_ns));
}

void otlp__metric(struct pb *to, const struct otlp_words *words, enum metric_kind kind, struct pb *points)
{
	size_t at, data;

	if (!points->len)
		return;
	at = pb__open(to, OTLP_SCOPE_DATA);
	pb__string(to, METRIC_NAME, words->name);
	pb__string(to, METRIC_DESCRIPTION, words->what);
	pb__string(to, METRIC_UNIT, words->unit);
	data = pb__open(to, data_of[kind]);
	pb__raw(to, points->data, points->len);
	if (kind != METRIC_GAUGE)
		pb__int(to, DATA_TEMPORALITY, CUMULATIVE);
	if (kind == METRIC_COUNT)
		pb__int(to, SUM_IS_MONOTONIC, true);
	pb__close(to, data);
	pb__close(to, at);
	pb__reset(points);
}
