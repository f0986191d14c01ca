/* SPDX-License-Identifier: BSD-2-Clause */
/* The families as text: in the format of Prometheus 0.0.4, or as OpenMetrics 1.0. */
#ifndef TARE_METRICS_H
#define TARE_METRICS_H

#include <stddef.h>

#include "families.h"

enum metrics_format { METRICS_TEXT, METRICS_OPEN, NR_METRICS_FORMATS };

/*
 * All metrics of @f, for @scraper: some number for who asks, not 0. Returns the text, which the caller frees, and sets
 * *@len; NULL if out of memory.
 */
char *metrics__text(struct fold *f, const struct families_self *self, enum metrics_format format, uint64_t scraper,
		    size_t *len);

#endif /* TARE_METRICS_H */
