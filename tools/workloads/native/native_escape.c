// SPDX-License-Identifier: BSD-2-Clause
#include "escape.h"
#include "native.h"

static uint64_t on_heap(int64_t n)
{
	uint64_t sum = 0;

	for (int64_t i = 0; i < n; i++) {
		struct point *p = native__alloc(sizeof(*p));

		sum += escape__use(p, i);
		free(p);
	}
	return sum;
}

int run_escape(const struct options *options)
{
	return escape__run(options, on_heap);
}
