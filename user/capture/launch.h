/* SPDX-License-Identifier: BSD-2-Clause */
/* A command started stopped, to be let go once everything is attached. */
#ifndef TARE_LAUNCH_H
#define TARE_LAUNCH_H

#include <stdbool.h>
#include <sys/types.h>

struct launch {
	bool ignores_interrupt; /* whoever started the recorder wants SIGINT ignored */
	bool stdout_is_taken;	/* the recording goes there: what the command prints goes to standard error */
	pid_t pid;
	int release_fd, error_fd; /* internal: the child waits on the one and tells of a failed exec by the other */
};

#define COMMAND_MAX 4096

/*
 * The file that execvp() would run as @name, into @path. Returns 0, or as it would fail: -ENOENT, or -EACCES where
 * there only is what may not be run.
 */
int launch__find(const char *name, char path[COMMAND_MAX]);

/* Fork a child that will become @argv. It waits. Returns 0 or a negative errno. */
int launch__prepare(struct launch *l, char *const *argv);

/* Let it go. Returns 0 or a negative errno. */
int launch__release(struct launch *l);

/*
 * Could it not become the command? Returns the negative errno of its exec, else 0; .error_fd is readable when it is
 * known.
 */
int launch__check(struct launch *l);

/* The child was never let release, or is no longer wanted: end it and take its status. */
void launch__cancel(struct launch *l);

#endif /* TARE_LAUNCH_H */
