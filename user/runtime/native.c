// SPDX-License-Identifier: BSD-2-Clause
/* Programs without a runtime of their own between them and the kernel: C, C++, Rust. */
#include "runtime.h"

static int recognise(struct image *img, char *version, size_t size)
{
	return 1;
}

const struct runtime runtime_native = {
	.name = "native",
	.costs = native_costs,
	.recognise = recognise,
};
