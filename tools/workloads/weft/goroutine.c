// SPDX-License-Identifier: BSD-2-Clause
/*
 * Goroutines' beginning and end. A struct g is never given back, so that who holds a stale pointer to one (the
 * monitor, say) reads nonsense at worst. Free ones keep their stacks and are kept by stack size, some in each P and the
 * others in one list.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "runtime.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif

/* All there ever were, by number: chunks are made as needed and stay where they are */
#define CHUNK  4096
#define CHUNKS 16384

static struct lock all_lock;
static _Atomic size_t n_all;
static _Atomic(struct g *) *all[CHUNKS];

size_t g__count(void)
{
	return get_acquire(&n_all);
}

struct g *g__at(size_t i)
{
	return get_acquire(&all[i / CHUNK][i % CHUNK]);
}

static void add_to_all(struct g *g)
{
	size_t n;

	lock__acquire(&all_lock);
	n = get_relaxed(&n_all);
	if (n == (size_t)CHUNK * CHUNKS)
		os__die("more than %zu goroutines", n);
	if (n % CHUNK == 0)
		all[n / CHUNK] = calloc(CHUNK, sizeof(*all[0]));
	if (!all[n / CHUNK])
		os__die("no memory for a goroutine");
	set_release(&all[n / CHUNK][n % CHUNK], g);
	set_release(&n_all, n + 1);
	lock__release(&all_lock);
}

static void g__new(void *arg)
{
	struct g **g = arg;

	*g = aligned_alloc(64, (sizeof(**g) + 63) & ~63ul);
	if (!*g)
		os__die("no memory for a goroutine");
	**g = (struct g){ 0 };
#ifdef __SANITIZE_THREAD__
	(*g)->tsan_fiber = __tsan_create_fiber(0);
#endif
	add_to_all(*g);
}

/* Half a cache full from the common list */
static void refill(struct p *p, unsigned char class)
{
	lock__acquire(&sched.lock);
	while (p->n_free_g[class] < G_CACHE / 2 && sched.free_g[class]) {
		struct g *g = sched.free_g[class];

		sched.free_g[class] = g->link;
		g->link = p->free_g[class];
		p->free_g[class] = g;
		p->n_free_g[class]++;
	}
	lock__release(&sched.lock);
}

static struct g *g__get(struct p *p, unsigned char class)
{
	struct g *g;

	if (!p->free_g[class] && sched.free_g[class])
		refill(p, class);
	g = p->free_g[class];
	if (g) {
		p->free_g[class] = g->link;
		p->n_free_g[class]--;
		return g;
	}
	m__call_on_g0(g__new, &g);
	stack__alloc(g, class);
	return g;
}

void g__free(struct p *p, struct g *g)
{
	unsigned char class = g->stack_class;

	g->link = p->free_g[class];
	p->free_g[class] = g;
	if (++p->n_free_g[class] < G_CACHE)
		return;
	lock__acquire(&sched.lock);
	while (p->n_free_g[class] > G_CACHE / 2) {
		g = p->free_g[class];
		p->free_g[class] = g->link;
		p->n_free_g[class]--;
		g->link = sched.free_g[class];
		sched.free_g[class] = g;
	}
	lock__release(&sched.lock);
}

/* What g0 does after a goroutine's last */
void g__exited(struct m *m, struct g *g, void *arg)
{
	struct p *p = get_relaxed(&m->p);

	set_relaxed(&g->status, G_DEAD);
	stats__add(p, exited, 1);
	EVENT(g_exit, g->id, 0, 0, 0);
	g__free(p, g);
}

struct g *g__start(struct p *p, void (*fn)(void *arg), void *arg, unsigned char class)
{
	struct g *g = g__get(p, class);

#ifdef __SANITIZE_ADDRESS__
	/* the last user left by no return, so its frames are still marked */
	__asan_unpoison_memory_region((void *)g->stack_lo, g->stack_hi - g->stack_lo);
#endif
	g->fn = fn;
	g->arg = arg;
	g->id = atomic_fetch_add_explicit(&sched.last_id, 1, memory_order_relaxed) + 1;
	g->asan_fake_stack = NULL;
	g->sp = switch__prepare(g->stack_hi);
	g->assist_debt_bytes = 0;
	if (unlikely(get_relaxed(&gc_marking)))
		gc__created(p, g);
	set_relaxed(&g->status, G_RUNNABLE);
	stats__add(p, created, 1);
	EVENT(g_create, g->id, this_g_id(), (uintptr_t)fn, 0);
	return g;
}

static void go(void (*fn)(void *arg), void *arg, unsigned char class)
{
	struct p *p = this_p();

	runq__put(p, g__start(p, fn, arg, class), true);
	m__wake_one();
	sched__check_preempt();
}

void weft_go(void (*fn)(void *arg), void *arg)
{
	go(fn, arg, stack__class(WEFT_STACK_BYTES));
}

void weft_go_stack(void (*fn)(void *arg), void *arg, size_t bytes)
{
	go(fn, arg, stack__class(bytes));
}

uint64_t weft_self(void)
{
	return this_m()->g->id;
}
