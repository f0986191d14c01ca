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
	struct idle_report r = { .stack_bytes = bench__stack_bytes(options), .before_bytes = result__resident_bytes() };
	int64_t start_ns;

	never = bench__chan(0);
	start_ns = scenario__now_ns();
	weft_wg_add(&started, options->n);
	weft_wg_add(&done, options->n);
	for (int64_t i = 0; i < options->n; i++)
		weft_go_stack(park, NULL, r.stack_bytes);
	weft_wg_wait(&started);
	r.start_ns = scenario__now_ns() - start_ns;
	weft_sleep(options->duration_ns);
	r.resident_bytes = result__resident_bytes();
	weft_close(never);
	weft_wg_wait(&done);
	r.elapsed_ns = scenario__now_ns() - start_ns;
	return report__idle(options, &r);
}
