/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frames of a recording in progress as events, read by the same reader as later from a file, in a thread of its
 * own. The recorder never waits: if the folding falls behind, frames are left out of it (not of the recording), and
 * counted.
 */
#ifndef TARE_STREAM_H
#define TARE_STREAM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "event.h"
#include "format.h"

struct stream;

/* Who folds the events. All are called in the stream's thread; the pointers of an event end with the call. */
struct stream_fold {
	/* The next event. Returns 0 or a negative errno, which ends the stream. */
	int (*event)(void *ctx, const struct event *ev);
	/*
	 * All events up to @complete_ns have been folded, and none is being: after each piece of the stream, several
	 * times a second. NULL: not wanted.
	 */
	void (*rest)(void *ctx, uint64_t complete_ns);
	/* The target is idle: all events until @now_ns have been folded. */
	void (*idle)(void *ctx, uint64_t now_ns);
	/* That was the last one, and nothing failed. */
	void (*finish)(void *ctx);
	void *ctx;
};

/* Start the thread. Returns 0 and sets *@out, or a negative errno. */
int stream__start(const struct stream_fold *fold, struct stream **out);

/* A writer_sink_fn for writer__tee(); @ctx is the struct stream. Never waits. Returns 0. */
int stream__feed(void *ctx, const struct tare_frame *head, const struct iovec *iov, int nr);

/* Frames left out so far; UINT64_MAX: the fold has failed, so that all are. */
uint64_t stream__left_out(struct stream *s);

/* When the last frame came, now_ns(); 0: none has. */
uint64_t stream__fed_ns(struct stream *s);

/*
 * No more frames will come: waits until all are folded. Returns how many were left out, or UINT64_MAX if the fold
 * failed, after saying why.
 */
uint64_t stream__end(struct stream *s);

/* Ends it first if that was not done. NULL is fine. */
void stream__free(struct stream *s);

#endif /* TARE_STREAM_H */
