/* SPDX-License-Identifier: BSD-2-Clause */
/* What a runtime knows of its process's memory, for the ledger of bytes. */
#ifndef TARE_RUNTIME_MEMORY_H
#define TARE_RUNTIME_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum runtime_span_kind {
	RUNTIME_SPAN_OBJECTS, /* held for objects */
	RUNTIME_SPAN_STACK,   /* of green threads */
	RUNTIME_SPAN_OWN,     /* used by the runtime itself */
};

/* Of the objects in a span. Not told of spans with many: they are mixed. */
enum runtime_span_age {
	RUNTIME_AGE_MIXED,
	RUNTIME_AGE_LIVE,  /* found by the last collection */
	RUNTIME_AGE_FRESH, /* allocated since */
	RUNTIME_NR_AGES
};

/* A part of its heap that is in use; the rest of the heap is free. */
struct runtime_span {
	uint64_t start, end;
	uint64_t used; /* RUNTIME_SPAN_OBJECTS: bytes that objects have */
	enum runtime_span_kind kind;
	enum runtime_span_age age;
};

#define RUNTIME_MAX_PLACES 256

struct runtime_memory {
	/* its heap */
	struct runtime_heap {
		uint64_t start, end;
	} * heaps;
	size_t nr_heaps, room_heaps;
	struct runtime_span *spans; /* in any order; sorted by runtime_memory__sort() */
	size_t nr_spans, room_spans;
	/* how the bytes of all objects divide: live at the last collection, allocated since, dead and not yet swept */
	uint64_t live, fresh, dead;
	struct runtime_heap places[RUNTIME_MAX_PLACES]; /* a mapping that has part of one of these is its own */
	size_t nr_places;
	uint64_t own_bytes; /* it says that it has no more than this for itself */
};

/* Zero-initialise. Each returns 0 or -ENOMEM. */
int runtime_memory__add_heap(struct runtime_memory *m, uint64_t start, uint64_t end);
int runtime_memory__add_span(struct runtime_memory *m, const struct runtime_span *span);
/* One more of .places; left out if there are too many. */
void runtime_memory__add_place(struct runtime_memory *m, uint64_t start, uint64_t bytes);

/* In the order of addresses; overlapping spans, which a torn reading may have, are cut off at the next one. */
void runtime_memory__sort(struct runtime_memory *m);
void runtime_memory__free(struct runtime_memory *m);

#endif /* TARE_RUNTIME_MEMORY_H */
