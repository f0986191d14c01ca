// SPDX-License-Identifier: BSD-2-Clause
/*
 * Sleeping goroutines: one heap for the scheduler, the earliest on top, and the time of that where anyone can read it
 * without the lock.
 */
#include <stdlib.h>

#include "runtime.h"

struct sleeper {
	int64_t when_ns;
	struct g *g;
};

static struct lock heap_lock;
static struct sleeper *heap;
static size_t n_heap, heap_room;
static _Atomic int64_t next_ns;

int64_t timer__next_ns(void)
{
	return atomic_load(&next_ns);
}

static void up(size_t i)
{
	struct sleeper s = heap[i];

	for (; i && heap[(i - 1) / 2].when_ns > s.when_ns; i = (i - 1) / 2)
		heap[i] = heap[(i - 1) / 2];
	heap[i] = s;
}

static void down(size_t i)
{
	struct sleeper s = heap[i];

	for (;;) {
		size_t child = 2 * i + 1;

		if (child + 1 < n_heap && heap[child + 1].when_ns < heap[child].when_ns)
			child++;
		if (child >= n_heap || heap[child].when_ns >= s.when_ns)
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = s;
}

static void then_sleep(struct m *m, struct g *g, void *arg)
{
	int64_t when_ns = *(int64_t *)arg, until_ns;
	bool first;

	sched__parked(m, g, WEFT_WAIT_SLEEP);
	lock__acquire(&heap_lock);
	if (n_heap == heap_room) {
		heap_room = heap_room ? heap_room * 2 : 64;
		heap = realloc(heap, heap_room * sizeof(*heap));
		if (!heap)
			os__die("no memory for %zu sleeping goroutines", heap_room);
	}
	heap[n_heap] = (struct sleeper){ when_ns, g };
	up(n_heap++);
	first = heap[0].g == g;
	atomic_store(&next_ns, heap[0].when_ns);
	lock__release(&heap_lock);
	if (!first)
		return;
	/* who blocks in the poller reads next_ns after it has said that it blocks: it or we see the other */
	if (atomic_load(&sched.last_poll_ns)) {
		m__wake_one();
		return;
	}
	until_ns = atomic_load(&sched.poll_until_ns);
	if (!until_ns || until_ns > when_ns)
		poll__break();
}

void timer__run(int64_t now_ns)
{
	struct g_queue due = { 0 };
	struct g *g;

	lock__acquire(&heap_lock);
	while (n_heap && heap[0].when_ns <= now_ns) {
		queue__push(&due, heap[0].g);
		heap[0] = heap[--n_heap];
		if (n_heap)
			down(0);
	}
	atomic_store(&next_ns, n_heap ? heap[0].when_ns : 0);
	lock__release(&heap_lock);
	while ((g = queue__pop(&due))) {
		sched__set_ready(g);
		runq__put(this_p(), g, false);
		m__wake_one();
	}
}

void weft_sleep(int64_t ns)
{
	int64_t when_ns;

	if (ns <= 0) {
		sched__yield();
		return;
	}
	when_ns = os__now_ns();
	when_ns = ns > INT64_MAX - when_ns ? INT64_MAX : when_ns + ns;
	sched__park(then_sleep, &when_ns);
}
