// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>
#include <stdio.h>

#include "histogram.h"
#include "result.h"

#define FIRST (1ull << HISTOGRAM_BITS)

/* A bucket is a power of two and the HISTOGRAM_BITS bits below the highest one */
static unsigned bucket(uint64_t ns)
{
	unsigned shift;

	if (ns < FIRST)
		return ns;
	shift = 63 - HISTOGRAM_BITS - __builtin_clzll(ns);
	return ((shift + 1) << HISTOGRAM_BITS) + ((ns >> shift) & (FIRST - 1));
}

static int64_t bucket_end(unsigned i)
{
	unsigned shift;

	if (i < FIRST)
		return i;
	shift = (i >> HISTOGRAM_BITS) - 1;
	return ((FIRST + (i & (FIRST - 1)) + 1) << shift) - 1;
}

void histogram__add(struct histogram *h, int64_t ns)
{
	if (ns < 0)
		ns = 0;
	h->n++;
	h->buckets[bucket(ns)]++;
	if (ns > h->max_ns)
		h->max_ns = ns;
}

int64_t histogram__quantile(const struct histogram *h, double q)
{
	uint64_t rank = ceil(q * h->n), seen = 0;

	if (!h->n)
		return 0;
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += h->buckets[i];
		if (h->buckets[i] && seen >= rank)
			return bucket_end(i) < h->max_ns ? bucket_end(i) : h->max_ns;
	}
	return h->max_ns;
}

void histogram__print(const struct histogram *h, const char *prefix)
{
	static const struct {
		const char *name;
		double q;
	} quantiles[] = { { "p50", 0.5 }, { "p99", 0.99 }, { "p999", 0.999 }, { "max", 1 } };
	char key[64];

	for (int i = 0; i < 4; i++) {
		snprintf(key, sizeof(key), "%s_%s_ns", prefix, quantiles[i].name);
		result__int(key, histogram__quantile(h, quantiles[i].q));
	}
}
