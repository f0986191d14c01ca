// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pause_order.h"

static int first_over(const void *a, const void *b)
{
	const struct pause *x = *(const struct pause *const *)a, *y = *(const struct pause *const *)b;

	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

int pause_order__init(struct pause_order *o, const struct pauses *pauses)
{
	*o = (struct pause_order){ 0 };
	if (!pauses->nr_kept)
		return 0;
	o->at = calloc(pauses->nr_kept, sizeof(struct pause *));
	if (!o->at)
		return -ENOMEM;
	o->nr = pauses->nr_kept;
	memcpy(o->at, pauses->kept, o->nr * sizeof(struct pause *));
	qsort(o->at, o->nr, sizeof(struct pause *), first_over);
	return 0;
}

void pause_order__free(struct pause_order *o)
{
	free(o->at);
}

const struct pause *pause_order__next(struct pause_order *o, const struct event *ev)
{
	if (o->next == o->nr)
		return NULL;
	/* records, from EVENT_SWITCH on, come in order of time; what describes does not */
	if (ev && (ev->kind < EVENT_SWITCH || ev->ts_ns <= o->at[o->next]->end_ns))
		return NULL;
	return o->at[o->next++];
}
