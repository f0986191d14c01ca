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
	uint32_t *sites; /* those they use of the kernel side's table */
	size_t nr_sites, room_sites;
};

struct bpf {
	struct tare_bpf *skel;
	struct cpu_state *cpus; /* mapped */
	unsigned nr_cpus;	/* possible ones */
	struct hold hold;
	bool timing;		  /* bpf__time_switches() is on */
	struct attached timers;	  /* what bpf__time_switches() attached */
	bool watching;		  /* bpf__watch_calls() is on */
	struct attached watchers; /* what it attached */
	struct attached evidence; /* only wanted where a runtime stops its world */
	struct attached clock;	  /* what takes the samples */
	unsigned sample_hz;	  /* 0: only with .evidence */
	uint8_t *site_used;	  /* [MAX_SITES] */
	pthread_t *detaching;	  /* threads that detach probes */
	size_t nr_detaching, room_detaching;
};

struct bpf_opts {
	const struct machine *machine;
	bool follow;
	const char *comm;		   /* or NULL */
	const struct cgroup_place *cgroup; /* or NULL */
	unsigned nr_rings;		   /* of each CPU, a power of two */
	uint64_t ring_bytes, wake_at_bytes;
	unsigned sample_hz;	 /* as in struct session_opts */
	uint64_t off_cpu_min_ns; /* likewise */
	unsigned unwind_bytes;	 /* likewise */
	bool alloc_sites;
	bool no_stacks; /* nobody will look at one */
};

/*
 * Load and attach all programs whose tracepoints this kernel has. Returns 0, or, after saying why, -EPERM if a
 * privilege or a kernel feature is missing, or -EIO.
 */
int bpf__attach(struct bpf *b, const struct bpf_opts *opts);

/*
 * Make process @pid a target, to be found by the next snapshot. Returns 0, -ESRCH if it is gone, or another negative
 * errno.
 */
int bpf__mark(struct bpf *b, pid_t pid);

/*
 * When the program that process @pid runs began: at its last exec, or its birth, if that was seen; CLOCK_MONOTONIC, 0:
 * neither was. What is read of the process between two calls that return the same is of that program. Returns 0, or a
 * negative errno if it is gone or no target.
 */
int bpf__program_ns(const struct bpf *b, pid_t pid, uint64_t *ns);

/*
 * Visit all threads: @phase 0 starts following those of marked processes that are not followed yet, 1 takes the last
 * snapshot of those that are, 2 takes one that a recording can begin with (others' names are sent again). Returns 0 and
 * sets *@tasks, which the caller frees, and *@nr; or a negative errno.
 */
int bpf__snapshot(struct bpf *b, int phase, struct tare_task **tasks, uint32_t *nr);

/*
 * Attach @list to process @pid, which runs the program open as @fd or is about to. @often: including those marked so.
 * The first call also attaches the probes for evidence. Returns 0, or a negative errno with none attached.
 */
int bpf__attach_probes(struct bpf *b, pid_t pid, int fd, const struct runtime_probes *list, bool often,
		       struct attached *probes);

/* Take samples of the CPU clock: .sample_hz a second on each CPU, or as many as pauses need if that is 0. */
void bpf__attach_clock(struct bpf *b);

/* Put @value into the map of that name, for process @pid. Returns 0 or a negative errno. */
int bpf__tell(struct bpf *b, const char *map, pid_t pid, const void *value);
/* The program for probes at allocators, -1: this kernel has none; and what it goes by, which it shares with BPF. */
int bpf__alloc_prog_fd(const struct bpf *b);
struct alloc_burst *bpf__alloc_burst(struct bpf *b);

void bpf__forget(struct bpf *b, const char *map, pid_t pid);

/* Signal @signo is the preemption request of some target's runtime: record when it is sent and delivered. */
void bpf__watch_signal(struct bpf *b, int signo);

/* Runs in a thread of its own: the kernel takes some 100 ms per link. bpf__close() waits for it. */
void bpf__detach_probes(struct bpf *b, struct attached *probes);

void bpf__finish_detaching(struct bpf *b);

void bpf__activate(struct bpf *b, bool active);

/* Time each switch, or stop doing so: the two probes around the scheduler. No effect where the kernel lacks them. */
void bpf__time_switches(struct bpf *b, bool on);

/* Can memory calls be seen at all? */
bool bpf__can_watch_calls(const struct bpf *b);

/* Sum up memory calls of targets, or stop doing so: the probes at each system call. */
void bpf__watch_calls(struct bpf *b, bool on);

/* The sums (struct call_key to struct call_sums); from bpf__next_calls() on .max_ns is of what comes then. */
int bpf__call_sums_fd(const struct bpf *b);
void bpf__next_calls(struct bpf *b);

/* The command of `tare run` is @pid, and its program is known: call this before it runs. */
void bpf__launch(struct bpf *b, pid_t pid);

/* Target threads that have not ended. */
int64_t bpf__live(const struct bpf *b);

int bpf__rings_fd(const struct bpf *b);

/* The names by which the recording lists them. */
extern const char *const bpf__prog_names[NR_PROGS];

/* Fill @fds with the descriptor of each attached program, -1 for the others. */
void bpf__prog_fds(const struct bpf *b, int fds[NR_PROGS]);

void bpf__close(struct bpf *b);

#endif /* TARE_CAPTURE_BPF_H */
