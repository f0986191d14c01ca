// SPDX-License-Identifier: BSD-2-Clause
/*
 * spawn: N goroutines that end at once, in batches that are waited for. Mode "small": on 2 KiB stacks.
 */
#include "bench.h"
#include "report.h"

#define BATCH 1000

static struct weft_waitgroup done;

static void end(void *arg)
{
	weft_wg_done(&done);
}

int run_spawn(const struct options *options)
{
	struct span span = { .begin_ns = scenario__now_ns() };
	size_t stack_bytes = bench__stack_bytes(options);

	for (int64_t i = 0; i < options->n; i += BATCH) {
		int64_t batch = options->n - i < BATCH ? options->n - i : BATCH;

		weft_wg_add(&done, batch);
		for (int64_t k = 0; k < batch; k++)
			weft_go_stack(end, NULL, stack_bytes);
		weft_wg_wait(&done);
	}
	span.end_ns = scenario__now_ns();
	return report__spawn(options, stack_bytes, &span);
}
