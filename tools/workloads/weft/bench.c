// SPDX-License-Identifier: BSD-2-Clause
/*
 * weft-bench NAME [options]: the scenarios on weft.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

const char program_name[] = "weft-bench", runtime_name[] = "weft";
const bool program_native = false;
const char program_letters[] = "c";
const char program_letters_help[] = "-c      a second line: the runtime's own counters, as they were in the end";

static struct options options;
static bool counters;
static const uint64_t one_pointer = 1;
const struct weft_type bench_pointer = { "pointer", sizeof(void *), 1, &one_pointer };

void program__letter(int letter)
{
	counters = true;
}

int program__procs(void)
{
	return weft_procs();
}

void program__memory(struct memory_figures *figures)
{
	struct weft_memory memory;

	weft_memory(&memory);
	figures->heap_bytes = memory.heap_bytes;
	figures->mapped_bytes = memory.mapped_bytes - memory.released_bytes;
	figures->collections = memory.collections;
}

struct weft_chan *bench__chan(size_t elem_bytes)
{
	struct weft_chan *c = weft_chan_new(elem_bytes, 0);

	if (!c)
		scenario__die("no memory for a channel");
	return c;
}

struct parallel {
	void (*fn)(void *arg, int64_t index);
	void *arg;
	_Atomic int64_t next;
	struct weft_waitgroup done;
};

static void parallel__run(void *arg)
{
	struct parallel *p = arg;

	p->fn(p->arg, p->next++);
	weft_wg_done(&p->done);
}

void program__parallel(int64_t n, void (*fn)(void *arg, int64_t index), void *arg)
{
	struct parallel p = { .fn = fn, .arg = arg };

	weft_wg_add(&p.done, n);
	for (int64_t i = 0; i < n; i++)
		weft_go(parallel__run, &p);
	weft_wg_wait(&p.done);
}

static int run(void *arg)
{
	return scenario_run[*(enum scenario_id *)arg](&options);
}

static void print_counters(void)
{
	char between = '{';

#define X(name) printf("%c\"" #name "\":%llu", between, (unsigned long long)weft_final.name), between = ',';
	WEFT_COUNTERS(X)
#undef X
	printf("}\n");
}

int main(int argc, char **argv)
{
	enum scenario_id id = scenario__parse(argc, argv, &options);
	char procs[16];
	int result;

	if (options.procs) {
		snprintf(procs, sizeof(procs), "%d", options.procs);
		setenv("WEFT_PROCS", procs, 1);
	}
	result = weft_main(run, &id);
	if (counters)
		print_counters();
	return result;
}
