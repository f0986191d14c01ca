// SPDX-License-Identifier: BSD-2-Clause
/*
 * Sweeping outside of allocation (which sweeps what it needs, span.c): the collector's goroutine sweeps what is left,
 * a few spans each time that it is its turn. And giving pages back to the kernel, slowly, by a goroutine of its own.
 */
#include "gc.h"

#define BATCH_SPANS	64
#define RELEASE_BYTES	(256ul << 10)
#define RELEASE_EACH_NS 5000000

static struct {
	struct lock lock;
	struct g *parked;
	bool wanted;
} scavenger;

void sweep__all(bool (*in_haste)(void))
{
	int n = 0;

	for (int list = 0; list < N_LISTS; list++) {
		while (span__sweep_one(this_p(), list)) {
			if (++n % BATCH_SPANS)
				continue;
			if (in_haste())
				sched__check_preempt();
			else
				sched__yield();
		}
	}
}

static void then_wait(struct m *m, struct g *g, void *arg)
{
	sched__parked(m, g, WEFT_WAIT_GC);
	scavenger.parked = g;
	lock__release(&scavenger.lock);
}

static bool too_much(void)
{
	uint64_t mapped, released;

	pages__usage(&mapped, &released);
	return mapped - released > pace__retain_bytes();
}

static void release_some(void *arg)
{
	size_t *bytes = arg;

	*bytes = pages__release(RELEASE_BYTES);
}

static void scavenge(void *arg)
{
	for (;;) {
		size_t bytes = 0;

		lock__acquire(&scavenger.lock);
		if (!scavenger.wanted) {
			sched__park(then_wait, NULL);
			continue;
		}
		scavenger.wanted = false;
		lock__release(&scavenger.lock);
		while (too_much()) {
			m__call_on_g0(release_some, &bytes);
			if (!bytes)
				break;
			weft_sleep(RELEASE_EACH_NS);
		}
	}
}

void sweep__start_scavenger(struct p *p)
{
	gc__start_goroutine(p, scavenge);
}

void sweep__wake_scavenger(void)
{
	struct g *g;

	if (!too_much())
		return;
	lock__acquire(&scavenger.lock);
	scavenger.wanted = true;
	g = scavenger.parked;
	scavenger.parked = NULL;
	lock__release(&scavenger.lock);
	if (g)
		sched__ready(g);
}

size_t weft_scavenge(void)
{
	size_t all = 0, bytes;

	do {
		m__call_on_g0(release_some, &bytes);
		all += bytes;
		sched__check_preempt();
	} while (bytes);
	return all;
}
