// SPDX-License-Identifier: BSD-2-Clause
#include "escape.h"

static __attribute__((noinline)) uint64_t on_stack(int64_t n)
{
	uint64_t sum = 0;

	for (int64_t i = 0; i < n; i++) {
		struct point p;

		sum += escape__use(&p, i);
	}
	return sum;
}

int escape__run(const struct options *options, uint64_t (*on_heap)(int64_t n))
{
	struct span stack = { .begin_ns = scenario__now_ns() }, heap;
	uint64_t stack_sum = on_stack(options->n), heap_sum;

	stack.end_ns = heap.begin_ns = scenario__now_ns();
	heap_sum = on_heap(options->n);
	heap.end_ns = scenario__now_ns();
	if (stack_sum != heap_sum)
		scenario__die("escape: objects on the heap held something else than those on the stack");
	result__begin(SCENARIO_escape, options);
	result__int("n", options->n);
	result__int("elapsed_ns", heap.end_ns - stack.begin_ns);
	result__int("object_bytes", sizeof(struct point));
	result__real("stack_ns_per_object", (double)(stack.end_ns - stack.begin_ns) / options->n);
	result__real("heap_ns_per_object", (double)(heap.end_ns - heap.begin_ns) / options->n);
	result__span("stack", &stack, options->n);
	result__span("heap", &heap, options->n);
	result__memory();
	return result__end();
}
