// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>

#include "array.h"
#include "ranges.h"

int ranges__add(struct ranges *r, const struct range *range)
{
	if (range->start >= range->end)
		return 0;
	if (r->nr == RANGES_NONE || ARRAY_GROW(r->added, r->room, r->nr + 1))
		return -ENOMEM;
	r->added[r->nr++] = *range;
	return 0;
}

/* ---- those that hold an address, the winner on top: a heap of their numbers ---- */

struct heap {
	const struct range *ranges;
	uint32_t *at;
	size_t nr;
};

static bool wins(const struct heap *h, uint32_t a, uint32_t b)
{
	uint32_t x = h->ranges[a].rank, y = h->ranges[b].rank;

	return x != y ? x > y : a > b;
}

static void heap__push(struct heap *h, uint32_t nr)
{
	size_t i = h->nr++;

	for (; i && wins(h, nr, h->at[(i - 1) / 2]); i = (i - 1) / 2)
		h->at[i] = h->at[(i - 1) / 2];
	h->at[i] = nr;
}

static void heap__pop(struct heap *h)
{
	uint32_t last = h->at[--h->nr];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < h->nr) {
		if (child + 1 < h->nr && wins(h, h->at[child + 1], h->at[child]))
			child++;
		if (!wins(h, h->at[child], last))
			break;
		h->at[i] = h->at[child];
		i = child;
	}
	h->at[i] = last;
}

/* ---- */

static int by_start(const void *a, const void *b, void *unused)
{
	const struct range *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	if (x->end != y->end)
		return x->end > y->end ? -1 : 1;
	return x->value < y->value ? -1 : x->value > y->value;
}

static void begin_piece(struct ranges *r, uint64_t start, uint64_t range_start, uint32_t value)
{
	const struct range_piece *last = r->nr_pieces ? &r->pieces[r->nr_pieces - 1] : NULL;

	if (!last || last->value != value || last->range_start != range_start)
		r->pieces[r->nr_pieces++] = (struct range_piece){ start, range_start, value };
}

static void cut(struct ranges *r, struct heap *h)
{
	uint64_t pos = 0;
	size_t i = 0;

	while (i < r->nr || h->nr) {
		if (!h->nr)
			pos = r->added[i].start;
		while (i < r->nr && r->added[i].start == pos)
			heap__push(h, i++);
		while (h->nr && r->added[h->at[0]].end <= pos)
			heap__pop(h);
		if (!h->nr) {
			begin_piece(r, pos, 0, RANGES_NONE);
			continue;
		}
		begin_piece(r, pos, r->added[h->at[0]].start, r->added[h->at[0]].value);
		/* on to where the winner can change: each step begins or ends a range */
		pos = r->added[h->at[0]].end;
		if (i < r->nr && r->added[i].start < pos)
			pos = r->added[i].start;
	}
}

int ranges__build(struct ranges *r)
{
	struct heap h = { .at = NULL };
	struct range_piece *fit;

	array__sort_nearly(r->added, r->nr, sizeof(*r->added), by_start, NULL);
	h.ranges = r->added;
	h.at = malloc((r->nr + 1) * sizeof(*h.at));
	r->pieces = calloc(2 * r->nr + 1, sizeof(*r->pieces));
	if (!h.at || !r->pieces) {
		free(h.at);
		return -ENOMEM;
	}
	cut(r, &h);
	free(h.at);
	free(r->added);
	r->added = NULL;
	r->nr = r->room = 0;
	fit = realloc(r->pieces, (r->nr_pieces + 1) * sizeof(*r->pieces));
	r->pieces = fit ? fit : r->pieces;
	return 0;
}

uint32_t ranges__at(const struct ranges *r, uint64_t address, uint64_t *start)
{
	size_t low = ARRAY_FIRST_NOT(r->nr_pieces, i, r->pieces[i].start <= address);
	uint32_t value = low ? r->pieces[low - 1].value : RANGES_NONE;

	if (start && value != RANGES_NONE)
		*start = r->pieces[low - 1].range_start;
	return value;
}

void ranges__free(struct ranges *r)
{
	free(r->added);
	free(r->pieces);
	*r = (struct ranges){ 0 };
}
