/* SPDX-License-Identifier: BSD-2-Clause */
/* The pauses of a live target in words: the latest, and the longest since the beginning. */
#ifndef TARE_TOP_PAUSES_H
#define TARE_TOP_PAUSES_H

#include "model.h"

#define TOP_PAUSES_KEPT 100 /* of each */

struct top_pause {
	uint64_t request_ns, world_ns, seq;
	uint32_t pid;
	bool lost; /* events were lost during it */
	char reason[64], cause[16], sentence[640];
};

/* Zero-initialise. */
struct top_pauses {
	struct top_pause latest[TOP_PAUSES_KEPT];  /* a ring: the next one goes to [.nr % TOP_PAUSES_KEPT] */
	struct top_pause longest[TOP_PAUSES_KEPT]; /* longest first */
	uint64_t nr;
};

void top_pauses__add(struct top_pauses *ps, const struct model *m, const struct pause *p);

/* How many there are of each. */
static inline unsigned top_pauses__kept(const struct top_pauses *ps)
{
	return ps->nr < TOP_PAUSES_KEPT ? ps->nr : TOP_PAUSES_KEPT;
}

/* Number @i, less than top_pauses__kept(): the newest first, or the longest first. */
const struct top_pause *top_pauses__get(const struct top_pauses *ps, bool by_length, unsigned i);

#endif /* TARE_TOP_PAUSES_H */
