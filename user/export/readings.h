/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is read of a process now and then: counters of its runtime, and bytes. In a part of a recording the last reading
 * before it is the one to count from; it is told once there is another one.
 */
#ifndef TARE_READINGS_H
#define TARE_READINGS_H

#include "event.h"
#include "table.h"

struct readings {
	struct table index; /* kind and process to the place, plus 1 */
	struct event *last;
	size_t nr, room;
};

bool is_reading(enum event_kind kind);
void readings__free(struct readings *r);
/* @ev is one from before. Returns 0 or -ENOMEM. */
int readings__keep(struct readings *r, const struct event *ev);
/* The last one before @ev of that kind and process, if it was kept: but once. Valid until the next call. */
struct event *readings__take(struct readings *r, const struct event *ev);

#endif /* TARE_READINGS_H */
