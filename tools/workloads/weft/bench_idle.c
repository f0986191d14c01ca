// SPDX-License-Identifier: BSD-2-Clause
/*
 * idle: N goroutines blocked on a channel, and what that costs in resident memory. Mode "small": on 2 KiB stacks.
 */
#include "bench.h"
#include "report.h"

static struct weft_waitgroup started, done;
static struct weft_chan *never;

static void park(void *arg)
{
	weft_wg_done(&started);
	weft_recv(never, NULL);
	weft_wg_done(&done);
}

int run_idle(const struct options *options)
{
	struct idle_report r = { .stack_bytes = bench__stack_bytes(options), .reached = options->n };

	never = bench__chan(0);
	r.before_bytes = result__resident_bytes();
	r.before_virtual_bytes = result__virtual_bytes();
	r.start.begin_ns = scenario__now_ns();
	weft_wg_add(&started, options->n);
	weft_wg_add(&done, options->n);
	for (int64_t i = 0; i < options->n; i++)
		weft_go_stack(park, NULL, r.stack_bytes);
	weft_wg_wait(&started);
	r.start.end_ns = scenario__now_ns();
	weft_sleep(options->duration_ns);
	r.resident_bytes = result__resident_bytes();
	r.virtual_bytes = result__virtual_bytes();
	weft_close(never);
	weft_wg_wait(&done);
	r.elapsed_ns = scenario__now_ns() - r.start.begin_ns;
	return report__idle(options, &r);
}
