/* SPDX-License-Identifier: BSD-2-Clause */
/* The programs that claims run: where they are, and one run under `tare run`. */
#ifndef TARE_WORKLOADS_H
#define TARE_WORKLOADS_H

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>

struct workloads {
	char shipped[PATH_MAX];	 /* folder of those that are built with tare */
	char sources[PATH_MAX];	 /* of the others, with the script `build' */
	char table[PATH_MAX];	 /* the table of claims */
	char built[PATH_MAX];	 /* folder of what the script builds */
	char path[4 * PATH_MAX]; /* all folders with programs, that of tare too, for PATH */
	bool no_cache;		 /* .built is no folder that can be used */
	json_t *told;		 /* by program: what the script said of it */
};

/* Find them, in the tree that tare was built in or where it was installed. Returns 0, or -ENOENT after saying so. */
int workloads__find(struct workloads *p);

/*
 * Build those of the @nr programs @names that there are sources and a compiler for, in the user's cache. What cannot be
 * built is no error: workloads__path() says why.
 */
void workloads__build(struct workloads *p, const char *const *names, size_t nr);
void workloads__free(struct workloads *p);

/* The path of program @name in @buf; NULL, with a reason in @why, if it is not there. */
const char *workloads__path(const struct workloads *p, const char *name, char buf[PATH_MAX], char *why, size_t size);

/* The size of the executable at @path and how many shared libraries it needs, a new reference; NULL if it is no ELF. */
json_t *executable__describe(const char *path);

/*
 * Run @command ("[NAME=VALUE...] PROGRAM ARG...", split at spaces) under `tare run`, recording to @recording. Returns
 * the JSON that it printed last, a new reference; NULL, with a reason in @why.
 */
json_t *workload__run(const struct workloads *p, const char *command, const char *folder, const char *recording,
		      char *why, size_t size);

/* Tell what workload__run() or workloads__build() waits for to end. For a signal handler. */
void workloads__end(void);

#endif /* TARE_WORKLOADS_H */
