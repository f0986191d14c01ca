// SPDX-License-Identifier: BSD-2-Clause
/*
 * When to collect, and who pays. The goal is what lived plus WEFT_GOGC % of it, but not above WEFT_MEMLIMIT. A
 * collection begins early enough to end by then, going by how much was allocated while the last one marked; and who
 * allocates while marking must mark in proportion to what is left of both, so that the goal holds.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gc.h"

#define LEAST_HEAP_BYTES (4ul << 20) /* goal at WEFT_GOGC=100 */
#define NEVER		 (UINT64_MAX / 2)
#define DEBT_BYTES	 (64.0 * 1024) /* marked at a time: an assist costs something to begin */
#define MOST_RATIO	 64.0
#define YIELDS		 20    /* of an assist that finds nothing to mark, as others hold all of it, .. */
#define WAIT_NS		 50000 /* .. before it sleeps */

bool gc_stress;
_Atomic uint64_t heap_live_bytes, credit_bytes;

static int gogc;	     /* negative: off */
static uint64_t limit_bytes; /* 0: none */
static _Atomic uint64_t goal_bytes, trigger_bytes, live_bytes;
static uint64_t begun_bytes;	    /* the heap when marking began */
static _Atomic double assist_ratio; /* bytes to mark for one allocated */

/* ---- settings ---- */

static int env_percent(const char *name)
{
	const char *text = getenv(name);

	return text && !strcmp(text, "off") ? -1 : env__number(name, 100, 1, 1000000);
}

static uint64_t env_bytes(const char *name)
{
	static const struct {
		const char *suffix;
		int shift;
	} units[] = { { "", 0 }, { "B", 0 }, { "KiB", 10 }, { "MiB", 20 }, { "GiB", 30 }, { "TiB", 40 } };
	const char *text = getenv(name);
	unsigned long long n;
	char *end;

	if (!text || !*text || !strcmp(text, "off"))
		return 0;
	errno = 0;
	n = strtoull(text, &end, 10);
	for (size_t i = 0; end != text && *text != '-' && !errno && i < sizeof(units) / sizeof(*units); i++)
		if (!strcmp(end, units[i].suffix) && n && n <= UINT64_MAX >> 1 >> units[i].shift)
			return n << units[i].shift;
	os__die("%s=%s: a number of bytes is wanted, such as 64MiB", name, text);
}

static uint64_t goal_for(uint64_t live)
{
	uint64_t goal = NEVER, most, least = live + live / 16 + (256 << 10);

	if (gogc >= 0) {
		goal = live + live * gogc / 100;
		if (goal < LEAST_HEAP_BYTES * gogc / 100)
			goal = LEAST_HEAP_BYTES * gogc / 100;
	}
	if (!limit_bytes)
		return goal;
	/* spans are never quite full. Where all that lives is near the limit it gives way: to collect all the time is
	 * worse */
	most = limit_bytes - limit_bytes / 16;
	if (most < least)
		most = least;
	return goal < most ? goal : most;
}

static void set_goal(uint64_t live, uint64_t marked_while_bytes)
{
	uint64_t goal = goal_for(live), room = goal - live, runway = marked_while_bytes + marked_while_bytes / 4;

	if (runway < room / 20)
		runway = room / 20;
	if (runway > room / 2)
		runway = room / 2;
	set_relaxed(&live_bytes, live);
	set_relaxed(&goal_bytes, goal);
	set_relaxed(&trigger_bytes, goal - runway);
}

void pace__init(void)
{
	gogc = env_percent("WEFT_GOGC");
	limit_bytes = env_bytes("WEFT_MEMLIMIT");
	gc_stress = env__number("WEFT_GCSTRESS", 0, 0, 1);
	set_goal(0, 0);
}

uint64_t pace__goal_bytes(void)
{
	uint64_t goal = get_relaxed(&goal_bytes);

	return goal >= NEVER ? UINT64_MAX : goal;
}

uint64_t pace__live_bytes(void)
{
	return get_relaxed(&live_bytes);
}

/* ---- a cycle ---- */

void pace__allocated(size_t bytes)
{
	uint64_t heap = atomic_fetch_add(&heap_live_bytes, bytes) + bytes;

	if (heap >= get_relaxed(&trigger_bytes) && !get_relaxed(&gc_marking))
		gc__wake();
}

void pace__begin(void)
{
	begun_bytes = get_relaxed(&heap_live_bytes);
	atomic_store(&credit_bytes, 0);
	for (int i = 0; i < sched.n_procs; i++)
		set_relaxed(&sched.p[i].heap->marked_bytes, 0);
	pace__revise();
}

void pace__revise(void)
{
	double marked = mark__marked_bytes(), heap = get_relaxed(&heap_live_bytes);
	double expected = get_relaxed(&live_bytes), room = get_relaxed(&goal_bytes) - heap, left, ratio;

	/* what lived last time, unless it is seen to be more: then it may be all */
	if (marked >= expected * 0.9)
		expected = heap;
	left = expected - marked > 0 ? expected - marked : 0;
	ratio = room > 0 ? left / room : MOST_RATIO;
	set_relaxed(&assist_ratio, ratio < MOST_RATIO ? ratio : MOST_RATIO);
}

uint64_t pace__end(uint64_t marked_bytes)
{
	set_goal(marked_bytes, get_relaxed(&heap_live_bytes) - begun_bytes);
	atomic_store(&heap_live_bytes, marked_bytes);
	return pace__goal_bytes();
}

/* ---- assists ---- */

static bool take_credit(struct g *g)
{
	uint64_t credit = atomic_load(&credit_bytes), want;

	do {
		want = g->assist_debt_bytes < credit ? g->assist_debt_bytes : credit;
		if (!want)
			break;
	} while (!atomic_compare_exchange_weak(&credit_bytes, &credit, credit - want));
	g->assist_debt_bytes -= want;
	return g->assist_debt_bytes < 1;
}

static void assist_on_g0(void *arg)
{
	struct g *g = arg;
	struct p *p = this_p();
	uint64_t start_bytes = get_relaxed(&p->heap->marked_bytes), bytes;
	int64_t start_ns = os__now_ns(), spent_ns;

	mark__drain(p, g->assist_debt_bytes > DEBT_BYTES ? g->assist_debt_bytes : DEBT_BYTES, 0, false);
	bytes = get_relaxed(&p->heap->marked_bytes) - start_bytes;
	g->assist_debt_bytes -= bytes;
	spent_ns = os__now_ns() - start_ns;
	stats__add(p, assist_ns, spent_ns);
	if (bytes)
		EVENT(assist, g->id, bytes, spent_ns, 0);
}

static void wait_a_little(int times)
{
	if (times < YIELDS)
		sched__yield();
	else
		weft_sleep(WAIT_NS);
}

static void assist(struct g *g)
{
	for (int times = 0; get_relaxed(&gc_marking); times++) {
		m__call_on_g0(assist_on_g0, g);
		if (g->assist_debt_bytes < 1 || take_credit(g))
			return;
		wait_a_little(times);
	}
	g->assist_debt_bytes = 0;
}

void pace__pay(struct g *g, size_t bytes)
{
	if (get_relaxed(&this_m()->locks))
		return;
	if (get_relaxed(&gc_marking)) {
		g->assist_debt_bytes += bytes * get_relaxed(&assist_ratio);
		if (g->assist_debt_bytes >= DEBT_BYTES && !take_credit(g))
			assist(g);
		return;
	}
	if (!gc__wanted())
		return;
	/* the collector's goroutine is next on this P, if no other has taken it. With the goal behind it is waited for
	 */
	sched__yield();
	for (int times = 0; gc__wanted() && get_relaxed(&heap_live_bytes) > get_relaxed(&goal_bytes); times++)
		wait_a_little(times);
}

/* ---- memory of the kernel ---- */

uint64_t pace__retain_bytes(void)
{
	uint64_t goal = get_relaxed(&goal_bytes), heap = get_relaxed(&heap_live_bytes);

	if (goal >= NEVER)
		goal = heap;
	return goal + goal / 10;
}

bool pace__over_limit(size_t more_bytes, size_t *excess_bytes)
{
	uint64_t mapped, released;

	if (!limit_bytes)
		return false;
	pages__usage(&mapped, &released);
	if (mapped - released + more_bytes <= limit_bytes)
		return false;
	*excess_bytes = mapped - released + more_bytes - limit_bytes;
	return true;
}
