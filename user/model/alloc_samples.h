/* SPDX-License-Identifier: BSD-2-Clause */
/* Sampled allocations: those of a burst count once it is known what the burst stands for. */
#ifndef TARE_MODEL_ALLOC_SAMPLES_H
#define TARE_MODEL_ALLOC_SAMPLES_H

#include "profile.h"
#include "table.h"

#define ALLOCS_WAITING_MAX (1u << 20) /* samples whose burst is not known yet; further ones are dropped */

/* One sample that waits for its burst. */
struct alloc_waiting {
	uint32_t stack, burst, cpu;
	struct alloc_amount amount; /* in the burst */
};

/* What a sample stands for, in all of the time: of so many objects and bytes in its burst. */
struct alloc_scale {
	double objects, bytes;
};

struct alloc_samples {
	struct table by_burst; /* burst and CPU, to an index of .scales */
	struct alloc_scale *scales;
	size_t room_scales;
	struct alloc_waiting *waiting;
	size_t nr, room;
	uint64_t samples, bursts, dropped;
	bool too_fast; /* more came than can be told: all are lower bounds */
	bool all;      /* samples that need no burst have come */
};

void alloc_samples__init(struct alloc_samples *a);
void alloc_samples__free(struct alloc_samples *a);

/* Fold in an EVENT_ALLOC_SAMPLE with stack @number of @p (0: none), or an EVENT_ALLOC_BURST. Return 0 or -ENOMEM. */
int alloc_samples__sample(struct alloc_samples *a, struct profile *p, uint32_t number, const struct event *ev);
int alloc_samples__burst(struct alloc_samples *a, struct profile *p, const struct event *ev);

#endif /* TARE_MODEL_ALLOC_SAMPLES_H */
