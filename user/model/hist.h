/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A log-linear histogram of the whole range of u64: each octave is cut into 32
 * buckets of equal width, so that the middle of a bucket is within 1/64
 * (1.6 %) of every value in it; values below 64 are kept exactly. Count, total,
 * minimum and maximum are exact (the total sticks at UINT64_MAX). A plain value
 * that allocates nothing: all zero is the empty histogram.
 */
#ifndef TARE_HIST_H
#define TARE_HIST_H

#include <stdint.h>

#define HIST_SUB_BITS 5
#define HIST_BUCKETS  ((64 - HIST_SUB_BITS + 1) << HIST_SUB_BITS)

struct hist {
	uint64_t count, total;
	uint64_t min, max; /* 0 if empty */
	uint64_t buckets[HIST_BUCKETS];
};

void hist__record(struct hist *h, uint64_t value);
/* Record @value @n times. */
void hist__record_many(struct hist *h, uint64_t value, uint64_t n);

/*
 * The smallest value that at least @permille of all values do not exceed, within 1/64; never outside [min, max]. 0 if
 * empty.
 */
uint64_t hist__percentile(const struct hist *h, unsigned permille);

/* How many values are in [2^slot, 2^(slot+1)), @slot below 64; slot 0 also holds the zeros. Exact. */
uint64_t hist__log2(const struct hist *h, unsigned slot);

#endif /* TARE_HIST_H */
