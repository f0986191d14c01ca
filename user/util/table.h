/* SPDX-License-Identifier: BSD-2-Clause */
/* A hash table from u64 to u64 (a number, or a pointer): open addressing, grows by itself up to a limit. */
#ifndef TARE_TABLE_H
#define TARE_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct table_slot {
	uint64_t key, value;
};

struct table {
	struct table_slot *slots; /* NULL until the first key; a free slot has TABLE_NO_KEY */
	uint32_t count, mask;
	uint32_t limit; /* most keys that it may hold */
};

#define TABLE_NO_KEY UINT64_MAX /* the one key that cannot be stored */

/* An empty table that takes @limit keys at most (2^30 or less). Allocates nothing yet. */
void table__init(struct table *t, uint32_t limit);
void table__free(struct table *t);

/* The value stored under @key, or NULL. The pointer is valid until the next add or delete. */
uint64_t *table__find(const struct table *t, uint64_t key);

/* As table__find(), but adds @key with value 0 if it is missing. NULL: the table is full, or out of memory. */
uint64_t *table__add(struct table *t, uint64_t key);

/* Forgets @key; no effect if it is not there. */
void table__delete(struct table *t, uint64_t key);

/* The next slot in use, beginning at *@pos (0 at first); NULL at the end. In no order. */
const struct table_slot *table__next(const struct table *t, size_t *pos);

/* A key for @address in process @pid. Two may have the same one, though not nearby addresses of one process. */
static inline uint64_t table__address_key(uint32_t pid, uint64_t address)
{
	return (address ^ (uint64_t)pid << 42) & ~(1ull << 63); /* never TABLE_NO_KEY */
}

#endif /* TARE_TABLE_H */
