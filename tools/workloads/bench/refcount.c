// SPDX-License-Identifier: BSD-2-Clause
/*
 * refcount: what it costs to take a reference to a shared object and to let it go again: with a plain count, with an
 * atomic one that no other CPU touches, and with one that all tasks touch at once. As Rust's Rc and Arc and C++'s
 * shared_ptr do it: taking needs no order, letting go releases.
 */
#include "result.h"

struct shared {
	int64_t n, tasks;
	int64_t count;
	_Atomic int64_t freed; /* by somebody who thought to be the last one */
};

static __attribute__((noinline)) void plain(struct shared *s, int64_t n)
{
	for (int64_t i = 0; i < n; i++) {
		s->count++;
		scenario__keep(s);
		if (!--s->count)
			s->freed++;
		scenario__keep(s);
	}
}

static __attribute__((noinline)) void atomic(struct shared *s, int64_t n)
{
	for (int64_t i = 0; i < n; i++) {
		__atomic_fetch_add(&s->count, 1, __ATOMIC_RELAXED);
		if (__atomic_fetch_sub(&s->count, 1, __ATOMIC_RELEASE) == 1) {
			__atomic_thread_fence(__ATOMIC_ACQUIRE);
			s->freed++;
		}
	}
}

static void contend(void *arg, int64_t index)
{
	struct shared *s = arg;

	atomic(s, scenario__share(s->n, s->tasks, index));
}

int run_refcount(const struct options *options)
{
	struct shared s = { .n = options->n, .tasks = program__tasks(options), .count = 1 };
	struct span spans[3];

	spans[0].begin_ns = scenario__now_ns();
	plain(&s, s.n);
	spans[0].end_ns = spans[1].begin_ns = scenario__now_ns();
	atomic(&s, s.n);
	spans[1].end_ns = spans[2].begin_ns = scenario__now_ns();
	program__parallel(s.tasks, contend, &s);
	spans[2].end_ns = scenario__now_ns();
	if (s.count != 1 || s.freed)
		scenario__die("refcount: %lld references are left instead of 1", (long long)s.count);
	result__begin(SCENARIO_refcount, options);
	result__int("n", s.n);
	result__int("tasks", s.tasks);
	result__int("elapsed_ns", spans[2].end_ns - spans[0].begin_ns);
	result__span("plain", &spans[0], s.n);
	result__span("atomic", &spans[1], s.n);
	result__span("contended", &spans[2], s.n);
	return result__end();
}
