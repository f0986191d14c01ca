// SPDX-License-Identifier: BSD-2-Clause
/*
 * What each page of the heap is used for: runtime.mheap_ knows all spans that there ever were. They change while they
 * are read; nothing is done for a reading that is consistent, but the sum must be near what the runtime counts.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "golive_impl.h"
#include "runtime_memory.h"
#include "util.h"

enum {
	PAGE = 8192,		/* the runtime's own */
	RANGES_MAX = 65536,	/* parts of the heap */
	SPANS_MAX = 1 << 22,	/* some 32 GB of the smallest: more would take too long to read */
	MERGED_MAX = 1 << 18,	/* bytes: of those in which objects are, some may be resident in part */
	SPAN_LEN = 128,		/* of each, this much is read */
	BATCH = 4096,		/* pointers to spans read at once */
	BLOCK = 65536,		/* spans lie side by side: many are read at once */
	SUMMARY_LEVELS = 5,	/* runtime/mpagealloc_64bit.go */
	ARENA_BYTES = 64 << 20, /* runtime/malloc.go, heapArenaBytes */
	IN_USE = 1,		/* mSpanInUse */
	MANUAL = 2,		/* mSpanManual */
	LARGE_PAGES = 16,	/* spans of this size are rarely resident as a whole: each is asked for its age */
	TRIES_MEMORY = 3,
};

#define SLACK (8ull << 20) /* what a heap may have changed by meanwhile, beside an eighth of it */

#ifdef __x86_64__
#define ARENA_BASE 0xffff800000000000ull /* arenaBaseOffset */
#else
#define ARENA_BASE 0ull
#endif

struct slice {
	uint64_t at, len, cap;
};

/* Where fields are in the part of a span that is read. */
struct span_layout {
	size_t start, pages, state, count, size, elements, bits;
};

static int read_slice(const struct go_live *live, uint64_t at, uint64_t max, struct slice *s)
{
	uint64_t words[3];
	int err = live__read(live, at, words, sizeof(words));

	*s = (struct slice){ words[0], words[1], words[2] };
	if (!err && (!s->at || s->len > s->cap || s->cap > max))
		err = -EINVAL;
	return err;
}

static int read_ranges(const struct go_live *live, struct runtime_memory *m)
{
	uint64_t(*ranges)[2], last = 0;
	struct slice s;
	int err = read_slice(live, live->at.mheap + at_of(live, MHEAP_INUSE), RANGES_MAX, &s);

	if (err)
		return err;
	ranges = calloc(s.len + 1, sizeof(*ranges));
	if (!ranges)
		return -ENOMEM;
	err = live__read(live, s.at, ranges, s.len * sizeof(*ranges));
	for (size_t i = 0; !err && i < s.len; i++) {
		if (ranges[i][0] % PAGE || ranges[i][1] % PAGE || ranges[i][0] < last || ranges[i][1] <= ranges[i][0])
			err = -EINVAL;
		last = ranges[i][1];
		err = err ?: runtime_memory__add_heap(m, ranges[i][0], ranges[i][1]);
	}
	free(ranges);
	return err;
}

static bool has_page(const struct runtime_memory *m, uint64_t start, uint64_t end)
{
	for (size_t i = 0; i < m->nr_heaps; i++)
		if (start >= m->heaps[i].start && end <= m->heaps[i].end)
			return true;
	return false;
}

/* Of a large object: sweeping makes what the collector has marked the new allocBits. */
static enum runtime_span_age age_of(const struct go_live *live, const struct span_layout *l, const char *bytes)
{
	uint64_t bits = get64(bytes, l->bits);
	uint8_t first;

	if (get16(bytes, l->elements) != 1 || get64(bytes, l->pages) < LARGE_PAGES ||
	    live__read(live, bits, &first, sizeof(first)))
		return RUNTIME_AGE_MIXED;
	return first & 1 ? RUNTIME_AGE_LIVE : RUNTIME_AGE_FRESH;
}

/* A hundred thousand spans are the rule, and many of them side by side: together they are as good, and soon sorted. */
static int add_span(struct runtime_memory *m, const struct runtime_span *s)
{
	struct runtime_span *last = m->nr_spans ? &m->spans[m->nr_spans - 1] : NULL;

	/* descending by 64: so are they handed out */
	if (!last || (last->end != s->start && last->start != s->end) || last->kind != s->kind || last->age != s->age ||
	    last->end - last->start > MERGED_MAX)
		return runtime_memory__add_span(m, s);
	if (last->end == s->start)
		last->end = s->end;
	else
		last->start = s->start;
	last->used += s->used;
	return 0;
}

static int take_span(const struct go_live *live, const struct span_layout *l, const char *bytes,
		     struct runtime_memory *m, uint64_t *in_use)
{
	uint64_t start = get64(bytes, l->start), pages = get64(bytes, l->pages), size = get64(bytes, l->size);
	uint8_t state = bytes[l->state];
	struct runtime_span s = { .start = start, .end = start + pages * PAGE };

	/* free, or just changing */
	if ((state != IN_USE && state != MANUAL) || !pages || pages > SANE / PAGE || start % PAGE ||
	    !has_page(m, s.start, s.end))
		return 0;
	if (state == IN_USE) {
		*in_use += s.end - s.start;
		s.used = get16(bytes, l->count) * size;
		s.used = s.used < s.end - s.start ? s.used : s.end - s.start;
		s.age = age_of(live, l, bytes);
	} else {
		/* stackalloc() sets the size, the other users do not */
		s.kind = size ? RUNTIME_SPAN_STACK : RUNTIME_SPAN_OWN;
	}
	return add_span(m, &s);
}

/* Read those of @nr pointers that lie side by side, beginning with the first. Returns how many, or a negative errno. */
static ssize_t take_block(const struct go_live *live, const struct span_layout *l, const uint64_t *at, size_t nr,
			  struct runtime_memory *m, uint64_t *in_use)
{
	char block[BLOCK];
	size_t n = 1;
	int err;

	while (n < nr && at[n] > at[n - 1] && at[n] - at[0] <= BLOCK - SPAN_LEN && at[n] - at[n - 1] <= PAGE)
		n++;
	err = live__read(live, at[0], block, at[n - 1] - at[0] + SPAN_LEN);
	for (size_t i = 0; !err && i < n; i++)
		err = take_span(live, l, block + (at[i] - at[0]), m, in_use);
	return err ?: (ssize_t)n;
}

static int read_spans(const struct go_live *live, const struct slice *all, struct runtime_memory *m, uint64_t *in_use)
{
	struct span_layout l = { at_of(live, MSPAN_STARTADDR),	at_of(live, MSPAN_NPAGES),   at_of(live, MSPAN_STATE),
				 at_of(live, MSPAN_ALLOCCOUNT), at_of(live, MSPAN_ELEMSIZE), at_of(live, MSPAN_NELEMS),
				 at_of(live, MSPAN_ALLOCBITS) };
	uint64_t at[BATCH];
	int err = 0;

	*in_use = 0;
	for (uint64_t from = 0; !err && from < all->len; from += BATCH) {
		size_t nr = all->len - from < BATCH ? all->len - from : BATCH;

		err = live__read(live, all->at + 8 * from, at, 8 * nr);
		for (size_t i = 0; !err && i < nr;) {
			ssize_t n = take_block(live, &l, at + i, nr - i, m, in_use);

			err = n < 0 ? n : 0;
			i += n;
		}
		if (!err && !from)
			runtime_memory__add_place(m, at[0], SPAN_LEN);
		if (!err && from + nr == all->len)
			runtime_memory__add_place(m, at[nr - 1], SPAN_LEN);
	}
	runtime_memory__add_place(m, all->at, 8 * all->cap);
	return err;
}

/* What it keeps of each arena. */
static void add_arenas(const struct go_live *live, struct runtime_memory *m)
{
	uint64_t map, arena;

	if (live->layout.at[MHEAP_ARENAS] < 0 || live__u64(live, live->at.mheap + at_of(live, MHEAP_ARENAS), &map))
		return;
	for (size_t i = 0; i < m->nr_heaps; i++) {
		uint64_t at = m->heaps[i].start / ARENA_BYTES * ARENA_BYTES;

		for (; at < m->heaps[i].end && m->nr_places < RUNTIME_MAX_PLACES; at += ARENA_BYTES) {
			uint64_t slot = map + 8 * ((at - ARENA_BASE) / ARENA_BYTES);

			if (live__u64(live, slot, &arena))
				return;
			runtime_memory__add_place(m, slot, 8);
			runtime_memory__add_place(m, arena, 8);
		}
	}
}

/* Other memory that it has mapped for itself, as far as one can get there: small, but where there is cgo not alone. */
static void add_places(const struct go_live *live, struct runtime_memory *m)
{
	struct p_list list;
	struct slice s;
	uint64_t mcache;

	for (int i = 0; live->layout.at[MHEAP_SUMMARY] >= 0 && i < SUMMARY_LEVELS; i++)
		if (!read_slice(live, live->at.mheap + at_of(live, MHEAP_SUMMARY) + i * sizeof(s), SANE, &s))
			runtime_memory__add_place(m, s.at, 8 * s.cap);
	if (live->valid & GO_VALID_PS && !live__ps(live, live->at.allp, &list)) {
		if (list.nr && !live__u64(live, list.ps[0] + at_of(live, P_MCACHE), &mcache))
			runtime_memory__add_place(m, mcache, 8);
		free(list.ps);
	}
	add_arenas(live, m);
}

/* Objects that are neither freed nor known to be dead: .heap_bytes, which counts the Ps' caches as full. */
static int divide_objects(struct go_live *live, struct runtime_memory *m, uint64_t *span_bytes)
{
	struct tare_counters c;
	uint64_t objects, collections = 0;
	uint32_t numgc;
	int err;

	memset(&c, 0xff, sizeof(c));
	err = live__count_heap(live, &c);
	if (err)
		return err;
	if (c.span_bytes == TARE_UNKNOWN || c.alloc_bytes < c.freed_bytes)
		return -EINVAL;
	if (!live__u32(live, live->at.memstats + at_of(live, MSTATS_NUMGC), &numgc))
		collections = numgc;
	objects = c.alloc_bytes - c.freed_bytes;
	m->live = collections && c.marked_bytes != TARE_UNKNOWN ? c.marked_bytes : 0;
	m->live = m->live < objects ? m->live : objects;
	m->dead = c.heap_bytes < objects && collections ? objects - c.heap_bytes : 0;
	m->dead = m->dead < objects - m->live ? m->dead : objects - m->live;
	m->fresh = objects - m->live - m->dead;
	m->own_bytes = c.own_bytes == TARE_UNKNOWN ? 0 : c.own_bytes;
	*span_bytes = c.span_bytes;
	return 0;
}

static int read_memory(struct go_live *live, struct runtime_memory *m)
{
	uint64_t in_use, span_bytes;
	struct slice all;
	int err;

	err = read_ranges(live, m);
	if (!err)
		err = read_slice(live, live->at.mheap + at_of(live, MHEAP_ALLSPANS), SPANS_MAX, &all);
	if (!err)
		err = read_spans(live, &all, m, &in_use);
	if (!err)
		err = divide_objects(live, m, &span_bytes);
	if (err)
		return err;
	add_places(live, m);
	if (in_use > span_bytes + span_bytes / 8 + SLACK || span_bytes > in_use + in_use / 8 + SLACK)
		return -EINVAL;
	return 0;
}

int go_live__memory(struct go_live *live, struct runtime_memory *m)
{
	static const enum go_field need[] = { MHEAP_INUSE, MHEAP_ALLSPANS };
	static const enum go_field of_spans[] = { MSPAN_STARTADDR, MSPAN_NPAGES, MSPAN_STATE,	 MSPAN_ALLOCCOUNT,
						  MSPAN_ELEMSIZE,  MSPAN_NELEMS, MSPAN_ALLOCBITS };
	int err = -ENOENT;

	if (!live->at.mheap || !(live->valid & GO_VALID_GC) || !(live->valid & GO_VALID_MEMSTATS) ||
	    !live__has(live, need, ARRAY_SIZE(need), 1 << 20) ||
	    !live__has(live, of_spans, ARRAY_SIZE(of_spans), SPAN_LEN - 8))
		return -ENOENT;
	for (int tries = 0; tries < TRIES_MEMORY; tries++) {
		err = read_memory(live, m);
		if (err != -EINVAL && err != -EFAULT)
			break;
		runtime_memory__free(m);
	}
	return err;
}
