// SPDX-License-Identifier: BSD-2-Clause
#include "report.h"

static double per(const struct span *span, int64_t n)
{
	return (double)(span->end_ns - span->begin_ns) / n;
}

int report__pingpong(const struct options *options, int64_t switches, const struct span *span)
{
	result__begin(SCENARIO_pingpong, options);
	result__int("n", options->n);
	result__elapsed(span, 2 * options->n);
	result__int("switches", switches);
	result__real("ns_per_switch", per(span, switches));
	return result__end();
}

int report__spawn(const struct options *options, size_t stack_bytes, const struct span *span)
{
	result__begin(SCENARIO_spawn, options);
	result__int("n", options->n);
	result__elapsed(span, options->n);
	result__int("stack_bytes", stack_bytes);
	result__real("ns_per_task", per(span, options->n));
	return result__end();
}

int report__idle(const struct options *options, const struct idle_report *r)
{
	result__begin(SCENARIO_idle, options);
	result__int("n", options->n);
	result__int("duration_ns", options->duration_ns);
	result__int("reached", r->reached);
	result__int("elapsed_ns", r->elapsed_ns);
	result__int("start_ns", r->start.end_ns - r->start.begin_ns);
	result__span("all", &r->start, r->reached);
	result__int("stack_bytes", r->stack_bytes);
	result__int("resident_bytes", r->resident_bytes);
	result__real("bytes_per_task", (double)(r->resident_bytes - r->before_bytes) / r->reached);
	result__real("virtual_bytes_per_task", (double)(r->virtual_bytes - r->before_virtual_bytes) / r->reached);
	return result__end();
}

/* A tree of a given depth has 2^(depth + 1) - 1 nodes */
static int64_t trees__expected(int most)
{
	int64_t nodes = (2ll << (most + 1)) - 1 + (2ll << most) - 1;

	for (int depth = TREES_LEAST_DEPTH; depth <= most; depth += 2)
		nodes += ((2ll << depth) - 1) << (most + TREES_LEAST_DEPTH - depth);
	return nodes;
}

int report__trees(const struct options *options, int64_t nodes, size_t node_bytes, const struct span *span)
{
	if (nodes != trees__expected(options->n))
		scenario__die("trees: %lld nodes counted instead of %lld", (long long)nodes,
			      (long long)trees__expected(options->n));
	result__begin(SCENARIO_trees, options);
	result__int("n", options->n);
	result__elapsed(span, nodes);
	result__int("nodes", nodes);
	result__int("node_bytes", node_bytes);
	result__real("ns_per_node", per(span, nodes));
	result__memory();
	return result__end();
}

int report__alloc(const struct options *options, int64_t allocated_bytes, int64_t counted_bytes,
		  const struct span *span)
{
	result__begin(SCENARIO_alloc, options);
	result__int("n", options->n);
	result__int("tasks", program__tasks(options));
	result__elapsed(span, options->n);
	result__int("block_bytes", options->block_bytes);
	result__int("allocated_bytes", allocated_bytes);
	if (counted_bytes >= 0)
		result__int("counted_bytes", counted_bytes);
	else
		result__null("counted_bytes");
	result__real("ns_per_block", per(span, options->n));
	result__memory();
	return result__end();
}

int report__churn(const struct options *options, int64_t slots, int64_t replaced, const struct span *span)
{
	result__begin(SCENARIO_churn, options);
	result__int("n", replaced);
	result__int("tasks", program__tasks(options));
	result__duration(options);
	result__elapsed(span, replaced + slots);
	result__int("block_bytes", options->block_bytes);
	result__int("live_bytes", slots * options->block_bytes);
	result__int("allocated_bytes", (replaced + slots) * options->block_bytes);
	result__real("ns_per_block", per(span, replaced + slots));
	result__memory();
	return result__end();
}

int report__graph(const struct options *options, const struct graph_report *r)
{
	int64_t nodes = options->n * options->block_bytes;

	result__begin(SCENARIO_graph, options);
	result__int("n", options->n);
	result__int("tasks", program__tasks(options));
	result__elapsed(&r->span, nodes);
	result__int("nodes", nodes);
	result__int("node_bytes", r->node_bytes);
	result__real("ns_per_node", per(&r->span, nodes));
	result__int("base_bytes", r->base_bytes);
	result__int("dropped_bytes", r->dropped_bytes);
	result__int("after_bytes", r->after_bytes);
	result__memory();
	return result__end();
}
