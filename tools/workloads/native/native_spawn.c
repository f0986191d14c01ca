// SPDX-License-Identifier: BSD-2-Clause
/*
 * spawn: N threads that end at once, in batches that are waited for.
 */
#include "native.h"
#include "report.h"

#define BATCH 100

static void *end(void *arg)
{
	return NULL;
}

int run_spawn(const struct options *options)
{
	struct span span = { .begin_ns = scenario__now_ns() };
	size_t stack_bytes = native__stack_bytes(options);
	pthread_t threads[BATCH];

	for (int64_t i = 0; i < options->n; i += BATCH) {
		int64_t batch = options->n - i < BATCH ? options->n - i : BATCH;

		for (int64_t k = 0; k < batch; k++)
			threads[k] = native__thread(end, NULL, stack_bytes);
		for (int64_t k = 0; k < batch; k++)
			native__join(threads[k]);
	}
	span.end_ns = scenario__now_ns();
	return report__spawn(options, stack_bytes, &span);
}
