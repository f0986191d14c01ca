// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>

#include "alloc_samples.h"
#include "array.h"

void alloc_samples__init(struct alloc_samples *a)
{
	*a = (struct alloc_samples){ 0 };
	table__init(&a->by_burst, 1u << 24);
}

void alloc_samples__free(struct alloc_samples *a)
{
	table__free(&a->by_burst);
	free(a->scales);
	free(a->waiting);
	*a = (struct alloc_samples){ 0 };
}

static uint64_t key(uint32_t burst, uint32_t cpu)
{
	return (uint64_t)burst << 16 | (uint16_t)cpu;
}

static struct alloc_amount amount_of(const struct event_alloc_sample *s)
{
	double objects = (double)s->stands_for_q16 / 65536, bytes = objects * s->bytes;

	return (struct alloc_amount){
		.samples = 1,
		.objects = s->block ? 0 : objects,
		.bytes = bytes,
		.runtime_bytes = s->runtime ? bytes : 0,
	};
}

static int count(struct profile *p, uint32_t stack, const struct alloc_amount *amount, const struct alloc_scale *scale)
{
	struct alloc_amount all = *amount;

	all.objects *= scale->objects;
	all.bytes *= scale->bytes;
	all.runtime_bytes *= scale->bytes;
	return profile__alloc(p, stack, &all);
}

int alloc_samples__sample(struct alloc_samples *a, struct profile *p, uint32_t number, const struct event *ev)
{
	const struct event_alloc_sample *s = &ev->alloc_sample;
	struct alloc_amount amount = amount_of(s);
	const uint64_t *known;

	a->samples++;
	a->all |= s->burst == TARE_ALLOC_ALL;
	if (s->burst == TARE_ALLOC_ALL)
		return count(p, number, &amount, &(struct alloc_scale){ 1, 1 });
	known = table__find(&a->by_burst, key(s->burst, ev->cpu));
	if (known)
		return count(p, number, &amount, &a->scales[*known]);
	if (a->nr == ALLOCS_WAITING_MAX) {
		a->dropped++;
		return 0;
	}
	if (ARRAY_GROW(a->waiting, a->room, a->nr + 1))
		return -ENOMEM;
	a->waiting[a->nr++] = (struct alloc_waiting){ number, s->burst, ev->cpu, amount };
	return 0;
}

/* What was told is a part of what was seen, by chance; the whole is known. */
static double part(uint64_t all, uint64_t told)
{
	return all && told ? (double)all / told : 1;
}

int alloc_samples__burst(struct alloc_samples *a, struct profile *p, const struct event *ev)
{
	const struct tare_alloc_burst *b = &ev->alloc_burst;
	double time = b->exposed_ns ? (double)b->covered_ns / b->exposed_ns : 0;
	struct alloc_scale scale = { part(b->allocations, b->told_allocations) * time,
				     part(b->bytes, b->told_bytes) * time };
	uint64_t *slot;
	size_t kept = 0;
	int ret = 0;

	if (!(time > 0))
		return 0;
	slot = table__add(&a->by_burst, key(b->number, b->cpu));
	if (!slot || ARRAY_GROW(a->scales, a->room_scales, a->bursts + 1))
		return -ENOMEM;
	*slot = a->bursts;
	a->scales[a->bursts] = scale;
	a->bursts++;
	/* what is left for the target is a small rest: it may be far from the truth */
	a->too_fast |= b->exposed_ns < b->spent_ns;
	for (size_t i = 0; i < a->nr; i++) {
		const struct alloc_waiting *w = &a->waiting[i];

		if (w->burst == b->number && w->cpu == b->cpu)
			ret = count(p, w->stack, &w->amount, &scale) ?: ret;
		else
			a->waiting[kept++] = *w;
	}
	a->nr = kept;
	return ret;
}
