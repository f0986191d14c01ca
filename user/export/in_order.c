// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "in_order.h"

int in_order__init(struct in_order *o, FILE *to, uint64_t window_ns)
{
	*o = (struct in_order){
		.to = to,
		.window_ns = window_ns,
		.room = IN_ORDER_LEAST,
		.heap = calloc(IN_ORDER_LEAST, sizeof(*o->heap)),
		.queue = calloc(IN_ORDER_LEAST, sizeof(*o->queue)),
		.slots = calloc(IN_ORDER_LEAST, sizeof(*o->slots)),
	};
	return o->heap && o->queue && o->slots ? 0 : -ENOMEM;
}

void in_order__free(struct in_order *o)
{
	for (uint32_t i = 0; o->slots && i < o->room; i++)
		free(o->slots[i].data);
	free(o->slots);
	free(o->queue);
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

	for (; (child = 2 * i + 1) < o->in_heap; i = child) {
		if (child + 1 < o->in_heap && before(&o->heap[child + 1], &o->heap[child]))
			child++;
		if (!before(&o->heap[child], &p))
			break;
		o->heap[i] = o->heap[child];
	}
	o->heap[i] = p;
}

static void heap__add(struct in_order *o, struct piece p)
{
	o->heap[o->in_heap] = p;
	sift_up(o, o->in_heap++);
}

static struct piece heap__take(struct in_order *o)
{
	struct piece p = o->heap[0];

	o->heap[0] = o->heap[--o->in_heap];
	if (o->in_heap)
		sift_down(o);
	return p;
}

/* ---- the queue ---- */

static struct piece *queued(const struct in_order *o, uint32_t i)
{
	return &o->queue[(o->first + i) % o->room];
}

static struct piece queue__take(struct in_order *o)
{
	struct piece p = *queued(o, 0);

	o->first = (o->first + 1) % o->room;
	o->in_queue--;
	return p;
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
	bool from_heap = o->in_heap && (!o->in_queue || before(&o->heap[0], queued(o, 0)));
	struct piece p = from_heap ? heap__take(o) : queue__take(o);

	*slot = p.slot;
	o->last_ns = p.ts_ns;
	return write_all(o, o->slots[p.slot].data, o->slots[p.slot].len);
}

static uint64_t oldest_ns(const struct in_order *o)
{
	if (!o->in_heap || (o->in_queue && before(queued(o, 0), &o->heap[0])))
		return queued(o, 0)->ts_ns;
	return o->heap[0].ts_ns;
}

/* Twice the room. Without memory for that, what is there must do. */
static void grow(struct in_order *o)
{
	struct piece *heap = calloc(2 * o->room, sizeof(*heap)), *queue = calloc(2 * o->room, sizeof(*queue));
	struct piece_slot *slots = calloc(2 * o->room, sizeof(*slots));

	if (!heap || !queue || !slots) {
		free(heap);
		free(queue);
		free(slots);
		return;
	}
	memcpy(heap, o->heap, o->in_heap * sizeof(*heap));
	memcpy(slots, o->slots, o->room * sizeof(*slots));
	for (uint32_t i = 0; i < o->in_queue; i++)
		queue[i] = *queued(o, i);
	free(o->heap);
	free(o->queue);
	free(o->slots);
	o->heap = heap;
	o->queue = queue;
	o->slots = slots;
	o->first = 0;
	o->room *= 2;
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
	struct piece p = { ts_ns, o->seq, o->in_heap + o->in_queue };
	int ret = 0;

	if (ts_ns < o->last_ns) {
		o->late++;
		return write_all(o, data, len);
	}
	if (p.slot == o->room && o->room < IN_ORDER_MOST && ts_ns < oldest_ns(o) + o->window_ns)
		grow(o);
	if (p.slot == o->room)
		ret = pop(o, &p.slot);
	if (!ret)
		ret = fill(&o->slots[p.slot], data, len);
	if (ret)
		return ret;
	o->seq++;
	if (o->in_queue && ts_ns < queued(o, o->in_queue - 1)->ts_ns)
		heap__add(o, p);
	else
		*queued(o, o->in_queue++) = p;
	return 0;
}

int in_order__flush(struct in_order *o)
{
	uint32_t slot;
	int ret = 0;

	while (o->in_heap + o->in_queue && !ret)
		ret = pop(o, &slot);
	return ret;
}
