// SPDX-License-Identifier: BSD-2-Clause
#include <stddef.h>

#include "hist.h"

#define SUB_BUCKETS (1u << HIST_SUB_BITS)

/*
 * A value below SUB_BUCKETS is its own index. Above, the index is the octave's number and the bits after the leading
 * one.
 */
static unsigned hist__index(uint64_t value)
{
	unsigned shift;

	if (value < SUB_BUCKETS)
		return value;
	shift = 63 - __builtin_clzll(value) - HIST_SUB_BITS;
	return ((shift + 1) << HIST_SUB_BITS) + (unsigned)(value >> shift) - SUB_BUCKETS;
}

static uint64_t hist__middle(unsigned index)
{
	unsigned shift;

	if (index < SUB_BUCKETS)
		return index;
	shift = (index >> HIST_SUB_BITS) - 1;
	return ((uint64_t)(SUB_BUCKETS + (index & (SUB_BUCKETS - 1))) << shift) + ((1ull << shift) >> 1);
}

static uint64_t add_saturating(uint64_t a, uint64_t b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

void hist__record_many(struct hist *h, uint64_t value, uint64_t n)
{
	uint64_t sum;

	if (!n)
		return;
	h->min = h->count && h->min < value ? h->min : value;
	h->max = h->max > value ? h->max : value;
	h->count += n;
	h->total = add_saturating(h->total, __builtin_mul_overflow(value, n, &sum) ? UINT64_MAX : sum);
	h->buckets[hist__index(value)] += n;
}

void hist__record(struct hist *h, uint64_t value)
{
	hist__record_many(h, value, 1);
}

uint64_t hist__percentile(const struct hist *h, unsigned permille)
{
	uint64_t rank = ((unsigned __int128)h->count * permille + 999) / 1000, seen = 0, value;

	if (!h->count || rank <= 1)
		return h->min;
	if (rank >= h->count)
		return h->max;
	for (unsigned i = 0; i < HIST_BUCKETS; i++) {
		seen += h->buckets[i];
		if (seen < rank)
			continue;
		value = hist__middle(i);
		return value < h->min ? h->min : value > h->max ? h->max : value;
	}
	return h->max;
}

uint64_t hist__log2(const struct hist *h, unsigned slot)
{
	unsigned first = hist__index(slot ? 1ull << slot : 0), last = hist__index((2ull << slot) - 1);
	uint64_t count = 0;

	for (unsigned i = first; i <= last; i++)
		count += h->buckets[i];
	return count;
}
