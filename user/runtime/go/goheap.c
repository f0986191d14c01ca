// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "array.h"
#include "goheap.h"
#include "goheap_cache.h"
#include "util.h"

enum {
	TRIES = 20,
	TRY_US = 200,
	FRAMES_MAX = 1026, /* maxProfStackDepth of runtime/runtime1.go, and two more from Go 1.26 on */
	FUTURES = 3,	   /* memRecord.future */
	RECORD_MAX = 4 * 32,
};
#define SIZE_MAX_BYTES (1ull << 48) /* of an object: no heap is larger */

/* struct bucket of runtime/mprof.go, the same from Go 1.19 to 1.27; the stack and the record follow. */
struct bucket {
	uint64_t next, allnext, type, hash, size, nr;
};
#define MEM_PROFILE 1 /* bucketType */

struct walk {
	struct heap_cache cache;
	const struct go_heap_place *at;
	struct heap_profile *heap;
	uint64_t *records; /* where each stack's counts are */
	size_t room_records;
	uint64_t bytes;
	unsigned cycle; /* of the three, the one that is published or about to be */
	bool disturbed; /* the program published something meanwhile, or may have */
};

static int problem(struct walk *w, int ret, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static int problem(struct walk *w, int ret, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(w->heap->problem, sizeof(w->heap->problem), fmt, args);
	va_end(args);
	return ret;
}

/* Read what bucket number .nr consists of. */
static int walk__read(struct walk *w, uint64_t addr, void *buf, size_t len)
{
	int ret = heap_cache__read(&w->cache, addr, buf, len);

	if (ret == -EFAULT)
		return problem(w, ret, "bucket %zu of the list is at %#" PRIx64 ", which is not mapped", w->heap->nr,
			       addr);
	return ret;
}

/* ---- counts ---- */

static void counts__add(struct heap_counts *to, const struct heap_counts *c)
{
	to->allocs += c->allocs;
	to->frees += c->frees;
	to->alloc_bytes += c->alloc_bytes;
	to->free_bytes += c->free_bytes;
}

static struct heap_counts counts__of(const struct walk *w, const char *record, unsigned nr, uint64_t size)
{
	uint64_t v[4];

	memcpy(v, record + nr * w->at->cycle_bytes, w->at->cycle_bytes);
	if (w->at->cycle_bytes == 2 * sizeof(v[0])) {
		v[2] = v[0] * size;
		v[3] = v[1] * size;
	}
	return (struct heap_counts){ v[0], v[1], v[2], v[3] };
}

/* The four cycles of a record, one after the other: active, then the future ones. */
static void counts__split(const struct walk *w, const char *record, struct heap_stack *s)
{
	s->published = counts__of(w, record, 0, s->size_bytes);
	s->pending = (struct heap_counts){ 0 };
	for (unsigned i = 0; i < FUTURES; i++) {
		struct heap_counts c = counts__of(w, record, 1 + i, s->size_bytes);

		counts__add(i == w->cycle ? &s->published : &s->pending, &c);
	}
}

/* Each object has the same size, and none is freed that was not allocated. False for a moment while it is changed. */
static bool counts__fit(const struct heap_counts *c, uint64_t size)
{
	return c->frees <= c->allocs && c->alloc_bytes == c->allocs * size && c->free_bytes == c->frees * size;
}

/* ---- the list ---- */

uint64_t go_heap__hash(const uint64_t *pcs, size_t nr, uint64_t size)
{
	uint64_t h = 0;

	for (size_t i = 0; i <= nr; i++) {
		h += i < nr ? pcs[i] : size;
		h += h << 10;
		h ^= h >> 6;
	}
	h += h << 3;
	return h ^ h >> 11;
}

static int check_header(struct walk *w, uint64_t addr, const struct bucket *b)
{
	size_t nr = w->heap->nr, max = w->heap->max ?: GO_HEAP_BUCKETS_MAX;

	w->bytes += sizeof(*b) + b->nr * sizeof(uint64_t) + 4ull * w->at->cycle_bytes;
	if (b->type != MEM_PROFILE)
		return problem(w, -EINVAL, "bucket %zu of the list, at %#" PRIx64 ", is of kind %" PRIu64 ", not %d",
			       nr, addr, b->type, MEM_PROFILE);
	if (b->nr > FRAMES_MAX || !b->size || b->size > SIZE_MAX_BYTES || b->allnext % sizeof(uint64_t))
		return problem(w, -EINVAL,
			       "bucket %zu of the list, at %#" PRIx64 ", makes no sense: %" PRIu64
			       " addresses, objects of %" PRIu64 " bytes",
			       nr, addr, b->nr, b->size);
	if (nr == max)
		return problem(w, -E2BIG, "the list has more than %zu buckets", max);
	if (w->bytes > GO_HEAP_BYTES_MAX)
		return problem(w, -E2BIG, "the first %zu buckets of the list have more than %u MB already", nr,
			       GO_HEAP_BYTES_MAX >> 20);
	return 0;
}

/* Add the bucket at @addr; @next: where the next one is. */
static int walk__bucket(struct walk *w, uint64_t addr, uint64_t *next)
{
	struct heap_profile *heap = w->heap;
	char record[RECORD_MAX];
	struct bucket b;
	struct heap_stack s = { .first = heap->nr_pcs };
	uint64_t record_at, hash;
	int ret = walk__read(w, addr, &b, sizeof(b)) ?: check_header(w, addr, &b);

	if (ret)
		return ret;
	s.nr = b.nr;
	s.size_bytes = b.size;
	record_at = addr + sizeof(b) + b.nr * sizeof(uint64_t);
	if (ARRAY_GROW(heap->stacks, heap->room, heap->nr + 1) ||
	    ARRAY_GROW(heap->pcs, heap->room_pcs, heap->nr_pcs + b.nr) ||
	    ARRAY_GROW(w->records, w->room_records, heap->nr + 1))
		return -ENOMEM;
	ret = walk__read(w, addr + sizeof(b), heap->pcs + s.first, b.nr * sizeof(uint64_t)) ?:
		      walk__read(w, record_at, record, 4 * w->at->cycle_bytes);
	if (ret)
		return ret;
	hash = go_heap__hash(heap->pcs + s.first, b.nr, b.size);
	if (hash != b.hash)
		return problem(w, -EINVAL,
			       "bucket %zu of the list, at %#" PRIx64 ", has the hash %#" PRIx64
			       ", but its stack and size make %#" PRIx64,
			       heap->nr, addr, b.hash, hash);
	counts__split(w, record, &s);
	w->records[heap->nr] = record_at;
	heap->stacks[heap->nr++] = s;
	heap->nr_pcs += b.nr;
	*next = b.allnext;
	return 0;
}

static int walk__list(struct walk *w)
{
	uint64_t addr, marked = 0, since = 0, until = 1;
	int ret = heap_cache__read(&w->cache, w->at->buckets, &addr, sizeof(addr));

	if (ret == -EFAULT)
		return problem(w, ret, "where the list should begin, at %#" PRIx64 ", nothing is mapped",
			       w->at->buckets);
	while (!ret && addr) {
		/* of the buckets passed, one is marked, and another one after twice as many: in a loop it is met */
		if (addr == marked)
			return problem(w, -ELOOP, "the list of buckets leads back to %#" PRIx64 " after %" PRIu64, addr,
				       since);
		if (since++ == until) {
			marked = addr;
			since = 1;
			until *= 2;
		}
		ret = walk__bucket(w, addr, &addr);
	}
	return ret;
}

/* The number of the cycle. Notes if it has changed since the last look, or if something is being published. */
static int walk__look(struct walk *w, bool first)
{
	const struct go_heap_memory *mem = w->cache.mem;
	uint32_t cycles = 0;
	uint64_t lock = 0;
	int ret = mem->read(mem->ctx, w->at->cycle, &cycles, sizeof(cycles));

	if (!ret && w->at->lock)
		ret = mem->read(mem->ctx, w->at->lock, &lock, sizeof(lock));
	if (ret == -EFAULT)
		return problem(w, ret, "where the number of its cycle should be, at %#" PRIx64 ", nothing is mapped",
			       w->at->cycle);
	cycles >>= 1; /* the lowest bit: it is published already */
	w->disturbed |= lock || (!first && cycles != w->heap->cycles);
	w->heap->cycles = cycles;
	return ret;
}

/* Nothing is published yet: then the runtime itself would give all that it has. */
static void publish_all(struct heap_profile *heap)
{
	for (size_t i = 0; i < heap->nr; i++) {
		if (heap->stacks[i].published.allocs || heap->stacks[i].published.frees)
			return;
	}
	heap->all_pending = heap->nr;
	for (size_t i = 0; i < heap->nr; i++) {
		heap->stacks[i].published = heap->stacks[i].pending;
		heap->stacks[i].pending = (struct heap_counts){ 0 };
	}
}

/*
 * Within a cycle what is published stays as it is, also while it is moved from one place of a record to the other: what
 * is the same when it is read again was read at one moment. Sets .nr_torn.
 */
static int walk__compare(struct walk *w)
{
	struct heap_profile *heap = w->heap;
	char record[RECORD_MAX];
	int ret = walk__look(w, false);

	heap_cache__forget(&w->cache);
	heap->nr_torn = 0;
	for (size_t i = 0; !ret && i < heap->nr; i++) {
		struct heap_stack s = { .size_bytes = heap->stacks[i].size_bytes };

		ret = walk__read(w, w->records[i], record, 4 * w->at->cycle_bytes);
		if (ret)
			break;
		counts__split(w, record, &s);
		heap->nr_torn += !!memcmp(&s.published, &heap->stacks[i].published, sizeof(s.published));
	}
	ret = ret ?: walk__look(w, false);
	if (w->disturbed && !heap->nr_torn)
		heap->nr_torn = heap->nr;
	return ret;
}

/* Counts that never fit are no counts: then the layout is another one. */
static int check_counts(struct walk *w)
{
	struct heap_profile *heap = w->heap;
	size_t wrong = 0, last = 0;

	for (size_t i = 0; i < heap->nr; i++) {
		if (counts__fit(&heap->stacks[i].published, heap->stacks[i].size_bytes))
			continue;
		wrong++;
		last = i;
	}
	if (wrong * 2 <= heap->nr)
		return 0;
	return problem(w, -EINVAL,
		       "%zu of %zu buckets have counts that contradict each other, as %" PRIu64 " objects of %" PRIu64
		       " bytes that take %" PRIu64,
		       wrong, heap->nr, heap->stacks[last].published.allocs, heap->stacks[last].size_bytes,
		       heap->stacks[last].published.alloc_bytes);
}

static int walk__once(struct walk *w)
{
	int ret;

	heap_cache__forget(&w->cache);
	w->heap->nr = w->heap->nr_pcs = 0;
	w->bytes = 0;
	w->disturbed = false;
	ret = walk__look(w, true);
	w->cycle = w->heap->cycles % FUTURES;
	return ret ?: walk__list(w) ?: walk__compare(w);
}

int go_heap__read(const struct go_heap_memory *mem, const struct go_heap_place *at, struct heap_profile *heap)
{
	struct walk w = { .cache.mem = mem, .at = at, .heap = heap };
	uint64_t begin = thread_cpu_ns();
	int ret;

	do {
		if (heap->tries)
			usleep(TRY_US * heap->tries);
		ret = walk__once(&w);
	} while (!ret && heap->nr_torn && ++heap->tries < TRIES);
	heap->tries++;
	if (!ret)
		ret = check_counts(&w);
	if (!ret)
		publish_all(heap);
	free(w.records);
	heap_cache__free(&w.cache);
	heap->read_cpu_ns = thread_cpu_ns() - begin;
	return ret;
}
