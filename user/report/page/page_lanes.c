// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>

#include "array.h"
#include "page_lanes.h"

#define AROUND	   4	 /* a part of the pause's length is drawn before it, and after it */
#define AROUND_MIN 20000 /* ns: what led to a pause of a few microseconds */

static int by_begin(const void *a, const void *b)
{
	const struct pause_lanes *x = a, *y = b;

	return x->from_ns < y->from_ns ? -1 : x->from_ns > y->from_ns;
}

static void begin(struct pause_lanes *pl, const struct pause *p)
{
	uint64_t around = pause__world_ns(p) / AROUND;

	around = around > AROUND_MIN ? around : AROUND_MIN;
	pl->pause = p;
	pl->from_ns = p->request_ns > around ? p->request_ns - around : 0;
	pl->to_ns = p->end_ns + around;
	table__init(&pl->last, LANES_PIECES);
}

int page_lanes__init(struct page_lanes *l, const struct model *whole, const struct spans *spans, uint32_t longest)
{
	uint32_t nr = longest < whole->pauses.nr_kept ? longest : whole->pauses.nr_kept;

	*l = (struct page_lanes){
		.whole = whole,
		.spans = spans,
		.all = calloc(nr ?: 1, sizeof(*l->all)),
		.reach_ns = calloc(nr ?: 1, sizeof(*l->reach_ns)),
	};
	if (!l->all || !l->reach_ns)
		return -ENOMEM;
	for (l->nr = 0; l->nr < nr; l->nr++)
		begin(&l->all[l->nr], whole->pauses.kept[l->nr]);
	qsort(l->all, nr, sizeof(*l->all), by_begin);
	for (uint32_t i = 0; i < nr; i++)
		l->reach_ns[i] = i && l->reach_ns[i - 1] > l->all[i].to_ns ? l->reach_ns[i - 1] : l->all[i].to_ns;
	return 0;
}

void page_lanes__free(struct page_lanes *l)
{
	for (uint32_t i = 0; l->all && i < l->nr; i++) {
		free(l->all[i].pieces);
		table__free(&l->all[i].last);
	}
	free(l->all);
	free(l->reach_ns);
}

/* The first one that may reach beyond @ts_ns. */
static uint32_t first_after(const struct page_lanes *l, uint64_t ts_ns)
{
	return ARRAY_FIRST_NOT(l->nr, i, l->reach_ns[i] <= ts_ns);
}

/* ---- pieces ---- */

static bool is_fine(const struct pause_lanes *pl, const struct lane_piece *p)
{
	return p->to_ns - p->from_ns < (pl->to_ns - pl->from_ns) / LANES_FINE;
}

static bool is_alike(const struct lane_piece *a, const struct lane_piece *b)
{
	return a->kind == b->kind && a->cpu == b->cpu && a->reason == b->reason && a->owner.tid == b->owner.tid;
}

/* Joined from such that are not alike. */
static bool is_several(const struct lane_piece *p)
{
	return p->kind == NR_SPANS || (p->kind == SPAN_RUNQUEUE && p->owner.name == NAME_OTHER && !p->owner.tid);
}

/* @p goes on where @last ended, and is alike, or both are too short to be told apart. */
static bool join(const struct pause_lanes *pl, struct lane_piece *last, const struct lane_piece *p)
{
	bool alike = is_alike(last, p);

	if (last->to_ns != p->from_ns)
		return false;
	if (!alike && !(is_fine(pl, p) && (is_several(last) || is_fine(pl, last))))
		return false;
	last->to_ns = p->to_ns;
	if (!alike && last->kind == p->kind)
		last->owner = (struct cpu_owner){ .name = NAME_OTHER };
	else if (!alike)
		last->kind = NR_SPANS;
	return true;
}

/* The part of @p within the picture. */
static void add(struct page_lanes *l, struct pause_lanes *pl, struct lane_piece p)
{
	uint64_t *last;

	p.from_ns = p.from_ns > pl->from_ns ? p.from_ns : pl->from_ns;
	p.to_ns = p.to_ns < pl->to_ns ? p.to_ns : pl->to_ns;
	if (p.from_ns >= p.to_ns)
		return;
	last = table__add(&pl->last, p.tid);
	if (last && *last && join(pl, &pl->pieces[*last - 1], &p))
		return;
	if (!last || pl->nr == LANES_PIECES) {
		pl->left_out++;
		return;
	}
	if (ARRAY_GROW(pl->pieces, pl->room, pl->nr + 1)) {
		l->err = -ENOMEM;
		return;
	}
	pl->pieces[pl->nr] = p;
	*last = ++pl->nr;
}

/* One task after the other had the CPU. */
struct turns {
	struct page_lanes *lanes;
	struct pause_lanes *to;
	const struct span *span;
};

static struct lane_piece piece_of(const struct span *s)
{
	return (struct lane_piece){
		.from_ns = s->from_ns,
		.to_ns = s->to_ns,
		.tid = s->tid,
		.tgid = s->tgid,
		.kind = s->kind,
		.cpu = s->cpu,
		.reason = s->kind == SPAN_ASLEEP ? s->reason : 0,
	};
}

static void add_turn(void *ctx, const struct cpu_turn *turn)
{
	struct turns *t = ctx;
	struct lane_piece p = piece_of(t->span);

	p.from_ns = turn->from_ns;
	p.to_ns = turn->to_ns;
	p.cpu = turn->cpu;
	p.owner = turn->owner;
	add(t->lanes, t->to, p);
}

static void add_span(struct page_lanes *l, struct pause_lanes *pl, const struct span *s)
{
	struct cpu_wait wait = {
		.from_ns = s->from_ns, .to_ns = s->to_ns, .moves = s->moves, .tid = s->tid, .cpu = s->cpu
	};

	if (s->kind == SPAN_RUNQUEUE)
		cpu_history__wait(&l->spans->switches->history, &wait, add_turn, &(struct turns){ l, pl, s });
	else
		add(l, pl, piece_of(s));
}

void page_lanes__span(struct page_lanes *l, const struct span *s)
{
	for (uint32_t i = first_after(l, s->from_ns); i < l->nr && l->all[i].from_ns < s->to_ns; i++)
		if (l->all[i].to_ns > s->from_ns && l->all[i].pause->tgid == s->tgid)
			add_span(l, &l->all[i], s);
}

/* ---- signals ---- */

static void deliver(struct pause_lanes *pl, uint32_t tid, uint64_t ts_ns)
{
	for (unsigned i = pl->nr_signals; i-- > 0;) {
		if (pl->signals[i].to_tid != tid)
			continue;
		if (!pl->signals[i].delivered_ns)
			pl->signals[i].delivered_ns = ts_ns;
		return;
	}
}

static void on_signal(struct pause_lanes *pl, const struct event *ev)
{
	if (ev->signal.step == TARE_SIGNAL_DELIVERED)
		deliver(pl, ev->signal.tid, ev->ts_ns);
	else if (ev->signal.step == TARE_SIGNAL_SENT && pl->nr_signals < LANES_SIGNALS)
		pl->signals[pl->nr_signals++] = (struct lane_signal){ ev->signal.other, ev->signal.tid, ev->ts_ns, 0 };
	else if (ev->signal.step == TARE_SIGNAL_SENT)
		pl->left_out++;
}

void page_lanes__event(struct page_lanes *l, const struct event *ev)
{
	if (ev->kind != EVENT_SIGNAL)
		return;
	for (uint32_t i = first_after(l, ev->ts_ns); i < l->nr && l->all[i].from_ns <= ev->ts_ns; i++)
		if (l->all[i].to_ns > ev->ts_ns && l->all[i].pause->tgid == ev->signal.tgid)
			on_signal(&l->all[i], ev);
}
