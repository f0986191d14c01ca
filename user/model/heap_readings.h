/* SPDX-License-Identifier: BSD-2-Clause */
/* The heaps of a recording's processes, as their runtimes sampled them: where it began, and last. */
#ifndef TARE_HEAP_READINGS_H
#define TARE_HEAP_READINGS_H

#include "birth.h"
#include "event.h"
#include "heap_named.h"
#include "programs.h"
#include "stack.h"

#define HEAP_READINGS_MAX  4096	      /* processes; further ones are left out */
#define HEAP_STACKS_MAX	   (1u << 20) /* of a reading; a larger one is left out */
#define HEAP_ADDRESSES_MAX (1u << 22) /* of a reading; the stacks beyond that are not known */

struct heap_reading {
	struct tare_heap head; /* .nr: of .stacks, all of the reading once it is whole */
	struct tare_heap_stack *stacks;
};

struct heap_readings_of {
	uint64_t process;		 /* see birth.h */
	struct heap_reading first, last; /* .stacks is NULL where there is none; of one reading, .last is empty */
	struct heap_reading next;	 /* the rest of its frames is still to come */
};

struct heap_readings {
	const struct births *births; /* NULL: no pid is reused */
	const struct programs *programs;
	struct heap_readings_of *all;
	size_t nr, room;
	struct table by_process; /* to 1 + index */
	uint64_t left_out;	 /* readings */
};

void heap_readings__init(struct heap_readings *h, const struct births *births, const struct programs *programs);
void heap_readings__free(struct heap_readings *h);

/* Take EVENT_HEAP. Returns 0 or -ENOMEM. */
int heap_readings__event(struct heap_readings *h, const struct event *ev);

/* The last reading; .stacks is NULL if not even the first one is whole. */
const struct heap_reading *heap_readings__last(const struct heap_readings_of *of);

/*
 * Those of process @pid, of several with that id the last; 0: of the one that has allocated most, by its samples. NULL:
 * there is none.
 */
const struct heap_readings_of *heap_readings__choose(const struct heap_readings *h, uint32_t pid);

/* What the last reading is to be compared with: the first one, if the same program ran then; or NULL. */
const struct heap_reading *heap_readings__first(const struct heap_readings *h, const struct heap_readings_of *of);

/*
 * @reading with its stacks and their functions. @to is initialised, and to be freed in any case; its .comm is left
 * alone. Returns 0 or -ENOMEM.
 */
int heap_reading__name(const struct heap_reading *reading, const struct model_stacks *stacks,
		       const struct model_symbols *symbols, struct heap_named *to);

#endif /* TARE_HEAP_READINGS_H */
