/* SPDX-License-Identifier: BSD-2-Clause */
/* The live view of a recording that is written nowhere: draws beside the session, in a thread of its own. */
#ifndef TARE_TOP_H
#define TARE_TOP_H

#include "top_feed.h"
#include "top_screen.h"

struct top_opts {
	uint64_t interval_ns;
	bool text;	       /* print screens rather than draw them */
	unsigned long screens; /* end after so many; 0: never */
	bool colour;
	struct top_screen first; /* what to begin with */
};

struct top;

/* Start the thread. Returns 0 and sets *@out, or a negative errno. @opts must live as long. */
int top__start(const struct top_opts *opts, struct top **out);

/* For the session. */
struct session_listener top__listener(struct top *t);

/*
 * The recording is over, or could not begin. Unless the user wanted the end, waits until they quit. The terminal is as
 * before then. Returns 0, or a negative errno if what was shown could not be written.
 */
int top__end(struct top *t);

void top__free(struct top *t);

#endif /* TARE_TOP_H */
