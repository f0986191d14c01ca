// SPDX-License-Identifier: BSD-2-Clause
#include "linked.h"

static struct linked *list(const struct linked_heap *heap, int64_t n)
{
	struct linked *first = NULL;

	for (int64_t i = n; i-- > 0;)
		first = heap->new_node(first, NULL, i);
	return first;
}

/* The keys from first on, in order from left to right */
static struct linked *tree(const struct linked_heap *heap, int64_t first, int64_t n)
{
	struct linked *left, *right;

	if (!n)
		return NULL;
	left = tree(heap, first, n / 2);
	right = tree(heap, first + n / 2 + 1, n - n / 2 - 1);
	return heap->new_node(left, right, first + n / 2);
}

static bool list__in_order(const struct linked *node, int64_t *next)
{
	for (; node; node = node->left)
		if (node->key != (uint64_t)(*next)++)
			return false;
	return true;
}

static bool tree__in_order(const struct linked *node, int64_t *next)
{
	return !node || (tree__in_order(node->left, next) && node->key == (uint64_t)(*next)++ &&
			 tree__in_order(node->right, next));
}

int linked__run(const struct options *options, const struct linked_heap *heap)
{
	int64_t base_bytes = heap->used_bytes(), base_resident = result__resident_bytes(), next = 0;
	struct span span = { .begin_ns = scenario__now_ns() };
	int64_t used_bytes, resident_bytes;
	struct linked *first = options->mode ? tree(heap, 0, options->n) : list(heap, options->n);

	span.end_ns = scenario__now_ns();
	used_bytes = heap->used_bytes() - base_bytes;
	resident_bytes = result__resident_bytes() - base_resident;
	if (!(options->mode ? tree__in_order : list__in_order)(first, &next) || next != options->n)
		scenario__die("nodes: node %lld has been overwritten", (long long)next);
	result__begin(SCENARIO_nodes, options);
	result__int("n", options->n);
	result__elapsed(&span, options->n);
	result__int("node_bytes", heap->node_bytes);
	result__real("ns_per_node", (double)(span.end_ns - span.begin_ns) / options->n);
	result__real("heap_bytes_per_node", (double)used_bytes / options->n);
	result__real("resident_bytes_per_node", (double)resident_bytes / options->n);
	result__memory();
	if (heap->drop)
		heap->drop(first);
	return result__end();
}
