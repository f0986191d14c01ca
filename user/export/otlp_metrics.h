/* SPDX-License-Identifier: BSD-2-Clause */
/* Which figures of the report are OpenTelemetry metrics, and what those are called. */
#ifndef TARE_OTLP_METRICS_H
#define TARE_OTLP_METRICS_H

#include <stddef.h>

#include "otlp_points.h"

/*
 * A figure of tare.report/1. @path leads to it: keys with dots between them; "*" is each key there is, and "[name]"
 * each element of a list. A figure that is null, or not there, is not known and not told. Rows of one metric follow
 * each other, and one of them has its words.
 */
struct metric_row {
	const char *path, *name;
	const char *unit; /* UCUM. "s": the figure is in ns */
	enum metric_kind kind;
	const char *key, *value; /* an attribute; @value NULL: what "*" or "[name]" stood for */
	const char *what;
};

extern const struct metric_row metrics_of_process[]; /* of each element of "processes" */
extern const size_t nr_metrics_of_process;
extern const struct metric_row metrics_of_all[]; /* of the report */
extern const size_t nr_metrics_of_all;

/* A distribution, in ns, told in seconds. */
struct metric_hist {
	size_t at; /* in struct model */
	const char *name, *what;
};

extern const struct metric_hist metric_hists[];
extern const size_t nr_metric_hists;

#endif /* TARE_OTLP_METRICS_H */
