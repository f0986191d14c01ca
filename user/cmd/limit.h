/* SPDX-License-Identifier: BSD-2-Clause */
/* A limit on the length of stop-the-world pauses, and which one crossed it. */
#ifndef TARE_LIMIT_H
#define TARE_LIMIT_H

#include "model.h"

struct limit {
	uint64_t ns;	     /* 0: there is none */
	uint64_t count;	     /* pauses that were longer */
	uint64_t longest_ns; /* the longest of them; 0: none */
	char text[1024];     /* what is said of the longest, safe to print */
};

/* @p is over. Returns whether it was longer than @l allows. */
bool limit__pause(struct limit *l, const struct model *m, const struct pause *p);

/* All pauses of @m, which is finished and keeps its longest one. */
void limit__model(struct limit *l, const struct model *m);

#endif /* TARE_LIMIT_H */
