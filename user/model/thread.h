/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The target's threads: identity, state, and where their time went. A thread's account runs from .born_ns to .last_ns,
 * and
 *
 *   last_ns - born_ns = on_cpu_ns + run_queue_ns + throttled_ns + sleep_ns + unknown_ns
 *
 * holds exactly at any moment, whatever was lost: each step forward in time is divided among these five, and time never
 * goes back. (Not named sched.h: that would hide the system's header.)
 */
#ifndef TARE_THREAD_H
#define TARE_THREAD_H

#include "birth.h"
#include "event.h"
#include "cpu_history.h"
#include "stack.h"
#include "table.h"

#define THREADS_MAX_LIVE   (1u << 18)
#define THREADS_MAX_EXITED 4096	 /* rows of ended threads; further ones are summed by process */
#define THREADS_MAX_FOLDS  16384 /* processes with such sums; further ones share one, process 0 */

enum thread_state {
	THREAD_OFF,
	THREAD_ON,
	THREAD_LOST, /* another thread ran in its place: its leaving was lost */
};

/* How a thread became known, which decides what its account can be checked against. */
enum thread_origin { THREAD_SEEN, THREAD_SNAPSHOT, THREAD_FORKED };

/* The kernel's own counters. */
struct kernel_counters {
	uint64_t nvcsw, nivcsw, exec_ns;
	uint64_t run_delay_ns;		     /* TARE_UNKNOWN: not kept */
	uint64_t minor_faults, major_faults; /* likewise */
};

struct accounts {
	uint64_t voluntary, involuntary, migrations;
	uint64_t on_cpu_ns; /* by the wall clock, except what the kernel already counts as wait */
	/*
	 * Part of on_cpu_ns not charged: steal, interrupts. Less than 0 where those are few: the kernel charges a
	 * thread from when its CPU's clock was last read, which is before it arrives.
	 */
	int64_t stolen_ns;
	uint64_t early_ns; /* on a CPU, but counted as wait: the kernel's clock was behind as it was preempted */
	uint64_t run_queue_ns, throttled_ns, sleep_ns;
	uint64_t unknown_ns;		     /* around lost switches, and gaps left by the kernel's clock */
	uint64_t inconsistent;		     /* pairs of switches that do not fit together */
	uint64_t waited_ns;		     /* as the kernel counts it: whole waits, once they are over */
	uint64_t minor_faults, major_faults; /* as the kernel counts them, once the thread is over */
};

struct thread {
	uint32_t tid, tgid;
	char comm[TARE_COMM_LEN + 1]; /* not safe to print */
	enum thread_origin origin;
	enum thread_state state;
	uint16_t cpu; /* current or last CPU; valid if .placed */
	bool placed;
	bool fresh;	     /* no switch of it seen yet */
	bool runnable;	     /* OFF, but involuntarily */
	bool maybe_runnable; /* OFF, and the last snapshot found it runnable */
	bool exiting, exited;
	uint64_t off_at_ns;	/* for a reader of /proc: its .last_ns when it was last found off the CPU there */
	uint32_t reason;	/* why it is OFF: index into struct reasons */
	uint64_t fault_address; /* its last recorded page fault; 0: none */
	struct told_stacks stacks;
	uint32_t stopping; /* reason for which it is about to be stopped; 0: none */
	uint64_t slice_ns; /* OFF: how long it was on the CPU before, if known */
	uint64_t start_ns; /* when it was created, CLOCK_MONOTONIC; 0: unknown */
	uint64_t born_ns, last_ns, exit_ns;
	struct accounts acc;
	struct moves moves;
	struct kernel_counters base, last; /* at .born_ns, and from a snapshot at .checked_ns */
	uint64_t checked_ns;
	bool check_due;
	uint32_t row;
	struct thread *next_free;
};

/* The fold checked against the kernel's own counters, over all threads that have both. */
struct check {
	uint64_t threads, agree; /* agree: voluntary and involuntary switches are equal */
	uint64_t switches_missing, switches_extra;
	uint64_t fault_threads;		      /* those of .threads whose page faults are known */
	uint64_t on_cpu_ns, kernel_on_cpu_ns; /* without stolen time, as in the kernel */
	uint64_t wait_threads;		      /* those of .threads with comparable run-queue wait */
	uint64_t wait_ns, kernel_wait_ns;     /* with throttled time, as in the kernel */
};

/* .sum has a .tgid, .born_ns 0 and the sum of lifetimes in .last_ns; .comm is the first thread's if .tid is set. */
struct thread_fold {
	uint64_t process; /* see birth.h */
	struct thread sum;
	uint64_t nr;
};

struct threads {
	struct table by_tid;  /* live ones */
	struct table ended;   /* tid to the last ended thread with that tid and a row */
	struct thread **rows; /* all with a row, unordered */
	uint32_t nr_rows, room_rows, nr_exited;
	uint32_t max_exited, max_folds; /* may be set to less before the first event */
	struct thread_fold *folds;	/* sums of ended threads without a row, by process */
	struct table fold_of;		/* process to index into .folds */
	struct births births;
	uint32_t nr_folds, room_folds;
	uint64_t nr_seen;
	uint64_t untracked; /* switches of threads beyond THREADS_MAX_LIVE */
	struct thread *free;
	struct check check;
	/* may be set before the first event: takes each thread that ends, which is then forgotten, without row or sum
	 */
	void (*on_end)(void *ctx, const struct thread *t);
	void *on_end_ctx;
};

void threads__init(struct threads *ts);
void threads__free(struct threads *ts);

/* The live thread @tid, or NULL. */
struct thread *threads__find(const struct threads *ts, uint32_t tid);

/* The last thread with tid @tid, live or ended, if it has a row; or NULL. */
struct thread *threads__last(const struct threads *ts, uint32_t tid);

/* The process of @t, see birth.h; 0: unknown. */
uint64_t threads__process(const struct threads *ts, const struct thread *t);

/* The sum of @process's ended threads without a row, or NULL. */
const struct thread_fold *threads__folded(const struct threads *ts, uint64_t process);

/* A new live thread @tid born at @ts_ns, OFF; a live thread with that tid ends. NULL: no memory, or too many. */
struct thread *threads__add(struct threads *ts, uint32_t tid, uint64_t ts_ns);

/* @t ended. It may be freed: do not use it afterwards. */
void threads__retire(struct threads *ts, struct thread *t);

/*
 * @t has tid @tid from now on. A live thread with that tid has @t's, as in exec, if it has not ended yet. Returns 0 or
 * -ENOMEM (then @t ended too).
 */
int threads__renumber(struct threads *ts, struct thread *t, uint32_t tid);

void thread__set_comm(struct thread *t, const char *comm);

/*
 * Move @t's account forward to @ts_ns. Returns the ns that the caller must add to its five parts; 0 if @ts_ns is past.
 */
uint64_t thread__advance(struct thread *t, uint64_t ts_ns);

/* The kernel's counters of @t at @ts_ns are @now: compared once the fold reaches that time. */
void thread__check_at(struct thread *t, uint64_t ts_ns, const struct kernel_counters *now);

/* Compare now, if @t has something to compare. */
void threads__compare(struct threads *ts, struct thread *t);

/* Add @a to @to. */
void accounts__add(struct accounts *to, const struct accounts *a);

/* The CPU time in @a that the kernel charged, ns. Interrupts and the hypervisor took the rest. */
static inline uint64_t accounts__charged_ns(const struct accounts *a)
{
	int64_t ns = (int64_t)a->on_cpu_ns - a->stolen_ns;

	return ns > 0 ? ns : 0;
}

/* The sum over all threads, with or without a row. */
void threads__total(const struct threads *ts, struct accounts *total);

#endif /* TARE_THREAD_H */
