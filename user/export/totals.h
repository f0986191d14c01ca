/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The running totals of a recording (what was lost, what probes cost) as those of one stretch of it. They are told
 * about once a second: what came between two of them is taken to have come evenly.
 */
#ifndef TARE_TOTALS_H
#define TARE_TOTALS_H

#include "event.h"
#include "table.h"

struct totals {
	struct table index;
	struct total *of;
	size_t nr, room;
	struct tare_loss loss; /* what the last event of that kind points to */
	struct tare_probe probe;
};

struct stretch {
	uint64_t begin_ns; /* of the recording; 0: not known */
	uint64_t from_ns, to_ns;
};

void totals__free(struct totals *t);

/*
 * Make @ev, of LOSS or PROBE, the total of what came in @s until then; what it points to holds until the next one.
 * Returns whether it is to be told.
 */
bool totals__event(struct totals *t, struct event *ev, const struct stretch *s);

#endif /* TARE_TOTALS_H */
