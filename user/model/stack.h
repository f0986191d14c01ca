/* SPDX-License-Identifier: BSD-2-Clause */
/* The stacks of samples, signals and waits, by the numbers that the recorder gave them. */
#ifndef TARE_MODEL_STACK_H
#define TARE_MODEL_STACK_H

#include "event.h"
#include "symbol.h"

#define MODEL_MAX_STACKS (1u << 23) /* higher numbers are dropped */

/* One stack. Addresses are as in struct tare_call_stack: the kernel's first, then the user's. */
struct model_stack {
	uint32_t pid;
	uint16_t nr_kernel, nr_user, nr_sure;
	uint16_t flags; /* TARE_STACK_* */
	uint32_t number;
	uint64_t at[];
};

/*
 * Stacks of one thread that were told, but not yet the records that they belong to: those have the same time. There may
 * be two, as a tick of the clock can come between a stack and its record.
 */
struct told_stacks {
	struct {
		uint64_t ts_ns;
		uint32_t number; /* 0: none */
	} at[2];
};

/* EVENT_STACKED @ev of that thread has come. */
void told_stacks__add(struct told_stacks *t, const struct event *ev);
/* The stack of its record at @ts_ns, which nothing else has then; 0: none. */
uint32_t told_stacks__take(struct told_stacks *t, uint64_t ts_ns);

struct model_stacks {
	struct model_stack **all; /* by number; NULL: not there */
	uint32_t *same_as;	  /* likewise; 0: itself */
	uint64_t *used_ns;	  /* likewise: when it was first seen; 0: not yet */
	uint32_t nr;
	size_t room, room_same, room_used;
};

void model_stacks__free(struct model_stacks *s);

/* Fold in an EVENT_CALL_STACK. Returns 0 or -ENOMEM. */
int model_stacks__event(struct model_stacks *s, const struct event *ev);

/* The number under which stack @number is kept: its own, or that of another one that it equals; 0: unknown. */
uint32_t model_stacks__resolve(const struct model_stacks *s, uint32_t number);

/* Stack @number, or NULL. */
const struct model_stack *model_stacks__find(const struct model_stacks *s, uint32_t number);

/* A thread has stack @number at @ts_ns, which may be told later. Returns 0 or -ENOMEM. */
int model_stacks__used(struct model_stacks *s, uint32_t number, uint64_t ts_ns);

/* When stack @st was first seen: what its addresses mean is what they meant then. */
uint64_t model_stacks__used_ns(const struct model_stacks *s, const struct model_stack *st);

/*
 * The certain calls of stack @number as seen at @ts_ns, innermost first: addresses that @symbols has; for callers it is
 * the return address minus one. Returns how many, at most @max.
 */
unsigned model_stacks__calls(const struct model_stacks *s, uint32_t number, const struct model_symbols *symbols,
			     uint64_t ts_ns, const struct model_symbol **calls, unsigned max);

/*
 * The innermost call in the program's own code, or else outside the runtime, including the function itself. NULL: none
 * known.
 */
const struct model_symbol *model_stacks__own(const struct model_stacks *s, uint32_t number,
					     const struct model_symbols *symbols, uint64_t ts_ns);

#endif /* TARE_MODEL_STACK_H */
