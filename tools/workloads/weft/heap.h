/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * weft's heap: memory that nobody frees. Blocks are reached from goroutines' stacks and registers (conservatively: any
 * word there that points into a block keeps it), from other blocks' pointer words (precisely, by type) and from roots
 * (weft_root_add()). A pointer to anywhere within a block keeps the whole of it; one past its end does not.
 *
 * Rules for a goroutine's code:
 *  - A heap block's pointer word, and a root's, is only ever written by WEFT_SET() (the write barrier) once the block
 *    is shared or a collection may have begun since it was allocated; in doubt, always.
 *  - Memory from elsewhere (malloc, static variables that are no root) is not looked at: a pointer to a block that
 *    lies only there does not keep it.
 *  - Stacks of what runs outside of goroutines are not looked at.
 *  - Between weft_entersyscall() and weft_exitsyscall() a goroutine counts as holding what it held at the first of the
 *    two: it may use blocks there, but fetch no pointers that it goes on to use afterwards.
 *
 * Environment: WEFT_GOGC=N (the heap may grow by N % of what lived before the next collection; default 100; "off"),
 * WEFT_MEMLIMIT=BYTES (suffixes KiB, MiB, GiB: collect more eagerly so that the heap stays below; default none),
 * WEFT_GCSTRESS=1 (collect whenever a P's cache needs a span: slow, to find what breaks the rules above).
 */
#ifndef WEFT_HEAP_H
#define WEFT_HEAP_H

#include <stddef.h>
#include <stdint.h>

/* The shape of a block's element. Static storage; identified by address. */
struct weft_type {
	const char *name;
	size_t bytes;		  /* of one element: a multiple of 8 where there are pointers */
	size_t pointer_words;	  /* words up to and with the last pointer; 0: none in it */
	const uint64_t *pointers; /* bit i of word i/64: word i of the element is a pointer (or NULL) */
};

/* Zeroed memory for one element, or n of them side by side. Ends the process with a message where there is none. */
void *weft_new(const struct weft_type *type);
void *weft_new_array(const struct weft_type *type, size_t n);
void *weft_new_bytes(size_t bytes); /* without pointers */

/* Write a pointer into a block or a root. */
void weft_set(void *slot, void *value);
#define WEFT_SET(slot, value)                              \
	do {                                               \
		__typeof__(*(slot)) weft_value_ = (value); \
		weft_set((slot), (void *)weft_value_);     \
	} while (0)

/* The words of [start, start + bytes), outside of the heap, are pointers to blocks, for good. */
void weft_root_add(void *start, size_t bytes);

/*
 * Once nothing reaches `block` any more, a goroutine calls fn(block); the block is freed by the collection after that,
 * unless fn made it reachable again. One for each block; NULL takes it away. At exit none is called.
 */
void weft_finalizer(void *block, void (*fn)(void *block));

/* A whole collection, waited for. As Go's runtime.GC(), it returns when all garbage of now is swept. */
void weft_gc(void);

/* Give free memory back to the kernel now; the runtime does it by itself slowly. Returns bytes given back. */
size_t weft_scavenge(void);

struct weft_memory {
	uint64_t live_bytes;	 /* found alive by the last collection */
	uint64_t heap_bytes;	 /* in blocks that are not yet known to be free */
	uint64_t goal_bytes;	 /* the next collection is to end by then */
	uint64_t mapped_bytes;	 /* taken from the kernel for the heap .. */
	uint64_t released_bytes; /* .. of that, given back */
	uint64_t collections;
};
void weft_memory(struct weft_memory *memory);

#endif
