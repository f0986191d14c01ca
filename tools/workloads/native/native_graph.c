// SPDX-License-Identifier: BSD-2-Clause
/*
 * graph: graphs in which every node reaches every other. Counts of references would never become zero, so each graph
 * has an owner, the list of its nodes, by which it is torn down.
 */
#include "native.h"
#include "report.h"

#define EDGES 3

struct node {
	struct node *edges[EDGES]; /* the first ones make a ring of all */
	uint64_t number;
};

struct graphs {
	const struct options *options;
	int64_t tasks;
};

static struct node **build(int64_t n, uint64_t *random)
{
	struct node **all = native__alloc(n * sizeof(*all));

	for (int64_t i = 0; i < n; i++) {
		all[i] = native__alloc(sizeof(*all[i]));
		all[i]->number = i;
	}
	for (int64_t i = 0; i < n; i++) {
		all[i]->edges[0] = all[(i + 1) % n];
		for (int k = 1; k < EDGES; k++)
			all[i]->edges[k] = all[scenario__random(random) % n];
	}
	return all;
}

static void work(void *arg, int64_t index)
{
	struct graphs *g = arg;
	int64_t n = scenario__share(g->options->n, g->tasks, index), n_nodes = g->options->block_bytes;
	uint64_t random = index;

	for (int64_t i = 0; i < n; i++) {
		struct node **all = build(n_nodes, &random), *node = all[0];

		for (int64_t k = 0; k < n_nodes; k++, node = node->edges[0])
			if (node->number != (uint64_t)k)
				scenario__die("graph: node %lld has been overwritten", (long long)k);
		for (int64_t k = 0; k < n_nodes; k++)
			free(all[k]);
		free(all);
	}
}

static int64_t heap_bytes(void)
{
	struct memory_figures memory;

	program__memory(&memory);
	return memory.heap_bytes;
}

int run_graph(const struct options *options)
{
	struct graphs g = { options, program__tasks(options) };
	struct graph_report report = { .base_bytes = heap_bytes(), .node_bytes = sizeof(struct node) };

	report.span.begin_ns = scenario__now_ns();
	program__parallel(g.tasks, work, &g);
	report.span.end_ns = scenario__now_ns();
	report.dropped_bytes = report.after_bytes = heap_bytes();
	return report__graph(options, &report);
}
