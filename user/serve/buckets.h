/* SPDX-License-Identifier: BSD-2-Clause */
/* A histogram of times with fixed buckets, as Prometheus has them: all series of a metric have the same. */
#ifndef TARE_BUCKETS_H
#define TARE_BUCKETS_H

#include <stdint.h>

/* X(ns, "seconds"): upper bounds. From what a switch takes to what people notice. */
#define BUCKETS(X)           \
	X(10000, "1e-05")    \
	X(50000, "5e-05")    \
	X(100000, "0.0001")  \
	X(250000, "0.00025") \
	X(500000, "0.0005")  \
	X(1000000, "0.001")  \
	X(2500000, "0.0025") \
	X(5000000, "0.005")  \
	X(10000000, "0.01")  \
	X(25000000, "0.025") \
	X(50000000, "0.05")  \
	X(100000000, "0.1")  \
	X(250000000, "0.25") \
	X(1000000000, "1.0") \
	X(10000000000ull, "10.0")

#define BUCKET_ONE(...) +1
enum { NR_BUCKETS = BUCKETS(BUCKET_ONE) };

struct buckets {
	uint64_t count, total_ns;
	uint64_t in[NR_BUCKETS]; /* those above the last bound are in .count only */
};

extern const char *const buckets_bounds[NR_BUCKETS]; /* in seconds */
extern const uint64_t buckets_bounds_ns[NR_BUCKETS];

void buckets__add(struct buckets *b, uint64_t ns);

#endif /* TARE_BUCKETS_H */
