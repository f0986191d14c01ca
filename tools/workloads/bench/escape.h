/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The same small object on the stack and on the heap: three words written, seen by somebody, read, dropped.
 */
#ifndef ESCAPE_H
#define ESCAPE_H

#include "result.h"

struct point {
	uint64_t x, y, z;
};

/* What is done with it, wherever it lies */
static inline uint64_t escape__use(struct point *p, uint64_t i)
{
	p->x = i;
	p->y = i + 1;
	p->z = i + 2;
	scenario__keep(p);
	return p->x + p->y + p->z;
}

/* on_heap() makes n of them, uses each and adds up what that returns. Prints the whole result. Exit code. */
int escape__run(const struct options *options, uint64_t (*on_heap)(int64_t n));

#endif
