// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>

#include "ledger.h"
#include "stacked.h"

#define MAX_THREADS (1u << 19)

void stacked__init(struct stacked *s, const struct model *whole)
{
	*s = (struct stacked){ .whole = whole };
	table__init(&s->told, MAX_THREADS);
}

void stacked__free(struct stacked *s)
{
	const struct table_slot *slot;
	size_t pos = 0;

	while ((slot = table__next(&s->told, &pos)))
		free((void *)(uintptr_t)slot->value);
	table__free(&s->told);
}

int stacked__event(struct stacked *s, const struct event *ev)
{
	uint64_t *slot;

	if (ev->kind != EVENT_STACKED)
		return 0;
	slot = table__add(&s->told, ev->stacked.tid);
	if (slot && !*slot)
		*slot = (uintptr_t)calloc(1, sizeof(struct told_stacks));
	if (!slot || !*slot)
		return slot ? -ENOMEM : 0;
	told_stacks__add((struct told_stacks *)(uintptr_t)*slot, ev);
	return 0;
}

/* A frame pointer may lead to anything; perf throws away a whole stack that has one of its markers in it. */
static unsigned nr_addresses(const struct model_stack *st)
{
	unsigned nr = 0;

	while (nr < st->nr_user && st->at[st->nr_kernel + nr] < PERF_CONTEXT_MAX)
		nr++;
	return nr;
}

struct stacked_stack stacked__of(struct stacked *s, const struct event *ev)
{
	uint32_t tid = ev->kind == EVENT_SAMPLE ? ev->sample.tid : ev->off_cpu.tid;
	const uint64_t *slot = table__find(&s->told, tid);
	const struct model_stacks *all = &s->whole->profile.stacks;
	struct stacked_stack out = { 0 };
	uint32_t number;

	if (!slot)
		return out;
	number = told_stacks__take((struct told_stacks *)(uintptr_t)*slot, ev->ts_ns);
	out.stack = model_stacks__find(all, model_stacks__resolve(all, number));
	if (out.stack)
		out.nr_user = nr_addresses(out.stack);
	if (out.stack && ev->kind == EVENT_OFF_CPU)
		out.first = ledger__after_probe(s->whole, out.stack);
	return out;
}

uint64_t stacked__sample_ns(const struct stacked *s)
{
	struct ledger l = { 0 };

	ledger__of(s->whole, &l);
	return s->whole->profile.samples ? l.gross_ns / s->whole->profile.samples : 0;
}
