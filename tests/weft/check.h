/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of weft share: a condition that must hold, and random numbers that a seed repeats. */
#ifndef WEFT_CHECK_H
#define WEFT_CHECK_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define check(condition)                                                                        \
	do {                                                                                    \
		if (!(condition)) {                                                             \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                \
		}                                                                               \
	} while (0)

static inline uint64_t mix(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9u;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

static inline uint64_t next(uint64_t *state)
{
	*state += 0x9e3779b97f4a7c15u;
	return mix(*state);
}

#endif /* WEFT_CHECK_H */
