// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>

#include "table.h"

#define FIRST_SLOTS 64

void table__init(struct table *t, uint32_t limit)
{
	*t = (struct table){ .limit = limit };
}

void table__free(struct table *t)
{
	free(t->slots);
	table__init(t, t->limit);
}

/* Multiplicative hashing: thread ids are dense, so the low bits alone would cluster after a wrap. */
static uint32_t table__home(const struct table *t, uint64_t key)
{
	return (key * 0x9e3779b97f4a7c15ull) >> 32 & t->mask;
}

/* The slot that holds @key, or the free one where it belongs. A table always has free slots. */
static struct table_slot *table__slot(const struct table *t, uint64_t key)
{
	uint32_t i = table__home(t, key);

	while (t->slots[i].key != key && t->slots[i].key != TABLE_NO_KEY)
		i = (i + 1) & t->mask;
	return &t->slots[i];
}

static int table__grow(struct table *t)
{
	struct table bigger = *t;
	size_t n = t->slots ? ((size_t)t->mask + 1) * 2 : FIRST_SLOTS;

	bigger.slots = malloc(n * sizeof(*bigger.slots));
	if (!bigger.slots)
		return -1;
	bigger.mask = n - 1;
	for (size_t i = 0; i < n; i++)
		bigger.slots[i].key = TABLE_NO_KEY;
	for (size_t i = 0; t->slots && i <= t->mask; i++) {
		if (t->slots[i].key != TABLE_NO_KEY)
			*table__slot(&bigger, t->slots[i].key) = t->slots[i];
	}
	free(t->slots);
	*t = bigger;
	return 0;
}

uint64_t *table__find(const struct table *t, uint64_t key)
{
	struct table_slot *slot;

	if (!t->slots || key == TABLE_NO_KEY)
		return NULL;
	slot = table__slot(t, key);
	return slot->key == key ? &slot->value : NULL;
}

uint64_t *table__add(struct table *t, uint64_t key)
{
	uint64_t *value = table__find(t, key);
	struct table_slot *slot;

	if (value || key == TABLE_NO_KEY || t->count >= t->limit)
		return value;
	/* at most half full: probes stay short */
	if ((!t->slots || t->count * 2 > t->mask) && table__grow(t))
		return NULL;
	slot = table__slot(t, key);
	*slot = (struct table_slot){ .key = key };
	t->count++;
	return &slot->value;
}

/* Without tombstones: whatever probed past the hole moves back into it. */
void table__delete(struct table *t, uint64_t key)
{
	uint64_t *value = table__find(t, key);
	uint32_t hole, i;

	if (!value)
		return;
	hole = i = table__slot(t, key) - t->slots;
	for (;;) {
		uint32_t home;

		i = (i + 1) & t->mask;
		if (t->slots[i].key == TABLE_NO_KEY)
			break;
		home = table__home(t, t->slots[i].key);
		if (((i - home) & t->mask) < ((i - hole) & t->mask))
			continue;
		t->slots[hole] = t->slots[i];
		hole = i;
	}
	t->slots[hole].key = TABLE_NO_KEY;
	t->count--;
}

const struct table_slot *table__next(const struct table *t, size_t *pos)
{
	while (t->slots && *pos <= t->mask) {
		const struct table_slot *slot = &t->slots[(*pos)++];

		if (slot->key != TABLE_NO_KEY)
			return slot;
	}
	return NULL;
}
