// SPDX-License-Identifier: BSD-2-Clause
/*
 * Goroutine stacks. Each belongs to one struct g for good, and free ones are kept with it (goroutine.c), so here they
 * are only made: cut from larger mappings, in sizes of 2 KiB << class.
 *
 * Up to 32 KiB they lie side by side, with a known word at the lowest address that is looked at whenever the goroutine
 * gives way. Above, the lowest page is a guard. MADV_GUARD_INSTALL (Linux 6.13) makes one without splitting the
 * mapping; before, every guard costs two of the vm.max_map_count mappings a process may have.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif
#define UNGUARDED_BYTES (32 * 1024)
#define CHUNK_BYTES	(4 * 1024 * 1024)
#define END_WORD	0x7765667473746b21u

static struct lock chunk_lock;
static struct chunk {
	uintptr_t at, end;
} chunks[STACK_CLASSES];
static size_t page_bytes;

static size_t class_bytes(unsigned char class)
{
	return (size_t)STACK_MIN_BYTES << class;
}

unsigned char stack__class(size_t bytes)
{
	unsigned char class = 0;

	while (class_bytes(class) < bytes)
		if (++class == STACK_CLASSES)
			os__die("a goroutine stack of %zu bytes was asked for: 1 GiB is the most", bytes);
	return class;
}

static void new_chunk(struct chunk *c, size_t stack_bytes)
{
	size_t bytes = stack_bytes > CHUNK_BYTES ? stack_bytes : CHUNK_BYTES;
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK,
			-1, 0);

	if (at == MAP_FAILED)
		os__die("no memory for goroutine stacks (%zu bytes): %s", bytes, strerror(errno));
	/* a huge page would make many untouched stacks resident at once; old kernels may not know the word */
	(void)madvise(at, bytes, MADV_NOHUGEPAGE);
	c->at = (uintptr_t)at;
	c->end = c->at + bytes;
}

static void guard(void *page)
{
	if (!madvise(page, page_bytes, MADV_GUARD_INSTALL))
		return;
	if (mprotect(page, page_bytes, PROT_NONE))
		os__die("no guard page for a goroutine stack: %s; raise vm.max_map_count, or use weft_go_stack() with at most "
			"%d bytes, which has none",
			strerror(errno), UNGUARDED_BYTES);
}

struct request {
	struct g *g;
	unsigned char class;
};

static void alloc(void *arg)
{
	struct request *r = arg;
	size_t bytes = class_bytes(r->class);
	struct chunk *c = &chunks[r->class];
	struct g *g = r->g;

	lock__acquire(&chunk_lock);
	if (c->at == c->end)
		new_chunk(c, bytes);
	g->stack_lo = c->at;
	c->at += bytes;
	g->stack_hi = c->at;
	lock__release(&chunk_lock);
	g->stack_class = r->class;
	g->guarded = bytes > UNGUARDED_BYTES;
	if (g->guarded) {
		guard((void *)g->stack_lo);
		g->stack_lo += page_bytes;
	} else {
		*(uint64_t *)g->stack_lo = END_WORD;
	}
}

void stack__alloc(struct g *g, unsigned char class)
{
	struct request r = { g, class };

	m__call_on_g0(alloc, &r);
}

static _Noreturn void die_of_overflow(struct g *g)
{
	os__die("goroutine %llu (started at %p) has overflowed its stack of %zu bytes; start it with weft_go_stack() and "
		"more",
		(unsigned long long)g->id, (void *)g->fn, class_bytes(g->stack_class));
}

void g__check_stack(struct g *g)
{
	if (unlikely(*(uint64_t *)g->stack_lo != END_WORD))
		die_of_overflow(g);
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
	struct m *m = this_m();
	struct g *g = m ? m->g : NULL;
	uintptr_t at = (uintptr_t)info->si_addr;

	/* a small stack may also be the lowest of its mapping */
	if (g && at < g->stack_lo && at >= g->stack_lo - page_bytes)
		die_of_overflow(g);
	/* not ours: comes again at once, and ends the process the usual way */
	signal(sig, SIG_DFL);
}

void stack__init(void)
{
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };

	page_bytes = sysconf(_SC_PAGESIZE);
	sigemptyset(&sa.sa_mask);
	if (sigaction(SIGSEGV, &sa, NULL) || sigaction(SIGBUS, &sa, NULL))
		os__die("cannot handle SIGSEGV: %s", strerror(errno));
}
