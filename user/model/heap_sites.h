/* SPDX-License-Identifier: BSD-2-Clause */
/* The sites of a process's allocations: what was sampled there, what that stands for, and what has changed. */
#ifndef TARE_MODEL_HEAP_SITES_H
#define TARE_MODEL_HEAP_SITES_H

#include "heap_named.h"

/* An estimate of all objects and their bytes, by the samples; of a difference, negative ones too. */
struct heap_amount {
	int64_t alloc_objects, alloc_bytes; /* since the program began, or since the earlier reading */
	int64_t inuse_objects, inuse_bytes; /* of these, not freed */
};

enum heap_figure { HEAP_INUSE, HEAP_ALLOC };

/* One stack and size of objects, number .nr of the heap's .stacks. */
struct heap_site_stack {
	size_t nr;
	struct heap_amount amount;
	size_t first; /* its frames without those that are not told, in .frame_of of struct heap_named */
	uint32_t nr_frames;
};

/* A line of a function that allocates; its stacks lie in a row. */
struct heap_site {
	const struct heap_frame *frame; /* NULL: not known */
	struct heap_amount amount;
	size_t first_stack, nr_stacks;
};

struct heap_sites {
	const struct heap_named *named;
	const struct heap_named *since; /* NULL: all is told, not only what has changed */
	bool unknown;			/* what has changed: the runtime has published nothing between the two */
	struct heap_amount total;
	struct heap_site_stack *stacks; /* site by site, the largest first */
	struct heap_site
		*sites; /* the largest first; those where nothing is published, or nothing has changed, are left out */
	size_t nr;
};

/* What a sample of @objects with @bytes in all stands for, if one in @rate_bytes is taken: as runtime/pprof does it. */
void heap__scale(uint64_t objects, uint64_t bytes, uint64_t rate_bytes, int64_t *all_objects, int64_t *all_bytes);

/*
 * The sites of @named, or how they differ from those @since, an earlier reading of the same program (NULL: none). Both
 * must live as long. Ordered by the bytes of @order. Returns 0 or -ENOMEM; to be freed in any case.
 */
int heap_sites__of(struct heap_sites *s, const struct heap_named *named, const struct heap_named *since,
		   enum heap_figure order);
void heap_sites__free(struct heap_sites *s);

#endif /* TARE_MODEL_HEAP_SITES_H */
