/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The runtime of a live Go process, read from outside: its memory is read, and nothing else is done to it. The process
 * may contain anything, and may end or change while it is read: every list and length is bounded, torn reads are
 * repeated, and what does not look as the runtime must is not used.
 *
 * Addresses are the process's own. Functions return 0 or a negative errno: -ESRCH, the process is gone; -EPERM, it may
 * not be read.
 */
#ifndef TARE_GOLIVE_H
#define TARE_GOLIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "format.h"
#include "golayout.h"

struct image;
struct runtime_memory;

/* The runtime's globals; 0: unknown. */
struct go_globals {
	uint64_t sched, allp, allm, allgs, gc_controller, memstats, mheap;
	uint64_t cpu_stats; /* work.cpuStats: 11 words, the account as of the last collection's end */
	uint64_t scavenge;
	uint64_t gcphase; /* by symbol only */
};

enum go_global {
	GO_SCHED_AT,
	GO_ALLP_AT,
	GO_ALLM_AT,
	GO_ALLGS_AT,
	GO_GC_AT,
	GO_MEMSTATS_AT,
	GO_MHEAP_AT,
	GO_CPU_STATS_AT,
	GO_SCAVENGE_AT,
	GO_GCPHASE_AT,
	GO_NR_GLOBALS
};

/* Which sources found a global, as a set. */
enum go_found_by { GO_BY_SYMBOL = 1, GO_BY_PATTERN = 2, GO_BY_SCAN = 4 };

/* Which of the runtime's data can be used: each was tried on the process itself. */
enum go_valid {
	GO_VALID_PS = 0x01,	   /* allp and the Ps */
	GO_VALID_MS = 0x02,	   /* allm, the chain of Ms, m.g0, procid; g.m */
	GO_VALID_SCHED = 0x04,	   /* sched and what it counts */
	GO_VALID_GC = 0x08,	   /* gcController */
	GO_VALID_MEMSTATS = 0x10,  /* memstats */
	GO_VALID_MCACHES = 0x20,   /* mcache and its spans: allocations to the byte */
	GO_VALID_CPU_STATS = 0x40, /* work.cpuStats: its own account of CPU time */
	GO_VALID_SCAVENGE = 0x80,  /* scavenge: what it did since then */
};

/*
 * A process's memory as it was when it ended, in pieces that may come in any order and more than once. It is read in
 * place of the process. An address that no piece covers counts as unmapped.
 */
struct go_copy;
struct go_copy *go_copy__new(void);
/* @bytes NULL: unknown content, reading it fails. Returns 0, -ENOMEM, or -E2BIG: more than is ever looked at. */
int go_copy__add(struct go_copy *copy, uint64_t addr, const void *bytes, size_t len);
void go_copy__free(struct go_copy *copy);

struct go_live_input {
	pid_t pid;
	struct image *img; /* of its executable, for symbols; NULL: none. Used only in go_live__open() */
	uint64_t bias;	   /* added to the image's addresses */
	struct go_layout layout;
	struct go_globals pattern;  /* live addresses found by instructions; 0: unknown */
	const struct go_copy *copy; /* read this in place of the process; must outlive the result. NULL: none */
	uint64_t copied_ns;	    /* when that was */
	bool no_symbols, no_scan;   /* skip these: for tests */
};

struct go_live {
	pid_t pid;
	uint64_t bias;
	struct go_layout layout;
	struct go_globals at;
	uint8_t found_by[GO_NR_GLOBALS]; /* GO_BY_* that agree on .at */
	unsigned valid;			 /* GO_VALID_* */
	/* private */
	struct go_live_private *priv;
};

/*
 * Find the runtime's globals, cross-check and try them. Succeeds even if not all are valid: see .valid and
 * go_live__problem(). Returns 0; -ENOENT: nothing usable was found; -ESRCH, -EPERM, -ENOMEM. On failure *@live is
 * NULL.
 */
int go_live__open(struct go_live **live, const struct go_live_input *in);
void go_live__close(struct go_live *live);

/* From now on read @copy, which must outlive @live, and is of the time @copied_ns. */
void go_live__use(struct go_live *live, const struct go_copy *copy, uint64_t copied_ns);

/* What was found wrong, in words: "allp: p[3].id is 7". NULL: there is no number @i. */
const char *go_live__problem(const struct go_live *live, unsigned i);

uint64_t go_globals__get(const struct go_globals *at, enum go_global nr);

/* ---- counters -------------------------------------------------------- */

/*
 * The runtime's counters, since the process started; TARE_UNKNOWN for what it does not count. .pauses and .pause_ns
 * are the collector's (as in MemStats). .goal_bytes is unknown while a memory limit rules instead. .goroutine_switches
 * is derived from every eighth run of each goroutine: exact to about 8 per live goroutine.
 */
int go_live__counters(struct go_live *live, struct tare_counters *c);

/*
 * The heap's spans, and what else is the runtime's own; @m is zero, and freed by the caller in any case. Returns as
 * above; -ENOENT: this version is not known well enough, -EINVAL: what was read does not agree with its counters.
 */
int go_live__memory(struct go_live *live, struct runtime_memory *m);

/* One of the runtime's own time histograms. */
enum go_hist_nr {
	GO_HIST_TIME_TO_RUN, /* how long goroutines were runnable before they ran; every eighth run */
	GO_HIST_TOTAL_GC,    /* the collector's pauses; Go 1.22 and later */
	GO_HIST_GC_PAUSES,   /* the same until Go 1.21 */
	GO_NR_HISTS,
};

#define GO_HIST_MAX 720

/* Bucket i counts durations of at least .from_ns[i] and less than .from_ns[i + 1]; the last bound is ~0. */
struct go_hist {
	unsigned nr;
	uint64_t underflow; /* durations below 0 */
	uint64_t total;	    /* all, underflow included */
	uint64_t count[GO_HIST_MAX + 1];
	uint64_t from_ns[GO_HIST_MAX + 2];
};

/* -ENOENT: this version has no such histogram, or its place is not valid. */
int go_live__histogram(struct go_live *live, enum go_hist_nr nr, struct go_hist *h);

/* ---- threads --------------------------------------------------------- */

/*
 * The thread id, as this process sees it, of the thread with .procid @procid: the target's memory has ids of the
 * target's own namespace. 0: no such thread.
 */
pid_t go_live__tid(struct go_live *live, uint64_t procid);

#endif /* TARE_GOLIVE_H */
