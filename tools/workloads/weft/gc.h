/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside the heap. Memory is cut, from below: pages of 8 KiB out of one reserved stretch of addresses (pages.c), spans
 * of pages that hold blocks of one size (span.c), and a cache of spans in each P, from which it allocates without a
 * lock (heap.c). A span is at any moment in one place: in a P's cache, in a list of its class, or in the hands of who
 * sweeps it; and nobody who sweeps or allocates gives way in the middle. So when the world stands, all is in order.
 */
#ifndef WEFT_GC_H
#define WEFT_GC_H

#include "heap.h"
#include "runtime.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define poison(at, bytes)   __asan_poison_memory_region((void *)(at), bytes)
#define unpoison(at, bytes) __asan_unpoison_memory_region((void *)(at), bytes)
#else
#define poison(at, bytes)   ((void)(at), (void)(bytes))
#define unpoison(at, bytes) ((void)(at), (void)(bytes))
#endif
/* The collector reads what the sanitizers hold for nobody's: red zones, and other goroutines' stacks */
#define reads_anything __attribute__((no_sanitize("address", "thread")))

#define PAGE_SHIFT	       13
#define PAGE_BYTES	       ((size_t)1 << PAGE_SHIFT)
#define WORD_BYTES	       sizeof(uintptr_t)
#define SMALL_BYTES	       32768 /* larger blocks have a span each */
#define MAX_BLOCKS	       1024  /* in one span */
#define MAX_CLASSES	       80
#define LARGE		       0 /* the class of large blocks; size classes count from 1 */
#define N_LISTS		       (2 * MAX_CLASSES)
#define list_of(class, noscan) (2 * (class) + (noscan))

/* ---- pages.c, span.c ---- */

/* Blocks of one size side by side; or, with limit 0, a run of free pages. Never given back: stale pointers may stay */
struct span {
	_Atomic size_t limit; /* bytes that are blocks. Written last, with release, when all else is set */
	uintptr_t base;
	size_t block_bytes;
	uint32_t magic; /* 2^32 / block_bytes, rounded up; large: 0 */
	uint16_t n_blocks;
	uint8_t class;
	bool noscan;				/* no pointers in it */
	bool dirty;				/* a free block may not be zero */
	bool free, clean;			/* a run in pages.c's lists; of which the kernel has all pages */
	_Atomic uint32_t free_index;		/* all blocks below it are taken */
	uint32_t cache_index;			/* the block of bit 0 of: */
	uint64_t cache;				/* free blocks */
	_Atomic uint64_t *marks, *taken;	/* found alive by this collection; taken when the span was last swept */
	_Atomic(const struct weft_type *) type; /* of a large block; NULL: no pointers */
	size_t type_bytes;			/* of a large block: elements, from its start on */
	size_t pages;
	struct span *next, *prev;
	_Atomic bool has_finalizers;  /* or had */
	struct finalizer *finalizers; /* under finalizer.c's lock */
	_Atomic uint64_t bits[2][MAX_BLOCKS / 64];
};

struct arena {
	uintptr_t base;
	_Atomic size_t used_bytes;	/* mapped for use, from base on */
	_Atomic(struct span *) *spans;	/* [page]: the span it is or was in; of free runs the first and last */
	_Atomic uint64_t *pointer_bits; /* [word / 64]: of small blocks, which words are pointers */
};
extern struct arena arena;

void pages__init(void);
struct span *pages__alloc(size_t pages); /* its base, pages and dirty are set; dies where there is none */
void pages__free(struct span *s);
size_t pages__release(size_t most_bytes); /* to the kernel */
void pages__usage(uint64_t *mapped_bytes, uint64_t *released_bytes);
void *meta__alloc(size_t bytes); /* zeroed, for good, aligned to a cache line */

struct size_class {
	uint32_t bytes, pages, n_blocks, magic;
};
extern struct size_class size_classes[MAX_CLASSES];
extern int n_classes;
extern uint8_t class_of[SMALL_BYTES / 8 + 1]; /* [bytes / 8, rounded up] */

void span__init_classes(void);
struct span *span__refill(struct p *p, int class, bool noscan); /* one with a free block, no longer in any list */
void span__put_back(struct span *s);				/* out of a cache */
struct span *span__alloc_large(struct p *p, size_t bytes, bool noscan);
bool span__sweep_one(struct p *p, int list);   /* false: nothing to sweep there */
void span__sweep(struct p *p, struct span *s); /* and puts it into its list, or frees it */
void span__flip(void);			       /* the world stands: all spans in lists are to be swept */
uint32_t span__next_free(struct span *s);      /* n_blocks: none */

static inline struct span *span_of(uintptr_t at)
{
	size_t offset = at - arena.base;
	struct span *s;
	size_t limit;

	if (offset >= get_relaxed(&arena.used_bytes))
		return NULL;
	s = get_relaxed(&arena.spans[offset >> PAGE_SHIFT]);
	if (!s)
		return NULL;
	limit = get_acquire(&s->limit);
	return limit && at - s->base < limit ? s : NULL;
}

static inline uint32_t span__index(struct span *s, uintptr_t at)
{
	return (uint64_t)(at - s->base) * s->magic >> 32;
}

static inline bool bit__get(_Atomic uint64_t *bits, uint32_t i)
{
	return get_relaxed(&bits[i / 64]) >> i % 64 & 1;
}

/* True: it was not set before */
static inline bool bit__set(_Atomic uint64_t *bits, uint32_t i)
{
	uint64_t bit = 1ull << i % 64;

	if (get_relaxed(&bits[i / 64]) & bit)
		return false;
	return !(atomic_fetch_or_explicit(&bits[i / 64], bit, memory_order_relaxed) & bit);
}

/* ---- heap.c: what each P has of the heap ---- */

#define BUFFER_WORDS 254
struct grey_buffer {
	struct grey_buffer *next;
	size_t n;
	uintptr_t block[BUFFER_WORDS];
};

struct p_heap {
	struct span **cache; /* [N_LISTS]; one with no free block where there is none */
	struct span *caches[2][N_LISTS];
	struct grey_buffer *grey[2];   /* push and pop at the first; either never NULL */
	_Atomic uint64_t marked_bytes; /* in this collection, new blocks among them; written by the P's holder */
	_Atomic uint32_t flushed;      /* mark__flush_all(): last round in which its grey blocks were handed over */
} __attribute__((aligned(CACHE_LINE)));

void heap__start_goroutines(void);
void heap__swap_caches(void);		  /* the world stands */
void heap__sweep_old_caches(struct p *p); /* and then this, by one goroutine */

/* ---- mark.c, root.c, barrier.c ---- */

/* It and gc_marking only change while the world stands, so a look at them holds until the next safe point */
extern _Atomic uint32_t gc_cycle;

#define SCAN_ONLY 1 /* in a grey block's address: what it points to, but not the block, has been found */

void mark__init(void);
void mark__grey(struct p_heap *h, uintptr_t at); /* any word: what is no pointer to a block is passed over */
void mark__words(struct p_heap *h, const void *start, size_t bytes); /* any words */
void mark__push(struct p_heap *h, uintptr_t block);
void mark__new(struct p_heap *h, struct span *s, uint32_t i); /* allocated black */
bool mark__flush_all(void);				      /* true: no grey block is left anywhere */
bool mark__work_left(void);
bool mark__reset(void); /* the world stands: hands all over; true: there was none */
/* Until there is nothing more to take, the P is to give way, or so many bytes are marked, or time is up. */
void mark__drain(struct p *p, uint64_t most_bytes, int64_t until_ns, bool idle_only);
uint64_t mark__marked_bytes(void);

void root__begin(void);			/* the world stands */
bool root__mark_some(struct p_heap *h); /* false: all are taken */
bool root__left(void);
void root__scan_g(struct p_heap *h, struct g *g); /* claimed */

/* ---- gc.c, sweep.c ---- */
void gc__start_goroutines(struct p *p); /* at the first allocation of all */
struct g *gc__start_goroutine(struct p *p, void (*fn)(void *arg));
void gc__wake(void);			 /* a collection is due */
bool gc__wanted(void);			 /* .. and has not begun */
void sweep__all(bool (*in_haste)(void)); /* true: without letting others run in between */
void sweep__start_scavenger(struct p *p);
void sweep__wake_scavenger(void);

/* ---- pace.c ---- */
extern bool gc_stress;			 /* WEFT_GCSTRESS=1: collect each time a span is filled */
extern _Atomic uint64_t heap_live_bytes; /* marked last, and given out since, in whole spans */
extern _Atomic uint64_t credit_bytes;	 /* marked by workers, for which nobody who allocates need */
void pace__init(void);
void pace__allocated(size_t bytes);	   /* spans given out */
void pace__begin(void);			   /* the world stands, marking begins .. */
uint64_t pace__end(uint64_t marked_bytes); /* .. and ends. The next goal */
void pace__revise(void);
/* On g's stack, after it got so many bytes; may give way */
void pace__pay(struct g *g, size_t bytes);
uint64_t pace__goal_bytes(void);
uint64_t pace__live_bytes(void);
uint64_t pace__retain_bytes(void); /* the scavenger leaves so much */
bool pace__over_limit(size_t more_bytes, size_t *excess_bytes);

/* ---- finalizer.c ---- */
void finalizer__begin(void);		 /* the world stands */
bool finalizer__roots(struct p_heap *h); /* false: all are taken */
void finalizer__sweep(struct span *s);

#endif
