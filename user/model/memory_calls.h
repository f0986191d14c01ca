/* SPDX-License-Identifier: BSD-2-Clause */
/* System calls by which targets get and return memory, by call. */
#ifndef TARE_MODEL_MEMORY_CALLS_H
#define TARE_MODEL_MEMORY_CALLS_H

#include "event.h"

/* What was seen, each stretch scaled to all of its time. */
struct memory_call {
	double count, failed, ns, bytes;
	uint64_t max_ns; /* the longest that was seen */
	uint64_t seen;	 /* so many of .count were */
};

struct model_memory_calls {
	struct memory_call calls[TARE_NR_MEMORY_CALLS]; /* by enum tare_memory_call; [TARE_CALL_ANY]: other ones */
	uint64_t seen_ns, covered_ns;			/* they were looked for in so much of so much time */
};

/* Fold in an EVENT_MEMORY_CALLS. */
void memory_calls__event(struct model_memory_calls *m, const struct event *ev);

/* Was all of the time seen? A thousandth is what turning probes on takes. */
static inline bool memory_calls__are_exact(const struct model_memory_calls *m)
{
	return m->covered_ns - m->seen_ns <= m->covered_ns / 1000;
}

#endif /* TARE_MODEL_MEMORY_CALLS_H */
