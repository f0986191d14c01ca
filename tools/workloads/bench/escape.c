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
	int64_t start_ns = scenario__now_ns(), stack_ns, heap_ns;
	uint64_t stack_sum = on_stack(options->n), heap_sum;

	stack_ns = scenario__now_ns() - start_ns;
	heap_sum = on_heap(options->n);
	heap_ns = scenario__now_ns() - start_ns - stack_ns;
	if (stack_sum != heap_sum)
		scenario__die("escape: objects on the heap held something else than those on the stack");
	result__begin(SCENARIO_escape, options);
	result__int("n", options->n);
	result__int("elapsed_ns", stack_ns + heap_ns);
	result__int("object_bytes", sizeof(struct point));
	result__real("stack_ns_per_object", (double)stack_ns / options->n);
	result__real("heap_ns_per_object", (double)heap_ns / options->n);
	result__memory();
	return result__end();
}
