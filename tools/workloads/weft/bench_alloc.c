// SPDX-License-Identifier: BSD-2-Clause
/*
 * alloc: arrays of ints. Each task keeps its last KEPT ones; older ones are dropped, and looked at before that.
 */
#include "bench.h"
#include "report.h"

#define KEPT 1024

struct alloc {
	const struct options *options;
	int64_t tasks;
	_Atomic uint64_t bytes;
};

static void work(void *arg, int64_t index)
{
	struct alloc *a = arg;
	int64_t n = scenario__share(a->options->n, a->tasks, index), ints = a->options->block_bytes / sizeof(uint32_t);
	uint32_t **kept = weft_new_array(&bench_pointer, KEPT);
	uint64_t bytes = 0;

	for (int64_t i = 0; i < n; i++) {
		uint32_t *array = weft_new_bytes(a->options->block_bytes), *old = kept[i % KEPT];

		for (int64_t k = 0; k < ints; k++)
			array[k] = i;
		if (old && (old[0] != (uint32_t)(i - KEPT) || old[ints - 1] != (uint32_t)(i - KEPT)))
			scenario__die("alloc: array %lld has been overwritten", (long long)(i - KEPT));
		WEFT_SET(&kept[i % KEPT], array);
		bytes += a->options->block_bytes;
	}
	a->bytes += bytes;
}

int run_alloc(const struct options *options)
{
	struct alloc a = { .options = options, .tasks = program__tasks(options) };
	struct span span = { .begin_ns = scenario__now_ns() };
	struct weft_totals before, after;

	weft_stats_read(&before);
	program__parallel(a.tasks, work, &a);
	span.end_ns = scenario__now_ns();
	weft_stats_read(&after);
	return report__alloc(options, a.bytes, after.alloc_bytes - before.alloc_bytes, &span);
}
