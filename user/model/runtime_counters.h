/* SPDX-License-Identifier: BSD-2-Clause */
/* What the target's runtimes counted between the first and the last reading, over all processes. */
#ifndef TARE_RUNTIME_COUNTERS_H
#define TARE_RUNTIME_COUNTERS_H

#include "birth.h"
#include "event.h"

#define COUNTERS_MAX_PROCESSES 4096 /* further ones are left out */

struct process_counters {
	struct tare_counters first, last;
	uint64_t gone_ns; /* when its first thread ended; 0: still alive */
	bool ended;	  /* .last is final, or the process execed another program */
	/* over those readings that follow a collection */
	uint64_t nr_samples, marked_sum, peak_goal_bytes;
	int64_t beside_sum; /* mapped, but no object and not free */
};

struct runtime_counters {
	const struct births *births; /* set before the first event; NULL: no pid is reused */
	struct process_counters *processes;
	size_t nr, room;
	uint64_t left_out; /* readings of further processes */
};

/* Fold in one reading. Returns 0 or -ENOMEM. */
int runtime_counters__event(struct runtime_counters *rc, const struct event *ev);

/*
 * The sum over all processes. A field is TARE_UNKNOWN if no process reports it; .heap_bytes and other levels are
 * sums of the last readings; a setting is unknown where processes differ in it. Returns the number of processes.
 */
size_t runtime_counters__total(const struct runtime_counters *rc, struct tare_counters *total);

/* Likewise for @process alone, see birth.h. */
size_t runtime_counters__of(const struct runtime_counters *rc, uint64_t process, struct tare_counters *total);

/* From the first to the last reading of @process, ns; TARE_UNKNOWN if there are no two. */
uint64_t runtime_counters__span(const struct runtime_counters *rc, uint64_t process);

/* What a process's memory is like, as a mean over the readings. */
struct counters_steady {
	uint64_t marked_bytes;	  /* live heap: what a collection found */
	uint64_t beside_bytes;	  /* what the runtime has mapped and counts against a memory limit, without objects */
	uint64_t peak_goal_bytes; /* the largest heap it aimed at; 0: unknown */
};

/* False: there was no collection, or the runtime does not tell. */
bool runtime_counters__steady(const struct runtime_counters *rc, uint64_t process, struct counters_steady *to);

/* The first thread of process @pid ended at @ts_ns. */
void runtime_counters__exit(struct runtime_counters *rc, uint32_t pid, uint64_t ts_ns);

/*
 * Age of the oldest of the last readings, ns: at @end_ns, or when its process ended. 0 if there are none, or all were
 * taken at the process's end.
 */
uint64_t runtime_counters__age(const struct runtime_counters *rc, uint64_t end_ns);

/* Did a process end without a reading at its end? It was killed. */
bool runtime_counters__cut_off(const struct runtime_counters *rc);

void runtime_counters__free(struct runtime_counters *rc);

#endif /* TARE_RUNTIME_COUNTERS_H */
