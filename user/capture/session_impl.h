/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of a session share: session.c is its life, session_flight.c what differs for a flight recorder. */
#ifndef TARE_SESSION_IMPL_H
#define TARE_SESSION_IMPL_H

#include "allocs.h"
#include "bpf.h"
#include "bytes_reader.h"
#include "flight.h"
#include "heap_reader.h"
#include "launch.h"
#include "memory_calls.h"
#include "pages.h"
#include "program_cost.h"
#include "quotas.h"
#include "rings.h"
#include "runtimes.h"
#include "session.h"
#include "signals.h"
#include "stacks.h"
#include "symbols.h"
#include "targets.h"

#define SESSION_TICK_MS 100 /* how stale the file may be when nothing is urgent */

struct session {
	const struct session_opts *opts;
	struct bpf bpf;
	struct rings *rings;
	struct writer *writer;
	struct calibration calibration;
	struct program_cost cost;
	struct memory_calls calls;
	struct launch launch;
	struct signals signals;
	struct flight flight;
	struct targets targets;
	struct runtimes runtimes;
	struct symbols symbols;
	struct stacks stacks;
	struct tare_stacked stacked;	       /* written instead of the last stack */
	struct tare_fault_sample fault_sample; /* likewise, of the last one with something to find out */
	uint64_t huge_bytes;
	struct pages pages;
	struct quotas quotas;
	struct bytes_reader bytes;
	struct heap_reader heaps;
	struct allocs *allocs; /* NULL: not wanted */
	uint64_t began_ns;     /* the scheduler's probes were in; the target's threads were looked for from here */
	uint64_t start_ns, next_second_ns, next_count_ns;
	int wait_status;
	uint64_t ended_ns; /* what was written last as the end; 0: nothing */
	long peak_kb;	   /* of the command; 0: not known */
	bool waiting;	   /* for the first target */
	bool came;	   /* one was recorded live: it may be gone before anybody looks */
	bool child_gone;
	int exec_error; /* negative errno, the command could not be run: there is no recording */
	uint64_t child_gone_ns;
	int stop;	/* enum tare_end_reason, 0: go on */
	bool dump;	/* write what a flight holds now */
	bool oom_kill;	/* a target has been killed for want of memory */
	int dump_error; /* a dump in between failed: negative errno */
};

/* Write the threads that bpf__snapshot() finds. Returns 0 or a negative errno, after saying why. */
int session__snapshot(struct session *s, int phase);

/* Write the functions found since the last call; waits @wait_ns at most for all that were looked for. */
void session__write_symbols(struct session *s, uint64_t wait_ns);
/* Likewise, and what was found out about the targets' memory. */
void session__write_findings(struct session *s, uint64_t wait_ns);

/* What the heaps of targets are read from, and written to. */
struct heap_sources session__heap_sources(struct session *s);

/* Have the ways into the probes measured meanwhile, where no file says what they cost. */
void session__calibrate(struct session *s);

/* Once the recording begins: how long it took to get there. */
void session__describe_attaching(struct session *s);

/* --alloc-sites, from here on. */
void session__begin_allocs(struct session *s);

/* Write the last totals and the END frame. */
void session__end_frame(struct session *s, uint64_t now);

/* Handle the signals that came. */
void session__signals(struct session *s);

/*
 * The command of `tare run`, if any; these return 0 or a negative errno, after saying why. Can it be run? Checked
 * before any work is done for it.
 */
int session__check_command(struct session *s);
/* Start it, stopped; then release it. */
int session__start_command(struct session *s);
int session__release_command(struct session *s);
/* Say why it cannot be run (@error), and note that. Returns @error, a negative errno. */
int session__no_command(struct session *s, int error);
/* The recording is over: wait until it has ended. */
void session__end_command(struct session *s);

/* The listener wants the recording to end. */
bool session__is_triggered(const struct session *s);

/* For a flight, after each round: mark where a recording can begin, and write what is held if requested. */
void session__flight(struct session *s, uint64_t now);

/*
 * The end of a flight, after the last frame: write what is held if it should be. Returns 0 or a negative
 * errno, after saying why.
 */
int session__land(struct session *s);

#endif /* TARE_SESSION_IMPL_H */
