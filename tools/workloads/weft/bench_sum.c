// SPDX-License-Identifier: BSD-2-Clause
#include "bench.h"
#include "sum.h"

int run_sum(const struct options *options)
{
	uint64_t *array = weft_new_bytes(options->live_bytes);
	int code = sum__run(options, array);

	scenario__keep(array);
	return code;
}
