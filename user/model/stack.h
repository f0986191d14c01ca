/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stacks of samples and signals: each distinct one stored once and numbered, so that segments of time can refer to
 * it.
 */
#ifndef TARE_MODEL_STACK_H
#define TARE_MODEL_STACK_H

#include "event.h"
#include "symbol.h"
#include "table.h"

#define MODEL_MAX_STACKS 16384 /* distinct ones; further ones are dropped */

struct model_stack {
	uint64_t hash;
	uint32_t pid;
	uint16_t nr_words, nr_frames;
	uint64_t at[]; /* words on top of the stack that may be return addresses (others 0), then the frames */
};

struct model_stacks {
	struct table by_hash;	  /* to a stack's number */
	struct model_stack **all; /* stack number 1 is all[0] */
	uint32_t nr, room;
};

void model_stacks__init(struct model_stacks *s);
void model_stacks__free(struct model_stacks *s);

/* The number of EVENT_STACK @ev; 0 if it is not kept. */
uint32_t model_stacks__number(struct model_stacks *s, const struct event *ev);

/* The address at which it was taken; 0 if @number is 0 or unknown. */
uint64_t model_stacks__ip(const struct model_stacks *s, uint32_t number);

/*
 * The certain calls of stack @number, innermost first: addresses that @symbols has; for callers it is the return
 * address minus one. Returns how many, at most @max.
 */
unsigned model_stacks__calls(const struct model_stacks *s, uint32_t number, const struct model_symbols *symbols,
			     const struct model_symbol **calls, unsigned max);

/*
 * The innermost call in the program's own code, or else outside the runtime, including the function itself. NULL: none
 * known.
 */
const struct model_symbol *model_stacks__own(const struct model_stacks *s, uint32_t number,
					     const struct model_symbols *symbols);

#endif /* TARE_MODEL_STACK_H */
