// SPDX-License-Identifier: BSD-2-Clause
/*
 * Channels. Who finds a partner waiting copies straight from or to its stack and makes it ready; a waiter that is made
 * ready has nothing left to do with the channel, which may be freed by then.
 */
#include <stdlib.h>
#include <string.h>

#include "chan.h"

void waiters__push(struct waiter_list *list, struct waiter *w)
{
	w->next = NULL;
	w->prev = list->last;
	if (list->last)
		list->last->next = w;
	else
		list->first = w;
	list->last = w;
	w->queued = true;
}

void waiters__remove(struct waiter_list *list, struct waiter *w)
{
	if (w->prev)
		w->prev->next = w->next;
	else
		list->first = w->next;
	if (w->next)
		w->next->prev = w->prev;
	else
		list->last = w->prev;
	w->queued = false;
}

/* The longest waiting one that is still to be served. A select that another channel serves is passed over */
static struct waiter *take_waiter(struct waiter_list *list)
{
	for (;;) {
		struct waiter *w = list->first;
		int no = 0;

		if (!w)
			return NULL;
		waiters__remove(list, w);
		if (w->in_select && !atomic_compare_exchange_strong(&w->g->select_done, &no, 1))
			continue;
		return w;
	}
}

static struct g *serve(struct waiter *w, bool ok)
{
	w->ok = ok;
	w->g->woken_by = w;
	return w->g;
}

static void *slot(struct weft_chan *c, size_t i)
{
	size_t at = c->head + i;

	if (at >= c->capacity)
		at -= c->capacity;
	return c->buffer + at * c->elem_bytes;
}

static void copy(struct weft_chan *c, void *to, const void *from)
{
	if (!to || !c->elem_bytes)
		return;
	if (unlikely(get_relaxed(&gc_marking)))
		gc__copied(to, from, c->elem_bytes);
	memcpy(to, from, c->elem_bytes);
}

/* What a receive from a closed channel gets */
static void clear(struct weft_chan *c, void *to)
{
	if (!to)
		return;
	if (unlikely(get_relaxed(&gc_marking)))
		gc__copied(to, NULL, c->elem_bytes);
	memset(to, 0, c->elem_bytes);
}

enum chan_result chan__send(struct weft_chan *c, const void *elem, struct g **partner)
{
	struct waiter *w;

	*partner = NULL;
	if (c->closed)
		return CHAN_CLOSED;
	w = take_waiter(&c->receivers);
	if (w) {
		copy(c, w->elem, elem);
		*partner = serve(w, true);
		return CHAN_DONE;
	}
	if (c->n == c->capacity)
		return CHAN_MUST_WAIT;
	copy(c, slot(c, c->n++), elem);
	return CHAN_DONE;
}

enum chan_result chan__recv(struct weft_chan *c, void *elem, struct g **partner)
{
	struct waiter *w;

	*partner = NULL;
	if (c->n) {
		copy(c, elem, slot(c, 0));
		/* a sender that waits found the buffer full: what has become free is its slot at the end */
		w = take_waiter(&c->senders);
		if (w) {
			copy(c, slot(c, 0), w->elem);
			*partner = serve(w, true);
		} else {
			c->n--;
		}
		c->head = c->head + 1 == c->capacity ? 0 : c->head + 1;
		return CHAN_DONE;
	}
	if (c->closed) {
		clear(c, elem);
		return CHAN_CLOSED;
	}
	w = take_waiter(&c->senders);
	if (!w)
		return CHAN_MUST_WAIT;
	copy(c, elem, w->elem);
	*partner = serve(w, true);
	return CHAN_DONE;
}

void chan__die_closed(void)
{
	os__die("goroutine %llu sends on a closed channel", (unsigned long long)weft_self());
}

static void then_wait_for_ever(struct m *m, struct g *g, void *arg)
{
	sched__parked(m, g, *(enum weft_wait *)arg);
}

void weft_send(struct weft_chan *c, const void *elem)
{
	enum weft_wait why = WEFT_WAIT_CHAN_SEND;
	struct waiter w = { 0 };
	enum chan_result result;
	struct g *partner;

	if (!c)
		sched__park(then_wait_for_ever, &why);
	lock__acquire(&c->lock);
	result = chan__send(c, elem, &partner);
	if (result == CHAN_MUST_WAIT) {
		w.g = this_m()->g;
		w.elem = (void *)elem;
		waiters__push(&c->senders, &w);
		sched__park_release(&c->lock, why);
		if (!w.ok)
			chan__die_closed();
		return;
	}
	lock__release(&c->lock);
	if (result == CHAN_CLOSED)
		chan__die_closed();
	if (partner)
		sched__ready(partner);
	sched__check_preempt();
}

bool weft_recv(struct weft_chan *c, void *elem)
{
	enum weft_wait why = WEFT_WAIT_CHAN_RECV;
	struct waiter w = { 0 };
	enum chan_result result;
	struct g *partner;

	if (!c)
		sched__park(then_wait_for_ever, &why);
	lock__acquire(&c->lock);
	result = chan__recv(c, elem, &partner);
	if (result == CHAN_MUST_WAIT) {
		w.g = this_m()->g;
		w.elem = elem;
		waiters__push(&c->receivers, &w);
		sched__park_release(&c->lock, why);
		return w.ok;
	}
	lock__release(&c->lock);
	if (partner)
		sched__ready(partner);
	sched__check_preempt();
	return result == CHAN_DONE;
}

void weft_close(struct weft_chan *c)
{
	struct g_queue ready = { 0 };
	struct waiter *w;
	struct g *g;

	lock__acquire(&c->lock);
	if (c->closed)
		os__die("goroutine %llu closes a closed channel", (unsigned long long)weft_self());
	c->closed = true;
	while ((w = take_waiter(&c->receivers))) {
		clear(c, w->elem);
		queue__push(&ready, serve(w, false));
	}
	while ((w = take_waiter(&c->senders)))
		queue__push(&ready, serve(w, false));
	lock__release(&c->lock);
	while ((g = queue__pop(&ready)))
		sched__ready(g);
	sched__check_preempt();
}

size_t weft_chan_len(struct weft_chan *c)
{
	size_t n;

	lock__acquire(&c->lock);
	n = c->n;
	lock__release(&c->lock);
	return n;
}

struct new_chan {
	size_t elem_bytes, capacity;
	struct weft_chan *c;
};

/* malloc() may want more stack than a small goroutine has */
static void new_on_g0(void *arg)
{
	struct new_chan *new = arg;
	size_t bytes;

	if (__builtin_mul_overflow(new->elem_bytes, new->capacity, &bytes) ||
	    __builtin_add_overflow(bytes, sizeof(struct weft_chan), &bytes))
		return;
	new->c = calloc(1, bytes);
}

struct weft_chan *weft_chan_new(size_t elem_bytes, size_t capacity)
{
	struct new_chan new = { elem_bytes, capacity, NULL };

	m__call_on_g0(new_on_g0, &new);
	if (new.c) {
		new.c->elem_bytes = elem_bytes;
		new.c->capacity = capacity;
		root__add_chan(new.c);
	}
	return new.c;
}

void weft_chan_free(struct weft_chan *c)
{
	if (c)
		root__remove_chan(c);
	m__call_on_g0(free, c);
}
