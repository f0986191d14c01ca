// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>

#include "array.h"

#define FIRST_ROOM 8

void *array__grow(void *array, size_t *room, size_t need, size_t size)
{
	size_t more = *room ? *room : FIRST_ROOM, bytes;
	void *grown;

	while (more < need)
		if (__builtin_mul_overflow(more, 2, &more))
			return NULL;
	if (__builtin_mul_overflow(more, size, &bytes))
		return NULL;
	grown = realloc(array, bytes);
	if (grown)
		*room = more;
	return grown;
}
