/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How long goroutines were runnable before they ran, as counted by their runtimes between the first and the last
 * reading. Values are midpoints of the runtime's own buckets.
 */
#ifndef TARE_DELAYS_H
#define TARE_DELAYS_H

#include "event.h"
#include "hist.h"

#define DELAYS_MAX_PROCESSES 64

struct delays {
	struct delays_of {
		struct tare_delays *first, *last;
	} processes[DELAYS_MAX_PROCESSES];
	unsigned nr;
};

/* Fold in one reading. Returns 0 or -ENOMEM. */
int delays__event(struct delays *d, const struct event *ev);

/* The counts of all processes together. *@one_in: the runtime counts one in so many waits. */
void delays__total(const struct delays *d, struct hist *h, uint32_t *one_in);

void delays__free(struct delays *d);

#endif /* TARE_DELAYS_H */
