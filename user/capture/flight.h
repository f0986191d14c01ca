/* SPDX-License-Identifier: BSD-2-Clause */
/* A flight recorder: the last seconds of a session stay in memory until they are asked for. */
#ifndef TARE_FLIGHT_H
#define TARE_FLIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "flight_buffer.h"
#include "session.h"

struct flight {
	const struct session_opts *opts;
	const char *path;	      /* of the next file */
	struct flight_buffer *buffer; /* NULL: none, the recording goes straight to its file */
	bool has_said_short;
	uint64_t bytes, lost; /* of the file written last: its length; events and bytes missing in it */
};

/* Sets *@out to a writer into memory. Returns 0 or a negative errno, after saying why. */
int flight__open(struct flight *f, const struct session_opts *opts, struct writer **out);

/* The recording can begin here: all rings were drained, then these @nr @tasks, all target threads, were read. */
void flight__mark(struct flight *f, const struct tare_task *tasks, uint32_t nr);

/*
 * Write what is still held of the time since @since_ns to the file. @meanwhile: as for flight_buffer__write().
 * @lost_events: in the whole session. Returns 0 or a negative errno, after saying what was written or why it could not
 * be.
 */
int flight__write(struct flight *f, uint64_t since_ns, uint64_t lost_events, void (*meanwhile)(void *ctx), void *ctx);

void flight__close(struct flight *f);

/* CPU time that this process has used, ns. */
uint64_t self_cpu_ns(void);

#endif /* TARE_FLIGHT_H */
