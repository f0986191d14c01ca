// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "goroutine_groups.h"
#include "hash.h"
#include "util.h"

#define GROUPS_MAX 1000000

static bool fits(const struct goroutine_group *a, const struct goroutine *g)
{
	return a->state == g->state && a->reason == g->reason && a->stack == g->stack &&
	       a->created_at == g->created_at && a->system == g->system && a->torn == g->torn;
}

/* The group of @g, made if it is new; NULL: out of memory. Valid until the next call. */
static struct goroutine_group *group_of(struct goroutine_groups *gg, const struct goroutine *g)
{
	const uint64_t key[] = { (uintptr_t)g->state, (uintptr_t)g->reason, g->stack, g->created_at,
				 g->system | g->torn << 1 };
	uint64_t hash = hash__add(HASH_BEGIN, key, sizeof(key)), *slot;

	for (;; hash++) {
		hash &= ~(1ull << 63); /* never TABLE_NO_KEY */
		slot = table__add(&gg->by_key, hash);
		if (!slot)
			return NULL;
		if (!*slot)
			break;
		if (fits(&gg->groups[*slot - 1], g))
			return &gg->groups[*slot - 1];
	}
	if (ARRAY_GROW(gg->groups, gg->room, gg->nr + 1))
		return NULL;
	gg->groups[gg->nr] = (struct goroutine_group){ .state = g->state,
						       .reason = g->reason,
						       .stack = g->stack,
						       .created_at = g->created_at,
						       .system = g->system,
						       .torn = g->torn };
	*slot = ++gg->nr;
	return &gg->groups[gg->nr - 1];
}

static void add_example(struct goroutine_group *to, uint64_t id)
{
	if (to->nr_examples < GOROUTINE_EXAMPLES)
		to->examples[to->nr_examples++] = id;
}

/* ---- waits ---- */

static int by_wait(const void *a, const void *b)
{
	const struct goroutine_wait *x = a, *y = b;

	if (x->at_least_ns != y->at_least_ns)
		return x->at_least_ns > y->at_least_ns ? -1 : 1;
	/* of two of which as much is known, the older goroutine */
	return x->g->id < y->g->id ? -1 : x->g->id > y->g->id;
}

/* Keep the @limit longest: those beyond are dropped whenever there are twice as many. */
static int add_wait(struct goroutine_groups *gg, const struct goroutine *g, uint64_t ns, uint32_t group, size_t limit)
{
	if (!limit)
		return 0;
	if (ARRAY_GROW(gg->longest, gg->room_longest, gg->nr_longest + 1))
		return -ENOMEM;
	gg->longest[gg->nr_longest++] = (struct goroutine_wait){ g, ns, group };
	if (gg->nr_longest >= 2 * limit) {
		qsort(gg->longest, gg->nr_longest, sizeof(gg->longest[0]), by_wait);
		gg->nr_longest = limit;
	}
	return 0;
}

/* ---- two looks ---- */

static bool has_stayed(const struct goroutine *a, const struct goroutine *b)
{
	return a->parked && b->parked && !a->torn && !b->torn && a->counts_runs && b->counts_runs &&
	       a->runs == b->runs && a->state == b->state && a->reason == b->reason && a->stack == b->stack;
}

/* Ids as keys of a table, to places in @all plus one. */
static int index_ids(const struct goroutines *all, struct table *by_id)
{
	table__init(by_id, 1u << 30);
	for (size_t i = 0; i < all->nr; i++) {
		uint64_t *slot = table__add(by_id, all->all[i].id & ~(1ull << 63));

		if (!slot)
			return -ENOMEM;
		*slot = i + 1;
	}
	return 0;
}

static const struct goroutine *find_id(const struct goroutines *all, const struct table *by_id, uint64_t id)
{
	const uint64_t *at = table__find(by_id, id & ~(1ull << 63));

	return at ? &all->all[*at - 1] : NULL;
}

int goroutines__narrow(struct goroutines *first, const struct goroutines *middle)
{
	struct table by_id;
	int ret = index_ids(middle, &by_id);

	for (size_t i = 0; !ret && i < first->nr; i++) {
		const struct goroutine *later = find_id(middle, &by_id, first->all[i].id);

		first->all[i].counts_runs = later && has_stayed(&first->all[i], later);
	}
	table__free(&by_id);
	return ret;
}

static int count_first(struct goroutine_groups *gg, const struct goroutines *first)
{
	for (size_t i = 0; i < first->nr; i++) {
		const struct goroutine *g = &first->all[i];
		struct goroutine_group *group = group_of(gg, g);

		if (!group)
			return -ENOMEM;
		group->before++;
		gg->counted_before += !g->system;
		gg->ended += !g->system;
	}
	return 0;
}

static int add(struct goroutine_groups *gg, const struct goroutine *g, const struct goroutine *was, uint64_t waited_ns,
	       size_t longest)
{
	struct goroutine_group *group = group_of(gg, g);

	if (!group)
		return -ENOMEM;
	group->count++;
	add_example(group, g->id);
	gg->counted += !g->system;
	gg->system += g->system;
	gg->created += !g->system && !was;
	gg->ended -= was && !was->system;
	if (was && has_stayed(was, g)) {
		group->stayed++;
		gg->stayed += !g->system;
	}
	if (waited_ns) {
		group->known++;
		group->longest_ns = waited_ns > group->longest_ns ? waited_ns : group->longest_ns;
	}
	return waited_ns && !g->system ? add_wait(gg, g, waited_ns, group - gg->groups, longest) : 0;
}

/* How long @g has waited at least; 0: unknown. */
static uint64_t waited(const struct goroutine *g, const struct goroutine *was, uint64_t first_ns, uint64_t now_ns)
{
	uint64_t ns = g->since_ns && g->since_ns < now_ns ? now_ns - g->since_ns : 0;

	if (was && has_stayed(was, g) && now_ns - first_ns > ns)
		ns = now_ns - first_ns;
	return ns;
}

/* ---- in order ---- */

static int by_count(const void *a, const void *b)
{
	const struct goroutine_group *x = a, *y = b;

	if (x->system != y->system)
		return x->system ? 1 : -1;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	if (x->before != y->before)
		return x->before > y->before ? -1 : 1;
	return x->examples[0] < y->examples[0] ? -1 : x->examples[0] > y->examples[0];
}

static int sort(struct goroutine_groups *gg, size_t longest)
{
	uint32_t *place = malloc((gg->nr ? gg->nr : 1) * sizeof(*place));

	if (!place)
		return -ENOMEM;
	if (gg->nr_longest)
		qsort(gg->longest, gg->nr_longest, sizeof(gg->longest[0]), by_wait);
	gg->nr_longest = gg->nr_longest < longest ? gg->nr_longest : longest;
	/* where each is sorted to */
	for (size_t i = 0; i < gg->nr; i++)
		gg->groups[i].number = i;
	if (gg->nr)
		qsort(gg->groups, gg->nr, sizeof(gg->groups[0]), by_count);
	for (size_t i = 0; i < gg->nr; i++)
		place[gg->groups[i].number] = i;
	for (size_t i = 0; i < gg->nr_longest; i++)
		gg->longest[i].group = place[gg->longest[i].group];
	free(place);
	return 0;
}

int goroutine_groups__of(struct goroutine_groups *gg, const struct goroutines *first, const struct goroutines *now,
			 size_t longest)
{
	struct table by_id = { 0 };
	int ret = 0;

	*gg = (struct goroutine_groups){ 0 };
	table__init(&gg->by_key, GROUPS_MAX);
	if (first)
		ret = index_ids(first, &by_id) ?: count_first(gg, first);
	for (size_t i = 0; !ret && i < now->nr; i++) {
		const struct goroutine *g = &now->all[i], *was = first ? find_id(first, &by_id, g->id) : NULL;

		ret = add(gg, g, was, waited(g, was, first ? first->end_ns : 0, now->begin_ns), longest);
	}
	table__free(&by_id);
	return ret ?: sort(gg, longest);
}

void goroutine_groups__free(struct goroutine_groups *gg)
{
	free(gg->groups);
	free(gg->longest);
	table__free(&gg->by_key);
	*gg = (struct goroutine_groups){ 0 };
}
