// SPDX-License-Identifier: BSD-2-Clause
/*
 * Going from an M's own stack to a goroutine's and back, and telling the sanitizers, which otherwise take another
 * stack for a broken one. Nothing here may be inlined into who calls it: see this_m().
 */
#include <pthread.h>
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif

#include "runtime.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#else
#define __sanitizer_start_switch_fiber(save, bottom, size)  ((void)0)
#define __sanitizer_finish_switch_fiber(save, bottom, size) ((void)0)
#endif

void switch__first_m(struct m *m)
{
#if defined(__SANITIZE_ADDRESS__)
	pthread_attr_t attr;
	void *bottom;

	if (pthread_getattr_np(pthread_self(), &attr))
		os__die("cannot ask for a thread's stack");
	pthread_attr_getstack(&attr, &bottom, &m->g0_size);
	pthread_attr_destroy(&attr);
	m->g0_bottom = bottom;
#elif defined(__SANITIZE_THREAD__)
	m->tsan_fiber = __tsan_get_current_fiber();
#endif
	this_m__set(m);
}

void switch__to_g(struct m *m, struct g *g)
{
	m->g = g;
#ifdef __SANITIZE_THREAD__
	__tsan_switch_to_fiber(g->tsan_fiber, 0);
#endif
	__sanitizer_start_switch_fiber(&m->asan_fake_stack, (void *)g->stack_lo, g->stack_hi - g->stack_lo);
	switch__swap(&m->g0_sp, g->sp);
	__sanitizer_finish_switch_fiber(m->asan_fake_stack, NULL, NULL);
	m->g = NULL;
}

void switch__to_g0(struct m *m, bool dying)
{
	struct g *g = m->g;

#ifdef __SANITIZE_THREAD__
	__tsan_switch_to_fiber(m->tsan_fiber, 0);
#endif
	__sanitizer_start_switch_fiber(dying ? NULL : &g->asan_fake_stack, m->g0_bottom, m->g0_size);
	switch__swap(&g->sp, m->g0_sp);
	/* m is of the past: the goroutine may be on another thread */
	__sanitizer_finish_switch_fiber(g->asan_fake_stack, NULL, NULL);
}

/* Where every goroutine begins, from switch__start() */
void g__main(void)
{
	struct m *m;
	struct g *g = this_m()->g;
	void *arg;

	__sanitizer_finish_switch_fiber(NULL, NULL, NULL);
	arg = g->arg;
	/* the collector is to see it as long as the goroutine does, and no longer */
	g->arg = NULL;
	g->fn(arg);
	m = this_m();
	m->then = g__exited;
	m->then_arg = NULL;
	switch__to_g0(m, true);
	__builtin_unreachable();
}
