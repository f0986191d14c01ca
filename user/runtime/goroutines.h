/* SPDX-License-Identifier: BSD-2-Clause */
/* All goroutines of a process at one moment, as its runtime finds them in its memory. */
#ifndef TARE_GOROUTINES_H
#define TARE_GOROUTINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "table.h"

#define GOROUTINE_NO_STACK     UINT32_MAX
#define GOROUTINE_FRAMES_MAX   256     /* of one stack; the outer ones beyond are left out */
#define GOROUTINE_STACKS_MAX   1000000 /* distinct ones */
#define GOROUTINE_PROBLEM_SIZE 192

/* Distinct stacks, each kept once: their numbers are comparable between looks that share them. */
struct goroutine_stack {
	size_t first; /* in .addresses: innermost first, each inside the instruction that called the next inner one */
	uint16_t nr;
	bool whole; /* it reaches the goroutine's first function */
};

struct goroutine_stacks {
	struct goroutine_stack *stacks;
	size_t nr, room;
	uint64_t *addresses; /* of the program's file */
	size_t nr_addresses, room_addresses;
	struct table by_hash;
};

struct goroutine {
	uint64_t id;
	uint64_t parent;     /* the goroutine that created it; 0: unknown */
	uint64_t created_at; /* the address of that call in the program's file; 0: unknown */
	uint64_t since_ns;   /* it waits since then or longer, by now_ns(); 0: unknown */
	const char *state;   /* "waiting"; static text */
	const char *reason;  /* "chan receive": what it waits for; static text, NULL: nothing */
	uint32_t stack;	     /* number in struct goroutine_stacks; GOROUTINE_NO_STACK: not parked, or torn */
	uint8_t runs;	     /* times that it ran, modulo 256, if .counts_runs */
	bool system;	     /* one of the runtime's own, which it does not count either */
	bool counts_runs;
	bool parked, torn; /* .torn: it changed each time it was read; only .id and .system hold then */
};

struct goroutines {
	struct goroutine_stacks *stacks; /* the caller's */
	struct goroutine *all;
	size_t nr, room;
	size_t dead;			      /* kept by the runtime for the next ones */
	size_t torn;			      /* of .nr */
	uint64_t begin_ns, end_ns;	      /* CLOCK_MONOTONIC: when they were read */
	char problem[GOROUTINE_PROBLEM_SIZE]; /* why they cannot be, if they cannot; "": no more is known than the error
					       */
};

void goroutine_stacks__init(struct goroutine_stacks *s);
void goroutine_stacks__free(struct goroutine_stacks *s);

/* The number of the stack with these @nr addresses; GOROUTINE_NO_STACK: there are too many, or no memory. */
uint32_t goroutine_stacks__number(struct goroutine_stacks *s, const uint64_t *addresses, unsigned nr, bool whole);

/* Append a copy of @g. Returns 0 or -ENOMEM. */
int goroutines__add(struct goroutines *all, const struct goroutine *g);
/* Not .stacks, which stay. */
void goroutines__free(struct goroutines *all);

#endif /* TARE_GOROUTINES_H */
