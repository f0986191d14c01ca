/* SPDX-License-Identifier: BSD-2-Clause */
/* A recording from beginning to end: open, load, attach, activate; rings to file; and an orderly close. */
#ifndef TARE_SESSION_H
#define TARE_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "alloc_plan.h"
#include "debug_file.h"
#include "machine.h"
#include "proc.h"

#define RECORDER_NICE -10 /* needs little CPU, but promptly */

/* A listener to a recording in progress. All members are called by the session's thread. */
struct session_listener {
	/* Takes each frame that goes to the file; never waits. */
	writer_sink_fn *frame;
	/* Should the recording end, for what happened from *@begin_ns to *@end_ns? */
	bool (*wants_end)(const void *ctx, uint64_t *begin_ns, uint64_t *end_ns);
	/* No more frames will come: returns once all have been processed. */
	void (*finish)(void *ctx);
	void *ctx;
};

/* A flight that goes on after it was written: each time it is, it goes to another file. */
struct flight_series {
	/* The file to write now, valid until the next call; NULL: none, after saying why. */
	const char *(*next)(void *ctx);
	/* That was written; @error: or not, a negative errno, which was reported. */
	void (*written)(void *ctx, int error);
	void *ctx;
};

struct session_opts {
	const struct machine *machine;
	const char *output;   /* file, or "-"; NULL: nothing is written, all goes to the listener only */
	const char *cmdline;  /* of tare, to be recorded */
	uint64_t duration_ns; /* 0: until interrupted or the target is gone */
	uint64_t flight_ns;   /* hold this much in memory, and write it on request; 0: write everything at once */
	bool flight_waits;    /* on request of the listener or a signal only, not when the target or the time ends */
	const struct flight_series *series; /* NULL: a flight is written to .output, and ends */
	bool sums_only;	  /* nothing is wanted that only details need: names, stacks, heap profiles, resident memory by
			     use */
	bool at_oom_kill; /* a flight is also written, and ends, when a target is killed for want of memory */
	const struct session_listener *listener; /* NULL: none */
	bool wants_pauses;  /* useless without them: -EPERM then, if that is known from the start */
	unsigned sample_hz; /* samples of the CPU clock a second, on each CPU; 0: only while a world is being stopped */
	unsigned unwind_bytes;	 /* of stack copied with each, to find callers by call frame information; 0: none */
	uint64_t off_cpu_min_ns; /* waits at least this long are recorded with their stacks; 0: none are */
	enum alloc_mode alloc_sites;
	int compress;		   /* what is written, as for writer__compress() */
	uint64_t memory_bytes;	   /* most for the rings of all CPUs together; 0: by the number of CPUs */
	uint64_t ring_bytes;	   /* of each CPU, a power of two, whatever that makes; 0: by .memory_bytes */
	bool follow;		   /* children of target processes too */
	bool goroutines;	   /* each step of each goroutine */
	uint64_t counts_ns;	   /* the kernel's and the runtimes' counters so often; 0: the runtimes' each second */
	struct pids pids;	   /* the target, one of these: processes */
	const char *comm;	   /* all of this name, now or later */
	const char *cgroup;	   /* all in this cgroup's folder, now or later */
	const char *runtime;	   /* all whose program has this runtime, now or later; "any": any but native */
	char *const *argv;	   /* a command to start */
	struct debug_places debug; /* where to look for debug information */
};

struct session_result {
	uint64_t lost;	 /* events, and bytes that did not reach the file */
	int wait_status; /* of the command, as waitpid() gave it; -1: none */
	uint64_t bytes;	 /* in the file; 0: none was written */
	int exec_error;	 /* why the command could not be run, a negative errno; 0: it could, or there is none */
	bool told;	 /* some process's pauses were reported; false: none could be */
};

/*
 * Record as @opts says. Returns 0, or, after saying what went wrong, a negative errno: -ESRCH if there is no such
 * target, -EPERM if a privilege or a feature is missing, .exec_error if the command cannot be run. Once open, the file
 * holds everything recorded so far, whatever happens.
 */
int session__record(const struct session_opts *opts, struct session_result *result);

#endif /* TARE_SESSION_H */
