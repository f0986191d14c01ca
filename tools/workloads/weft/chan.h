/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What channels and select share. A waiter is a goroutine's entry in one channel's list, and lies on its stack.
 */
#ifndef WEFT_CHAN_H
#define WEFT_CHAN_H

#include "runtime.h"

struct waiter {
	struct g *g;
	struct waiter *next, *prev;
	void *elem; /* sent from here, or received to here (NULL: not wanted) */
	bool queued;
	bool in_select; /* others of the same goroutine may be served instead: g->select_done decides */
	bool ok;	/* served by a partner, not by close() */
};

struct waiter_list {
	struct waiter *first, *last;
};

struct weft_chan {
	struct lock lock;
	bool closed;
	size_t elem_bytes, capacity;
	size_t n; /* elements in the buffer: a ring from `head` on */
	size_t head;
	struct waiter_list receivers, senders;
	struct weft_chan *next_root, *prev_root; /* root.c: its buffer is looked at for pointers */
	unsigned char buffer[];
};

enum chan_result { CHAN_DONE, CHAN_CLOSED, CHAN_MUST_WAIT };

/* All with c->lock held. *partner: to be made ready after the lock is released, or NULL */
enum chan_result chan__send(struct weft_chan *c, const void *elem, struct g **partner);
enum chan_result chan__recv(struct weft_chan *c, void *elem, struct g **partner);
void root__add_chan(struct weft_chan *c);
void root__remove_chan(struct weft_chan *c);
void waiters__push(struct waiter_list *list, struct waiter *w);
void waiters__remove(struct waiter_list *list, struct waiter *w);

_Noreturn void chan__die_closed(void);

#endif
