/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What weft-bench's scenarios, bench_NAME.c, have at hand. Each is run as the main goroutine.
 */
#ifndef WEFT_BENCH_H
#define WEFT_BENCH_H

#include "heap.h"
#include "result.h"
#include "weft.h"

/* An element that is one pointer: weft_new_array(&bench_pointer, n) */
extern const struct weft_type bench_pointer;

/* The stacks of modes large and small */
static inline size_t bench__stack_bytes(const struct options *options)
{
	return options->mode ? 2048 : WEFT_STACK_BYTES;
}

struct weft_chan *bench__chan(size_t elem_bytes); /* unbuffered; ends the process where there is no memory */

#endif
