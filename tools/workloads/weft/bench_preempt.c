// SPDX-License-Identifier: BSD-2-Clause
/*
 * preempt: N goroutines that compute and call nothing, beside one that sleeps 1 ms again and again and measures how
 * late it runs. With WEFT_ASYNCPREEMPT=0 and as many of the former as Ps it never runs again.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

#define MOST_SAMPLES 1000000
#define NAP_NS 1000000

static volatile uint64_t sink;

static void compute(void *arg)
{
	for (;;)
		sink++;
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int run(const struct bench_options *options)
{
	int64_t n = options->n ? options->n : weft_procs(), end_ns = bench__now_ns() + options->duration_ns;
	int64_t *late_ns = malloc(MOST_SAMPLES * sizeof(*late_ns));
	struct weft_totals t;
	int samples = 0;

	if (!late_ns) {
		fprintf(stderr, "weft-bench: no memory for samples\n");
		return 1;
	}
	for (int64_t i = 0; i < n; i++)
		weft_go(compute, NULL);
	while (samples < MOST_SAMPLES) {
		int64_t start_ns = bench__now_ns();

		if (start_ns >= end_ns && samples)
			break;
		weft_sleep(NAP_NS);
		late_ns[samples++] = bench__now_ns() - start_ns - NAP_NS;
	}
	/* the comparison is a callback from libc */
	weft_nopreempt_begin();
	qsort(late_ns, samples, sizeof(*late_ns), by_size);
	weft_nopreempt_end();
	weft_stats_read(&t);
	printf("{\"scenario\":\"preempt\",\"procs\":%d,\"n\":%lld,\"samples\":%d,\"late_p50_ns\":%lld,\"late_p99_ns\":%lld,"
	       "\"late_max_ns\":%lld,\"preempt_requests\":%llu,\"preempts\":%llu}\n", weft_procs(), (long long)n, samples,
	       (long long)late_ns[samples / 2], (long long)late_ns[(samples - 1) * 99ll / 100],
	       (long long)late_ns[samples - 1], (unsigned long long)t.preempt_requests, (unsigned long long)t.preempts);
	free(late_ns);
	return 0;
}

const struct bench bench_preempt = { "preempt", "N goroutines compute beside one that naps for -t seconds", run };
