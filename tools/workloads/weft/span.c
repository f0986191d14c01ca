// SPDX-License-Identifier: BSD-2-Clause
/*
 * Spans and their lists: for each size class, with and without pointers apart, those that have free blocks and those
 * that have none, and either as swept or still to be swept. When marking ends all that were swept are to be swept
 * anew: that is a change of one index, not a walk.
 */
#include <string.h>

#include "gc.h"

#define SWEEP_TRIES 100 /* full spans swept for a free block before new pages are taken */

struct size_class size_classes[MAX_CLASSES];
int n_classes;
uint8_t class_of[SMALL_BYTES / 8 + 1];

static struct list {
	struct lock lock;
	_Atomic(struct span *) with_room[2], full[2]; /* [swept]: swept; the other ones: not yet */
} __attribute__((aligned(CACHE_LINE))) lists[N_LISTS];
static int swept; /* only changes while the world stands */

/* Steps of an eighth; as many pages as waste at most an eighth at the end */
static size_t next_class(size_t bytes)
{
	size_t step = 8;

	if (bytes >= 32)
		step = 16;
	if (bytes >= 128)
		step = (1ul << (63 - __builtin_clzl(bytes))) / 8;
	return bytes + step;
}

static void init_class(struct size_class *c, size_t bytes)
{
	size_t pages = 1;

	while ((pages << PAGE_SHIFT) % bytes > (pages << PAGE_SHIFT) / 8)
		pages++;
	c->bytes = bytes;
	c->pages = pages;
	c->n_blocks = (pages << PAGE_SHIFT) / bytes;
	/* exact for offsets below 2^17, as the error, below bytes <= 2^15, then adds up to less than one block */
	c->magic = ((1ull << 32) + bytes - 1) / bytes;
}

void span__init_classes(void)
{
	size_t bytes = 8, from = 0;

	for (n_classes = 1; bytes <= SMALL_BYTES; n_classes++) {
		init_class(&size_classes[n_classes], bytes);
		for (; from <= bytes / 8; from++)
			class_of[from] = n_classes;
		bytes = next_class(bytes);
	}
}

static void push(_Atomic(struct span *) *list, struct span *s)
{
	s->next = get_relaxed(list);
	set_relaxed(list, s);
}

static struct span *pop(_Atomic(struct span *) *list)
{
	struct span *s = get_relaxed(list);

	if (s)
		set_relaxed(list, s->next);
	return s;
}

static struct list *list_of_span(struct span *s)
{
	return &lists[list_of(s->class, s->noscan)];
}

void span__flip(void)
{
	swept = !swept;
}

/* ---- one span ---- */

static void init(struct span *s, uint8_t class, bool noscan, size_t block_bytes, uint32_t n_blocks, uint32_t magic)
{
	s->block_bytes = block_bytes;
	s->magic = magic;
	s->n_blocks = n_blocks;
	s->class = class;
	s->noscan = noscan;
	s->finalizers = NULL;
	set_relaxed(&s->has_finalizers, false);
	set_relaxed(&s->free_index, 0);
	s->cache_index = 0;
	s->cache = ~0ull;
	for (uint32_t i = 0; i < 2 * MAX_BLOCKS / 64; i++)
		set_relaxed(&s->bits[0][0] + i, 0);
	s->marks = s->bits[0];
	s->taken = s->bits[1];
	set_relaxed(&s->type, NULL);
	poison(s->base, s->pages << PAGE_SHIFT);
	set_release(&s->limit, n_blocks * block_bytes);
}

uint32_t span__next_free(struct span *s)
{
	uint32_t i;

	while (unlikely(!s->cache)) {
		if (s->cache_index + 64 >= s->n_blocks)
			return s->n_blocks;
		s->cache_index += 64;
		s->cache = ~get_relaxed(&s->taken[s->cache_index / 64]);
	}
	i = s->cache_index + __builtin_ctzll(s->cache);
	if (unlikely(i >= s->n_blocks))
		return s->n_blocks;
	s->cache &= s->cache - 1;
	return i;
}

static uint32_t count(_Atomic uint64_t *bits, uint32_t from, uint32_t end)
{
	uint32_t n = 0;

	for (uint32_t i = from / 64; i < (end + 63) / 64; i++) {
		uint64_t word = get_relaxed(&bits[i]);

		n += __builtin_popcountll(i == from / 64 ? word & ~0ull << from % 64 : word);
	}
	return n;
}

static uint32_t n_taken(struct span *s)
{
	uint32_t below = get_relaxed(&s->free_index);

	return below + (below < s->n_blocks ? count(s->taken, below, s->n_blocks) : 0);
}

static void poison_free(struct span *s)
{
#ifdef __SANITIZE_ADDRESS__
	for (uint32_t i = 0; i < s->n_blocks; i++)
		if (!bit__get(s->taken, i))
			poison(s->base + i * s->block_bytes, s->block_bytes);
#endif
}

void span__sweep(struct p *p, struct span *s)
{
	struct list *l = list_of_span(s);
	_Atomic uint64_t *marks = s->marks;
	uint32_t live, freed;

	if (get_relaxed(&s->has_finalizers))
		finalizer__sweep(s);
	live = count(marks, 0, s->n_blocks);
	freed = n_taken(s) - live;
	if (freed) {
		stats__add(p, freed_objects, freed);
		stats__add(p, freed_bytes, freed * s->block_bytes);
	}
	if (!live) {
		pages__free(s);
		return;
	}
	s->marks = s->taken;
	s->taken = marks;
	for (uint32_t i = 0; i < (s->n_blocks + 63u) / 64; i++)
		set_relaxed(&s->marks[i], 0);
	s->cache_index = 0;
	s->cache = ~get_relaxed(&marks[0]);
	s->dirty = true;
	poison_free(s);
	set_relaxed(&s->free_index, 0);
	lock__acquire(&l->lock);
	push(live == s->n_blocks ? &l->full[swept] : &l->with_room[swept], s);
	lock__release(&l->lock);
}

bool span__sweep_one(struct p *p, int list)
{
	struct list *l = &lists[list];
	struct span *s;

	if (!get_relaxed(&l->full[!swept]) && !get_relaxed(&l->with_room[!swept]))
		return false;
	lock__acquire(&l->lock);
	s = pop(&l->with_room[!swept]);
	if (!s)
		s = pop(&l->full[!swept]);
	lock__release(&l->lock);
	if (s)
		span__sweep(p, s);
	return s;
}

/* ---- for allocation ---- */

void span__put_back(struct span *s)
{
	struct list *l = list_of_span(s);

	lock__acquire(&l->lock);
	push(&l->full[swept], s);
	lock__release(&l->lock);
}

static struct span *take_swept(struct list *l)
{
	struct span *s;

	if (!get_relaxed(&l->with_room[swept]))
		return NULL;
	lock__acquire(&l->lock);
	s = pop(&l->with_room[swept]);
	lock__release(&l->lock);
	return s;
}

static struct span *find(struct p *p, struct list *l)
{
	struct span *s = take_swept(l);

	/* sweeping puts what has room where it is looked for; another P may be quicker */
	for (int tries = SWEEP_TRIES; !s && tries--; s = take_swept(l))
		if (!span__sweep_one(p, l - lists))
			break;
	return s;
}

struct span *span__refill(struct p *p, int class, bool noscan)
{
	struct size_class *c = &size_classes[class];
	struct list *l = &lists[list_of(class, noscan)];
	struct span *s = find(p, l);

	if (!s) {
		s = pages__alloc(c->pages);
		init(s, class, noscan, c->bytes, c->n_blocks, c->magic);
	}
	pace__allocated((c->n_blocks - n_taken(s)) * (size_t)c->bytes);
	return s;
}

struct span *span__alloc_large(struct p *p, size_t bytes, bool noscan)
{
	size_t pages = (bytes + PAGE_BYTES - 1) >> PAGE_SHIFT;
	struct span *s;

	/* as much is swept as is to be taken, where there is garbage of this kind */
	for (size_t swept_pages = 0; swept_pages < pages && span__sweep_one(p, list_of(LARGE, noscan));
	     swept_pages += 5)
		;
	s = pages__alloc(pages);
	init(s, LARGE, noscan, pages << PAGE_SHIFT, 1, 0);
	pace__allocated(pages << PAGE_SHIFT);
	return s;
}
