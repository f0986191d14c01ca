// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "stack.h"

#define CODE_NEAR (64ull << 20) /* a function and its caller are this near: programs rarely have more code */
#define WORD	  sizeof(uint64_t)

void model_stacks__init(struct model_stacks *s)
{
	table__init(&s->by_hash, MODEL_MAX_STACKS);
}

void model_stacks__free(struct model_stacks *s)
{
	for (uint32_t i = 0; i < s->nr; i++)
		free(s->all[i]);
	free(s->all);
	table__free(&s->by_hash);
}

static uint64_t word_at(const void *words, unsigned i)
{
	uint64_t word;

	memcpy(&word, (const char *)words + i * WORD, WORD);
	return word;
}

static bool is_near(uint64_t word, const struct event *ev)
{
	for (unsigned i = 0; i < ev->stack.nr_frames; i++) {
		uint64_t frame = word_at(ev->stack.frames, i);

		if (word && (word > frame ? word - frame : frame - word) < CODE_NEAR)
			return true;
	}
	return false;
}

/*
 * Words that are not code addresses differ every time, so they are dropped. So are words above the first return address
 * found by frame pointer: another return address before that one must be below it.
 */
static struct model_stack *stack__new(const struct event *ev)
{
	unsigned nr = ev->stack.nr_words + ev->stack.nr_frames;
	struct model_stack *st = calloc(1, sizeof(*st) + nr * WORD);

	if (!st)
		return NULL;
	st->pid = ev->stack.tgid;
	st->nr_words = ev->stack.nr_words;
	st->nr_frames = ev->stack.nr_frames;
	for (unsigned i = 0; i < ev->stack.nr_words; i++) {
		uint64_t word = word_at(ev->stack.words, i);

		if (i && st->nr_frames > 1 && st->at[i - 1] == word_at(ev->stack.frames, 1))
			break;
		st->at[i] = is_near(word, ev) ? word : 0;
	}
	if (ev->stack.nr_frames)
		memcpy(st->at + st->nr_words, ev->stack.frames, ev->stack.nr_frames * WORD);
	st->hash = 14695981039346656037ull ^ st->pid; /* FNV-1a, by words */
	for (unsigned i = 0; i < nr; i++)
		st->hash = (st->hash ^ st->at[i] ^ st->at[i] >> 32) * 1099511628211ull;
	st->hash &= ~(1ull << 63); /* never TABLE_NO_KEY */
	return st;
}

static bool same(const struct model_stack *a, const struct model_stack *b)
{
	return a->pid == b->pid && a->nr_words == b->nr_words && a->nr_frames == b->nr_frames &&
	       !memcmp(a->at, b->at, (a->nr_words + a->nr_frames) * WORD);
}

/* Takes ownership of @st. */
static uint32_t stacks__add(struct model_stacks *s, struct model_stack *st)
{
	uint64_t *slot = table__add(&s->by_hash, st->hash);

	if (slot && *slot) {
		uint32_t number = same(s->all[*slot - 1], st) ? *slot : 0;

		free(st);
		return number;
	}
	if (!slot || ARRAY_GROW(s->all, s->room, s->nr + 1)) {
		free(st);
		return 0;
	}
	s->all[s->nr++] = st;
	*slot = s->nr;
	return s->nr;
}

uint32_t model_stacks__number(struct model_stacks *s, const struct event *ev)
{
	struct model_stack *st = ev->stack.nr_frames ? stack__new(ev) : NULL;

	return st ? stacks__add(s, st) : 0;
}

static const struct model_stack *stacks__at(const struct model_stacks *s, uint32_t number)
{
	return number && number <= s->nr ? s->all[number - 1] : NULL;
}

uint64_t model_stacks__ip(const struct model_stacks *s, uint32_t number)
{
	const struct model_stack *st = stacks__at(s, number);

	return st ? st->at[st->nr_words] : 0;
}

/* Where the interrupted function returns to; 0: unknown. *@next: the first frame after that. */
static uint64_t first_return(const struct model_stack *st, const struct model_symbol *leaf, unsigned *next)
{
	const uint64_t *frames = st->at + st->nr_words;
	uint64_t by_frame = st->nr_frames > 1 ? frames[1] : 0, found = by_frame;

	*next = 2;
	if (leaf->return_at >= 0 && leaf->return_at % WORD == 0 && leaf->return_at / WORD < st->nr_words) {
		found = st->at[leaf->return_at / WORD];
		/* until it has set up its own frame, the frame pointer is its caller's */
		if (found != by_frame)
			*next = 1;
	} else if (!leaf->has_frame) {
		found = 0;
	}
	return found;
}

unsigned model_stacks__calls(const struct model_stacks *s, uint32_t number, const struct model_symbols *symbols,
			     const struct model_symbol **calls, unsigned max)
{
	const struct model_stack *st = stacks__at(s, number);
	uint64_t address = st ? st->at[st->nr_words] : 0;
	unsigned n = 0, next = 0;

	while (n < max && address) {
		const struct model_symbol *symbol = model_symbols__at(symbols, st->pid, n ? address - 1 : address);

		if (!symbol || (n && !symbol->is_call))
			break;
		calls[n++] = symbol;
		if (n == 1)
			address = first_return(st, symbol, &next);
		else
			address = symbol->has_frame && next < st->nr_frames ? st->at[st->nr_words + next++] : 0;
	}
	return n;
}

const struct model_symbol *model_stacks__own(const struct model_stacks *s, uint32_t number,
					     const struct model_symbols *symbols)
{
	const struct model_symbol *calls[TARE_STACK_FRAMES], *library = NULL;
	unsigned n = model_stacks__calls(s, number, symbols, calls, TARE_STACK_FRAMES);

	for (unsigned i = 0; i < n; i++) {
		if (calls[i]->owner == TARE_OWNER_PROGRAM || calls[i]->own_name[0])
			return calls[i];
		if (calls[i]->owner == TARE_OWNER_LIBRARY && !library)
			library = calls[i];
	}
	return library;
}
