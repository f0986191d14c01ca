/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The results of scenarios that each program works out in its own way. Each prints the whole line and returns the
 * exit code.
 */
#ifndef REPORT_H
#define REPORT_H

#include "result.h"

/* n in the span: how often one task hands over to the other; switches: what the kernel or the runtime counted */
int report__pingpong(const struct options *options, int64_t switches, const struct span *span);
int report__spawn(const struct options *options, size_t stack_bytes, const struct span *span);

struct idle_report {
	size_t stack_bytes;
	int64_t reached; /* tasks that could be started */
	struct span start;
	int64_t elapsed_ns;
	int64_t before_bytes, resident_bytes; /* before: without the tasks */
	int64_t before_virtual_bytes, virtual_bytes;
};
int report__idle(const struct options *options, const struct idle_report *r);

/* Ends the process where trees of options->n levels have another number of nodes */
#define TREES_LEAST_DEPTH 4
int report__trees(const struct options *options, int64_t nodes, size_t node_bytes, const struct span *span);

/* counted_bytes: of the allocator's own count; negative: it has none */
int report__alloc(const struct options *options, int64_t allocated_bytes, int64_t counted_bytes,
		  const struct span *span);
/* slots: live blocks; replaced: how often one of them was */
int report__churn(const struct options *options, int64_t slots, int64_t replaced, const struct span *span);

struct graph_report {
	size_t node_bytes;
	struct span span;
	int64_t base_bytes, dropped_bytes, after_bytes; /* in use: before, when all were dropped, after a collection */
};
int report__graph(const struct options *options, const struct graph_report *r);

#endif
