// SPDX-License-Identifier: BSD-2-Clause
/*
 * pingpong: two goroutines. "yield": each gives way N times, which with one P is 2 N switches. "chan": a token goes to
 * and fro N times over two unbuffered channels.
 */
#include <stdio.h>
#include <string.h>

#include "bench.h"

static struct weft_waitgroup done;
static struct weft_chan *there, *back;
static int64_t n = 2000000;

static void yield_often(void *arg)
{
	for (int64_t i = 0; i < n; i++)
		weft_yield();
	weft_wg_done(&done);
}

static void ping(void *arg)
{
	for (int64_t i = 0; i < n; i++) {
		weft_send(there, &i);
		weft_recv(back, NULL);
	}
	weft_wg_done(&done);
}

static void pong(void *arg)
{
	for (int64_t i = 0; i < n; i++) {
		int64_t token;

		weft_recv(there, &token);
		weft_send(back, &token);
	}
	weft_wg_done(&done);
}

static int run(const struct bench_options *options)
{
	bool yield = !options->mode || !strcmp(options->mode, "yield");
	struct weft_totals before, after;
	int64_t start_ns;

	if (!yield && strcmp(options->mode, "chan")) {
		fprintf(stderr, "weft-bench: pingpong has the modes yield and chan\n");
		return 2;
	}
	if (options->n)
		n = options->n;
	there = weft_chan_new(sizeof(int64_t), 0);
	back = weft_chan_new(sizeof(int64_t), 0);
	if (!there || !back) {
		fprintf(stderr, "weft-bench: no memory for channels\n");
		return 1;
	}
	weft_wg_add(&done, 2);
	weft_stats_read(&before);
	start_ns = bench__now_ns();
	weft_go(yield ? yield_often : ping, NULL);
	weft_go(yield ? yield_often : pong, NULL);
	weft_wg_wait(&done);
	start_ns = bench__now_ns() - start_ns;
	weft_stats_read(&after);
	printf("{\"scenario\":\"pingpong\",\"mode\":\"%s\",\"procs\":%d,\"n\":%lld,\"elapsed_ns\":%lld,\"switches\":%llu,"
	       "\"ns_per_switch\":%.1f}\n", yield ? "yield" : "chan", weft_procs(), (long long)n, (long long)start_ns,
	       (unsigned long long)(after.switches - before.switches),
	       (double)start_ns / (after.switches - before.switches));
	return 0;
}

const struct bench bench_pingpong = { "pingpong", "two goroutines switch N times each; -m yield | chan", run };
