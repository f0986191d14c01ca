/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is served, as text: in the format of Prometheus 0.0.4, or as OpenMetrics 1.0. Labels are a closed set: never a
 * thread's name, a goroutine, or anything else whose values have no bound.
 */
#ifndef TARE_METRICS_H
#define TARE_METRICS_H

#include <stddef.h>

#include "fold.h"

enum metrics_format { METRICS_TEXT, METRICS_OPEN, NR_METRICS_FORMATS };

/* What of the page is not a sum over processes. */
struct metrics_self {
	uint64_t cpu_ns;	 /* of this process */
	uint64_t left_out;	 /* frames that the fold did not get */
	uint64_t recordings;	 /* kept so far of bad moments; TARE_UNKNOWN: not asked for */
	uint64_t recorded_bytes; /* that the folder holds */
};

/*
 * All metrics of @f. Returns the text, which the caller frees, and sets *@len; NULL if out of memory. Series of
 * processes that have ended are told for the last time.
 */
char *metrics__text(struct fold *f, const struct metrics_self *self, enum metrics_format format, size_t *len);

#endif /* TARE_METRICS_H */
