// SPDX-License-Identifier: BSD-2-Clause
/*
 * Allocation. The usual case takes the next free block of a span in the P's cache; all else is done on g0, as a
 * goroutine's stack may be small.
 */
#include <stdlib.h>
#include <string.h>

#include "gc.h"

#define CLEAR_BYTES (1ul << 20) /* of a large block, before the P is looked at for preemption */

static struct span no_span; /* what a cache holds where it holds nothing: it has no free block */
static struct lock init_lock;
static _Atomic int goroutines_started;

static void new_caches(struct p_heap *h)
{
	for (int i = 0; i < N_LISTS; i++)
		h->caches[0][i] = h->caches[1][i] = &no_span;
	h->cache = h->caches[0];
}

void heap__init(void)
{
	pages__init();
	span__init_classes();
	pace__init();
	no_span.cache_index = MAX_BLOCKS;
	for (int i = 0; i < sched.n_procs; i++) {
		sched.p[i].heap = meta__alloc(sizeof(struct p_heap));
		new_caches(sched.p[i].heap);
	}
	mark__init();
}

/* So that no cache has anything to be swept in it; the exchange is all that must be done at once */
void heap__swap_caches(void)
{
	for (int i = 0; i < sched.n_procs; i++) {
		struct p_heap *h = sched.p[i].heap;

		h->cache = h->cache == h->caches[0] ? h->caches[1] : h->caches[0];
	}
}

void heap__sweep_old_caches(struct p *p)
{
	for (int i = 0; i < sched.n_procs; i++) {
		struct p_heap *h = sched.p[i].heap;
		struct span **old = h->cache == h->caches[0] ? h->caches[1] : h->caches[0];

		for (int k = 0; k < N_LISTS; k++) {
			struct span *s = old[k];

			old[k] = &no_span;
			if (s != &no_span)
				span__sweep(p, s);
		}
	}
}

/* ---- which words are pointers ---- */

/* words <= 64. Spans begin at whole words of bits, so nobody but the span's owner writes these */
static void put_bits(uintptr_t at, size_t words, uint64_t bits)
{
	size_t word = (at - arena.base) / WORD_BYTES, shift = word % 64;
	_Atomic uint64_t *to = &arena.pointer_bits[word / 64];
	uint64_t mask = words == 64 ? ~0ull : (1ull << words) - 1;

	set_relaxed(&to[0], (get_relaxed(&to[0]) & ~(mask << shift)) | bits << shift);
	if (shift + words > 64)
		set_relaxed(&to[1], (get_relaxed(&to[1]) & ~(mask >> (64 - shift))) | bits >> (64 - shift));
}

static void put_type_slow(uintptr_t at, size_t block_words, const struct weft_type *type, size_t n)
{
	size_t words = type->bytes / WORD_BYTES, period = words, done = 0;
	uint64_t bits;

	/* the bits that a block had before go first: what is behind the elements has no pointer */
	for (size_t i = 0; i < block_words; i += 64)
		put_bits(at + i * WORD_BYTES, block_words - i < 64 ? block_words - i : 64, 0);
	if (words > 64) {
		for (size_t e = 0; e < n; e++)
			for (size_t i = 0; i < type->pointer_words; i += 64)
				put_bits(at + (e * words + i) * WORD_BYTES, words - i < 64 ? words - i : 64,
					 type->pointers[i / 64]);
		return;
	}
	/* as many elements at once as there is room for in one word of bits */
	for (bits = type->pointers[0]; period * 2 <= 64 && period < n * words; period *= 2)
		bits |= bits << period;
	for (; done < n * words; done += period) {
		size_t left = n * words - done;

		put_bits(at + done * WORD_BYTES, left < period ? left : period,
			 left < 64 ? bits & ((1ull << left) - 1) : bits);
	}
}

static inline void put_type(uintptr_t at, size_t block_words, const struct weft_type *type, size_t n)
{
	if (likely(n == 1 && block_words <= 64))
		put_bits(at, block_words, type->pointers[0]);
	else
		put_type_slow(at, block_words, type, n);
}

/* ---- blocks ---- */

static inline void clear(uintptr_t at, size_t bytes)
{
	if (bytes > 256) {
		memset((void *)at, 0, bytes);
		return;
	}
	/* a call costs more than it saves here, and the compiler would make one of the loop */
	for (size_t i = 0; i < bytes; i += 8) {
		*(uint64_t *)(at + i) = 0;
		__asm__("" : "+r"(i));
	}
}

static void count_block(struct p *p, size_t bytes)
{
	stats__add(p, alloc_bytes, bytes);
	stats__add(p, alloc_objects, 1);
}

static void start_goroutines(void *arg)
{
	lock__acquire(&init_lock);
	if (!get_relaxed(&goroutines_started))
		gc__start_goroutines(this_p());
	set_release(&goroutines_started, 1);
	lock__release(&init_lock);
}

void heap__start_goroutines(void)
{
	if (unlikely(!get_acquire(&goroutines_started)))
		m__call_on_g0(start_goroutines, NULL);
}

struct refill {
	int class;
	bool noscan;
};

static void refill(void *arg)
{
	struct refill *r = arg;
	struct p *p = this_p();
	struct span **slot = &p->heap->cache[list_of(r->class, r->noscan)];

	heap__start_goroutines();
	if (r->class == LARGE)
		return;
	if (*slot != &no_span)
		span__put_back(*slot);
	*slot = span__refill(p, r->class, r->noscan);
	stats__add(p, span_refills, 1);
	EVENT(span_refill, this_g_id(), r->class, size_classes[r->class].bytes, 0);
}

/* After a block was handed out: what makes the goroutine wait. The block is on its stack by then */
static void __attribute__((noinline)) pay(size_t bytes, bool refilled)
{
	if (unlikely(gc_stress) && refilled && !get_relaxed(&this_m()->locks)) {
		weft_gc();
		return;
	}
	pace__pay(this_m()->g, bytes);
}

static void *alloc_small(const struct weft_type *type, size_t n, size_t bytes)
{
	struct p *p = this_p();
	int class = class_of[(bytes + 7) / 8];
	bool noscan = !type, refilled = false;
	struct span *s = p->heap->cache[list_of(class, noscan)];
	uint32_t i = span__next_free(s);
	uintptr_t at;

	if (unlikely(i == s->n_blocks)) {
		struct refill r = { class, noscan };

		set_relaxed(&s->free_index, i);
		m__call_on_g0(refill, &r);
		refilled = true;
		s = p->heap->cache[list_of(class, noscan)];
		i = span__next_free(s);
	}
	at = s->base + i * s->block_bytes;
	if (s->dirty) {
		unpoison(at, (bytes + 7) & ~7ul);
		clear(at, (bytes + 7) & ~7ul);
		poison(at, (bytes + 7) & ~7ul);
	}
	unpoison(at, bytes);
	if (!noscan)
		put_type(at, s->block_bytes / WORD_BYTES, type, n);
	/* with this the block is one: who finds the address from now on also finds what has been written above */
	set_release(&s->free_index, i + 1);
	count_block(p, s->block_bytes);
	if (unlikely(get_relaxed(&gc_marking)))
		mark__new(p->heap, s, i);
	if (unlikely(refilled || get_relaxed(&gc_marking)))
		pay(s->block_bytes, refilled);
	sched__check_preempt();
	return (void *)at;
}

/* ---- large blocks ---- */

struct large {
	size_t bytes;
	bool noscan;
	struct span *s;
};

static void alloc_large_on_g0(void *arg)
{
	struct large *l = arg;
	struct p *p = this_p();
	struct refill r = { LARGE, l->noscan };

	refill(&r);
	l->s = span__alloc_large(p, l->bytes, l->noscan);
	count_block(p, l->s->block_bytes);
	stats__add(p, large_allocs, 1);
	EVENT(large_alloc, this_g_id(), l->s->block_bytes, 0, 0);
	set_release(&l->s->free_index, 1);
	if (get_relaxed(&gc_marking))
		mark__new(p->heap, l->s, 0);
	/* no more wanted by a cache: swept with all others when the next collection ends */
	span__put_back(l->s);
}

static void *alloc_large(const struct weft_type *type, size_t bytes)
{
	struct large l = { bytes, !type, NULL };
	/* only this keeps the block while others run, as the span's address does not; it has no type, so no pointers
	 * yet */
	char *volatile at;
	size_t whole;
	bool dirty;

	m__call_on_g0(alloc_large_on_g0, &l);
	at = (char *)l.s->base;
	dirty = l.s->dirty;
	whole = l.s->block_bytes;
	unpoison(at, whole);
	for (size_t done = 0, n; dirty && done < whole; done += n) {
		n = whole - done < CLEAR_BYTES ? whole - done : CLEAR_BYTES;
		memset(at + done, 0, n);
		sched__check_preempt();
	}
	poison(at + bytes, whole - bytes);
	l.s->type_bytes = bytes;
	if (type)
		set_release(&l.s->type, type);
	pay(whole, true);
	sched__check_preempt();
	return at;
}

/* ---- for programs ---- */

static void *alloc(const struct weft_type *type, size_t n, size_t bytes)
{
	if (likely(bytes <= SMALL_BYTES))
		return alloc_small(type, n, bytes + !bytes);
	return alloc_large(type, bytes);
}

void *weft_new(const struct weft_type *type)
{
	return alloc(type->pointer_words ? type : NULL, 1, type->bytes);
}

void *weft_new_array(const struct weft_type *type, size_t n)
{
	size_t bytes;

	if (__builtin_mul_overflow(type->bytes, n, &bytes) || bytes > PTRDIFF_MAX / 2)
		os__die("an array of %zu times %zu bytes was asked for", n, type->bytes);
	return alloc(type->pointer_words && n ? type : NULL, n, bytes);
}

void *weft_new_bytes(size_t bytes)
{
	if (bytes > PTRDIFF_MAX / 2)
		os__die("a block of %zu bytes was asked for", bytes);
	return alloc(NULL, 1, bytes);
}

void weft_memory(struct weft_memory *memory)
{
	struct weft_totals t;

	weft_stats_read(&t);
	memory->live_bytes = pace__live_bytes();
	/* the two may be of slightly different moments */
	memory->heap_bytes = t.alloc_bytes > t.freed_bytes ? t.alloc_bytes - t.freed_bytes : 0;
	memory->goal_bytes = pace__goal_bytes();
	memory->collections = t.collections;
	pages__usage(&memory->mapped_bytes, &memory->released_bytes);
}
