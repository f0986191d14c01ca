// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "totals.h"

#define NR_FIGURES 3

struct total {
	char id[sizeof(((struct tare_probe *)0)->name)];
	uint64_t before[NR_FIGURES]; /* as of the beginning */
	bool over;		     /* the last total has been told */
};

void totals__free(struct totals *t)
{
	free(t->of);
	*t = (struct totals){ 0 };
}

static struct total *totals__find(struct totals *t, const char *id)
{
	for (size_t i = 0; i < t->nr; i++)
		if (!strcmp(t->of[i].id, id))
			return &t->of[i];
	if (ARRAY_GROW(t->of, t->room, t->nr + 1))
		return NULL;
	t->of[t->nr] = (struct total){ 0 };
	strncat(t->of[t->nr].id, id, sizeof(t->of[t->nr].id) - 1);
	return &t->of[t->nr++];
}

static int since(struct totals *t, const char *id, __u64 *const figures[NR_FIGURES], const struct event *ev,
		 uint64_t from_ns, uint64_t to_ns)
{
	struct total *total = totals__find(t, id);

	if (!total)
		return -ENOMEM;
	if (total->over)
		return 0;
	for (int i = 0; i < NR_FIGURES; i++) {
		if (ev->ts_ns <= from_ns)
			total->before[i] = *figures[i];
		else
			*figures[i] -= total->before[i] < *figures[i] ? total->before[i] : *figures[i];
	}
	total->over = ev->ts_ns >= to_ns;
	return ev->ts_ns > from_ns;
}

int totals__event(struct totals *t, struct event *ev, uint64_t from_ns, uint64_t to_ns)
{
	__u64 none[2] = { 0 };
	char id[sizeof(t->probe.name)];

	if (ev->kind == EVENT_LOSS) {
		t->loss = *ev->loss;
		ev->loss = &t->loss;
		snprintf(id, sizeof(id), "%u %u", t->loss.cls, t->loss.cpu); /* no probe's name */
		return since(t, id, (__u64 *[]){ &t->loss.count, &none[0], &none[1] }, ev, from_ns, to_ns);
	}
	t->probe = *ev->probe;
	ev->probe = &t->probe;
	memcpy(id, t->probe.name, sizeof(id));
	id[sizeof(id) - 1] = 0;
	return since(t, id, (__u64 *[]){ &t->probe.hits, &t->probe.timed_hits, &t->probe.timed_ns }, ev, from_ns,
		     to_ns);
}
