// SPDX-License-Identifier: BSD-2-Clause
/*
 * The runtime's start, its settings and its counters.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime.h"

struct weft_stats weft_stats __attribute__((visibility("default")));
struct weft_totals weft_final __attribute__((visibility("default")));

static __thread struct m *current_m;

__attribute__((noinline)) struct m *this_m(void)
{
	__asm__ volatile("" ::: "memory");
	return current_m;
}

__attribute__((noinline)) void this_m__set(struct m *m)
{
	current_m = m;
}

/* Relaxed is enough: a row's writer needs no order, and a reader that wants one stops the world */
void weft_stats_read(struct weft_totals *totals)
{
	uint64_t *sum = (uint64_t *)totals;

	memset(totals, 0, sizeof(*totals));
	for (uint32_t row = 0; row <= weft_stats.procs; row++)
		for (uint32_t i = 0; i < weft_stats.counters; i++)
			sum[i] += get_relaxed((_Atomic uint64_t *)&weft_stats.rows[row] + i);
}

static void stats__init(void)
{
	weft_stats.procs = sched.n_procs;
	weft_stats.row_bytes = sizeof(struct weft_counters);
	weft_stats.counters = sizeof(struct weft_totals) / sizeof(uint64_t);
	/* last: who reads from outside sees a whole header */
	__atomic_store_n(&weft_stats.version, WEFT_STATS_VERSION, __ATOMIC_RELEASE);
}

int env__number(const char *name, int fallback, int least, int most)
{
	const char *text = getenv(name);
	char *end;
	long n;

	if (!text || !*text)
		return fallback;
	errno = 0;
	n = strtol(text, &end, 10);
	if (errno || *end || n < least || n > most)
		os__die("%s=%s: a number from %d to %d is wanted", name, text, least, most);
	return n;
}

static int cpus(void)
{
	cpu_set_t set;
	int n;

	/* a mask larger than cpu_set_t means more CPUs than WEFT_MAX_PROCS anyway */
	if (sched_getaffinity(0, sizeof(set), &set))
		return 1;
	n = CPU_COUNT(&set);
	return n < WEFT_MAX_PROCS ? n : WEFT_MAX_PROCS;
}

struct main_call {
	int (*fn)(void *arg);
	void *arg;
	int result;
	struct note done;
};

static void call_main(void *arg)
{
	struct main_call *call = arg;

	call->result = call->fn(call->arg);
	atomic_store(&sched.main_done, 1);
	note__wake(&call->done);
}

static void sched__init(void)
{
	size_t bytes;

	sched.n_procs = env__number("WEFT_PROCS", cpus(), 1, WEFT_MAX_PROCS);
	sched.async_preempt = env__number("WEFT_ASYNCPREEMPT", 1, 0, 1);
	bytes = sched.n_procs * sizeof(struct p);
	sched.p = aligned_alloc(CACHE_LINE, bytes);
	if (!sched.p)
		os__die("no memory for %d Ps", sched.n_procs);
	memset(sched.p, 0, bytes);
	stats__init();
	for (int i = sched.n_procs - 1; i >= 0; i--) {
		struct p *p = &sched.p[i];

		p->id = i;
		p->random = 0x9e3779b9u * (i + 1);
		p->stats = &weft_stats.rows[i];
		if (i)
			idle__put(p);
	}
	atomic_store(&sched.last_poll_ns, os__now_ns());
}

/* Counters and events are to be the same: all stand, and then nothing is counted or told any more */
static void tell_the_end(void)
{
	int running;

	sysmon__stop();
	running = stw__for_good();
	trace__only_me();
	weft_stats_read(&weft_final);
	EVENT(exit, 0, (uintptr_t)&weft_final, running, 0);
	trace__end();
}

int weft_main(int (*fn)(void *arg), void *arg)
{
	static struct main_call call;
	struct g *g;

	if (sched.p)
		os__die("weft_main() was called twice");
	call.fn = fn;
	call.arg = arg;
	trace__start();
	sched__init();
	heap__init();
	stack__init();
	preempt__init();
	poll__init();
	g = g__start(&sched.p[0], call_main, &call, stack__class(WEFT_STACK_BYTES * 4));
	runq__put(&sched.p[0], g, false);
	m__start(&sched.p[0], false);
	sysmon__start();
	note__sleep(&call.done, -1);
	tell_the_end();
	return call.result;
}

int weft_procs(void)
{
	return sched.n_procs;
}
