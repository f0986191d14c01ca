// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "in_order.h"

int in_order__init(struct in_order *o, FILE *to)
{
	*o = (struct in_order){
		.to = to,
		.heap = calloc(IN_ORDER_PIECES, sizeof(*o->heap)),
		.slots = calloc(IN_ORDER_PIECES, sizeof(*o->slots)),
	};
	return o->heap && o->slots ? 0 : -ENOMEM;
}

void in_order__free(struct in_order *o)
{
	for (uint32_t i = 0; o->slots && i < IN_ORDER_PIECES; i++)
		free(o->slots[i].data);
	free(o->slots);
	free(o->heap);
}

/* ---- the heap ---- */

static bool before(const struct piece *a, const struct piece *b)
{
	return a->ts_ns != b->ts_ns ? a->ts_ns < b->ts_ns : a->seq < b->seq;
}

static void sift_up(struct in_order *o, uint32_t i)
{
	struct piece p = o->heap[i];

	for (; i && before(&p, &o->heap[(i - 1) / 2]); i = (i - 1) / 2)
		o->heap[i] = o->heap[(i - 1) / 2];
	o->heap[i] = p;
}

static void sift_down(struct in_order *o)
{
	struct piece p = o->heap[0];
	uint32_t i = 0, child;

	for (; (child = 2 * i + 1) < o->nr; i = child) {
		if (child + 1 < o->nr && before(&o->heap[child + 1], &o->heap[child]))
			child++;
		if (!before(&o->heap[child], &p))
			break;
		o->heap[i] = o->heap[child];
	}
	o->heap[i] = p;
}

/* ---- pieces ---- */

static int write_all(struct in_order *o, const void *data, size_t len)
{
	errno = EIO;
	return fwrite(data, 1, len, o->to) == len ? 0 : -errno;
}

/* Write the oldest piece and free its slot. */
static int pop(struct in_order *o, uint32_t *slot)
{
	*slot = o->heap[0].slot;
	o->last_ns = o->heap[0].ts_ns;
	o->heap[0] = o->heap[--o->nr];
	if (o->nr)
		sift_down(o);
	return write_all(o, o->slots[*slot].data, o->slots[*slot].len);
}

static int fill(struct piece_slot *s, const void *data, size_t len)
{
	if (len > s->room) {
		void *more = realloc(s->data, len);

		if (!more)
			return -ENOMEM;
		s->data = more;
		s->room = len;
	}
	memcpy(s->data, data, len);
	s->len = len;
	return 0;
}

int in_order__add(struct in_order *o, uint64_t ts_ns, const void *data, size_t len)
{
	uint32_t slot = o->nr;
	int ret = 0;

	if (ts_ns < o->last_ns) {
		o->late++;
		return write_all(o, data, len);
	}
	if (o->nr == IN_ORDER_PIECES)
		ret = pop(o, &slot);
	if (!ret)
		ret = fill(&o->slots[slot], data, len);
	if (ret)
		return ret;
	o->heap[o->nr] = (struct piece){ ts_ns, o->seq++, slot };
	sift_up(o, o->nr++);
	return 0;
}

int in_order__flush(struct in_order *o)
{
	uint32_t slot;
	int ret = 0;

	while (o->nr && !ret)
		ret = pop(o, &slot);
	return ret;
}
