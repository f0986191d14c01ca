// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "gotrace_impl.h"
#include "util.h"

/* runtime/tracetime.go: the clock is nanotime(), CLOCK_MONOTONIC, by 64 on Linux. Elsewhere it is another one. */
#define LINUX_FREQUENCY 15625000
/* A snapshot reads both clocks one after the other. If that takes longer, the thread was stopped in between. */
#define SNAPSHOT_TAKES NSEC_PER_SEC

struct gotrace {
	struct gt_input in;
	struct gt_generation g;
	struct gt_order order;
	size_t nr_heap; /* of .g.cursors: those with an event, a heap by time */
	bool broken;
};

int gt_nr_args(unsigned type)
{
	static const int8_t nr[] = {
		/* one more, so that 0 means that there is no such event: tracev2/spec.go */
		[GT_PROCS_CHANGE] = 1 + 2,
		[GT_PROC_START] = 1 + 2,
		[GT_PROC_STOP] = 1 + 0,
		[GT_PROC_STEAL] = 1 + 3,
		[GT_PROC_STATUS] = 1 + 2,
		[GT_GO_CREATE] = 1 + 3,
		[GT_GO_CREATE_SYSCALL] = 1 + 1,
		[GT_GO_START] = 1 + 2,
		[GT_GO_DESTROY] = 1 + 0,
		[GT_GO_DESTROY_SYSCALL] = 1 + 0,
		[GT_GO_STOP] = 1 + 2,
		[GT_GO_BLOCK] = 1 + 2,
		[GT_GO_UNBLOCK] = 1 + 3,
		[GT_GO_SYSCALL_BEGIN] = 1 + 2,
		[GT_GO_SYSCALL_END] = 1 + 0,
		[GT_GO_SYSCALL_END_BLOCKED] = 1 + 0,
		[GT_GO_STATUS] = 1 + 3,
		[GT_STW_BEGIN] = 1 + 2,
		[GT_STW_END] = 1 + 0,
		[GT_GC_ACTIVE] = 1 + 1,
		[GT_GC_BEGIN] = 1 + 2,
		[GT_GC_END] = 1 + 1,
		[GT_SWEEP_ACTIVE] = 1 + 1,
		[GT_SWEEP_BEGIN] = 1 + 1,
		[GT_SWEEP_END] = 1 + 2,
		[GT_ASSIST_ACTIVE] = 1 + 1,
		[GT_ASSIST_BEGIN] = 1 + 1,
		[GT_ASSIST_END] = 1 + 0,
		[GT_HEAP_ALLOC] = 1 + 1,
		[GT_HEAP_GOAL] = 1 + 1,
		[GT_GO_LABEL] = 1 + 1,
		[GT_TASK_BEGIN] = 1 + 4,
		[GT_TASK_END] = 1 + 2,
		[GT_REGION_BEGIN] = 1 + 3,
		[GT_REGION_END] = 1 + 3,
		[GT_LOG] = 1 + 4,
		[GT_GO_SWITCH] = 1 + 2,
		[GT_GO_SWITCH_DESTROY] = 1 + 2,
		[GT_GO_CREATE_BLOCKED] = 1 + 3,
		[GT_GO_STATUS_STACK] = 1 + 4,
		/* of the heap's spans and objects, and of stacks: that it exists, is made, is freed */
		[GT_SPAN] = 1 + 3,
		[GT_SPAN + 1] = 1 + 3,
		[GT_SPAN + 2] = 1 + 1,
		[GT_SPAN + 3] = 1 + 2,
		[GT_SPAN + 4] = 1 + 2,
		[GT_SPAN + 5] = 1 + 1,
		[GT_SPAN + 6] = 1 + 2,
		[GT_SPAN + 7] = 1 + 2,
		[GT_LAST] = 1 + 1,
	};

	return type < ARRAY_SIZE(nr) ? nr[type] - 1 : -1;
}

/* ---- time ---- */

static uint64_t scaled(uint64_t units, uint64_t frequency)
{
	unsigned __int128 ns = (unsigned __int128)units * NSEC_PER_SEC / frequency;

	return ns > INT64_MAX ? INT64_MAX : ns;
}

/*
 * CLOCK_MONOTONIC of @units. Where the clock is the same one, that is exact; a snapshot is off by the time that it took
 * to read both.
 */
static uint64_t time_ns(const struct gt_generation *g, uint64_t units)
{
	uint64_t direct = scaled(units, g->frequency), snapshot;
	int64_t ahead;

	if (!g->has_snapshot)
		return direct;
	snapshot = scaled(g->snapshot_time, g->frequency);
	ahead = (int64_t)(snapshot - g->snapshot_ns);
	if (g->frequency == LINUX_FREQUENCY && ahead > -(int64_t)SNAPSHOT_TAKES && ahead < (int64_t)SNAPSHOT_TAKES)
		return direct;
	return ahead > 0 && (uint64_t)ahead > direct ? 0 : direct - ahead;
}

/* ---- the events of a generation, each thread's next one in a heap ---- */

static void sift_down(struct gotrace *t, size_t i)
{
	struct gt_cursor *heap = t->g.cursors, c = heap[i];
	size_t child;

	for (; (child = 2 * i + 1) < t->nr_heap; i = child) {
		if (child + 1 < t->nr_heap && heap[child + 1].time < heap[child].time)
			child++;
		if (heap[child].time >= c.time)
			break;
		heap[i] = heap[child];
	}
	heap[i] = c;
}

static int damaged(struct gotrace *t, const struct gt_cursor *c, const char *what)
{
	t->broken = true;
	if (!t->in.problem[0])
		snprintf(t->in.problem, sizeof(t->in.problem), "it is damaged: %s, of thread %" PRIu64 " at %.6f s",
			 what, c->m, time_ns(&t->g, c->time) / 1e9);
	return 0;
}

/* Returns 1; 0 where no event can be had, which is told; or a negative errno. */
static int start_generation(struct gotrace *t)
{
	struct gt_generation *g = &t->g;
	int ret = gt_generation__read(g, &t->in);

	if (ret <= 0)
		return ret;
	t->nr_heap = 0;
	if (!g->frequency || (!g->has_snapshot && g->frequency != LINUX_FREQUENCY)) {
		t->broken = true;
		if (!t->in.problem[0])
			snprintf(t->in.problem, sizeof(t->in.problem),
				 "its clock is not Linux's: was it made on another system?");
		return 0;
	}
	for (size_t i = 0; i < g->nr_cursors; i++) {
		struct gt_cursor c = g->cursors[i];

		ret = gt_cursor__next(g, &c);
		if (ret < 0)
			return damaged(t, &c, "an event that cannot be read");
		if (ret)
			g->cursors[t->nr_heap++] = c;
	}
	for (size_t i = t->nr_heap / 2; i-- > 0;)
		sift_down(t, i);
	return 1;
}

/* The event of cursor @i, if its turn has come; as gt_order__advance(). */
static int try(struct gotrace *t, size_t i)
{
	struct gt_cursor *c = &t->g.cursors[i];
	int ret = gt_order__advance(&t->order, &t->g, c, time_ns(&t->g, c->time));

	if (ret == -EINVAL)
		return damaged(t, c, "an event that cannot follow what came before it");
	if (ret <= 0)
		return ret;
	ret = gt_cursor__next(&t->g, c);
	if (ret < 0)
		damaged(t, c, "an event that cannot be read");
	if (ret <= 0)
		*c = t->g.cursors[--t->nr_heap];
	if (i < t->nr_heap)
		sift_down(t, i);
	return 1;
}

static int by_time(const void *a, const void *b)
{
	const struct gt_cursor *x = a, *y = b;

	return x->time < y->time ? -1 : x->time > y->time;
}

/* One event: the oldest, or, where that must wait for others, the next one that need not. Returns as try(). */
static int advance(struct gotrace *t)
{
	int ret = try(t, 0);

	if (ret || t->broken || t->nr_heap < 2)
		return ret;
	qsort(t->g.cursors, t->nr_heap, sizeof(*t->g.cursors), by_time); /* that is a heap as well */
	for (size_t i = 1; i < t->nr_heap && !ret && !t->broken; i++)
		ret = try(t, i);
	return ret;
}

/* ---- the format's interface ---- */

static int go_trace__recognise(const void *head, size_t len, char *why, size_t size)
{
	char text[RUN_TRACE_HEAD + 1] = "";
	unsigned minor;
	int end = 0;

	if (len < RUN_TRACE_HEAD)
		return 0;
	memcpy(text, head, RUN_TRACE_HEAD);
	if (sscanf(text, "go 1.%2u trace%n", &minor, &end) != 1 || !end || text[end])
		return 0;
	if (minor >= GT_OLDEST && minor <= GT_NEWEST)
		return 1;
	snprintf(why, size,
		 minor < GT_OLDEST ? "a trace of Go 1.%u, whose clock cannot be tied to the kernel's: Go 1.%u is the "
				     "first with which that can be done" :
				     "a trace of Go 1.%u; tare reads those of Go 1.%u to 1.%u",
		 minor, GT_OLDEST, GT_NEWEST);
	return -EPROTO;
}

static int go_trace__open(FILE *from, void **self)
{
	struct gotrace *t = calloc(1, sizeof(*t));
	char text[RUN_TRACE_HEAD + 1] = "";

	if (!t)
		return -ENOMEM;
	t->in.from = from;
	if (fread(text, 1, RUN_TRACE_HEAD, from) != RUN_TRACE_HEAD || sscanf(text, "go 1.%2u", &t->in.version) != 1)
		t->in.ended = true;
	gt_generation__init(&t->g);
	gt_order__init(&t->order);
	*self = t;
	return 0;
}

static int go_trace__next(void *self, struct run_event *ev, const char **problem)
{
	struct gotrace *t = self;
	int ret = 1;

	while (t->order.taken == t->order.nr_queued && ret > 0 && !t->broken) {
		if (!t->nr_heap) {
			ret = start_generation(t);
			continue;
		}
		ret = advance(t);
		if (!ret)
			damaged(t, &t->g.cursors[0], "events that wait for one that never comes");
	}
	*problem = t->in.problem[0] ? t->in.problem : NULL;
	if (ret < 0)
		return ret;
	if (t->order.taken == t->order.nr_queued)
		return 0;
	*ev = t->order.queue[t->order.taken++];
	return 1;
}

static void go_trace__close(void *self)
{
	struct gotrace *t = self;

	gt_generation__free(&t->g);
	gt_order__free(&t->order);
	free(t);
}

const struct run_trace_format go_trace = {
	.what = "an execution trace of Go 1.22 or later (runtime/trace)",
	.recognise = go_trace__recognise,
	.open = go_trace__open,
	.next = go_trace__next,
	.close = go_trace__close,
};
