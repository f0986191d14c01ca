// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "runtime_counters.h"

/* Fields that only grow, and fields that are levels. */
#define GROWING(X)            \
	X(goroutine_switches) \
	X(goroutines_created) \
	X(alloc_bytes)        \
	X(alloc_objects)      \
	X(freed_bytes) X(freed_objects) X(collections) X(pauses) X(pause_ns) X(syscalls) X(preempts) X(assist_ns)
#define LEVELS(X)           \
	X(heap_bytes)       \
	X(goal_bytes)       \
	X(marked_bytes)     \
	X(stack_scan_bytes) \
	X(globals_scan_bytes) X(mapped_bytes) X(free_bytes) X(returned_bytes) X(span_bytes) X(stack_bytes) X(own_bytes)
/* Of several processes there may be several. */
#define SETTINGS(X) X(gc_percent) X(limit_bytes)

/* A process may be read once more between its last report and its exit. */
#define ENDS_WITHIN_NS 1000000000ull

static bool went_back(uint64_t last, uint64_t now)
{
	return last != TARE_UNKNOWN && now != TARE_UNKNOWN && now < last;
}

/*
 * Another program in the same process: a counter that never decreases is lower. Others are sums of values that change
 * meanwhile.
 */
static bool began_anew(const struct tare_counters *last, const struct tare_counters *now)
{
	return went_back(last->goroutine_switches, now->goroutine_switches) ||
	       went_back(last->collections, now->collections);
}

/* For means over the readings. */
static void process_counters__sample(struct process_counters *p, const struct tare_counters *c)
{
	if (c->marked_bytes == TARE_UNKNOWN || !c->marked_bytes) /* no collection yet */
		return;
	p->nr_samples++;
	p->marked_sum += c->marked_bytes;
	if (c->mapped_bytes != TARE_UNKNOWN && c->free_bytes != TARE_UNKNOWN && c->alloc_bytes != TARE_UNKNOWN &&
	    c->freed_bytes != TARE_UNKNOWN)
		p->beside_sum += (int64_t)(c->mapped_bytes - c->free_bytes - (c->alloc_bytes - c->freed_bytes));
	if (c->goal_bytes != TARE_UNKNOWN && c->goal_bytes > p->peak_goal_bytes)
		p->peak_goal_bytes = c->goal_bytes;
}

static uint64_t process_of(const struct runtime_counters *rc, const struct tare_counters *c)
{
	return rc->births ? births__at(rc->births, c->pid, c->ts_ns) : c->pid;
}

int runtime_counters__event(struct runtime_counters *rc, const struct event *ev)
{
	const struct tare_counters *c = &ev->counters;
	struct process_counters *p = NULL;

	for (size_t i = rc->nr; i-- > 0 && !p;)
		if (rc->processes[i].last.pid == c->pid)
			p = &rc->processes[i];
	/* it ended, so this is another process with that pid, or it runs another program: count from the start */
	if (p && process_of(rc, &p->last) == process_of(rc, c) && !began_anew(&p->last, c) &&
	    (!p->ended || c->ts_ns - p->last.ts_ns < ENDS_WITHIN_NS)) {
		if (!p->ended) {
			p->last = *c;
			process_counters__sample(p, c);
			p->ended = c->final;
			p->gone_ns = 0; /* other threads live on */
		}
		return 0;
	}
	if (p)
		p->ended = true;
	if (rc->nr == COUNTERS_MAX_PROCESSES) {
		rc->left_out++;
		return 0;
	}
	if (ARRAY_GROW(rc->processes, rc->room, rc->nr + 1))
		return -ENOMEM;
	p = &rc->processes[rc->nr++];
	*p = (struct process_counters){ .first = *c, .last = *c, .ended = c->final };
	process_counters__sample(p, c);
	return 0;
}

static void add(__u64 *sum, uint64_t n)
{
	if (n != TARE_UNKNOWN)
		*sum = *sum == TARE_UNKNOWN ? n : *sum + n;
}

static uint64_t grown(uint64_t first, uint64_t last)
{
	return first == TARE_UNKNOWN || last == TARE_UNKNOWN || last < first ? TARE_UNKNOWN : last - first;
}

size_t runtime_counters__total(const struct runtime_counters *rc, struct tare_counters *total)
{
	return runtime_counters__of(rc, 0, total);
}

/* @process 0: all processes. */
size_t runtime_counters__of(const struct runtime_counters *rc, uint64_t process, struct tare_counters *total)
{
	bool any = false;

	memset(total, 0xff, sizeof(*total));
	for (size_t i = 0; i < rc->nr; i++) {
		const struct process_counters *p = &rc->processes[i];

		if (process && process_of(rc, &p->last) != process)
			continue;
		if (p->last.ts_ns == p->first.ts_ns && !p->ended) /* never read, or only once */
			continue;
#define X(field) add(&total->field, grown(p->first.field, p->last.field));
		GROWING(X)
#undef X
#define X(field) add(&total->field, p->last.field);
		LEVELS(X)
#undef X
#define X(field) add(&total->cpu_told.field, grown(p->first.cpu_told.field, p->last.cpu_told.field));
		CPU_ACCOUNT(X)
#undef X
#define X(field) add(&total->cpu.field, grown(p->first.cpu.field, p->last.cpu.field));
		CPU_ACCOUNT(X)
#undef X
#define X(field) total->field = any && total->field != p->last.field ? TARE_UNKNOWN : p->last.field;
		SETTINGS(X)
#undef X
		any = true;
	}
	return rc->nr;
}

uint64_t runtime_counters__span(const struct runtime_counters *rc, uint64_t process)
{
	uint64_t ns = TARE_UNKNOWN;

	for (size_t i = 0; i < rc->nr; i++) {
		const struct process_counters *p = &rc->processes[i];

		if (process_of(rc, &p->last) == process && p->last.ts_ns > p->first.ts_ns)
			ns = p->last.ts_ns - p->first.ts_ns;
	}
	return ns;
}

bool runtime_counters__steady(const struct runtime_counters *rc, uint64_t process, struct counters_steady *to)
{
	for (size_t i = rc->nr; i-- > 0;) {
		const struct process_counters *p = &rc->processes[i];

		if (process_of(rc, &p->last) != process || !p->nr_samples)
			continue;
		to->marked_bytes = p->marked_sum / p->nr_samples;
		to->beside_bytes = p->beside_sum > 0 ? p->beside_sum / p->nr_samples : 0;
		to->peak_goal_bytes = p->peak_goal_bytes;
		return true;
	}
	return false;
}

void runtime_counters__exit(struct runtime_counters *rc, uint32_t pid, uint64_t ts_ns)
{
	for (size_t i = rc->nr; i-- > 0;) {
		if (rc->processes[i].last.pid != pid)
			continue;
		rc->processes[i].gone_ns = ts_ns;
		return;
	}
}

bool runtime_counters__cut_off(const struct runtime_counters *rc)
{
	for (size_t i = 0; i < rc->nr; i++)
		if (rc->processes[i].gone_ns && !rc->processes[i].ended)
			return true;
	return false;
}

uint64_t runtime_counters__age(const struct runtime_counters *rc, uint64_t end_ns)
{
	uint64_t age = 0;

	for (size_t i = 0; i < rc->nr; i++) {
		const struct process_counters *p = &rc->processes[i];
		uint64_t end = p->gone_ns && p->gone_ns < end_ns ? p->gone_ns : end_ns;

		if (!p->ended && end > p->last.ts_ns && end - p->last.ts_ns > age)
			age = end - p->last.ts_ns;
	}
	return age;
}

void runtime_counters__free(struct runtime_counters *rc)
{
	free(rc->processes);
	*rc = (struct runtime_counters){ 0 };
}
