/* SPDX-License-Identifier: BSD-2-Clause */
/* Which pages of a runtime's heap are resident, and what they are used for. For bytes_classes.c. */
#ifndef TARE_BYTES_HEAP_H
#define TARE_BYTES_HEAP_H

#include "bytes_classes.h"

#define BYTES_WINDOW 4096 /* entries read at once: the kernel looks at 2 MB at a time while it holds a lock */

/* Entries of the pagemap. Set .from; the rest is zero at first. */
struct bytes_window {
	const struct bytes_source *from;
	uint64_t start, end; /* of what was read */
	uint64_t entries[BYTES_WINDOW];
};

/* Set .window.from and .classes; the rest is zero at first. */
struct bytes_heap {
	struct bytes_window window;
	uint64_t *classes; /* added to */
	size_t span;	   /* the first that does not end before what was added so far */
	uint64_t resident; /* pages of that span */
	/* of objects, by age: resident bytes, in no class yet; and all, of those before .span */
	uint64_t objects[RUNTIME_NR_AGES], used[RUNTIME_NR_AGES];
	uint64_t excess; /* pages that VmRSS does not count: the shared one of zeros */
};

/* Is part of the heap in it? @m NULL: there is none. */
bool bytes_heap__has(const struct runtime_memory *m, uint64_t start, uint64_t end);

/* The next mapping, in the order of addresses, with @rss resident bytes. Returns 0 or a negative errno. */
int bytes_heap__add(struct bytes_heap *h, uint64_t start, uint64_t end, uint64_t rss);

/* That was the last one. */
void bytes_heap__end(struct bytes_heap *h);

/*
 * Add the resident bytes of a part of the process to @bytes; more is read ahead, up to @ahead. Returns 0 or a negative
 * errno.
 */
int bytes_window__count(struct bytes_window *w, uint64_t start, uint64_t end, uint64_t ahead, uint64_t *bytes);

#endif /* TARE_BYTES_HEAP_H */
