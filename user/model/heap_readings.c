// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "heap_readings.h"
#include "heap_sites.h"

void heap_readings__init(struct heap_readings *h, const struct births *births, const struct programs *programs)
{
	*h = (struct heap_readings){ .births = births, .programs = programs };
	table__init(&h->by_process, HEAP_READINGS_MAX);
}

void heap_readings__free(struct heap_readings *h)
{
	for (size_t i = 0; i < h->nr; i++) {
		free(h->all[i].first.stacks);
		free(h->all[i].last.stacks);
		free(h->all[i].next.stacks);
	}
	free(h->all);
	table__free(&h->by_process);
	*h = (struct heap_readings){ 0 };
}

/* NULL: there are too many, or no memory. */
static struct heap_readings_of *find(struct heap_readings *h, const struct tare_heap *head)
{
	uint64_t process = h->births ? births__at(h->births, head->pid, head->ts_ns) : head->pid;
	uint64_t *at = table__find(&h->by_process, process);

	if (at)
		return &h->all[*at - 1];
	if (ARRAY_GROW(h->all, h->room, h->nr + 1))
		return NULL;
	at = table__add(&h->by_process, process);
	if (!at)
		return NULL;
	h->all[h->nr] = (struct heap_readings_of){ .process = process };
	*at = ++h->nr;
	return &h->all[h->nr - 1];
}

/* A whole reading: it takes the place of the last one. */
static void keep(struct heap_readings_of *of)
{
	struct heap_reading *to = of->first.stacks ? &of->last : &of->first;

	free(to->stacks);
	*to = of->next;
	of->next = (struct heap_reading){ 0 };
}

/* Frames of one reading follow each other; one that does not fit belongs to a reading of which some are lost. */
static bool goes_on(const struct heap_reading *next, const struct tare_heap *head)
{
	return next->stacks && next->head.ts_ns == head->ts_ns && next->head.nr == head->first &&
	       next->head.total == head->total;
}

int heap_readings__event(struct heap_readings *h, const struct event *ev)
{
	const struct tare_heap *head = ev->heap.head;
	struct heap_readings_of *of = head->total <= HEAP_STACKS_MAX ? find(h, head) : NULL;
	struct tare_heap_stack *grown;
	struct heap_reading *next;

	if (!of || (head->first && !goes_on(&of->next, head))) {
		h->left_out++;
		return 0;
	}
	next = &of->next;
	/* what a damaged file promises is not there yet: it grows by what has come */
	grown = realloc(next->stacks, ((head->first + (size_t)head->nr) ?: 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	next->stacks = grown;
	if (!head->first) {
		next->head = *head;
		next->head.nr = 0;
	}
	for (uint32_t i = 0; i < head->nr; i++)
		next->stacks[next->head.nr++] = event__heap_stack(ev, i);
	if (next->head.nr == next->head.total)
		keep(of);
	return 0;
}

const struct heap_reading *heap_readings__last(const struct heap_readings_of *of)
{
	return of->last.stacks ? &of->last : &of->first;
}

static uint64_t allocated(const struct heap_readings_of *of)
{
	const struct heap_reading *r = heap_readings__last(of);
	int64_t objects, bytes;
	uint64_t sum = 0;

	for (uint32_t i = 0; i < r->head.nr; i++) {
		heap__scale(r->stacks[i].allocs, r->stacks[i].alloc_bytes, r->head.rate_bytes, &objects, &bytes);
		sum += bytes;
	}
	return sum;
}

const struct heap_readings_of *heap_readings__choose(const struct heap_readings *h, uint32_t pid)
{
	const struct heap_readings_of *found = NULL;

	for (size_t i = 0; i < h->nr; i++) {
		const struct heap_readings_of *of = &h->all[i];

		if (!heap_readings__last(of)->stacks)
			continue;
		if (pid ? process__pid(of->process) == pid : !found || allocated(of) > allocated(found))
			found = of;
	}
	return found;
}

const struct heap_reading *heap_readings__first(const struct heap_readings *h, const struct heap_readings_of *of)
{
	const struct heap_reading *first = &of->first, *last = &of->last;

	if (!first->stacks || !last->stacks ||
	    (h->programs && programs__since(h->programs, last->head.pid, first->head.ts_ns) !=
				    programs__since(h->programs, last->head.pid, last->head.ts_ns)))
		return NULL;
	return first;
}

/* ---- with their functions ---- */

struct place {
	const struct heap_reading *reading;
	const struct model_symbols *symbols;
};

static void describe(uint64_t pc, struct heap_frame *f, void *ctx)
{
	const struct place *p = ctx;
	const struct tare_heap *head = &p->reading->head;
	const struct model_symbol *sym = model_symbols__at(p->symbols, head->pid, pc - 1, head->ts_ns);

	if (!sym)
		return;
	f->name = sym->name;
	f->file = sym->file;
	f->line = sym->line;
	f->inner = sym->cost & TARE_SYMBOL_HEAP_INNER;
	f->outer = sym->cost & TARE_SYMBOL_HEAP_OUTER;
}

static int add_stack(struct heap_profile *to, const struct tare_heap_stack *from, const struct model_stack *st)
{
	struct heap_stack s = {
		.size_bytes = from->size_bytes,
		.published = { from->allocs, from->frees, from->alloc_bytes, from->free_bytes },
		.first = to->nr_pcs,
		.nr = st && to->nr_pcs + st->nr_user <= HEAP_ADDRESSES_MAX ? st->nr_user : 0,
	};

	if (ARRAY_GROW(to->stacks, to->room, to->nr + 1) || ARRAY_GROW(to->pcs, to->room_pcs, to->nr_pcs + s.nr))
		return -ENOMEM;
	/* the first address is in the call, the others are where it returns to */
	for (uint32_t i = 0; i < s.nr; i++)
		to->pcs[to->nr_pcs++] = st->at[st->nr_kernel + i] + !i;
	to->stacks[to->nr++] = s;
	return 0;
}

int heap_reading__name(const struct heap_reading *reading, const struct model_stacks *stacks,
		       const struct model_symbols *symbols, struct heap_named *to)
{
	const struct tare_heap *head = &reading->head;
	struct place place = { reading, symbols };
	int ret = 0;

	to->pid = head->pid;
	to->heap.rate_bytes = head->rate_bytes;
	to->heap.cycles = head->cycles;
	to->heap.all_pending = head->flags & TARE_HEAP_PENDING;
	to->heap.nr_torn = head->nr_torn;
	to->heap.tries = head->tries;
	to->heap.read_cpu_ns = head->cost_ns;
	for (uint32_t i = 0; !ret && i < head->nr; i++)
		ret = add_stack(&to->heap, &reading->stacks[i], model_stacks__find(stacks, reading->stacks[i].stack));
	return ret ?: heap_named__name(to, describe, &place);
}
