/* SPDX-License-Identifier: BSD-2-Clause */
/* Recordings of bad moments, in a folder of limited size: the oldest are deleted first. */
#ifndef TARE_SERVE_KEEP_H
#define TARE_SERVE_KEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "session.h"

struct keep_opts {
	const char *dir;      /* it exists */
	uint64_t limit_bytes; /* of the recordings in it */
	uint64_t apart_ns;    /* one moment is not written twice: none sooner after another */
};

struct keep;

/* Returns 0 and sets *@out, or, after saying why, a negative errno. */
int keep__new(const struct keep_opts *opts, struct keep **out);

/* Something bad happened from @begin_ns to @end_ns: write it, unless one was written just now. Any thread. */
void keep__ask(struct keep *k, uint64_t begin_ns, uint64_t end_ns);

/* Is one asked for? Then sets the times. Any thread. */
bool keep__is_asked(struct keep *k, uint64_t *begin_ns, uint64_t *end_ns);

/* For a session. */
struct flight_series keep__series(struct keep *k);

/* How many were written, and the bytes of all that are in the folder. Any thread. */
void keep__figures(struct keep *k, uint64_t *written, uint64_t *bytes);

void keep__free(struct keep *k);

#endif /* TARE_SERVE_KEEP_H */
