// SPDX-License-Identifier: BSD-2-Clause
/*
 * Pages. One stretch of addresses is reserved at start and taken into use from below, so a pointer of the heap is known
 * by a comparison, and its span by a table. Free runs lie in lists by their length, so that one that fits is found at
 * once, and neighbours are joined through the table. Which pages the kernel has back is a bit each.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "gc.h"

#define RESERVE_BYTES	    (256ull << 30)
#define RESERVE_LEAST_BYTES (1ull << 30)
#define GROW_BYTES	    (4ull << 20)
#define META_BYTES	    (1ull << 20)
#define EXACT		    64 /* runs of fewer pages have a list for each length; longer ones four for each power of two */
#define N_RUN_LISTS	    160
#define RELEASE_BYTES	    (256ull << 10) /* in one call: the lock of the kernel's address space is held meanwhile */

struct arena arena;

static struct lock lock;
static struct span *run_lists[N_RUN_LISTS];
static uint64_t lists_in_use[(N_RUN_LISTS + 63) / 64];
static struct span *spare_spans;
static _Atomic uint64_t *released; /* [page / 64] */
static size_t reserved_bytes;
static _Atomic uint64_t released_pages;

static struct lock meta_lock;
static char *meta_at, *meta_end;

static void *map(size_t bytes, int protection)
{
	void *at = mmap(NULL, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

void *meta__alloc(size_t bytes)
{
	void *block;

	bytes = (bytes + CACHE_LINE - 1) & ~(size_t)(CACHE_LINE - 1);
	lock__acquire(&meta_lock);
	if (bytes > (size_t)(meta_end - meta_at)) {
		size_t chunk = bytes > META_BYTES ? bytes : META_BYTES;

		meta_at = map(chunk, PROT_READ | PROT_WRITE);
		if (!meta_at)
			os__die("no memory for the heap's tables: %s", strerror(errno));
		meta_end = meta_at + chunk;
	}
	block = meta_at;
	meta_at += bytes;
	lock__release(&meta_lock);
	return block;
}

void pages__init(void)
{
	size_t pages;
	void *at = NULL;

	for (reserved_bytes = RESERVE_BYTES; reserved_bytes >= RESERVE_LEAST_BYTES; reserved_bytes /= 2) {
		at = map(reserved_bytes, PROT_NONE);
		if (at)
			break;
	}
	if (!at)
		os__die("no addresses for a heap: %s; see `ulimit -v`", strerror(errno));
	arena.base = ((uintptr_t)at + GROW_BYTES - 1) & ~(uintptr_t)(GROW_BYTES - 1);
	reserved_bytes -= GROW_BYTES;
	pages = reserved_bytes >> PAGE_SHIFT;
	arena.spans = map(pages * sizeof(*arena.spans), PROT_READ | PROT_WRITE);
	arena.pointer_bits = map(reserved_bytes / WORD_BYTES / 8, PROT_READ | PROT_WRITE);
	released = map(pages / 8 + 8, PROT_READ | PROT_WRITE);
	if (!arena.spans || !arena.pointer_bits || !released)
		os__die("no memory for the heap's tables: %s; see `ulimit -v`", strerror(errno));
}

/* ---- runs; the lock is held ---- */

static unsigned list_for(size_t pages)
{
	unsigned log;

	if (pages < EXACT)
		return pages;
	log = 63 - __builtin_clzl(pages);
	return EXACT + (log - 6) * 4 + (pages >> (log - 2) & 3);
}

static size_t page_of(uintptr_t at)
{
	return (at - arena.base) >> PAGE_SHIFT;
}

static void run__put(struct span *s)
{
	unsigned list = list_for(s->pages);
	size_t page = page_of(s->base);

	s->prev = NULL;
	s->next = run_lists[list];
	if (s->next)
		s->next->prev = s;
	run_lists[list] = s;
	lists_in_use[list / 64] |= 1ull << list % 64;
	set_relaxed(&arena.spans[page], s);
	set_relaxed(&arena.spans[page + s->pages - 1], s);
}

static void run__take(struct span *s)
{
	unsigned list = list_for(s->pages);

	if (s->prev)
		s->prev->next = s->next;
	else
		run_lists[list] = s->next;
	if (s->next)
		s->next->prev = s->prev;
	if (!run_lists[list])
		lists_in_use[list / 64] &= ~(1ull << list % 64);
}

static struct span *new_span(void)
{
	struct span *s = spare_spans;

	if (s)
		spare_spans = s->next;
	else
		s = meta__alloc(sizeof(*s));
	return s;
}

static void drop_span(struct span *s)
{
	s->free = false;
	s->next = spare_spans;
	spare_spans = s;
}

/* The neighbour that holds `page`, if it is free: a span in use, or a stale entry, is something else there */
static struct span *free_neighbour(size_t page, bool below)
{
	struct span *s;
	size_t first;

	if (page >= get_relaxed(&arena.used_bytes) >> PAGE_SHIFT)
		return NULL;
	s = get_relaxed(&arena.spans[page]);
	if (!s || get_relaxed(&s->limit) || !s->free)
		return NULL;
	first = page_of(s->base);
	return (below ? first + s->pages == page + 1 : first == page) ? s : NULL;
}

static void run__free(struct span *s)
{
	size_t page = page_of(s->base);
	struct span *below = page ? free_neighbour(page - 1, true) : NULL;
	struct span *above = free_neighbour(page + s->pages, false);

	if (below) {
		run__take(below);
		s->base = below->base;
		s->pages += below->pages;
		s->clean = s->clean && below->clean;
		drop_span(below);
	}
	if (above) {
		run__take(above);
		s->pages += above->pages;
		s->clean = s->clean && above->clean;
		drop_span(above);
	}
	s->free = true;
	run__put(s);
}

static struct span *find_run(size_t pages)
{
	unsigned list = list_for(pages), word;
	uint64_t bits;

	/* a list of several lengths: a few of it are looked at */
	if (pages >= EXACT) {
		int tries = 32;

		for (struct span *s = run_lists[list]; s && tries--; s = s->next)
			if (s->pages >= pages)
				return s;
		list++;
	}
	word = list / 64;
	bits = lists_in_use[word] & ~0ull << list % 64;
	while (!bits && ++word < sizeof(lists_in_use) / sizeof(*lists_in_use))
		bits = lists_in_use[word];
	return bits ? run_lists[word * 64 + __builtin_ctzll(bits)] : NULL;
}

/* Marks the pages as given back or not; returns how many were not so before */
static size_t set_released(size_t page, size_t n, bool value)
{
	size_t changed = 0;

	for (size_t end = page + n; page < end;) {
		size_t bit = page % 64, m = end - page < 64 - bit ? end - page : 64 - bit;
		uint64_t mask = (m == 64 ? ~0ull : (1ull << m) - 1) << bit;
		uint64_t old = get_relaxed(&released[page / 64]);

		changed += __builtin_popcountll((value ? ~old : old) & mask);
		set_relaxed(&released[page / 64], value ? old | mask : old & ~mask);
		page += m;
	}
	if (value)
		atomic_fetch_add(&released_pages, changed);
	else
		atomic_fetch_sub(&released_pages, changed);
	return changed;
}

static bool grow(size_t pages)
{
	size_t used = get_relaxed(&arena.used_bytes);
	size_t bytes = ((pages << PAGE_SHIFT) + GROW_BYTES - 1) & ~(GROW_BYTES - 1);
	struct span *s;

	if (bytes > reserved_bytes - used || mprotect((void *)(arena.base + used), bytes, PROT_READ | PROT_WRITE))
		return false;
	/* no part of it is resident, as if it had been given back */
	set_released(used >> PAGE_SHIFT, bytes >> PAGE_SHIFT, true);
	s = new_span();
	s->base = arena.base + used;
	s->pages = bytes >> PAGE_SHIFT;
	s->clean = true;
	set_relaxed(&arena.used_bytes, used + bytes);
	run__free(s);
	return true;
}

/* ---- for others ---- */

static struct span *take_pages(size_t pages)
{
	struct span *s, *rest;
	size_t page;

	lock__acquire(&lock);
	s = find_run(pages);
	if (!s) {
		if (!grow(pages)) {
			lock__release(&lock);
			return NULL;
		}
		s = find_run(pages);
	}
	run__take(s);
	if (s->pages > pages) {
		rest = new_span();
		rest->base = s->base + (pages << PAGE_SHIFT);
		rest->pages = s->pages - pages;
		rest->free = true;
		rest->clean = s->clean;
		s->pages = pages;
		run__put(rest);
	}
	s->free = false;
	page = page_of(s->base);
	s->dirty = set_released(page, pages, false) != pages;
	for (size_t i = 0; i < pages; i++)
		set_relaxed(&arena.spans[page + i], s);
	lock__release(&lock);
	return s;
}

struct span *pages__alloc(size_t pages)
{
	struct span *s;
	size_t excess;

	/* rather pages that lie fallow than more memory than is allowed */
	if (pace__over_limit(pages << PAGE_SHIFT, &excess))
		pages__release(excess);
	s = take_pages(pages);
	if (!s)
		os__die("no memory for a heap of more than %zu bytes (%zu asked for): %s",
			get_relaxed(&arena.used_bytes), pages << PAGE_SHIFT, strerror(errno ? errno : ENOMEM));
	return s;
}

void pages__free(struct span *s)
{
	set_release(&s->limit, 0);
	s->clean = false;
	unpoison(s->base, s->pages << PAGE_SHIFT);
	lock__acquire(&lock);
	run__free(s);
	lock__release(&lock);
}

/* The first pages of the run that the kernel does not have yet, at most so many bytes: 0 where there are none */
static size_t unreleased(struct span *s, size_t *first)
{
	size_t page = page_of(s->base), end = page + s->pages, n = 0;

	while (page < end && get_relaxed(&released[page / 64]) >> page % 64 & 1)
		page += page % 64 || ~get_relaxed(&released[page / 64]) ? 1 : 64;
	*first = page;
	for (; page < end && n < RELEASE_BYTES >> PAGE_SHIFT && !(get_relaxed(&released[page / 64]) >> page % 64 & 1);
	     page++)
		n++;
	return n;
}

/* Gives back one piece of one run, longest runs first; 0: there is none. The run is nobody else's meanwhile */
static size_t release_some(void)
{
	for (int list = N_RUN_LISTS - 1; list > 0; list--) {
		for (struct span *s = run_lists[list]; s; s = s->next) {
			size_t first, n = s->clean ? 0 : unreleased(s, &first);

			s->clean = !n;
			if (!n)
				continue;
			run__take(s);
			s->free = false;
			lock__release(&lock);
			if (madvise((void *)(arena.base + (first << PAGE_SHIFT)), n << PAGE_SHIFT, MADV_DONTNEED))
				os__die("cannot give memory back: %s", strerror(errno));
			lock__acquire(&lock);
			set_released(first, n, true);
			run__free(s);
			return n << PAGE_SHIFT;
		}
	}
	return 0;
}

size_t pages__release(size_t most_bytes)
{
	size_t bytes = 0, n = 1;

	while (n && bytes < most_bytes) {
		lock__acquire(&lock);
		n = release_some();
		lock__release(&lock);
		bytes += n;
	}
	return bytes;
}

void pages__usage(uint64_t *mapped_bytes, uint64_t *released_bytes)
{
	lock__acquire(&lock);
	*mapped_bytes = get_relaxed(&arena.used_bytes);
	*released_bytes = get_relaxed(&released_pages) << PAGE_SHIFT;
	lock__release(&lock);
}
