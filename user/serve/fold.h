/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is served: a fold of a stream that never ends. Unlike the model it keeps only sums, and forgets threads and
 * processes that have ended, so that its memory is bounded by what is alive.
 */
#ifndef TARE_SERVE_FOLD_H
#define TARE_SERVE_FOLD_H

#include <pthread.h>

#include "processes.h"
#include "runtime_names.h"
#include "stack.h"
#include "stream.h"
#include "switch.h"

#define FOLD_MAX_PROBES 64

/* A stop of the world is over; in the stream's thread. */
typedef void fold_pause_fn(void *ctx, const struct served *process, const struct pause *p);

struct fold {
	pthread_mutex_t lock; /* for all below */
	struct switches switches;
	struct pauses pauses;
	struct runtime_names names;
	struct model_stacks stacks; /* stays empty */
	struct processes processes;
	struct table loss; /* class << 32 | CPU to its running total */
	struct tare_probe probes[FOLD_MAX_PROBES];
	unsigned nr_probes;
	uint64_t told_probes_ns;
	uint64_t since_ns;	       /* when it was made */
	uint64_t now_ns, next_look_ns; /* all until now has been folded */
	bool began;
	fold_pause_fn *on_pause; /* may be NULL */
	void *ctx;
};

/* @limit: most series. NULL if out of memory. */
struct fold *fold__new(uint32_t limit, bool label_pid);
void fold__free(struct fold *f);

/* For a stream. */
struct stream_fold fold__stream(struct fold *f);

/* Under the lock: bring all sums up to .now_ns. */
void fold__settle(struct fold *f);

/* Under the lock: events lost of one class. */
uint64_t fold__lost(const struct fold *f, unsigned cls);

/* Under the lock: what the probes have cost so far, ns of CPU time; never less than it said before. */
uint64_t fold__probes_ns(struct fold *f);

#endif /* TARE_SERVE_FOLD_H */
