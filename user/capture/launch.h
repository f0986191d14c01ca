/* SPDX-License-Identifier: BSD-2-Clause */
/* A command, started stopped, and released once everything is attached. */
#ifndef TARE_LAUNCH_H
#define TARE_LAUNCH_H

#include <stdbool.h>
#include <sys/types.h>

struct launch {
	bool ignores_interrupt; /* SIGINT was ignored when the recorder started */
	bool stdout_is_taken;	/* the recording goes there: the command's output goes to standard error */
	pid_t pid;
	long before_kb;		  /* what the child had resident as a copy of the recorder */
	int release_fd, error_fd; /* internal: the child waits on the first and reports a failed exec on the second */
};

#define COMMAND_MAX 4096

/*
 * The file that execvp() would run as @name, into @path. Returns 0, or its error: -ENOENT, or -EACCES if what is there
 * may not be run.
 */
int launch__find(const char *name, char path[COMMAND_MAX]);

/* Fork a child that will become @argv. It waits. Returns 0 or a negative errno. */
int launch__prepare(struct launch *l, char *const *argv);

/* Release it. Returns 0 or a negative errno. */
int launch__release(struct launch *l);

/* Did its exec fail? Returns the negative errno, else 0; .error_fd is readable once it is known. */
int launch__check(struct launch *l);

/* The child was never released, or is no longer wanted: end it and take its status. */
void launch__cancel(struct launch *l);

#endif /* TARE_LAUNCH_H */
