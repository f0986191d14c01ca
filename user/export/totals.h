/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The running totals of a recording (what was lost, what probes cost) as those of one stretch of it. They are told now
 * and then, so the last total of a stretch also has what came shortly after it.
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

void totals__free(struct totals *t);

/*
 * Make @ev, of LOSS or PROBE, the total of what came from @from_ns to @to_ns; what it points to holds until the next
 * one. Returns whether it is to be told.
 */
bool totals__event(struct totals *t, struct event *ev, uint64_t from_ns, uint64_t to_ns);

#endif /* TARE_TOTALS_H */
