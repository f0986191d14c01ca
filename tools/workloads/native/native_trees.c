// SPDX-License-Identifier: BSD-2-Clause
/*
 * trees: binary trees without contents; see bench_trees.c. Each depth has a thread of its own, and who drops a tree
 * walks it to free it.
 */
#include "native.h"
#include "report.h"

struct node {
	struct node *left, *right;
};

static struct node *build(int depth)
{
	struct node *node = native__alloc(sizeof(*node));

	node->left = depth ? build(depth - 1) : NULL;
	node->right = depth ? build(depth - 1) : NULL;
	return node;
}

static int64_t count(const struct node *node)
{
	return 1 + (node->left ? count(node->left) + count(node->right) : 0);
}

static void drop(struct node *node)
{
	if (node->left) {
		drop(node->left);
		drop(node->right);
	}
	free(node);
}

static int64_t count_and_drop(struct node *node)
{
	int64_t nodes = count(node);

	drop(node);
	return nodes;
}

struct trees {
	int most_depth;
	_Atomic int64_t nodes;
};

static void work(void *arg, int64_t index)
{
	struct trees *t = arg;
	int depth = TREES_LEAST_DEPTH + 2 * index;
	int64_t nodes = 0;

	for (int64_t i = 0; i < 1ll << (t->most_depth + TREES_LEAST_DEPTH - depth); i++)
		nodes += count_and_drop(build(depth));
	t->nodes += nodes;
}

int run_trees(const struct options *options)
{
	struct trees t = { .most_depth = options->n };
	struct span span = { .begin_ns = scenario__now_ns() };
	struct node *lives;

	t.nodes += count_and_drop(build(t.most_depth + 1));
	lives = build(t.most_depth);
	if (t.most_depth >= TREES_LEAST_DEPTH)
		program__parallel((t.most_depth - TREES_LEAST_DEPTH) / 2 + 1, work, &t);
	t.nodes += count_and_drop(lives);
	span.end_ns = scenario__now_ns();
	return report__trees(options, t.nodes, sizeof(struct node), &span);
}
