// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>
#include <string.h>

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

/* More moves than this an element, and it is not nearly sorted. */
#define MOVES_EACH 4

void array__sort_nearly(void *array, size_t nr, size_t size, int (*compare)(const void *, const void *, void *),
			void *arg)
{
	char *all = array, moving[ARRAY_NEARLY_MAX];
	size_t moves = 0, to;

	for (size_t i = 1; i < nr; i++) {
		for (to = i; to && compare(all + (to - 1) * size, all + i * size, arg) > 0;) {
			to--;
			if (++moves <= MOVES_EACH * nr)
				continue;
			qsort_r(array, nr, size, compare, arg);
			return;
		}
		if (to == i)
			continue;
		memcpy(moving, all + i * size, size);
		memmove(all + (to + 1) * size, all + to * size, (i - to) * size);
		memcpy(all + to * size, moving, size);
	}
}
