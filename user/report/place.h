/* SPDX-License-Identifier: BSD-2-Clause */
/* Where in the program a cause of a pause was, and which call in the program's own code led there. */
#ifndef TARE_PLACE_H
#define TARE_PLACE_H

#include "pauses.h"

#define PLACE_LEN 176

/* All texts are safe to print; "" if unknown. */
struct pause_place {
	/* user, signal: the function with the most time, and its line if that has most of it */
	char function[PLACE_LEN];
	uint64_t function_ns;
	/*
	 * The program's own function that called it, directly or not, if known for at least half of .function_ns
	 * (kernel, runtime: of the cause's time); "" if .function is itself the program's own.
	 */
	char caller[PLACE_LEN];
	uint64_t caller_ns;
	uint32_t stack;	   /* number of the stack with the most of that time; 0: none known */
	uint64_t stack_ns; /* when it was like that */
};

/* All empty for a cause without a place in the program. */
void pause_place(const struct model *m, const struct pause *p, enum pause_cause cause, const struct pauses_opts *opts,
		 struct pause_place *place);

#endif /* TARE_PLACE_H */
