/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Times in buckets: exact below 128 ns, above that within 1/128 of their value. One writer.
 */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_BITS	  7
#define HISTOGRAM_BUCKETS ((64 - HISTOGRAM_BITS) << HISTOGRAM_BITS)

struct histogram {
	uint64_t n;
	int64_t max_ns;
	uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram__add(struct histogram *h, int64_t ns); /* below 0 counts as 0 */
/* The least time that a share of `q` (0 .. 1) of all does not exceed: its bucket's upper end. 0 where there is none. */
int64_t histogram__quantile(const struct histogram *h, double q);
/* PREFIX_p50_ns, _p99_, _p999_ and _max_ */
void histogram__print(const struct histogram *h, const char *prefix);

#endif
