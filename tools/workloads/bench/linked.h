/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scenario nodes: a list or a tree that stays, and what its nodes take.
 */
#ifndef LINKED_H
#define LINKED_H

#include "result.h"

/* A node's start; as many bytes as are asked for follow. left is a list's next one */
struct linked {
	struct linked *left, *right;
	uint64_t key;
};

struct linked_heap {
	size_t node_bytes;
	struct linked *(*new_node)(struct linked *left, struct linked *right, uint64_t key);
	int64_t (*used_bytes)(void);	    /* of all blocks that are in use */
	void (*drop)(struct linked *first); /* frees all; NULL: nobody needs to */
};

/* Prints the whole result. Exit code. */
int linked__run(const struct options *options, const struct linked_heap *heap);

#endif
