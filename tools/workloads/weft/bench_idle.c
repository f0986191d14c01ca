// SPDX-License-Identifier: BSD-2-Clause
/*
 * idle: N goroutines blocked on a channel, and what that costs in resident memory. Mode "small": on 2 KiB stacks.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

static struct weft_waitgroup started, done;
static struct weft_chan *never;

static void park(void *arg)
{
	weft_wg_done(&started);
	weft_recv(never, NULL);
	weft_wg_done(&done);
}

static int64_t resident_bytes(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long long size, resident = 0;

	if (!f || fscanf(f, "%lld %lld", &size, &resident) != 2)
		resident = 0;
	if (f)
		fclose(f);
	return resident * sysconf(_SC_PAGESIZE);
}

static int run(const struct bench_options *options)
{
	int64_t n = options->n ? options->n : 100000, before = resident_bytes(), after;
	size_t stack = options->mode && !strcmp(options->mode, "small") ? 2048 : WEFT_STACK_BYTES;
	int64_t start_ns = bench__now_ns();

	never = weft_chan_new(0, 0);
	if (!never) {
		fprintf(stderr, "weft-bench: no memory for a channel\n");
		return 1;
	}
	weft_wg_add(&started, n);
	weft_wg_add(&done, n);
	for (int64_t i = 0; i < n; i++)
		weft_go_stack(park, NULL, stack);
	weft_wg_wait(&started);
	start_ns = bench__now_ns() - start_ns;
	weft_sleep(options->duration_ns);
	after = resident_bytes();
	weft_close(never);
	weft_wg_wait(&done);
	printf("{\"scenario\":\"idle\",\"procs\":%d,\"n\":%lld,\"stack_bytes\":%zu,\"start_ns\":%lld,\"resident_bytes\":%lld,"
	       "\"bytes_per_goroutine\":%lld}\n", weft_procs(), (long long)n, stack, (long long)start_ns, (long long)after,
	       (long long)(after - before) / (long long)n);
	return 0;
}

const struct bench bench_idle = { "idle", "N goroutines blocked on a channel for -t seconds; -m small: 2 KiB stacks", run };
