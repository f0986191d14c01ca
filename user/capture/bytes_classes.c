// SPDX-License-Identifier: BSD-2-Clause
/*
 * A mapping is told by what backs it: a file, the kernel's own name for it, what a runtime says of it, and for memory
 * without a name by the shape that glibc gives to it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>

#include "array.h"
#include "bytes_classes.h"
#include "bytes_heap.h"
#include "smaps.h"
#include "util.h"

#define MAPPINGS_MAX (1u << 20)
#define CODE_MAX     4096 /* files with code */

/* glibc's malloc/arena.c: HEAP_MAX_SIZE, to which it aligns what its arenas but the first are in. */
#define ARENA_BYTES (64ull << 20)
/* A thread's stack has a guard below that may not be touched: nptl/allocatestack.c; larger ones are something else. */
#define GUARD_BYTES (1ull << 20)
#define PAGE_BYTES  4096ull /* the smallest page there is */
#define CHUNKS_MAX  20000   /* of malloc's own mappings, looked at in one reading */

enum backing {
	BACKED_BY_FILE = TARE_NR_BYTES, /* below: the class itself */
	BACKED_BY_NOTHING,
};

struct area {
	uint64_t start, end, rss;
	dev_t device;
	ino_t inode;
	bool accessible, writable, code, shared;
	unsigned backing;
};

struct file {
	dev_t device;
	ino_t inode;
};

struct areas {
	struct area *areas;
	size_t nr, room;
	struct file code[CODE_MAX]; /* files that code is mapped of */
	size_t nr_code;
	unsigned chunks;
};

/* ---- reading ---- */

/* By how the kernel, or glibc where it can, names a mapping. */
static const struct {
	const char *begins;
	unsigned backing;
} names[] = {
	{ "[heap]", TARE_BYTES_MALLOC },
	{ "[stack", TARE_BYTES_STACKS },
	{ "[vdso", TARE_BYTES_KERNEL },
	{ "[vvar", TARE_BYTES_KERNEL },
	{ "[vsyscall", TARE_BYTES_KERNEL },
	{ "[anon: glibc: malloc", TARE_BYTES_MALLOC },
	{ "[anon: glibc: pthread stack", TARE_BYTES_STACKS },
	{ "[anon_shmem:", TARE_BYTES_SHARED },
	{ "/dev/shm/", TARE_BYTES_SHARED },
	{ "/dev/zero", TARE_BYTES_SHARED }, /* shared and anonymous */
	{ "/SYSV", TARE_BYTES_SHARED },
	{ "/memfd:", TARE_BYTES_SHARED },
};

static unsigned backing_of(const struct smap *m)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strncmp(m->name, names[i].begins, strlen(names[i].begins)))
			return names[i].backing;
	return m->inode || m->name[0] == '/' ? BACKED_BY_FILE : BACKED_BY_NOTHING;
}

static bool is_code_file(const struct areas *all, const struct area *a)
{
	for (size_t i = 0; i < all->nr_code; i++)
		if (all->code[i].inode == a->inode && all->code[i].device == a->device)
			return true;
	return false;
}

static int add(const struct smap *m, void *ctx)
{
	struct areas *all = ctx;
	struct area *a;

	if (all->nr == MAPPINGS_MAX)
		return 0; /* what follows is unexplained */
	if (ARRAY_GROW(all->areas, all->room, all->nr + 1))
		return -ENOMEM;
	a = &all->areas[all->nr++];
	*a = (struct area){ .start = m->start,
			    .end = m->end,
			    .rss = m->rss,
			    .device = m->device,
			    .inode = m->inode,
			    .accessible = m->readable || m->writable || m->code,
			    .writable = m->writable,
			    .code = m->code,
			    .shared = m->shared,
			    .backing = backing_of(m) };
	if (a->backing == BACKED_BY_FILE && a->code && all->nr_code < CODE_MAX && !is_code_file(all, a))
		all->code[all->nr_code++] = (struct file){ a->device, a->inode };
	return 0;
}

/* ---- the shapes of memory without a name ---- */

static const struct area *neighbour(const struct areas *all, const struct area *a, int step)
{
	const struct area *other = a + step;

	if (other < all->areas || other >= all->areas + all->nr)
		return NULL;
	return (step < 0 ? other->end == a->start : other->start == a->end) ? other : NULL;
}

static bool is_barred(const struct area *a)
{
	return a && a->backing == BACKED_BY_NOTHING && !a->accessible;
}

static bool is_plain(const struct area *a)
{
	return a->backing == BACKED_BY_NOTHING && a->writable && !a->code && !a->shared;
}

/* Data that a file's program header makes longer than the file. */
static bool is_bss(const struct areas *all, const struct area *a)
{
	const struct area *before = neighbour(all, a, -1);

	return before && before->backing == BACKED_BY_FILE && is_code_file(all, before);
}

/* It begins at a multiple of its size, and what it does not use yet is barred. */
static bool is_arena(const struct areas *all, const struct area *a)
{
	const struct area *rest = neighbour(all, a, 1);

	if (a->start % ARENA_BYTES)
		return false;
	return !(a->end % ARENA_BYTES) || (is_barred(rest) && rest->end / ARENA_BYTES > a->end / ARENA_BYTES);
}

static bool is_stack(const struct areas *all, const struct area *a)
{
	const struct area *guard = neighbour(all, a, -1);

	return is_barred(guard) && guard->end - guard->start <= GUARD_BYTES;
}

/* Is that page there? To look at one that is not would be to touch it. */
static bool is_resident(const struct bytes_source *from, uint64_t address)
{
	uint64_t entry;

	return from->pages && from->pages(address & ~(PAGE_BYTES - 1), &entry, 1, from->ctx) == 1 &&
	       entry & PAGEMAP_PRESENT;
}

/* From the beginning of @a on, how much is allocations of malloc's that have a mapping each: malloc/malloc.c,
 * sysmalloc. */
static uint64_t own_mappings(struct areas *all, const struct bytes_source *from, const struct area *a)
{
	uint64_t at = a->start, chunk[2], size;

	while (at < a->end && all->chunks < CHUNKS_MAX && from->peek && is_resident(from, at)) {
		all->chunks++;
		if (from->peek(at, chunk, sizeof(chunk), from->ctx))
			break;
		size = chunk[1] & ~7ull;
		/* IS_MMAPPED and no other flag; nothing before it */
		if ((chunk[1] & 7) != 2 || chunk[0] || !size || size % PAGE_BYTES || size > a->end - at)
			break;
		at += size;
	}
	return at - a->start;
}

static uint64_t resident_in(const struct bytes_source *from, const struct area *a, uint64_t bytes)
{
	struct bytes_window window = { .from = from };
	uint64_t resident = 0;

	if (bytes == a->end - a->start)
		return a->rss;
	if (bytes && bytes_window__count(&window, a->start, a->start + bytes, a->end, &resident))
		return 0;
	return resident < a->rss ? resident : a->rss;
}

/* ---- classes ---- */

static bool is_own(const struct runtime_memory *m, const struct area *a)
{
	for (size_t i = 0; m && i < m->nr_places; i++)
		if (m->places[i].start < a->end && m->places[i].end > a->start)
			return true;
	return false;
}

/* @bare: the program is alone with its runtime, so glibc has made nothing. */
static void add_plain(struct areas *all, const struct bytes_source *from, const struct area *a, bool bare,
		      uint64_t *classes)
{
	uint64_t chunks;

	if (is_bss(all, a)) {
		classes[TARE_BYTES_CODE] += a->rss;
	} else if (is_own(from->memory, a)) {
		classes[TARE_BYTES_RUNTIME] += a->rss;
	} else if (bare || !is_plain(a)) {
		classes[TARE_BYTES_ANONYMOUS] += a->rss;
	} else if (is_arena(all, a)) {
		classes[TARE_BYTES_MALLOC] += a->rss;
	} else if (is_stack(all, a)) {
		classes[TARE_BYTES_STACKS] += a->rss;
	} else {
		chunks = resident_in(from, a, own_mappings(all, from, a));
		classes[TARE_BYTES_MALLOC] += chunks;
		classes[TARE_BYTES_ANONYMOUS] += a->rss - chunks;
	}
}

static void add_file(struct areas *all, const struct area *a, uint64_t *classes)
{
	classes[is_code_file(all, a) ? TARE_BYTES_CODE : TARE_BYTES_FILES] += a->rss;
}

int bytes_classes__sum(const struct bytes_source *from, uint64_t classes[TARE_NR_BYTES])
{
	struct areas *all = calloc(1, sizeof(*all));
	const struct runtime_memory *m = from->memory;
	struct bytes_heap heap = { .window.from = from, .classes = classes };
	uint64_t own;
	int ret;
	bool bare;

	memset(classes, 0, TARE_NR_BYTES * sizeof(*classes));
	if (!all)
		return -ENOMEM;
	ret = smaps__for_each(from->smaps, add, all);
	bare = m && all->nr_code <= 1;
	for (size_t i = 0; !ret && i < all->nr; i++) {
		const struct area *a = &all->areas[i];

		if (!a->rss)
			continue;
		if (bytes_heap__has(m, a->start, a->end))
			ret = bytes_heap__add(&heap, a->start, a->end, a->rss);
		else if (a->backing < TARE_NR_BYTES)
			classes[a->backing] += a->rss;
		else if (a->backing == BACKED_BY_FILE)
			add_file(all, a, classes);
		else
			add_plain(all, from, a, bare, classes);
	}
	if (!ret)
		bytes_heap__end(&heap);
	/* nobody else asked for the rest, except the program itself, for more than the runtime says that it has */
	if (bare) {
		own = MIN(m->own_bytes, classes[TARE_BYTES_ANONYMOUS]);
		classes[TARE_BYTES_ANONYMOUS] -= own;
		classes[TARE_BYTES_RUNTIME] += own;
	}
	free(all->areas);
	free(all);
	return ret;
}
