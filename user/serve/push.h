/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Figures that are pushed at an interval, in a thread of its own. What cannot be sent waits, and is tried again with
 * growing pauses; of what waits the oldest is given up when it is too much. Nobody waits for a server.
 */
#ifndef TARE_SERVE_PUSH_H
#define TARE_SERVE_PUSH_H

#include "pb.h"
#include "post.h"

struct push;

/* How often what happened. Any thread may ask. */
struct push_figures {
	uint64_t sent;		  /* the server took it */
	uint64_t failed;	  /* attempts that failed, and were or will be repeated */
	uint64_t dropped;	  /* given up: refused, or too much waited, or it ended */
	uint64_t rejected_points; /* of what was sent, those that the server did not take */
};

/* What to push now. Called in the push's thread. Returns 0 or a negative errno. */
typedef int push_source_fn(void *ctx, struct pb *to);

/* Owns @post, also if it fails. NULL if out of memory. */
struct push *push__new(struct post *post, uint64_t interval_ns, push_source_fn *source, void *ctx);

/* Returns 0 or a negative errno. */
int push__start(struct push *p);

void push__figures(struct push *p, struct push_figures *to);

/* If it was started, pushes what there is a last time, which takes a few seconds at most. NULL is fine. */
void push__free(struct push *p);

#endif /* TARE_SERVE_PUSH_H */
