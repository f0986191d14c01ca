// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>

#include "array.h"
#include "readings.h"

#define MAX_READINGS (1u << 20)

bool is_reading(enum event_kind kind)
{
	return kind == EVENT_COUNTERS || kind == EVENT_BYTES;
}

static uint64_t key_of(const struct event *ev)
{
	return (uint64_t)ev->kind << 32 | (ev->kind == EVENT_COUNTERS ? ev->counters.pid : ev->bytes.pid);
}

void readings__free(struct readings *r)
{
	table__free(&r->index);
	free(r->last);
	*r = (struct readings){ 0 };
}

int readings__keep(struct readings *r, const struct event *ev)
{
	uint64_t *place;

	if (!r->index.limit)
		table__init(&r->index, MAX_READINGS);
	place = table__add(&r->index, key_of(ev));
	if (!place || (!*place && ARRAY_GROW(r->last, r->room, r->nr + 1)))
		return -ENOMEM;
	if (!*place)
		*place = ++r->nr;
	r->last[*place - 1] = *ev;
	return 0;
}

struct event *readings__take(struct readings *r, const struct event *ev)
{
	const uint64_t *place = table__find(&r->index, key_of(ev));
	struct event *last = place ? &r->last[*place - 1] : NULL;

	if (last)
		table__delete(&r->index, key_of(ev));
	return last;
}
