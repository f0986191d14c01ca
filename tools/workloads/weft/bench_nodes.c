// SPDX-License-Identifier: BSD-2-Clause
/*
 * nodes: what a node of a linked structure takes, by the heap's own account after a collection and by the kernel's.
 */
#include "bench.h"
#include "linked.h"

static const uint64_t pointers = 3;
static struct weft_type type = { "node", 0, 2, &pointers };

static struct linked *new_node(struct linked *left, struct linked *right, uint64_t key)
{
	struct linked *node = weft_new(&type);

	node->key = key;
	WEFT_SET(&node->left, left);
	WEFT_SET(&node->right, right);
	return node;
}

static int64_t used_bytes(void)
{
	struct weft_memory memory;

	weft_gc();
	weft_memory(&memory);
	return memory.heap_bytes;
}

int run_nodes(const struct options *options)
{
	struct linked_heap heap = { .new_node = new_node, .used_bytes = used_bytes };

	type.bytes = heap.node_bytes = (options->block_bytes + 7) / 8 * 8;
	return linked__run(options, &heap);
}
