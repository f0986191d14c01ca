// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "stack.h"

#define MAX_CALLS 192

void told_stacks__add(struct told_stacks *t, const struct event *ev)
{
	unsigned to = t->at[0].number && !t->at[1].number;

	t->at[to].ts_ns = ev->ts_ns;
	t->at[to].number = ev->stacked.number;
}

uint32_t told_stacks__take(struct told_stacks *t, uint64_t ts_ns)
{
	for (unsigned i = 0; i < 2; i++) {
		uint32_t number = t->at[i].number;

		if (!number || t->at[i].ts_ns != ts_ns)
			continue;
		t->at[i].number = 0;
		return number;
	}
	return 0;
}

void model_stacks__free(struct model_stacks *s)
{
	for (uint32_t i = 0; i < s->nr; i++)
		free(s->all[i]);
	free(s->all);
	free(s->same_as);
	free(s->used_ns);
	*s = (struct model_stacks){ 0 };
}

static int model_stacks__reach(struct model_stacks *s, uint32_t number)
{
	if (ARRAY_GROW(s->all, s->room, number + 1ul) || ARRAY_GROW(s->same_as, s->room_same, number + 1ul) ||
	    ARRAY_GROW(s->used_ns, s->room_used, number + 1ul))
		return -ENOMEM;
	for (; s->nr <= number; s->nr++) {
		s->all[s->nr] = NULL;
		s->same_as[s->nr] = 0;
		s->used_ns[s->nr] = 0;
	}
	return 0;
}

int model_stacks__event(struct model_stacks *s, const struct event *ev)
{
	const struct tare_call_stack *head = ev->call_stack.head;
	uint32_t nr = head->nr_kernel + head->nr_user, number = head->number;
	struct model_stack *st;

	if (!number || number >= MODEL_MAX_STACKS)
		return 0;
	if (model_stacks__reach(s, number))
		return -ENOMEM;
	if (s->all[number] || s->same_as[number])
		return 0; /* told before */
	/* only of one that was told before: so they cannot go round in circles */
	if (head->same_as) {
		s->same_as[number] = model_stacks__resolve(s, head->same_as);
		return model_stacks__used(s, s->same_as[number], s->used_ns[number]);
	}
	st = malloc(sizeof(*st) + nr * sizeof(st->at[0]));
	if (!st)
		return -ENOMEM;
	*st = (struct model_stack){ .pid = head->pid,
				    .nr_kernel = head->nr_kernel,
				    .nr_user = head->nr_user,
				    .nr_sure = head->nr_sure,
				    .flags = head->flags,
				    .number = number };
	memcpy(st->at, ev->call_stack.kernel, head->nr_kernel * sizeof(st->at[0]));
	memcpy(st->at + head->nr_kernel, ev->call_stack.user, head->nr_user * sizeof(st->at[0]));
	s->all[number] = st;
	return 0;
}

uint32_t model_stacks__resolve(const struct model_stacks *s, uint32_t number)
{
	if (!number || number >= s->nr)
		return 0;
	return s->all[number] ? number : s->same_as[number];
}

const struct model_stack *model_stacks__find(const struct model_stacks *s, uint32_t number)
{
	number = model_stacks__resolve(s, number);
	return number ? s->all[number] : NULL;
}

int model_stacks__used(struct model_stacks *s, uint32_t number, uint64_t ts_ns)
{
	if (!number || number >= MODEL_MAX_STACKS)
		return 0;
	if (model_stacks__reach(s, number))
		return -ENOMEM;
	if (!s->used_ns[number])
		s->used_ns[number] = ts_ns;
	/* of a flight its own use may not be there any more */
	if (s->same_as[number] && !s->used_ns[s->same_as[number]])
		s->used_ns[s->same_as[number]] = ts_ns;
	return 0;
}

uint64_t model_stacks__used_ns(const struct model_stacks *s, const struct model_stack *st)
{
	return s->used_ns[st->number];
}

unsigned model_stacks__calls(const struct model_stacks *s, uint32_t number, const struct model_symbols *symbols,
			     uint64_t ts_ns, const struct model_symbol **calls, unsigned max)
{
	const struct model_stack *st = model_stacks__find(s, number);
	unsigned n = 0;

	for (; st && n < st->nr_sure && n < max; n++) {
		uint64_t address = st->at[st->nr_kernel + n] - (n > 0);

		calls[n] = model_symbols__at(symbols, st->pid, address, ts_ns);
		if (!calls[n])
			break;
	}
	return n;
}

const struct model_symbol *model_stacks__own(const struct model_stacks *s, uint32_t number,
					     const struct model_symbols *symbols, uint64_t ts_ns)
{
	const struct model_symbol *calls[MAX_CALLS], *library = NULL;
	unsigned n = model_stacks__calls(s, number, symbols, ts_ns, calls, MAX_CALLS);

	for (unsigned i = 0; i < n; i++) {
		if (calls[i]->owner == TARE_OWNER_PROGRAM || calls[i]->own_name[0])
			return calls[i];
		if (calls[i]->owner == TARE_OWNER_LIBRARY && !library)
			library = calls[i];
	}
	return library;
}
