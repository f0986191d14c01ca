// SPDX-License-Identifier: BSD-2-Clause
#include "buckets.h"

#define BOUND_NS(ns, text)   ns,
#define BOUND_TEXT(ns, text) text,

const uint64_t buckets_bounds_ns[NR_BUCKETS] = { BUCKETS(BOUND_NS) };
const char *const buckets_bounds[NR_BUCKETS] = { BUCKETS(BOUND_TEXT) };

void buckets__add(struct buckets *b, uint64_t ns)
{
	unsigned i = 0;

	b->count++;
	b->total_ns += ns;
	while (i < NR_BUCKETS && ns > buckets_bounds_ns[i])
		i++;
	if (i < NR_BUCKETS)
		b->in[i]++;
}
