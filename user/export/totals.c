// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "totals.h"

#define NR_FIGURES 3
#define MAX_TOTALS (1u << 16) /* what is beyond them stays that of the recording */

struct total {
	uint64_t before[NR_FIGURES]; /* as of the beginning */
	bool over;		     /* the last total has been told */
};

void totals__free(struct totals *t)
{
	table__free(&t->index);
	free(t->of);
	*t = (struct totals){ 0 };
}

static uint64_t loss_key(const struct tare_loss *loss)
{
	return (uint64_t)loss->cls << 32 | loss->cpu;
}

/* FNV-1a */
static uint64_t probe_key(const struct tare_probe *probe)
{
	uint64_t key = 0xcbf29ce484222325;

	for (size_t i = 0; i < sizeof(probe->name) && probe->name[i]; i++)
		key = (key ^ (unsigned char)probe->name[i]) * 0x100000001b3;
	return (key | 1ull << 63) & ~1ull; /* no loss's, nor TABLE_NO_KEY */
}

static struct total *totals__find(struct totals *t, uint64_t key)
{
	uint64_t *place;

	if (!t->index.limit)
		table__init(&t->index, MAX_TOTALS);
	place = table__add(&t->index, key);
	if (!place || (!*place && ARRAY_GROW(t->of, t->room, t->nr + 1)))
		return NULL;
	if (!*place) {
		t->of[t->nr] = (struct total){ 0 };
		*place = ++t->nr;
	}
	return &t->of[*place - 1];
}

static bool since(struct totals *t, uint64_t key, __u64 *const figures[NR_FIGURES], const struct event *ev,
		  uint64_t from_ns, uint64_t to_ns)
{
	struct total *total = totals__find(t, key);

	if (!total)
		return true;
	if (total->over)
		return false;
	for (int i = 0; i < NR_FIGURES; i++) {
		if (ev->ts_ns <= from_ns)
			total->before[i] = *figures[i];
		else
			*figures[i] -= total->before[i] < *figures[i] ? total->before[i] : *figures[i];
	}
	total->over = ev->ts_ns >= to_ns;
	return ev->ts_ns > from_ns;
}

bool totals__event(struct totals *t, struct event *ev, uint64_t from_ns, uint64_t to_ns)
{
	__u64 none[2] = { 0 };

	if (ev->kind == EVENT_LOSS) {
		t->loss = *ev->loss;
		ev->loss = &t->loss;
		return since(t, loss_key(&t->loss), (__u64 *[]){ &t->loss.count, &none[0], &none[1] }, ev, from_ns,
			     to_ns);
	}
	t->probe = *ev->probe;
	ev->probe = &t->probe;
	return since(t, probe_key(&t->probe), (__u64 *[]){ &t->probe.hits, &t->probe.timed_hits, &t->probe.timed_ns },
		     ev, from_ns, to_ns);
}
