/* SPDX-License-Identifier: BSD-2-Clause */
/* Arrays that grow by themselves. */
#ifndef TARE_ARRAY_H
#define TARE_ARRAY_H

#include <errno.h>
#include <stddef.h>

/*
 * Make @array, which has room for @room elements (both variables, NULL and 0 at first), large enough for @need of them:
 * it doubles, so adding one by one is cheap. New elements are not initialised. Returns 0, or -ENOMEM with both
 * unchanged.
 */
#define ARRAY_GROW(array, room, need)                                                  \
	({                                                                             \
		size_t room_ = (room), need_ = (need);                                 \
		void *grown_ = (array);                                                \
                                                                                       \
		if (!grown_ || need_ > room_)                                          \
			grown_ = array__grow(grown_, &room_, need_, sizeof(*(array))); \
		if (grown_) {                                                          \
			(array) = grown_;                                              \
			(room) = room_;                                                \
		}                                                                      \
		grown_ ? 0 : -ENOMEM;                                                  \
	})

/*
 * In a sorted array of @nr elements: the index of the first one for which @is_before, an expression of index @i, is
 * false; @nr if it is true for all.
 */
#define ARRAY_FIRST_NOT(nr, i, is_before)                     \
	({                                                    \
		size_t low_ = 0, high_ = (nr);                \
                                                              \
		while (low_ < high_) {                        \
			size_t i = low_ + (high_ - low_) / 2; \
                                                              \
			if (is_before)                        \
				low_ = i + 1;                 \
			else                                  \
				high_ = i;                    \
		}                                             \
		low_;                                         \
	})

/* What ARRAY_GROW() calls; elements are of @size bytes. Returns the array, or NULL if out of memory, with it unchanged.
 */
void *array__grow(void *array, size_t *room, size_t need, size_t size);

/*
 * As qsort_r(), for what as a rule is nearly sorted already: then it takes one comparison an element. Elements are of
 * @size bytes, at most ARRAY_NEARLY_MAX.
 */
#define ARRAY_NEARLY_MAX 64
void array__sort_nearly(void *array, size_t nr, size_t size, int (*compare)(const void *, const void *, void *),
			void *arg);

#endif /* TARE_ARRAY_H */
