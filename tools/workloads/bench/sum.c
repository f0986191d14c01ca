// SPDX-License-Identifier: BSD-2-Clause
/*
 * sum: tasks that compute and neither allocate nor wait, each on its part of an array.
 */
#include "sum.h"

struct sum {
	const uint64_t *array;
	int64_t elements, tasks, passes;
	_Atomic uint64_t total;
};

static void add_up(void *arg, int64_t index)
{
	struct sum *s = arg;
	int64_t first = s->elements / s->tasks * index;
	int64_t end = index == s->tasks - 1 ? s->elements : first + s->elements / s->tasks;
	uint64_t total = 0;

	for (int64_t pass = 0; pass < s->passes; pass++) {
		for (int64_t i = first; i < end; i++)
			total += s->array[i];
		scenario__keep(s->array);
	}
	s->total += total;
}

int sum__run(const struct options *options, uint64_t *array)
{
	struct sum s = { .array = array,
			 .elements = options->live_bytes / sizeof(*array),
			 .tasks = program__tasks(options),
			 .passes = options->n };
	uint64_t expected = 0;
	struct span span;

	for (int64_t i = 0; i < s.elements; i++) {
		array[i] = i * 3 + 1;
		expected += array[i];
	}
	span.begin_ns = scenario__now_ns();
	program__parallel(s.tasks, add_up, &s);
	span.end_ns = scenario__now_ns();
	if (s.total != expected * s.passes)
		scenario__die("sum: %llu instead of %llu", (unsigned long long)s.total,
			      (unsigned long long)(expected * s.passes));
	result__begin(SCENARIO_sum, options);
	result__int("n", s.passes);
	result__int("tasks", s.tasks);
	result__elapsed(&span, s.passes * s.elements);
	result__int("array_bytes", options->live_bytes);
	result__int("elements", s.elements);
	result__real("ns_per_element", (double)(span.end_ns - span.begin_ns) / s.passes / s.elements);
	return result__end();
}
