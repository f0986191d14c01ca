// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "hash.h"
#include "loss.h"
#include "totals.h"

#define NR_FIGURES 3
#define MAX_TOTALS (1u << 16) /* what is beyond them stays that of the recording */

struct total {
	uint64_t ts_ns, last[NR_FIGURES]; /* as it was told last */
	double sum[NR_FIGURES];		  /* in the stretch so far */
};

void totals__free(struct totals *t)
{
	table__free(&t->index);
	free(t->of);
	*t = (struct totals){ 0 };
}

static uint64_t probe_key(const struct tare_probe *probe)
{
	uint64_t key = hash__add(HASH_BEGIN, probe->name, strnlen(probe->name, sizeof(probe->name)));

	return (key | 1ull << 63) & ~1ull; /* no loss's, nor TABLE_NO_KEY */
}

static struct total *totals__find(struct totals *t, uint64_t key, uint64_t begin_ns)
{
	uint64_t *place;

	if (!t->index.limit)
		table__init(&t->index, MAX_TOTALS);
	place = table__add(&t->index, key);
	if (!place || (!*place && ARRAY_GROW(t->of, t->room, t->nr + 1)))
		return NULL;
	if (!*place) {
		t->of[t->nr] = (struct total){ .ts_ns = begin_ns };
		*place = ++t->nr;
	}
	return &t->of[*place - 1];
}

/* How much of the time from @from_ns to @to_ns is in the stretch: 0 to 1. */
static double share(const struct stretch *s, uint64_t from_ns, uint64_t to_ns)
{
	uint64_t begin_ns = from_ns > s->from_ns ? from_ns : s->from_ns, end_ns = to_ns < s->to_ns ? to_ns : s->to_ns;

	if (from_ns >= to_ns)
		return to_ns >= s->from_ns && to_ns <= s->to_ns;
	return end_ns > begin_ns ? (double)(end_ns - begin_ns) / (to_ns - from_ns) : 0;
}

static bool within(struct totals *t, uint64_t key, __u64 *const figures[NR_FIGURES], const struct event *ev,
		   const struct stretch *s)
{
	struct total *total = totals__find(t, key, s->begin_ns ?: ev->ts_ns);
	double part;

	if (!total)
		return true;
	part = share(s, total->ts_ns, ev->ts_ns);
	for (int i = 0; i < NR_FIGURES; i++) {
		uint64_t now = *figures[i], grown = now > total->last[i] ? now - total->last[i] : 0;

		total->sum[i] += part * grown;
		total->last[i] = now;
		*figures[i] = (uint64_t)ceil(total->sum[i]);
	}
	total->ts_ns = ev->ts_ns;
	return part > 0;
}

bool totals__event(struct totals *t, struct event *ev, const struct stretch *s)
{
	__u64 none[2] = { 0 };

	if (ev->kind == EVENT_LOSS) {
		t->loss = *ev->loss;
		ev->loss = &t->loss;
		return within(t, loss__key(&t->loss), (__u64 *[]){ &t->loss.count, &none[0], &none[1] }, ev, s);
	}
	t->probe = *ev->probe;
	ev->probe = &t->probe;
	return within(t, probe_key(&t->probe), (__u64 *[]){ &t->probe.hits, &t->probe.timed_hits, &t->probe.timed_ns },
		      ev, s);
}
