// SPDX-License-Identifier: BSD-2-Clause
/*
 * cpu: five small programs that compute and call no runtime.
 */
#include "cpu.h"
#include "result.h"

int run_cpu(const struct options *options)
{
	static const struct {
		const char *name, *result; /* key of what it returns */
		int64_t (*fn)(void);
	} parts[] = {
		{ "fib", "fib", cpu__fib },
		{ "sieve", "primes", cpu__sieve },
		{ "matmul", "matmul_sum", cpu__matmul },
		{ "mandelbrot", "mandelbrot_points", cpu__mandelbrot },
		{ "words", "different_words", cpu__words },
	};
	int64_t elapsed_ns = 0;

	cpu__make_words();
	result__begin(SCENARIO_cpu, options);
	result__int("n", options->n);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		int64_t first = parts[i].fn(); /* its memory is there now */
		struct span span = { .begin_ns = scenario__now_ns() };

		for (int64_t k = 0; k < options->n; k++)
			if (parts[i].fn() != first)
				scenario__die("cpu: %s has come to something else than before", parts[i].name);
		span.end_ns = scenario__now_ns();
		elapsed_ns += span.end_ns - span.begin_ns;
		result__span(parts[i].name, &span, options->n);
		result__int(parts[i].result, first);
	}
	result__int("elapsed_ns", elapsed_ns);
	return result__end();
}
