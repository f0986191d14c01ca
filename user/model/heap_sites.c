// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "heap_sites.h"
#include "table.h"

/*
 * An object of s bytes is sampled with the probability 1 - exp(-s / rate). The order of operations is that of
 * scaleHeapSample in runtime/pprof/protomem.go, so that the same numbers come out.
 */
void heap__scale(uint64_t objects, uint64_t bytes, uint64_t rate_bytes, int64_t *all_objects, int64_t *all_bytes)
{
	double scale = 1;

	*all_objects = *all_bytes = 0;
	if (!objects || !bytes)
		return;
	if (rate_bytes > 1)
		scale = 1 / (1 - exp(-((double)bytes / (double)objects) / (double)rate_bytes));
	if ((double)bytes * scale >= 0x1p63 || (double)objects * scale >= 0x1p63)
		return; /* more than there can be */
	*all_objects = (int64_t)((double)objects * scale);
	*all_bytes = (int64_t)((double)bytes * scale);
}

static void amount__add(struct heap_amount *to, const struct heap_amount *a)
{
	/* what a hostile process counts may overflow: that is defined for unsigned numbers */
	to->alloc_objects = (int64_t)((uint64_t)to->alloc_objects + (uint64_t)a->alloc_objects);
	to->alloc_bytes = (int64_t)((uint64_t)to->alloc_bytes + (uint64_t)a->alloc_bytes);
	to->inuse_objects = (int64_t)((uint64_t)to->inuse_objects + (uint64_t)a->inuse_objects);
	to->inuse_bytes = (int64_t)((uint64_t)to->inuse_bytes + (uint64_t)a->inuse_bytes);
}

static struct heap_amount amount_of(const struct heap_counts *c, uint64_t rate_bytes)
{
	/* while it is changed, more may seem to be freed than was allocated */
	uint64_t objects = c->allocs > c->frees ? c->allocs - c->frees : 0;
	uint64_t bytes = c->alloc_bytes > c->free_bytes ? c->alloc_bytes - c->free_bytes : 0;
	struct heap_amount a;

	heap__scale(c->allocs, c->alloc_bytes, rate_bytes, &a.alloc_objects, &a.alloc_bytes);
	heap__scale(objects, bytes, rate_bytes, &a.inuse_objects, &a.inuse_bytes);
	return a;
}

/* Leave out what is no site, and where the thread began; where nothing else is left, all is told. */
static void trim(const struct heap_named *n, struct heap_site_stack *s)
{
	const struct heap_stack *of = &n->heap.stacks[s->nr];
	const uint32_t *frames = n->frame_of + of->first;
	uint32_t inner = 0, end = of->nr;

	if (end && n->frames[frames[end - 1]].outer)
		end--;
	while (inner < end && n->frames[frames[inner]].inner)
		inner++;
	if (inner == end)
		inner = 0;
	s->first = of->first + inner;
	s->nr_frames = end - inner;
}

/* ---- an earlier reading ---- */

static uint64_t key_of(const struct heap_profile *h, const struct heap_stack *s)
{
	uint64_t key = hash__add(HASH_BEGIN, &s->size_bytes, sizeof(s->size_bytes));

	return hash__add(key, h->pcs + s->first, s->nr * sizeof(*h->pcs)) >> 1;
}

static bool is_same(const struct heap_profile *a, const struct heap_stack *x, const struct heap_profile *b,
		    const struct heap_stack *y)
{
	return x->size_bytes == y->size_bytes && x->nr == y->nr &&
	       !memcmp(a->pcs + x->first, b->pcs + y->first, x->nr * sizeof(*a->pcs));
}

/* The earlier reading by stack and size. Stacks that are not known are one for each size. */
struct earlier {
	const struct heap_profile *h;
	struct table
		by_key; /* to 1 + the first such stack's number; of two with one hash, the latter has the next key */
	struct heap_amount *amounts; /* by that number: of all such stacks, not taken off yet */
};

static uint64_t *earlier__slot(struct earlier *e, const struct heap_profile *h, const struct heap_stack *s, bool add)
{
	uint64_t key = key_of(h, s), *slot;

	for (;; key++) {
		slot = add ? table__add(&e->by_key, key) : table__find(&e->by_key, key);
		if (!slot || !*slot || is_same(e->h, &e->h->stacks[*slot - 1], h, s))
			return slot;
	}
}

static int earlier__index(struct earlier *e)
{
	const struct heap_profile *h = e->h;

	table__init(&e->by_key, 1 << 30);
	e->amounts = calloc(h->nr ?: 1, sizeof(*e->amounts));
	if (!e->amounts)
		return -ENOMEM;
	for (size_t i = 0; i < h->nr; i++) {
		struct heap_amount a = amount_of(&h->stacks[i].published, h->rate_bytes);
		uint64_t *slot = earlier__slot(e, h, &h->stacks[i], true);

		if (!slot)
			return -ENOMEM;
		*slot = *slot ?: i + 1;
		amount__add(&e->amounts[*slot - 1], &a);
	}
	return 0;
}

/* Each is estimated by itself before it is taken off, as `go tool pprof -base' does. */
static int take_off(struct heap_sites *s)
{
	const struct heap_profile *now = &s->named->heap;
	struct earlier e = { .h = &s->since->heap };
	int ret = earlier__index(&e);

	for (size_t i = 0; !ret && i < now->nr; i++) {
		uint64_t *slot = earlier__slot(&e, now, &now->stacks[i], false);
		struct heap_amount a;

		if (!slot)
			continue;
		a = e.amounts[*slot - 1];
		e.amounts[*slot - 1] = (struct heap_amount){ 0 };
		a = (struct heap_amount){ -a.alloc_objects, -a.alloc_bytes, -a.inuse_objects, -a.inuse_bytes };
		amount__add(&s->stacks[i].amount, &a);
	}
	table__free(&e.by_key);
	free(e.amounts);
	return ret;
}

/* ---- order ---- */

struct order {
	const struct heap_named *n;
	enum heap_figure figure;
};

static uint32_t site_of(const struct heap_named *n, const struct heap_site_stack *s)
{
	return s->nr_frames ? n->frame_of[s->first] : UINT32_MAX;
}

/* The larger first. Sizes that are equal by @figure are told apart by the other one. */
static int by_amount(const struct heap_amount *a, const struct heap_amount *b, enum heap_figure figure)
{
	int64_t x[2] = { a->inuse_bytes, a->alloc_bytes }, y[2] = { b->inuse_bytes, b->alloc_bytes };
	int first = figure == HEAP_ALLOC, second = !first;

	if (x[first] != y[first])
		return x[first] > y[first] ? -1 : 1;
	return x[second] > y[second] ? -1 : x[second] < y[second];
}

static int stacks_in_order(const void *a, const void *b, void *ctx)
{
	const struct heap_site_stack *x = a, *y = b;
	const struct order *o = ctx;
	uint32_t at_x = site_of(o->n, x), at_y = site_of(o->n, y);
	int ret = at_x == at_y ? by_amount(&x->amount, &y->amount, o->figure) : at_x < at_y ? -1 : 1;

	return ret ?: x->nr < y->nr ? -1 : x->nr > y->nr;
}

static int sites_in_order(const void *a, const void *b, void *ctx)
{
	const struct heap_site *x = a, *y = b;
	const struct order *o = ctx;

	return by_amount(&x->amount, &y->amount, o->figure) ?: x->first_stack < y->first_stack ? -1 : 1;
}

static bool is_nothing(const struct heap_amount *a)
{
	return !a->alloc_objects && !a->alloc_bytes && !a->inuse_objects && !a->inuse_bytes;
}

/* The stacks are in order: those of one site lie in a row. */
static void collect(struct heap_sites *s)
{
	const struct heap_named *n = s->named;

	for (size_t i = 0; i < n->heap.nr; i++) {
		struct heap_site_stack *stack = &s->stacks[i];
		uint32_t at = site_of(n, stack);
		struct heap_site *site;

		if (!i || at != site_of(n, stack - 1)) {
			s->nr -= s->nr && is_nothing(&s->sites[s->nr - 1].amount);
			s->sites[s->nr++] = (struct heap_site){ .frame = at == UINT32_MAX ? NULL : &n->frames[at],
								.first_stack = i };
		}
		site = &s->sites[s->nr - 1];
		site->nr_stacks++;
		amount__add(&site->amount, &stack->amount);
		amount__add(&s->total, &stack->amount);
	}
	s->nr -= s->nr && is_nothing(&s->sites[s->nr - 1].amount);
}

int heap_sites__of(struct heap_sites *s, const struct heap_named *named, const struct heap_named *since,
		   enum heap_figure order)
{
	struct order o = { named, order };
	size_t nr = named->heap.nr;

	*s = (struct heap_sites){ .named = named, .since = since };
	s->unknown = since && since->heap.nr && since->heap.cycles == named->heap.cycles;
	s->stacks = calloc(nr ?: 1, sizeof(*s->stacks));
	s->sites = calloc(nr ?: 1, sizeof(*s->sites));
	if (!s->stacks || !s->sites)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++) {
		s->stacks[i] = (struct heap_site_stack){
			.nr = i, .amount = amount_of(&named->heap.stacks[i].published, named->heap.rate_bytes)
		};
		trim(named, &s->stacks[i]);
	}
	if (since && take_off(s))
		return -ENOMEM;
	qsort_r(s->stacks, nr, sizeof(*s->stacks), stacks_in_order, &o);
	collect(s);
	qsort_r(s->sites, s->nr, sizeof(*s->sites), sites_in_order, &o);
	return 0;
}

void heap_sites__free(struct heap_sites *s)
{
	free(s->stacks);
	free(s->sites);
	*s = (struct heap_sites){ 0 };
}
