// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "pause_seg.h"

#define KEEP_PLACES 48 /* of one kind of time, if not all can be kept */

void segs__free(struct segs *s)
{
	free(s->at);
	*s = (struct segs){ 0 };
}

static bool alike(const struct pause_seg *a, const struct pause_seg *b)
{
	return a->cause == b->cause && a->part == b->part && a->tid == b->tid && a->detail == b->detail &&
	       a->other == b->other && a->name == b->name && a->cpu == b->cpu && a->on_cpu == b->on_cpu &&
	       a->firm == b->firm && a->asleep == b->asleep && a->stack == b->stack;
}

/* Time summed over several places has no place. A system call stays, as an example of the others. */
static void forget_place(struct pause_seg *s)
{
	s->stack = 0;
	if (s->cause == PAUSE_RUNQUEUE) {
		s->name = NAME_OTHER;
		s->other = 0;
		s->of_target = false;
	} else if (s->cause != PAUSE_KERNEL && s->cause != PAUSE_BLOCKED && s->cause != PAUSE_IRQ) {
		s->detail = 0;
	}
}

static bool same_place(const struct pause_seg *a, const struct pause_seg *b)
{
	return a->detail == b->detail && a->other == b->other && a->name == b->name && a->stack == b->stack;
}

/* Join two neighbours with the same cause. */
static bool join_causes(struct pause_seg *a, const struct pause_seg *b)
{
	uint64_t start = a->start_ns;
	bool one_place = same_place(a, b);

	if (a->cause != b->cause || a->part != b->part || a->tid != b->tid || a->on_cpu != b->on_cpu ||
	    a->end_ns != b->start_ns)
		return false;
	if (b->end_ns - b->start_ns > a->end_ns - a->start_ns)
		*a = *b;
	a->start_ns = start;
	a->end_ns = b->end_ns;
	if (!one_place)
		forget_place(a);
	return true;
}

/* Join two neighbours with different causes: only their time stays. */
static bool join_any(struct pause_seg *a, const struct pause_seg *b)
{
	if (a->part != b->part || a->end_ns != b->start_ns)
		return false;
	*a = (struct pause_seg){ .start_ns = a->start_ns,
				 .end_ns = b->end_ns,
				 .cause = PAUSE_UNEXPLAINED,
				 .part = a->part,
				 .tid = a->tid == b->tid ? a->tid : 0 };
	return true;
}

static void segs__join(struct segs *s, bool (*join)(struct pause_seg *, const struct pause_seg *), uint32_t want)
{
	uint32_t to = 0, left = s->n;

	for (uint32_t i = 1; i < s->n; i++) {
		if (left > want && join(&s->at[to], &s->at[i]))
			left--;
		else
			s->at[++to] = s->at[i];
	}
	s->n = s->n ? to + 1 : 0;
}

static bool same_kind(const struct pause_seg *a, const struct pause_seg *b)
{
	return a->cause == b->cause && a->on_cpu == b->on_cpu && a->firm == b->firm;
}

static bool same_kind_and_place(const struct pause_seg *a, const struct pause_seg *b)
{
	return same_kind(a, b) && same_place(a, b);
}

/* Add @seg to the sum that is @like it, or as a new sum. A sum has .start_ns 0 and its length in .end_ns. */
static uint32_t sums__add(struct pause_seg *sums, uint32_t n, const struct pause_seg *seg,
			  bool (*like)(const struct pause_seg *, const struct pause_seg *))
{
	uint64_t ns = seg->end_ns - seg->start_ns;
	uint32_t k = 0;

	while (k < n && !like(&sums[k], seg))
		k++;
	if (k == n) {
		sums[n] = *seg;
		sums[n].start_ns = sums[n].end_ns = 0;
		n++;
	}
	sums[k].end_ns += ns;
	return n;
}

static int longest_first(const void *a, const void *b)
{
	const struct pause_seg *x = a, *y = b;

	return x->end_ns < y->end_ns ? 1 : x->end_ns > y->end_ns ? -1 : 0;
}

/* The KEEP_PLACES longest of @sums stay as they are, the others are merged by kind. */
static uint32_t sums__forget(struct pause_seg *sums, uint32_t n)
{
	uint32_t kinds = 0;

	for (uint32_t i = KEEP_PLACES; i < n; i++) {
		struct pause_seg seg = sums[i];

		forget_place(&seg);
		kinds = sums__add(&sums[KEEP_PLACES], kinds, &seg, same_kind);
	}
	return n < KEEP_PLACES ? n : KEEP_PLACES + kinds;
}

/* Replace neighbours [@from, @from + @n) by one segment per kind and place, at @to. Returns how many. */
static uint32_t segs__sum(struct segs *s, uint32_t from, uint32_t n, uint32_t to)
{
	struct pause_seg sums[PAUSE_MAX_SEGS];
	uint64_t pos = s->at[from].start_ns;
	uint32_t kinds = 0;

	for (uint32_t i = from; i < from + n; i++)
		kinds = sums__add(sums, kinds, &s->at[i], same_kind_and_place);
	qsort(sums, kinds, sizeof(sums[0]), longest_first);
	kinds = sums__forget(sums, kinds);
	for (uint32_t k = 0; k < kinds; k++) {
		s->at[to + k] = sums[k];
		s->at[to + k].start_ns = pos;
		pos += sums[k].end_ns;
		s->at[to + k].end_ns = pos;
	}
	return kinds;
}

/* Sum up each @span neighbours within the first @end. Only their order is lost, never a cause's time. */
static void segs__gather(struct segs *s, uint32_t end, uint32_t span)
{
	uint32_t to = 0, i = 0, n;

	for (; i < end; i += n) {
		const struct pause_seg *first = &s->at[i];

		for (n = 1; n < span && i + n < end; n++) {
			const struct pause_seg *next = &s->at[i + n];

			/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): there are @end segments */
			if (next->part != first->part || next->tid != first->tid || next->start_ns != next[-1].end_ns)
				break;
		}
		to += segs__sum(s, i, n, to);
	}
	memmove(&s->at[to], &s->at[i], (s->n - i) * sizeof(s->at[0]));
	s->n -= i - to;
}

/*
 * Memory is bounded. A list that is too long loses order first, then the places with the least time, then all places,
 * then causes; never time. The newest segments stay, since more may become known of them.
 */
static void segs__coarsen(struct segs *s)
{
	for (uint32_t span = 16; s->n > PAUSE_MAX_SEGS * 3 / 4 && span <= PAUSE_MAX_SEGS; span *= 2)
		segs__gather(s, s->n - PAUSE_MAX_SEGS / 4, span);
	if (s->n > PAUSE_MAX_SEGS * 3 / 4)
		segs__join(s, join_causes, PAUSE_MAX_SEGS / 2);
	if (s->n > PAUSE_MAX_SEGS * 3 / 4)
		segs__join(s, join_any, PAUSE_MAX_SEGS / 2);
	if (s->n == PAUSE_MAX_SEGS) { /* only if no two are adjacent */
		memmove(&s->at[0], &s->at[PAUSE_MAX_SEGS / 2], sizeof(s->at[0]) * (s->n - PAUSE_MAX_SEGS / 2));
		s->n -= PAUSE_MAX_SEGS / 2;
		s->failed++;
	}
}

static int segs__make_room(struct segs *s)
{
	if (s->n >= PAUSE_MAX_SEGS)
		segs__coarsen(s);
	return ARRAY_GROW(s->at, s->room, s->n + 1);
}

void segs__push(struct segs *s, uint64_t from, uint64_t to, const struct pause_seg *like)
{
	struct pause_seg *last = s->n ? &s->at[s->n - 1] : NULL;

	if (last && from < last->end_ns)
		from = last->end_ns;
	if (from >= to)
		return;
	if (last && last->end_ns == from && alike(last, like)) {
		last->end_ns = to;
		return;
	}
	if (segs__make_room(s)) {
		s->failed++;
		return;
	}
	s->at[s->n] = *like;
	s->at[s->n].start_ns = from;
	s->at[s->n++].end_ns = to;
}

static bool can_give(const struct pause_seg *seg, uint32_t tid)
{
	return seg->on_cpu && seg->tid == tid && seg->cause != PAUSE_IRQ && seg->cause != PAUSE_STEAL;
}

static uint64_t overlap(const struct pause_seg *seg, uint64_t from, uint64_t to)
{
	uint64_t start = seg->start_ns > from ? seg->start_ns : from, end = seg->end_ns < to ? seg->end_ns : to;

	return start < end ? end - start : 0;
}

uint64_t segs__on_cpu(const struct segs *s, uint32_t tid, uint64_t from, uint64_t to)
{
	uint64_t ns = 0;

	for (uint32_t i = s->n; i > 0 && s->at[i - 1].end_ns > from; i--) {
		if (can_give(&s->at[i - 1], tid))
			ns += overlap(&s->at[i - 1], from, to);
	}
	return ns;
}

uint64_t segs__carve(struct segs *s, uint32_t tid, uint64_t from, uint64_t to, uint64_t limit_ns,
		     enum pause_cause cause, uint64_t detail)
{
	uint32_t first = s->n, n;
	struct pause_seg *tail;
	uint64_t given = 0;

	while (first > 0 && s->at[first - 1].end_ns > from)
		first--;
	n = s->n - first;
	tail = n ? malloc(n * sizeof(*tail)) : NULL;
	if (!tail)
		return 0;
	memcpy(tail, &s->at[first], n * sizeof(*tail));
	s->n = first;
	for (uint32_t i = 0; i < n; i++) {
		const struct pause_seg *old = &tail[i];
		uint64_t start = old->start_ns > from ? old->start_ns : from, part = overlap(old, from, to);
		struct pause_seg taken = *old;

		if (part > limit_ns - given)
			part = limit_ns - given;
		if (!part || !can_give(old, tid)) {
			segs__push(s, old->start_ns, old->end_ns, old);
			continue;
		}
		taken.cause = cause;
		taken.detail = detail;
		taken.firm = true;
		segs__push(s, old->start_ns, start, old);
		segs__push(s, start, start + part, &taken);
		segs__push(s, start + part, old->end_ns, old);
		given += part;
	}
	free(tail);
	return given;
}

void segs__rename(struct segs *s, uint64_t since_ns, enum pause_cause from, enum pause_cause to)
{
	for (uint32_t i = s->n; i > 0 && s->at[i - 1].end_ns > since_ns; i--) {
		if (s->at[i - 1].cause == from)
			s->at[i - 1].cause = to;
	}
}

void segs__steal(struct segs *s, uint32_t tid, uint64_t in_ns, uint64_t out_ns, uint64_t stolen_ns)
{
	uint64_t here, all = out_ns > in_ns ? out_ns - in_ns : 0;

	if (!stolen_ns || !all)
		return;
	here = segs__on_cpu(s, tid, in_ns, out_ns);
	if (stolen_ns < all)
		here = (unsigned __int128)here * stolen_ns / all;
	segs__carve(s, tid, in_ns, out_ns, here, PAUSE_STEAL, 0);
}

/* How a timeline's segment reads in the chain: what the initiator does in user space is the runtime's work. */
static struct pause_seg in_role(const struct pause_seg *seg, const struct segs_role *role)
{
	struct pause_seg s = *seg;

	s.part = role->part;
	s.tid = role->tid;
	if (role->works && s.on_cpu &&
	    (s.cause == PAUSE_USER || s.cause == PAUSE_SIGNAL || s.cause == PAUSE_UNEXPLAINED)) {
		s.cause = PAUSE_RUNTIME;
		s.firm = true;
	}
	return s;
}

void segs__copy(const struct segs *s, uint64_t from, uint64_t to, const struct segs_role *role, struct segs *list)
{
	struct pause_seg gap = { .tid = role->tid, .part = role->part, .cause = PAUSE_UNEXPLAINED };
	uint64_t pos = from;

	for (uint32_t i = 0; i < s->n && pos < to; i++) {
		struct pause_seg seg = in_role(&s->at[i], role);
		uint64_t end = seg.end_ns < to ? seg.end_ns : to;

		if (seg.end_ns <= pos)
			continue;
		if (seg.start_ns >= to)
			break;
		if (seg.start_ns > pos)
			segs__push(list, pos, seg.start_ns, &gap);
		segs__push(list, seg.start_ns > pos ? seg.start_ns : pos, end, &seg);
		pos = end;
	}
	segs__push(list, pos, to, &gap);
}
