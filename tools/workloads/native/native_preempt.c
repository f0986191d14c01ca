// SPDX-License-Identifier: BSD-2-Clause
/*
 * preempt: threads that compute, beside one that sleeps 1 ms again and again and measures how late it runs. The kernel
 * keeps its requests to give way to itself; that they were obeyed it counts.
 */
#include "histogram.h"
#include "native.h"

#define NAP_NS 1000000

static struct histogram late;

static void *compute(void *arg)
{
	volatile uint64_t i = 0;

	for (;;)
		i++;
	return NULL;
}

int run_preempt(const struct options *options)
{
	int64_t tasks = program__tasks(options), start_ns = scenario__now_ns(), now_ns, voluntary, involuntary;

	for (int64_t i = 0; i < tasks; i++)
		native__thread(compute, NULL, 0);
	do {
		int64_t due_ns = scenario__now_ns() + NAP_NS;

		native__sleep(NAP_NS);
		now_ns = scenario__now_ns();
		histogram__add(&late, now_ns - due_ns);
	} while (now_ns - start_ns < options->duration_ns);
	native__switches(&voluntary, &involuntary);
	result__begin(SCENARIO_preempt, options);
	result__int("tasks", tasks);
	result__int("duration_ns", options->duration_ns);
	result__elapsed(&(struct span){ start_ns, now_ns }, late.n);
	result__int("samples", late.n);
	histogram__print(&late, "late");
	result__null("preempt_requests");
	result__int("preempts", involuntary);
	return result__end();
}
