// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "gotrace_impl.h"

/* The format's own limits: tracev2/spec.go and events.go. */
#define MAX_BATCH  65536
#define MAX_FRAMES 128
#define MAX_STRING 1024

#define MAX_NUMBERS (1u << 26) /* strings, stacks, Ms of a generation */

void gt_generation__init(struct gt_generation *g)
{
	*g = (struct gt_generation){ 0 };
	table__init(&g->cursor_of, MAX_NUMBERS);
	table__init(&g->string_at, MAX_NUMBERS);
	table__init(&g->stack_of, MAX_NUMBERS);
}

void gt_generation__free(struct gt_generation *g)
{
	free(g->data);
	free(g->text);
	free(g->batches);
	free(g->cursors);
	free(g->stacks);
	table__free(&g->cursor_of);
	table__free(&g->string_at);
	table__free(&g->stack_of);
}

/* ---- bytes ---- */

struct bytes {
	const uint8_t *at, *end;
};

static bool number(struct bytes *b, uint64_t *n)
{
	*n = 0;
	for (unsigned shift = 0; b->at < b->end && shift < 64; shift += 7) {
		uint8_t byte = *b->at++;

		*n |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return true;
	}
	return false;
}

static bool numbers(struct bytes *b, uint64_t *n, int nr)
{
	while (nr-- > 0) {
		if (!number(b, n++))
			return false;
	}
	return true;
}

/* From the file: as number(). */
static bool read_number(FILE *from, uint64_t *n)
{
	*n = 0;
	for (unsigned shift = 0; shift < 64; shift += 7) {
		int byte = fgetc(from);

		if (byte == EOF)
			return false;
		*n |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return true;
	}
	return false;
}

/* ---- what batches hold ---- */

/* A table that is full, or has that number already, is no harm: the number means nothing, or what it meant first. */
static void set(struct table *t, uint64_t nr, size_t place)
{
	uint64_t *slot = table__add(t, nr);

	if (slot && !*slot)
		*slot = place + 1;
}

static int take_strings(struct gt_generation *g, struct bytes b)
{
	uint64_t head[2]; /* number, length */

	while (b.at < b.end) {
		if (*b.at++ != GT_STRING || !numbers(&b, head, 2) || head[1] > MAX_STRING ||
		    head[1] > (size_t)(b.end - b.at))
			return -EINVAL;
		if (ARRAY_GROW(g->text, g->text_room, g->text_len + head[1] + 1))
			return -ENOMEM;
		memcpy(g->text + g->text_len, b.at, head[1]);
		g->text[g->text_len + head[1]] = '\0';
		set(&g->string_at, head[0], g->text_len);
		g->text_len += head[1] + 1;
		b.at += head[1];
	}
	return 0;
}

static int take_stacks(struct gt_generation *g, struct bytes b)
{
	uint64_t head[2], frame[4]; /* number, frames; address, function, file, line */

	while (b.at < b.end) {
		struct gt_stack s = { 0 };

		if (*b.at++ != GT_STACK || !numbers(&b, head, 2) || head[1] > MAX_FRAMES)
			return -EINVAL;
		for (uint64_t i = 0; i < head[1]; i++) {
			if (!numbers(&b, frame, 4))
				return -EINVAL;
			if (!i) {
				s.leaf = frame[1];
				s.line = frame[3];
			}
			s.root = frame[1];
		}
		if (head[1] == MAX_FRAMES) /* it may go on */
			s.root = 0;
		if (ARRAY_GROW(g->stacks, g->room_stacks, g->nr_stacks + 1))
			return -ENOMEM;
		set(&g->stack_of, head[0], g->nr_stacks);
		g->stacks[g->nr_stacks++] = s;
	}
	return 0;
}

/* Before 1.25 the frequency alone. */
static int take_sync(struct gt_generation *g, struct bytes b, uint64_t time)
{
	uint64_t snapshot[4]; /* since the batch's time, CLOCK_MONOTONIC, and two that say what time of day it is */

	while (b.at < b.end) {
		uint8_t type = *b.at++;

		if (type == GT_FREQUENCY) {
			if (!number(&b, &g->frequency))
				return -EINVAL;
		} else if (type == GT_CLOCK_SNAPSHOT) {
			if (!numbers(&b, snapshot, 4))
				return -EINVAL;
			g->has_snapshot = true;
			g->snapshot_time = time + snapshot[0];
			g->snapshot_ns = snapshot[1];
		} else if (type != GT_SYNC) {
			return -EINVAL;
		}
	}
	return 0;
}

static int take_events(struct gt_generation *g, const struct gt_head *head, size_t begin)
{
	uint64_t m = head->m == GT_NO_M ? GT_NO_M - 1 : head->m, *slot = table__add(&g->cursor_of, m);
	uint32_t nr = g->nr_batches ?: 1;
	struct gt_cursor *c;

	if (!slot || ARRAY_GROW(g->batches, g->room_batches, nr + 1) ||
	    ARRAY_GROW(g->cursors, g->room_cursors, g->nr_cursors + 1))
		return -ENOMEM;
	g->nr_batches = nr + 1;
	g->batches[nr] = (struct gt_batch){ .begin = begin, .end = begin + head->size, .time = head->time };
	if (*slot) {
		c = &g->cursors[*slot - 1];
		g->batches[c->last].next = nr;
		c->last = nr;
		return 0;
	}
	g->cursors[g->nr_cursors] =
		(struct gt_cursor){ .m = head->m, .batch = nr, .last = nr, .pos = begin, .time = head->time };
	*slot = ++g->nr_cursors;
	return 0;
}

/* Events stay in .data; what else a batch may hold is taken out of it. */
static int take_batch(struct gt_generation *g, const struct gt_head *head)
{
	const uint8_t *data = g->data + g->len;
	struct bytes b = { data + 1, data + head->size };
	size_t begin = g->len;

	if (head->type == GT_EXPERIMENTAL_BATCH || !head->size)
		return 0;
	switch (data[0]) {
	case GT_STRINGS:
		return take_strings(g, b);
	case GT_STACKS:
		return take_stacks(g, b);
	case GT_CPU_SAMPLES:
		return 0;
	case GT_FREQUENCY:
	case GT_SYNC:
		b.at = data;
		return take_sync(g, b, head->time);
	default:
		g->len += head->size;
		return take_events(g, head, begin);
	}
}

/* ---- the file ---- */

static int problem(struct gt_input *in, const char *what)
{
	in->ended = true;
	snprintf(in->problem, GT_PROBLEM, "%s", what);
	return 0;
}

/* Returns 1; 0 at the end, or where the file is cut or wrong, which is told. */
static int read_head(struct gt_input *in, struct gt_head *h)
{
	int type = fgetc(in->from);

	*h = (struct gt_head){ .type = type };
	if (type == EOF) {
		in->ended = true;
		return 0;
	}
	if (type == GT_END_OF_GENERATION)
		return 1;
	if (type != GT_EVENT_BATCH && type != GT_EXPERIMENTAL_BATCH)
		return problem(in, "it is damaged: no batch of events where one should begin");
	if (type == GT_EXPERIMENTAL_BATCH)
		h->experiment = fgetc(in->from);
	if (!read_number(in->from, &h->generation) || !read_number(in->from, &h->m) ||
	    !read_number(in->from, &h->time) || !read_number(in->from, &h->size))
		return problem(in, "it is cut off");
	if (!h->generation || h->size > MAX_BATCH)
		return problem(in, "it is damaged: no batch of events can begin so");
	return 1;
}

static void forget(struct gt_generation *g)
{
	g->nr = g->len = g->text_len = g->nr_batches = g->nr_cursors = g->nr_stacks = 0;
	g->has_snapshot = g->cut = false;
	table__free(&g->cursor_of);
	table__free(&g->string_at);
	table__free(&g->stack_of);
}

/* Returns 1; 0: the generation ends before it. */
static int read_batch(struct gt_generation *g, struct gt_input *in)
{
	int ret;

	if (in->has_ahead)
		in->has_ahead = false;
	else if (!read_head(in, &in->ahead))
		return 0;
	if (in->ahead.type == GT_END_OF_GENERATION)
		return 0;
	if (g->nr && in->ahead.generation != g->nr) {
		in->has_ahead = in->ahead.generation == g->nr + 1;
		return in->has_ahead ? 0 : problem(in, "it is damaged: its generations are out of order");
	}
	g->nr = in->ahead.generation;
	if (ARRAY_GROW(g->data, g->room, g->len + in->ahead.size + 1))
		return -ENOMEM;
	if (fread(g->data + g->len, 1, in->ahead.size, in->from) != in->ahead.size)
		return problem(in, "it is cut off");
	ret = take_batch(g, &in->ahead);
	return ret == -EINVAL ? problem(in, "it is damaged: a batch has other things in it than it says") : ret ?: 1;
}

int gt_generation__read(struct gt_generation *g, struct gt_input *in)
{
	int ret;

	forget(g);
	if (in->ended)
		return 0;
	while ((ret = read_batch(g, in)) > 0)
		;
	if (ferror(in->from))
		return -EIO;
	if (in->ended && !in->problem[0] && g->nr && in->version >= GT_TOLD_ENDS)
		problem(in, "it is cut off");
	g->cut = in->ended && in->problem[0];
	return ret ?: g->nr != 0;
}

const char *gt_generation__string(const struct gt_generation *g, uint64_t nr)
{
	const uint64_t *slot = nr ? table__find(&g->string_at, nr) : NULL;

	return slot ? g->text + *slot - 1 : NULL;
}

const struct gt_stack *gt_generation__stack(const struct gt_generation *g, uint64_t nr)
{
	const uint64_t *slot = nr ? table__find(&g->stack_of, nr) : NULL;

	return slot ? &g->stacks[*slot - 1] : NULL;
}

int gt_cursor__next(const struct gt_generation *g, struct gt_cursor *c)
{
	const struct gt_batch *batch = &g->batches[c->batch];
	struct bytes b;
	uint64_t since;
	int nr;

	while (c->pos == batch->end) {
		if (!batch->next)
			return 0;
		c->batch = batch->next;
		batch = &g->batches[c->batch];
		c->pos = batch->begin;
		c->time = batch->time;
	}
	b = (struct bytes){ g->data + c->pos, g->data + batch->end };
	c->type = *b.at++;
	nr = gt_nr_args(c->type);
	if (nr < 0 || !number(&b, &since) || !numbers(&b, c->args, nr))
		return -EINVAL;
	c->time += since;
	c->pos = b.at - g->data;
	return 1;
}
