/* SPDX-License-Identifier: BSD-2-Clause */
/* Metrics of OTLP and their points: opentelemetry/proto/metrics/v1/metrics.proto, see otlp.h. */
#ifndef TARE_OTLP_POINTS_H
#define TARE_OTLP_POINTS_H

#include <stdbool.h>

#include "pb.h"

enum metric_kind {
	METRIC_COUNT, /* since its points' beginning: only grows */
	METRIC_LEVEL, /* at their end, and a sum over several makes sense */
	METRIC_GAUGE, /* likewise, and it makes none */
	METRIC_HIST,
};

/* Where attributes of an open point go, for otlp__text(). */
enum { OTLP_POINT_ATTRIBUTES = 7, OTLP_HIST_ATTRIBUTES = 9 };

/* Which time a point is about, ns since 1970. */
struct otlp_times {
	uint64_t begin_ns, end_ns;
};

struct otlp_words {
	const char *name, *what, *unit; /* .unit: UCUM, "" for none */
};

/* A distribution of times, told in seconds: .counts[i] are those up to .bounds_ns[i], the last one those above all. */
struct otlp_hist {
	uint64_t count, total_ns;
	const uint64_t *counts, *bounds_ns;
	unsigned nr_bounds; /* at most OTLP_MAX_BOUNDS */
};
#define OTLP_MAX_BOUNDS 64

/*
 * A point in @points, which is open: attributes may follow, and then pb__close() with what this returns. @seconds:
 * @value is in ns.
 */
size_t otlp__number(struct pb *points, const struct otlp_times *times, bool seconds, uint64_t value);
size_t otlp__hist(struct pb *points, const struct otlp_times *times, const struct otlp_hist *hist);

/* Into an open point of a distribution: its least and its most, ns. */
void otlp__extremes(struct pb *points, uint64_t min_ns, uint64_t max_ns);

/* A metric with the points that were collected, which are removed from @points; none if there are none. */
void otlp__metric(struct pb *to, const struct otlp_words *words, enum metric_kind kind, struct pb *points);

#endif /* TARE_OTLP_POINTS_H */
