// SPDX-License-Identifier: BSD-2-Clause
/*
 * leak: a cache that grows at a steady pace.
 */
#include "leak.h"

#define AHEAD_NS 1000000 /* worth a sleep */

int leak__run(const struct options *options, void (*put)(uint64_t key, size_t value_bytes), void (*sleep)(int64_t ns))
{
	double per_s = options->rate * MIB;
	int64_t bytes = options->n_given ? options->n * MIB : per_s * options->duration_ns / 1e9;
	int64_t n = (bytes + options->block_bytes - 1) / options->block_bytes, start_ns = scenario__now_ns();
	struct span span;

	for (int64_t i = 0; i < n; i++) {
		int64_t ahead_ns = start_ns + i * options->block_bytes / per_s * 1e9 - scenario__now_ns();

		if (ahead_ns > AHEAD_NS)
			sleep(ahead_ns);
		put(i, options->block_bytes);
	}
	span = (struct span){ start_ns, scenario__now_ns() };
	result__begin(SCENARIO_leak, options);
	result__int("n", n);
	result__duration(options);
	result__elapsed(&span, n);
	result__int("block_bytes", options->block_bytes);
	result__int("leaked_bytes", n * options->block_bytes);
	result__memory();
	return result__end();
}
