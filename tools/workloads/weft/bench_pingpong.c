// SPDX-License-Identifier: BSD-2-Clause
/*
 * pingpong: two goroutines. "yield": each gives way N times, which with one P is 2 N switches. "chan": a token goes to
 * and fro N times over two unbuffered channels.
 */
#include "bench.h"
#include "report.h"

static struct weft_chan *there, *back;
static int64_t n;

static void yield_often(void *arg, int64_t index)
{
	for (int64_t i = 0; i < n; i++)
		weft_yield();
}

static void ping_or_pong(void *arg, int64_t index)
{
	for (int64_t i = 0; i < n; i++) {
		int64_t token = i;

		if (index)
			weft_recv(there, &token);
		else
			weft_send(there, &token);
		if (index)
			weft_send(back, &token);
		else
			weft_recv(back, &token);
		if (token != i)
			scenario__die("pingpong: %lld came instead of %lld", (long long)token, (long long)i);
	}
}

int run_pingpong(const struct options *options)
{
	struct weft_totals before, after;
	struct span span;

	n = options->n;
	there = bench__chan(sizeof(int64_t));
	back = bench__chan(sizeof(int64_t));
	weft_stats_read(&before);
	span.begin_ns = scenario__now_ns();
	program__parallel(2, options->mode ? ping_or_pong : yield_often, NULL);
	span.end_ns = scenario__now_ns();
	weft_stats_read(&after);
	return report__pingpong(options, after.switches - before.switches, &span);
}
