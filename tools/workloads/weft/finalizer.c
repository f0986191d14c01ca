// SPDX-License-Identifier: BSD-2-Clause
/*
 * Finalisers. What a block with one points to is kept, but not the block, so that it is known to be dead while it is
 * still whole. The sweep finds it so, queues it, and lets it live once more; a block that reaches itself thus lives for
 * ever. A goroutine of their own calls them, one after the other.
 */
#include "gc.h"

#define CHUNK 256

struct finalizer {
	uintptr_t block; /* 0: unused */
	void (*fn)(void *block);
	struct finalizer *next; /* of the span, of the queue, or unused */
	bool queued;
};

static struct lock lock;
static struct finalizer_chunk {
	struct finalizer f[CHUNK];
	struct finalizer_chunk *next;
} * chunks, *last_chunk;
static struct finalizer_chunk *next_roots;
static struct finalizer *unused, *queue, **queue_end = &queue;
static struct g *runner; /* parked; NULL: at work, or not started */
static bool started;

static void add_chunk(void)
{
	struct finalizer_chunk *c = meta__alloc(sizeof(*c));

	if (last_chunk)
		last_chunk->next = c;
	else
		chunks = c;
	last_chunk = c;
	for (int i = 0; i < CHUNK; i++) {
		c->f[i].next = unused;
		unused = &c->f[i];
	}
}

void finalizer__begin(void)
{
	next_roots = chunks;
}

/* lock held. A block that waits for its call is a root itself */
static void mark_one(struct p_heap *h, struct finalizer *f)
{
	if (f->queued)
		mark__grey(h, f->block);
	else if (!span_of(f->block)->noscan)
		mark__push(h, f->block | SCAN_ONLY);
}

bool finalizer__roots(struct p_heap *h)
{
	struct finalizer_chunk *c;

	lock__acquire(&lock);
	c = next_roots;
	if (c) {
		next_roots = c->next;
		for (int i = 0; i < CHUNK; i++)
			if (c->f[i].block)
				mark_one(h, &c->f[i]);
	}
	lock__release(&lock);
	return c;
}

/* ---- calls ---- */

static void then_wait(struct m *m, struct g *g, void *arg)
{
	sched__parked(m, g, WEFT_WAIT_GC);
	runner = g;
	lock__release(&lock);
}

static void run(void *arg)
{
	for (;;) {
		struct finalizer *f;
		void (*fn)(void *block);
		void *block;

		lock__acquire(&lock);
		f = queue;
		if (!f) {
			sched__park(then_wait, NULL);
			continue;
		}
		queue = f->next;
		if (!queue)
			queue_end = &queue;
		fn = f->fn;
		block = (void *)f->block;
		/* it leaves a root for this stack, which may have been looked at already */
		if (get_relaxed(&gc_marking))
			mark__grey(this_p()->heap, f->block);
		*f = (struct finalizer){ .next = unused };
		unused = f;
		lock__release(&lock);
		fn(block);
		block = NULL;
		sched__check_preempt();
	}
}

void finalizer__sweep(struct span *s)
{
	struct finalizer **at, *f;
	struct g *wake = NULL;

	lock__acquire(&lock);
	for (at = &s->finalizers; (f = *at);) {
		uint32_t i = span__index(s, f->block);

		if (bit__get(s->marks, i)) {
			at = &f->next;
			continue;
		}
		*at = f->next;
		bit__set(s->marks, i);
		f->queued = true;
		f->next = NULL;
		*queue_end = f;
		queue_end = &f->next;
	}
	if (queue) {
		wake = runner;
		runner = NULL;
	}
	lock__release(&lock);
	if (wake)
		sched__ready(wake);
}

/* ---- for programs ---- */

struct request {
	uintptr_t block;
	void (*fn)(void *block);
};

static void set(void *arg)
{
	struct request *r = arg;
	struct span *s = span_of(r->block);
	struct finalizer **at, *f;
	bool start = false;

	if (!s)
		os__die("a finalizer was asked for %p, which is no block of the heap", (void *)r->block);
	r->block = s->base + span__index(s, r->block) * s->block_bytes;
	lock__acquire(&lock);
	for (at = &s->finalizers; (f = *at) && f->block != r->block; at = &f->next)
		;
	if (f && !r->fn) {
		*at = f->next;
		*f = (struct finalizer){ .next = unused };
		unused = f;
	} else if (f) {
		f->fn = r->fn;
	} else if (r->fn) {
		if (!unused)
			add_chunk();
		f = unused;
		unused = f->next;
		*f = (struct finalizer){ .block = r->block, .fn = r->fn, .next = s->finalizers };
		s->finalizers = f;
		set_relaxed(&s->has_finalizers, true);
		start = !started;
		started = true;
		if (get_relaxed(&gc_marking))
			mark_one(this_p()->heap, f);
	}
	lock__release(&lock);
	if (start)
		gc__start_goroutine(this_p(), run);
}

void weft_finalizer(void *block, void (*fn)(void *block))
{
	struct request r = { (uintptr_t)block, fn };

	m__call_on_g0(set, &r);
}
