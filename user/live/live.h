/* SPDX-License-Identifier: BSD-2-Clause */
/* The analysis beside the recording: its frames as a stream (stream.h), folded by the same model as later from the
 * file.
 */
#ifndef TARE_LIVE_H
#define TARE_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "model.h"
#include "session.h"

struct live;

/*
 * A pause is over and known, usually at most 1.3 s after its end. Called in the analysis thread; @p is valid only
 * during the call. Returns true to end the recording for it.
 */
typedef bool live_pause_fn(void *ctx, const struct model *m, const struct pause *p);

/*
 * The model has all events up to @complete_ns, and none is being folded: called in the analysis thread after each piece
 * of the stream, several times a second, and a last time with the finished model.
 */
typedef void live_rest_fn(void *ctx, const struct model *m, uint64_t complete_ns);

struct live_opts {
	live_pause_fn *on_pause;
	live_rest_fn *on_rest; /* NULL: not wanted */
	void *ctx;	       /* for both */
	uint32_t ended; /* 0: as in a report; else rows of threads and processes that ended: the others are summed */
	uint32_t keep;	/* 0: the model has no pauses; else it sums them up, and has so many of the longest whole */
};

/* Start the thread. Returns 0 and sets *@out, or a negative errno. */
int live__start(const struct live_opts *opts, struct live **out);

/* Has on_pause() returned true? Then sets *@begin_ns and *@end_ns to the times of the first such pause. */
bool live__wants_end(const struct live *l, uint64_t *begin_ns, uint64_t *end_ns);

/* The recording is to end, for nothing that happened in it. From any thread. */
void live__stop(struct live *l);

/*
 * No more frames will come: waits until all are folded. Returns how many were left out, or UINT64_MAX if the analysis
 * failed altogether, after saying why.
 */
uint64_t live__end(struct live *l);

/* For a session to pass its frames on. */
struct session_listener live__listener(struct live *l);

/* Ends it first if that was not done. NULL is fine. */
void live__free(struct live *l);

#endif /* TARE_LIVE_H */
