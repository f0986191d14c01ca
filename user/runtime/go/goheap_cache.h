/* SPDX-License-Identifier: BSD-2-Clause */
/* A process's memory in blocks: the buckets of a list lie beside each other, so one read serves many. */
#ifndef TARE_GOHEAP_CACHE_H
#define TARE_GOHEAP_CACHE_H

#include "goheap.h"

#define HEAP_BLOCK_BYTES (16u << 10)
#define HEAP_BLOCKS	 64 /* each thread of the program allocates buckets in its own place */

struct heap_cache {
	const struct go_heap_memory *mem;
	char *blocks;		    /* NULL until the first read */
	uint64_t addr[HEAP_BLOCKS]; /* of the block kept there, plus one; 0: none */
};

/* As struct go_heap_memory's .read, or -ENOMEM. What was read before may be given again. */
int heap_cache__read(struct heap_cache *c, uint64_t addr, void *buf, size_t len);
void heap_cache__forget(struct heap_cache *c);
void heap_cache__free(struct heap_cache *c);

#endif /* TARE_GOHEAP_CACHE_H */
