/* SPDX-License-Identifier: BSD-2-Clause */
/* The CPU quotas that throttle targets, for processes whose pauses are reported. */
#ifndef TARE_QUOTAS_H
#define TARE_QUOTAS_H

#include "runtimes.h"
#include "table.h"
#include "writer.h"

struct quotas {
	struct table said;	   /* by process or thread: hash of the quota written last */
	uint64_t next_ns, step_ns; /* when to look again, and how long after that */
};

void quotas__init(struct quotas *q);
void quotas__free(struct quotas *q);

/* For each round: write new ones (QUOTAS frames). */
void quotas__tick(struct quotas *q, const struct runtimes *r, struct writer *w, uint64_t now);

#endif /* TARE_QUOTAS_H */
