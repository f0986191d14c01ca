// SPDX-License-Identifier: BSD-2-Clause
/*
 * graph: graphs in which every node reaches every other. Nothing but a trace of what is reachable can free them, once
 * they are dropped. What remains in the heap after a collection is compared with what there was before.
 */
#include "bench.h"
#include "report.h"

#define EDGES 3

struct node {
	struct node *edges[EDGES]; /* the first ones make a ring of all */
	uint64_t number;
};

static const uint64_t pointers = (1 << EDGES) - 1;
static const struct weft_type type = { "graph node", sizeof(struct node), EDGES, &pointers };

struct graphs {
	const struct options *options;
	int64_t tasks;
};

static struct node *build(int64_t n, uint64_t *random)
{
	struct node **all = weft_new_array(&bench_pointer, n);

	for (int64_t i = 0; i < n; i++) {
		WEFT_SET(&all[i], (struct node *)weft_new(&type));
		all[i]->number = i;
	}
	for (int64_t i = 0; i < n; i++) {
		WEFT_SET(&all[i]->edges[0], all[(i + 1) % n]);
		for (int k = 1; k < EDGES; k++)
			WEFT_SET(&all[i]->edges[k], all[scenario__random(random) % n]);
	}
	return all[0];
}

static void work(void *arg, int64_t index)
{
	struct graphs *g = arg;
	int64_t n = scenario__share(g->options->n, g->tasks, index), n_nodes = g->options->block_bytes;
	uint64_t random = index;

	for (int64_t i = 0; i < n; i++) {
		const struct node *node = build(n_nodes, &random);

		for (int64_t k = 0; k < n_nodes; k++, node = node->edges[0])
			if (node->number != (uint64_t)k)
				scenario__die("graph: node %lld has been overwritten", (long long)k);
	}
}

static int64_t heap_bytes(bool collect)
{
	struct weft_memory memory;

	if (collect)
		weft_gc();
	weft_memory(&memory);
	return memory.heap_bytes;
}

int run_graph(const struct options *options)
{
	struct graphs g = { options, program__tasks(options) };
	struct graph_report r = { .node_bytes = sizeof(struct node), .base_bytes = heap_bytes(true) };

	r.span.begin_ns = scenario__now_ns();
	program__parallel(g.tasks, work, &g);
	r.span.end_ns = scenario__now_ns();
	r.dropped_bytes = heap_bytes(false);
	r.after_bytes = heap_bytes(true);
	return report__graph(options, &r);
}
