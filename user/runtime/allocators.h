/* SPDX-License-Identifier: BSD-2-Clause */
/* Where programs ask for memory: the entries of allocators, and which argument says how much. */
#ifndef TARE_ALLOCATORS_H
#define TARE_ALLOCATORS_H

#include "image.h"
#include "shared.h"

struct allocator {
	uint64_t offset; /* of its first instruction in the file */
	uint64_t cookie; /* enum alloc_shape, and what else the runtime needs */
};

struct allocators {
	struct allocator *all;
	size_t nr, room;
};

/* Add the function at address @addr of @img, once: one code may have several names. Returns 0 or a negative errno. */
int allocators__add(struct allocators *list, struct image *img, uint64_t addr, uint64_t cookie);

/*
 * Add those of C, C++ and Rust that @img defines, by their names. A wrapper is left out where what it calls is seen.
 * Returns 0 or -ENOMEM.
 */
int allocators__native(struct allocators *list, struct image *img);

void allocators__free(struct allocators *list);

#endif /* TARE_ALLOCATORS_H */
