/* SPDX-License-Identifier: BSD-2-Clause */
/* Which processes a session measures: finds them, marks them for the BPF side, describes them in the recording. */
#ifndef TARE_TARGETS_H
#define TARE_TARGETS_H

#include "bpf.h"
#include "cgroup.h"
#include "proc.h"
#include "runtime_files.h"
#include "runtimes.h"
#include "session.h"
#include "table.h"
#include "writer.h"

#define MAX_SINCE    (1 << 16)
#define SINCE_MAPPED (1ull << 32)

struct targets {
	struct bpf *bpf;
	const struct session_opts *opts;
	struct runtimes *runtimes;
	struct pids marked;   /* by this session; the BPF side follows more: their threads, their children */
	struct pids unseen;   /* processes that appeared and are not yet described */
	struct pids became;   /* those that called exec since, from their first thread */
	struct pids replaced; /* likewise, from another thread */
	/* process id, SINCE_MAPPED: to when it became another program, or loaded a library, that was not looked at yet
	 */
	struct table since;
	bool told;		    /* the recording names a runtime that is not native */
	struct pids joined;	    /* processes that existed before they became targets, not yet described */
	bool wants_snapshot;	    /* a snapshot must find the other threads of .joined */
	struct cgroup_place cgroup; /* with that option */
	struct runtime_files files; /* with a runtime: which one programs have */
};

/* Where the cgroup asked for is, or will be. Returns 0 or -ESRCH, after saying why. */
int targets__locate(struct targets *t);

/*
 * Find and mark what @t->opts asks for, or the command started as @child. Returns 0, or, after saying why, -ESRCH: no
 * such target, -EPERM: it must not be looked into, or another negative errno. A name or a cgroup may have no process
 * yet: then says so, and .marked is empty.
 */
int targets__find(struct targets *t, pid_t child);

/*
 * Mark processes that are new in the cgroup or have newly taken the name. Returns how many (then a snapshot must be
 * taken), or a negative errno.
 */
int targets__find_new(struct targets *t);

/* Likewise, if there is a cgroup or a runtime; processes that take a name, or are born in a cgroup, are already
 * followed. */
int targets__scan(struct targets *t);

/* Write what the target is, and each of its processes. */
void targets__describe(struct targets *t, struct writer *w);

/* Notice a process that appears or calls exec; for rings__watch(), @ctx is the struct targets. */
void targets__on_record(const struct tare_rec *rec, uint64_t ts_ns, void *ctx);

/* Describe those that appeared since. */
void targets__describe_unseen(struct targets *t, struct writer *w);

void targets__free(struct targets *t);

#endif /* TARE_TARGETS_H */
