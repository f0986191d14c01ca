/* SPDX-License-Identifier: BSD-2-Clause */
/* The stacks of samples and waits, each with its record, when the whole recording is known. */
#ifndef TARE_STACKED_H
#define TARE_STACKED_H

#include "model.h"

struct stacked {
	const struct model *whole;
	struct table told; /* tid to its struct told_stacks */
};

/* What was told with a record. */
struct stacked_stack {
	const struct model_stack *stack; /* NULL: none */
	unsigned first;			 /* of its kernel's frames: those before it are of tare's own probe */
	unsigned nr_user;		 /* of its user's frames: without what no address can be */
};

/* @whole: the finished recording, which must live as long. */
void stacked__init(struct stacked *s, const struct model *whole);
void stacked__free(struct stacked *s);

/* Take an event of any kind, in order. Returns 0 or -ENOMEM. */
int stacked__event(struct stacked *s, const struct event *ev);

/* The stack of EVENT_SAMPLE or EVENT_OFF_CPU @ev; once for each. */
struct stacked_stack stacked__of(struct stacked *s, const struct event *ev);

/* CPU time that each sample of the CPU stands for, ns; 0 without samples. */
uint64_t stacked__sample_ns(const struct stacked *s);

#endif /* TARE_STACKED_H */
