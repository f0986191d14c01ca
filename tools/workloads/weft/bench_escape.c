// SPDX-License-Identifier: BSD-2-Clause
#include "bench.h"
#include "escape.h"

static const struct weft_type type = { "point", sizeof(struct point), 0, NULL };

static uint64_t on_heap(int64_t n)
{
	uint64_t sum = 0;

	for (int64_t i = 0; i < n; i++)
		sum += escape__use(weft_new(&type), i);
	return sum;
}

int run_escape(const struct options *options)
{
	return escape__run(options, on_heap);
}
