// SPDX-License-Identifier: BSD-2-Clause
/*
 * spawn: N goroutines that end at once, in batches that are waited for. Mode "small": on 2 KiB stacks.
 */
#include <stdio.h>
#include <string.h>

#include "bench.h"

#define BATCH 1000

static struct weft_waitgroup done;

static void end(void *arg)
{
	weft_wg_done(&done);
}

static int run(const struct bench_options *options)
{
	int64_t n = options->n ? options->n : 2000000, start_ns = bench__now_ns();
	size_t stack = options->mode && !strcmp(options->mode, "small") ? 2048 : WEFT_STACK_BYTES;

	for (int64_t i = 0; i < n; i += BATCH) {
		int64_t batch = n - i < BATCH ? n - i : BATCH;

		weft_wg_add(&done, batch);
		for (int64_t k = 0; k < batch; k++)
			weft_go_stack(end, NULL, stack);
		weft_wg_wait(&done);
	}
	start_ns = bench__now_ns() - start_ns;
	printf("{\"scenario\":\"spawn\",\"procs\":%d,\"n\":%lld,\"stack_bytes\":%zu,\"elapsed_ns\":%lld,\"ns_per_goroutine\":%.1f}\n",
	       weft_procs(), (long long)n, stack, (long long)start_ns, (double)start_ns / n);
	return 0;
}

const struct bench bench_spawn = { "spawn", "N goroutines that end at once; -m small: 2 KiB stacks", run };
