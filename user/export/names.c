// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "util.h"

#define FIRST_SIZE 256 /* a power of two */

/* The slot of @tid, or the free slot for it. */
static struct name *names__slot(const struct names *names, uint32_t tid)
{
	size_t mask = names->size - 1;
	size_t i = (tid * 0x9e3779b97f4a7c15ull >> 32) & mask;

	while (names->slots[i].tid && names->slots[i].tid != tid)
		i = (i + 1) & mask;
	return &names->slots[i];
}

struct name *names__find(const struct names *names, uint32_t tid)
{
	struct name *slot;

	if (!tid || !names->size)
		return NULL;
	slot = names__slot(names, tid);
	return slot->tid ? slot : NULL;
}

static bool names__grow(struct names *names)
{
	struct names big = { .nr = names->nr, .size = names->size ? names->size * 2 : FIRST_SIZE };

	big.slots = calloc(big.size, sizeof(*big.slots));
	if (!big.slots)
		return false;
	for (size_t i = 0; i < names->size; i++) {
		if (names->slots[i].tid)
			*names__slot(&big, names->slots[i].tid) = names->slots[i];
	}
	free(names->slots);
	*names = big;
	return true;
}

struct name *names__add(struct names *names, uint32_t tid)
{
	struct name *slot = names__find(names, tid);

	if (slot)
		return slot;
	if (names->nr >= names->size / 4 * 3 && !names__grow(names))
		return NULL;
	slot = names__slot(names, tid);
	slot->tid = tid;
	slot->cpu = NO_CPU;
	names->nr++;
	return slot;
}

void name__set_comm(struct name *name, const char *comm, size_t len)
{
	sanitize(comm, len, name->comm, sizeof(name->comm));
}

void names__free(struct names *names)
{
	free(names->slots);
	memset(names, 0, sizeof(*names));
}
