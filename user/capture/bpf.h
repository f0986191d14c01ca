/* SPDX-License-Identifier: BSD-2-Clause */
/* The BPF programs' life: open and configure, load, attach, mark targets, activate, snapshot. */
#ifndef TARE_CAPTURE_BPF_H
#define TARE_CAPTURE_BPF_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "hold.h"
#include "machine.h"
#include "shared.h"

struct cgroup_place;
struct tare_bpf;
struct bpf_link;
struct runtime_probes;

/* Programs that are attached for one process or one purpose; zero-initialise. */
struct attached {
	struct bpf_link **links;
	size_t nr, room;
	bool has_multi;
	int multi_fd;	 /* one link that holds many */
	uint32_t *sites; /* those of the kernel side's table that they use */
	size_t nr_sites, room_sites;
};

struct bpf {
	struct tare_bpf *skel;
	struct cpu_state *cpus; /* mapped */
	unsigned nr_cpus;	/* possible ones */
	struct hold hold;
	bool timing;		  /* bpf__time_switches() is on .. */
	struct attached timers;	  /* .. by these */
	struct attached evidence; /* what is only wanted where a runtime stops its world */
	uint8_t *site_used;	  /* [MAX_SITES] */
	pthread_t *detaching;	  /* threads that detach probes */
	size_t nr_detaching, room_detaching;
};

struct bpf_opts {
	const struct machine *machine;
	bool follow;
	const char *comm;		   /* or NULL */
	const struct cgroup_place *cgroup; /* or NULL */
	uint64_t wake_at_bytes;
};

/*
 * Load and attach all programs that this kernel has the tracepoints for. Returns 0, or, after saying why, -EPERM for
 * want of a privilege or of something that the kernel lacks, or -EIO.
 */
int bpf__attach(struct bpf *b, const struct bpf_opts *opts);

/*
 * Make process @pid a target, to be found by the next snapshot. Returns 0, -ESRCH where it is gone, or a negative
 * errno.
 */
int bpf__mark(struct bpf *b, pid_t pid);

/*
 * Visit all threads: @phase 0 begins to follow those of marked processes that
 * are not followed yet, 1 takes the last snapshot of those that are, 2 one that a
 * recording can begin with (the names of others come anew). Returns 0 and sets
 * *@tasks, which the caller frees, and *@nr; or a negative errno.
 */
int bpf__snapshot(struct bpf *b, int phase, struct tare_task **tasks, uint32_t *nr);

/*
 * Attach @list to process @pid, which runs the program open as @fd or is about to run it. @often: also those that are
 * marked so. The first call also attaches the probes for evidence. Returns 0 or a negative errno: then none is
 * attached.
 */
int bpf__attach_probes(struct bpf *b, pid_t pid, int fd, const struct runtime_probes *list, bool often,
		       struct attached *probes);

/* What the kernel side is to know of process @pid, by the map of that name. Returns 0 or a negative errno. */
int bpf__tell(struct bpf *b, const char *map, pid_t pid, const void *value);
void bpf__forget(struct bpf *b, const char *map, pid_t pid);

/* Some target's runtime asks its threads to give way by signal @signo: record when it is sent and delivered. */
void bpf__watch_signal(struct bpf *b, int signo);

/* Goes on in a thread of its own: the kernel takes some 100 ms for each link. bpf__close() waits for it. */
void bpf__detach_probes(struct bpf *b, struct attached *probes);

void bpf__finish_detaching(struct bpf *b);

void bpf__activate(struct bpf *b, bool active);

/* Have each switch timed, or not: the two probes around the scheduler. Nothing where the kernel has not got them. */
void bpf__time_switches(struct bpf *b, bool on);

/* The command of `tare run` is @pid, and its program is known: say so before it runs. */
void bpf__launch(struct bpf *b, pid_t pid);

/* Target threads that have not ended. */
int64_t bpf__live(const struct bpf *b);

int bpf__rings_fd(const struct bpf *b);

/* By which the recording lists them. */
extern const char *const bpf__prog_names[NR_PROGS];

/* Fill @fds with the descriptor of each attached program, -1 where it is not. */
void bpf__prog_fds(const struct bpf *b, int fds[NR_PROGS]);

void bpf__close(struct bpf *b);

#endif /* TARE_CAPTURE_BPF_H */
