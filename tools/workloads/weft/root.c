// SPDX-License-Identifier: BSD-2-Clause
/*
 * Where marking begins: registered roots, what finalisers keep, buffers of channels, and stacks.
 *
 * A stack is looked at while nobody uses it: by a worker, where the goroutine waits or is in a system call, or by the M
 * that is about to run it. When marking begins the world stands, so from then on no goroutine runs on a stack that
 * has not been looked at: nobody need be stopped for it.
 */
#include <stdlib.h>
#include <sched.h>

#include "chan.h"
#include "gc.h"

#define PIECE_BYTES (64ul << 10)
#define BATCH_G	    8
#define CLAIM_SPINS 200

static struct {
	struct lock lock;
	struct piece {
		void *start;
		size_t bytes;
	} * pieces;
	size_t n, room;
} roots;

/* Those that marking has looked at, and those that it has not; which is which changes when it begins */
static struct {
	struct lock lock;
	struct weft_chan *list[2];
	int seen;
} chans;

static struct {
	_Atomic size_t next_piece, next_g;
	_Atomic bool finalizers_done, chans_done;
	size_t n_g;
} left;

/* ---- registered ---- */

static void add_piece(void *start, size_t bytes)
{
	if (roots.n == roots.room) {
		roots.room = roots.room ? 2 * roots.room : 64;
		roots.pieces = realloc(roots.pieces, roots.room * sizeof(*roots.pieces));
		if (!roots.pieces)
			os__die("no memory for %zu roots", roots.room);
	}
	roots.pieces[roots.n++] = (struct piece){ start, bytes };
}

static void add_on_g0(void *arg)
{
	struct piece all = *(struct piece *)arg;

	lock__acquire(&roots.lock);
	for (size_t done = 0; done < all.bytes; done += PIECE_BYTES) {
		size_t left_bytes = all.bytes - done;

		add_piece((char *)all.start + done, left_bytes < PIECE_BYTES ? left_bytes : PIECE_BYTES);
	}
	lock__release(&roots.lock);
	if (get_relaxed(&gc_marking))
		mark__words(this_p()->heap, all.start, all.bytes);
}

void weft_root_add(void *start, size_t bytes)
{
	struct piece all = { start, bytes };

	m__call_on_g0(add_on_g0, &all);
}

static bool mark_piece(struct p_heap *h)
{
	size_t i;
	struct piece piece = { 0 };

	lock__acquire(&roots.lock);
	i = get_relaxed(&left.next_piece);
	if (i < roots.n) {
		piece = roots.pieces[i];
		set_relaxed(&left.next_piece, i + 1);
	}
	lock__release(&roots.lock);
	if (piece.start)
		mark__words(h, piece.start, piece.bytes);
	return piece.start;
}

/* ---- channels ---- */

static bool may_hold_pointers(struct weft_chan *c)
{
	return c->capacity && c->elem_bytes && c->elem_bytes % WORD_BYTES == 0;
}

static void link_chan(struct weft_chan *c, int list)
{
	struct weft_chan *first = chans.list[list];

	c->prev_root = NULL;
	c->next_root = first;
	if (first)
		first->prev_root = c;
	chans.list[list] = c;
}

static void unlink_chan(struct weft_chan *c)
{
	if (c->prev_root)
		c->prev_root->next_root = c->next_root;
	else
		chans.list[c == chans.list[1]] = c->next_root;
	if (c->next_root)
		c->next_root->prev_root = c->prev_root;
}

void root__add_chan(struct weft_chan *c)
{
	if (!may_hold_pointers(c))
		return;
	lock__acquire(&chans.lock);
	link_chan(c, chans.seen);
	lock__release(&chans.lock);
}

void root__remove_chan(struct weft_chan *c)
{
	if (!may_hold_pointers(c))
		return;
	lock__acquire(&chans.lock);
	unlink_chan(c);
	lock__release(&chans.lock);
}

/* Elements that come or go meanwhile are marked by who copies them, so a piece at a time is enough */
static void mark_buffer(struct p_heap *h, struct weft_chan *c)
{
	size_t bytes = c->capacity * c->elem_bytes;

	for (size_t at = 0; at < bytes; at += PIECE_BYTES) {
		lock__acquire(&c->lock);
		if (c->n)
			mark__words(h, c->buffer + at, bytes - at < PIECE_BYTES ? bytes - at : PIECE_BYTES);
		lock__release(&c->lock);
	}
}

static bool mark_chan(struct p_heap *h)
{
	struct weft_chan *c;

	lock__acquire(&chans.lock);
	c = chans.list[!chans.seen];
	if (c) {
		unlink_chan(c);
		link_chan(c, chans.seen);
		/* the lock keeps the channel from being freed */
		mark_buffer(h, c);
	}
	lock__release(&chans.lock);
	return c;
}

/* ---- stacks ---- */

reads_anything void root__scan_g(struct p_heap *h, struct g *g)
{
	int status = get_acquire(&g->status);
	uintptr_t sp = (uintptr_t)g->sp;

	if (get_relaxed(&g->scanned) == get_relaxed(&gc_cycle) || status == G_DEAD)
		return;
	if (status == G_SYSCALL) {
		sp = g->call_sp;
		mark__words(h, g->call_regs, sizeof(g->call_regs));
	}
	mark__words(h, (void *)sp, g->stack_hi - sp);
	mark__grey(h, (uintptr_t)g->arg);
	set_relaxed(&g->scanned, get_relaxed(&gc_cycle));
}

static bool try_claim(struct g *g, enum g_claim who)
{
	int nobody = G_UNCLAIMED;

	return atomic_compare_exchange_strong(&g->claim, &nobody, who);
}

void gc__run(struct p *p, struct g *g)
{
	for (int spins = 0; !try_claim(g, G_CLAIMED_BY_M); spins++)
		if (spins > CLAIM_SPINS)
			sched_yield();
	if (get_relaxed(&g->scanned) != get_relaxed(&gc_cycle))
		root__scan_g(p->heap, g);
}

void gc__created(struct p *p, struct g *g)
{
	mark__grey(p->heap, (uintptr_t)g->arg);
	set_relaxed(&g->scanned, get_relaxed(&gc_cycle));
}

static bool mark_stacks(struct p_heap *h)
{
	size_t i, end;

	if (get_relaxed(&left.next_g) >= left.n_g)
		return false;
	i = atomic_fetch_add(&left.next_g, BATCH_G);
	end = i + BATCH_G < left.n_g ? i + BATCH_G : left.n_g;
	for (; i < end; i++) {
		struct g *g = g__at(i);

		if (get_relaxed(&g->scanned) == get_relaxed(&gc_cycle) || get_relaxed(&g->status) == G_DEAD)
			continue;
		/* claimed: an M has looked at the stack, or is about to before it does anything else */
		if (!try_claim(g, G_CLAIMED_BY_GC))
			continue;
		root__scan_g(h, g);
		set_release(&g->claim, G_UNCLAIMED);
	}
	return true;
}

/* ---- all of them ---- */

void root__begin(void)
{
	chans.seen = !chans.seen;
	set_relaxed(&left.next_piece, 0);
	set_relaxed(&left.finalizers_done, false);
	set_relaxed(&left.chans_done, false);
	left.n_g = g__count();
	set_relaxed(&left.next_g, 0);
}

bool root__left(void)
{
	return get_relaxed(&left.next_g) < left.n_g || !get_relaxed(&left.chans_done) ||
	       !get_relaxed(&left.finalizers_done);
}

bool root__mark_some(struct p_heap *h)
{
	if (!root__left())
		return false;
	if (mark_piece(h))
		return true;
	if (!get_relaxed(&left.finalizers_done)) {
		if (!finalizer__roots(h))
			set_relaxed(&left.finalizers_done, true);
		return true;
	}
	if (!get_relaxed(&left.chans_done)) {
		if (!mark_chan(h))
			set_relaxed(&left.chans_done, true);
		return true;
	}
	return mark_stacks(h);
}
