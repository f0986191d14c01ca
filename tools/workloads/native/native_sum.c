// SPDX-License-Identifier: BSD-2-Clause
#include "native.h"
#include "sum.h"

int run_sum(const struct options *options)
{
	uint64_t *array = native__alloc(options->live_bytes);
	int code = sum__run(options, array);

	free(array);
	return code;
}
