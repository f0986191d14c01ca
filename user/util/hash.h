/* SPDX-License-Identifier: BSD-2-Clause */
/* FNV-1a, 64 bits, with its authors' constants: for tables and comparisons, not against an attacker. */
#ifndef TARE_HASH_H
#define TARE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_BEGIN 14695981039346656037ull

/* The hash of what @hash stands for (HASH_BEGIN: nothing) followed by the @len bytes at @data. */
static inline uint64_t hash__add(uint64_t hash, const void *data, size_t len)
{
	/* the analyzer does not see that a word that is set has all of its bytes set */
	for (const unsigned char *at = data; len; at++, len--)
		hash = (hash ^ *at) * 1099511628211ull; /* NOLINT(clang-analyzer-core.UndefinedBinaryOperatorResult) */
	return hash;
}

#endif /* TARE_HASH_H */
