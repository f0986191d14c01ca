// SPDX-License-Identifier: BSD-2-Clause
/*
 * trees: binary trees without contents. One of N + 1 levels is built and dropped, one of N lives on meanwhile trees of
 * 4, 6, .. N levels are built, counted and dropped, each depth by a goroutine of its own, 2^(N + 4 - depth) of each.
 */
#include "bench.h"
#include "report.h"

struct node {
	struct node *left, *right;
};

static const uint64_t pointers = 3;
static const struct weft_type type = { "node", sizeof(struct node), 2, &pointers };

static struct node *build(int depth)
{
	struct node *left = depth ? build(depth - 1) : NULL, *right = depth ? build(depth - 1) : NULL, *node;

	node = weft_new(&type);
	if (depth) {
		WEFT_SET(&node->left, left);
		WEFT_SET(&node->right, right);
	}
	return node;
}

static int64_t count(const struct node *node)
{
	return 1 + (node->left ? count(node->left) + count(node->right) : 0);
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
		nodes += count(build(depth));
	t->nodes += nodes;
}

int run_trees(const struct options *options)
{
	struct trees t = { .most_depth = options->n };
	struct span span = { .begin_ns = scenario__now_ns() };
	struct node *lives;

	t.nodes += count(build(t.most_depth + 1));
	lives = build(t.most_depth);
	if (t.most_depth >= TREES_LEAST_DEPTH)
		program__parallel((t.most_depth - TREES_LEAST_DEPTH) / 2 + 1, work, &t);
	t.nodes += count(lives);
	span.end_ns = scenario__now_ns();
	return report__trees(options, t.nodes, sizeof(struct node), &span);
}
