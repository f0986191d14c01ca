// SPDX-License-Identifier: BSD-2-Clause
/*
 * preempt: goroutines that compute and call nothing, beside one that sleeps 1 ms again and again and measures how
 * late it runs. With WEFT_ASYNCPREEMPT=0 and as many of the former as Ps it never runs again.
 */
#include "bench.h"
#include "histogram.h"

#define NAP_NS 1000000

static struct histogram late;

static void compute(void *arg)
{
	volatile uint64_t i = 0;

	for (;;)
		i++;
}

int run_preempt(const struct options *options)
{
	int64_t tasks = program__tasks(options), start_ns = scenario__now_ns(), now_ns = start_ns;
	struct weft_totals t;

	for (int64_t i = 0; i < tasks; i++)
		weft_go(compute, NULL);
	do {
		int64_t due_ns = scenario__now_ns() + NAP_NS;

		weft_sleep(NAP_NS);
		now_ns = scenario__now_ns();
		histogram__add(&late, now_ns - due_ns);
	} while (now_ns - start_ns < options->duration_ns);
	weft_stats_read(&t);
	result__begin(SCENARIO_preempt, options);
	result__int("tasks", tasks);
	result__int("duration_ns", options->duration_ns);
	result__elapsed(&(struct span){ start_ns, now_ns }, late.n);
	result__int("samples", late.n);
	histogram__print(&late, "late");
	result__int("preempt_requests", t.preempt_requests);
	result__int("preempts", t.preempts);
	return result__end();
}
