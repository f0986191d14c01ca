/* SPDX-License-Identifier: BSD-2-Clause */
/* A process's heap as a recording has it: last, and when it began. */
#ifndef TARE_RECORDED_HEAP_H
#define TARE_RECORDED_HEAP_H

#include "heap_sites.h"
#include "model.h"

struct recorded_heap {
	struct heap_named now, begin; /* .begin is empty for a program that began later */
	bool has_begin;		      /* else what has changed is not known */
	bool is_begin;		      /* it has been read only once, when the recording began */
	uint64_t ts_ns;		      /* when it was read last */
};

/* @of is one of @m's. Returns 0 or -ENOMEM; to be freed in any case. */
int recorded_heap__of(struct recorded_heap *r, const struct model *m, const struct heap_readings_of *of);
void recorded_heap__free(struct recorded_heap *r);

#endif /* TARE_RECORDED_HEAP_H */
