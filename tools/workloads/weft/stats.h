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

#define WEFT_MAX_PROCS 255
#define WEFT_STATS_VERSION 1

struct weft_counters {
	_Atomic uint64_t switches;		/* a goroutine was given a P to run on */
	_Atomic uint64_t created;		/* goroutines started, main among them */
	_Atomic uint64_t exited;
	_Atomic uint64_t parks;			/* a goroutine went to wait for something */
	_Atomic uint64_t steals;		/* a P took goroutines from another's queue */
	_Atomic uint64_t stolen;		/* how many it took */
	_Atomic uint64_t preempt_requests;	/* a P was asked to give way */
	_Atomic uint64_t preempts;		/* a goroutine gave way because of it, at a call or by signal */
	_Atomic uint64_t preempts_async;	/* of those: by signal */
	_Atomic uint64_t syscalls;		/* weft_entersyscall() */
	_Atomic uint64_t handoffs;		/* a P was taken from a thread in a long call */
	_Atomic uint64_t stw;			/* the world was stopped */
	_Atomic uint64_t stw_ns;		/* from the request until the world ran again */
	_Atomic uint64_t threads;		/* threads started for running goroutines */
} __attribute__((aligned(128)));

struct weft_stats {
	uint32_t version;		/* WEFT_STATS_VERSION */
	uint32_t procs;			/* rows in use, but one */
	uint32_t row_bytes;
	uint32_t counters;		/* 64-bit counters at the start of each row */
	struct weft_counters rows[WEFT_MAX_PROCS + 1];
};

extern struct weft_stats weft_stats;

/* The totals. While other goroutines run, counters in it may be from slightly different moments. */
struct weft_totals {
	uint64_t switches, created, exited, parks, steals, stolen, preempt_requests, preempts, preempts_async, syscalls,
		handoffs, stw, stw_ns, threads;
};
void weft_stats_read(struct weft_totals *totals);

#endif
