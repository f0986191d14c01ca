// SPDX-License-Identifier: BSD-2-Clause
/*
 * nodes: what a node of a linked structure takes, by malloc's own account and by the kernel's.
 */
#include "linked.h"
#include "native.h"

static size_t bytes;

static struct linked *new_node(struct linked *left, struct linked *right, uint64_t key)
{
	struct linked *node = native__alloc_zeroed(1, bytes);

	*node = (struct linked){ left, right, key };
	return node;
}

static void drop(struct linked *node)
{
	while (node) {
		struct linked *left = node->left;

		drop(node->right);
		free(node);
		node = left;
	}
}

static int64_t used_bytes(void)
{
	struct memory_figures memory;

	program__memory(&memory);
	return memory.heap_bytes;
}

int run_nodes(const struct options *options)
{
	struct linked_heap heap = { .new_node = new_node, .used_bytes = used_bytes, .drop = drop };

	bytes = heap.node_bytes = (options->block_bytes + 7) / 8 * 8;
	return linked__run(options, &heap);
}
