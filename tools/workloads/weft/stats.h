/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The runtime's counters, readable from inside and from outside (symbol `weft_stats`, of type struct weft_stats, in
 * .bss: process_vm_readv() of it is enough). A row is written by whoever holds that P, so it is exact at any moment and
 * costs no atomic instruction; a total is the sum over rows 0 .. procs. Row `procs` is for what happens without a P
 * (monitor thread, threads that come back from long calls).
 */
#ifndef WEFT_STATS_H
#define WEFT_STATS_H

#include <stdint.h>

#define WEFT_MAX_PROCS	   255
#define WEFT_STATS_VERSION 1

/* New ones at the end: who reads from outside goes by the order */
#define WEFT_COUNTERS(X)                                                                     \
	X(switches) /* a goroutine was given a P to run on */                                \
	X(created)  /* goroutines started, main among them */                                \
	X(exited)                                                                            \
	X(parks)	    /* a goroutine went to wait for something */                     \
	X(steals)	    /* a P took goroutines from another's queue */                   \
	X(stolen)	    /* how many it took */                                           \
	X(preempt_requests) /* a P was asked to give way */                                  \
	X(preempts)	    /* a goroutine gave way because of it, at a call or by signal */ \
	X(preempts_async)   /* of those: by signal */                                        \
	X(syscalls)	    /* weft_entersyscall() */                                        \
	X(handoffs)	    /* a P was taken from a thread in a long call */                 \
	X(stw)		    /* the world was stopped */                                      \
	X(stw_ns)	    /* from the request until the world ran again */                 \
	X(threads)	    /* threads started for running goroutines */                     \
	X(alloc_bytes)	    /* blocks given out, each counted with the size of its class */  \
	X(alloc_objects)                                                                     \
	X(freed_bytes) /* found dead by the sweep */                                         \
	X(freed_objects)                                                                     \
	X(collections) /* that have come to their end */                                     \
	X(assist_ns)   /* time that allocating goroutines marked for the collector */        \
	X(span_refills)                                                                      \
	X(large_allocs)                                                                      \
	X(global) /* goroutines taken from the global queue */

struct weft_counters {
#define X(name) _Atomic uint64_t name;
	WEFT_COUNTERS(X)
#undef X
} __attribute__((aligned(128)));

struct weft_stats {
	uint32_t version; /* WEFT_STATS_VERSION */
	uint32_t procs;	  /* rows in use, but one */
	uint32_t row_bytes;
	uint32_t counters; /* 64-bit counters at the start of each row */
	struct weft_counters rows[WEFT_MAX_PROCS + 1];
};

extern struct weft_stats weft_stats;

/* The totals. While other goroutines run, counters in it may be from slightly different moments. */
struct weft_totals {
#define X(name) uint64_t name;
	WEFT_COUNTERS(X)
#undef X
};
void weft_stats_read(struct weft_totals *totals);

/* The last ones, once weft_main() has returned: those that the event `exit` points to */
extern struct weft_totals weft_final;

#endif
