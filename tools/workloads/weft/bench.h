/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A scenario: run as the main goroutine, it does its work and prints its result as one JSON line on standard output.
 */
#ifndef WEFT_BENCH_H
#define WEFT_BENCH_H

#include <stdint.h>
#include <time.h>

#include "weft.h"

struct bench_options {
	int64_t n;		/* how much; 0: the scenario's own */
	int64_t duration_ns;	/* how long, where a scenario runs for a time */
	const char *mode;	/* NULL: the scenario's own */
};

struct bench {
	const char *name, *help;
	int (*run)(const struct bench_options *options);	/* exit code */
};
extern const struct bench bench_pingpong, bench_spawn, bench_idle, bench_preempt;

static inline int64_t bench__now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

#endif
