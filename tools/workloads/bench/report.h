/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The results of scenarios that each program works out in its own way. Each prints the whole line and returns the
 * exit code.
 */
#ifndef REPORT_H
#define REPORT_H

#include "result.h"

int report__pingpong(const struct options *options, int64_t switches, int64_t elapsed_ns);
int report__spawn(const struct options *options, size_t stack_bytes, int64_t elapsed_ns);

struct idle_report {
	size_t stack_bytes;
	int64_t start_ns, elapsed_ns, before_bytes, resident_bytes; /* before_bytes: resident without the tasks */
};
int report__idle(const struct options *options, const struct idle_report *r);

/* Ends the process where trees of options->n levels have another number of nodes */
#define TREES_LEAST_DEPTH 4
int report__trees(const struct options *options, int64_t nodes, size_t node_bytes, int64_t elapsed_ns);

/* counted_bytes: of the allocator's own count; negative: it has none */
int report__alloc(const struct options *options, int64_t allocated_bytes, int64_t counted_bytes, int64_t elapsed_ns);
/* slots: live blocks; replaced: how often one of them was */
int report__churn(const struct options *options, int64_t slots, int64_t replaced, int64_t elapsed_ns);

struct graph_report {
	size_t node_bytes;
	int64_t elapsed_ns;
	int64_t base_bytes, dropped_bytes, after_bytes; /* in use: before, when all were dropped, after a collection */
};
int report__graph(const struct options *options, const struct graph_report *r);

#endif
