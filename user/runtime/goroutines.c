// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "goroutines.h"
#include "hash.h"

void goroutine_stacks__init(struct goroutine_stacks *s)
{
	*s = (struct goroutine_stacks){ 0 };
	table__init(&s->by_hash, GOROUTINE_STACKS_MAX);
}

void goroutine_stacks__free(struct goroutine_stacks *s)
{
	free(s->stacks);
	free(s->addresses);
	table__free(&s->by_hash);
	goroutine_stacks__init(s);
}

static bool same(const struct goroutine_stacks *s, uint32_t number, const uint64_t *addresses, unsigned nr, bool whole)
{
	const struct goroutine_stack *st = &s->stacks[number];

	return st->nr == nr && st->whole == whole &&
	       !memcmp(s->addresses + st->first, addresses, nr * sizeof(*addresses));
}

uint32_t goroutine_stacks__number(struct goroutine_stacks *s, const uint64_t *addresses, unsigned nr, bool whole)
{
	uint64_t hash = hash__add(hash__add(HASH_BEGIN, &whole, sizeof(whole)), addresses, nr * sizeof(*addresses));
	uint64_t *slot;

	/* two with one hash: the next place */
	for (;; hash++) {
		hash &= ~(1ull << 63); /* never TABLE_NO_KEY */
		slot = table__add(&s->by_hash, hash);
		if (!slot)
			return GOROUTINE_NO_STACK;
		if (!*slot)
			break;
		if (same(s, *slot - 1, addresses, nr, whole))
			return *slot - 1;
	}
	if (ARRAY_GROW(s->stacks, s->room, s->nr + 1) ||
	    ARRAY_GROW(s->addresses, s->room_addresses, s->nr_addresses + nr)) {
		table__delete(&s->by_hash, hash);
		return GOROUTINE_NO_STACK;
	}
	memcpy(s->addresses + s->nr_addresses, addresses, nr * sizeof(*addresses));
	s->stacks[s->nr] = (struct goroutine_stack){ s->nr_addresses, nr, whole };
	s->nr_addresses += nr;
	*slot = ++s->nr;
	return s->nr - 1;
}

int goroutines__add(struct goroutines *all, const struct goroutine *g)
{
	if (ARRAY_GROW(all->all, all->room, all->nr + 1))
		return -ENOMEM;
	all->all[all->nr++] = *g;
	return 0;
}

void goroutines__free(struct goroutines *all)
{
	free(all->all);
	all->all = NULL;
	all->nr = all->room = 0;
}
