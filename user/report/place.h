/* SPDX-License-Identifier: BSD-2-Clause */
/* Where in the program a cause of a pause was, and which call of the program's own code led there. */
#ifndef TARE_PLACE_H
#define TARE_PLACE_H

#include "pauses.h"

#define PLACE_LEN 176

/* All texts are safe to print, and "" where not known. */
struct pause_place {
	/* user, signal: the function that most of the time was in, and its line where that can be said of most of it */
	char function[PLACE_LEN];
	uint64_t function_ns;
	/*
	 * The program's own function that called it, itself or through others, where that is known of at least half of
	 * .function_ns (kernel, runtime: of the cause's time); "" where it is the program's own itself.
	 */
	char caller[PLACE_LEN];
	uint64_t caller_ns;
	uint32_t stack; /* number of the stack that most of that had; 0: none is known */
};

/* All empty for a cause that has no place in the program. */
void pause_place(const struct model *m, const struct pause *p, enum pause_cause cause, const struct pauses_opts *opts,
		 struct pause_place *place);

#endif /* TARE_PLACE_H */
