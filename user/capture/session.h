/* SPDX-License-Identifier: BSD-2-Clause */
/* A recording from beginning to end: open, load, attach, activate; rings to file; and an orderly close. */
#ifndef TARE_SESSION_H
#define TARE_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "machine.h"
#include "proc.h"

#define RECORDER_NICE -10 /* it needs little, but soon */

/* Who listens to a recording while it is made. All members are called by the session's thread. */
struct session_listener {
	/* Takes each frame that goes to the file; never waits. */
	writer_sink_fn *frame;
	/* Should the recording end, for what happened from *@begin_ns to *@end_ns? */
	bool (*wants_end)(const void *ctx, uint64_t *begin_ns, uint64_t *end_ns);
	/* There will be no more frames: returns once all were listened to. */
	void (*finish)(void *ctx);
	void *ctx;
};

struct session_opts {
	const struct machine *machine;
	const char *output;   /* file, or "-" */
	const char *cmdline;  /* of tare, for the recording to tell */
	uint64_t duration_ns; /* 0: until interrupted or the target is gone */
	uint64_t flight_ns;   /* hold so much in memory, and write it when it is asked for; 0: write all at once */
	bool flight_waits;    /* .. by the listener or a signal; not because the target or the time is over */
	const struct session_listener *listener; /* NULL: none */
	bool wants_pauses;   /* of no use where none can be told: -EPERM then, if that is known from the start */
	uint64_t ring_bytes; /* of each CPU's ring, a power of two; 0: by the number of CPUs */
	bool follow;	     /* children of target processes too */
	bool goroutines;     /* each step of each goroutine */
	struct pids pids;    /* the target: processes .. */
	const char *comm;    /* .. or all of this name, now or later .. */
	const char *cgroup;  /* .. or all in this cgroup's folder, now or later .. */
	char *const *argv;   /* .. or a command to start */
};

struct session_result {
	uint64_t lost;	 /* events, and bytes that did not reach the file */
	int wait_status; /* of the command, as waitpid() gave it; -1: none */
	uint64_t bytes;	 /* in the file; 0: none was written */
	int exec_error;	 /* why the command could not be run, a negative errno; 0: it could, or there is none */
	bool told;	 /* the pauses of some process were told; false: none could be */
};

/*
 * Record as @opts says. Returns 0, or, after saying what went wrong, a negative errno: -ESRCH where there is no such
 * target, -EPERM for want of a privilege or a feature, .exec_error where the command cannot be run. Once the file is
 * open it holds all that was recorded until then, whatever happens.
 */
int session__record(const struct session_opts *opts, struct session_result *result);

#endif /* TARE_SESSION_H */
