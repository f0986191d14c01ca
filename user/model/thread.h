/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The target's threads: who they are, what state they are in, where their time
 * went. A thread's account runs from .born_ns to .last_ns, and
 *
 *   last_ns - born_ns = on_cpu_ns + run_queue_ns + throttled_ns + sleep_ns + unknown_ns
 *
 * holds exactly at any moment, whatever was lost: each step forward in time is
 * divided among these five, and time never goes back. (Not named sched.h: that
 * would hide the system's header.)
 */
#ifndef TARE_THREAD_H
#define TARE_THREAD_H

#include "birth.h"
#include "event.h"
#include "cpu_history.h"
#include "table.h"

#define THREADS_MAX_LIVE   (1u << 18)
#define THREADS_MAX_EXITED 4096	 /* rows of ended threads; the others are added up by process */
#define THREADS_MAX_FOLDS  16384 /* processes of these; those of further ones in one, of process 0 */

enum thread_state {
	THREAD_OFF,
	THREAD_ON,
	THREAD_LOST, /* another thread ran where this one should be: its leaving was lost */
};

/* How a thread became known: what its account can be checked against. */
enum thread_origin { THREAD_SEEN, THREAD_SNAPSHOT, THREAD_FORKED };

/* The kernel's own counters. */
struct kernel_counters {
	uint64_t nvcsw, nivcsw, exec_ns;
	uint64_t run_delay_ns; /* TARE_UNKNOWN: it keeps none */
};

struct accounts {
	uint64_t voluntary, involuntary, migrations;
	uint64_t on_cpu_ns; /* by the clock on the wall, but for what the kernel counts as wait already */
	int64_t stolen_ns;  /* of on_cpu_ns, not charged: steal, interrupts. By two clocks: may be < 0 */
	uint64_t run_queue_ns, throttled_ns, sleep_ns;
	uint64_t unknown_ns;   /* around switches that were lost; where the kernel's clock left a gap */
	uint64_t inconsistent; /* pairs that do not follow on each other */
	uint64_t waited_ns;    /* as the kernel counts it: whole waits, when they are over */
};

struct thread {
	uint32_t tid, tgid;
	char comm[TARE_COMM_LEN + 1]; /* as it came: not safe to print */
	enum thread_origin origin;
	enum thread_state state;
	uint16_t cpu; /* where it is or was last; meaningful where .placed */
	bool placed;
	bool fresh;	     /* no switch of it was seen yet */
	bool runnable;	     /* OFF, but not by its own will */
	bool maybe_runnable; /* OFF, and the last snapshot found it runnable */
	bool exiting, exited;
	uint32_t reason;	/* why it is OFF: index into struct reasons */
	uint64_t fault_address; /* the last page fault that was told of it; 0: none */
	uint32_t stopping;	/* why it is about to be made to stand still; 0: it is not */
	uint64_t slice_ns;	/* OFF: how long it was on the CPU before, as far as known */
	uint64_t start_ns;	/* when it came to be, CLOCK_MONOTONIC; 0: not known */
	uint64_t born_ns, last_ns, exit_ns;
	struct accounts acc;
	struct moves moves;
	struct kernel_counters base, last; /* at .born_ns, and as a snapshot at .checked_ns gave them */
	uint64_t checked_ns;
	bool check_due;
	uint32_t row;
	struct thread *next_free;
};

/* The fold held against the kernel's own counters, over all threads that have both. */
struct check {
	uint64_t threads, agree; /* agree: in each voluntary and involuntary switch */
	uint64_t switches_missing, switches_extra;
	uint64_t on_cpu_ns, kernel_on_cpu_ns; /* stolen time left out, as the kernel does */
	uint64_t wait_threads;		      /* of these, run-queue wait could be compared */
	uint64_t wait_ns, kernel_wait_ns;     /* throttled time included, as the kernel does */
};

/* .sum has a .tgid, .born_ns 0 and in .last_ns the sum of lifetimes; .comm is the first thread's where .tid says so. */
struct thread_fold {
	uint64_t process; /* see birth.h */
	struct thread sum;
	uint64_t nr;
};

struct threads {
	struct table by_tid;  /* live ones */
	struct table ended;   /* tid to the last one of that number that ended and has a row */
	struct thread **rows; /* all that have a row, in no order */
	uint32_t nr_rows, room_rows, nr_exited;
	struct thread_fold *folds; /* the sums of ended threads without a row, by process */
	struct table fold_of;	   /* process to index in .folds */
	struct births births;
	uint32_t nr_folds, room_folds;
	uint64_t nr_seen;
	uint64_t untracked; /* switches of threads beyond THREADS_MAX_LIVE */
	struct thread *free;
	struct check check;
};

void threads__init(struct threads *ts);
void threads__free(struct threads *ts);

/* The live thread @tid, or NULL. */
struct thread *threads__find(const struct threads *ts, uint32_t tid);

/* The last thread that was called @tid, live or ended, as far as it has a row; or NULL. */
struct thread *threads__last(const struct threads *ts, uint32_t tid);

/* The process that @t is of, see birth.h; 0: not known. */
uint64_t threads__process(const struct threads *ts, const struct thread *t);

/* The sum of @process's ended threads without a row, or NULL. */
const struct thread_fold *threads__folded(const struct threads *ts, uint64_t process);

/* A new live thread @tid born at @ts_ns, OFF; one that had this tid ends. NULL: no memory, or too many. */
struct thread *threads__add(struct threads *ts, uint32_t tid, uint64_t ts_ns);

/* @t ended. It may be freed: not to be used any more. */
void threads__retire(struct threads *ts, struct thread *t);

/* @t is called @tid from now on; one that had this tid ends. Returns 0 or -ENOMEM (then @t ended too). */
int threads__renumber(struct threads *ts, struct thread *t, uint32_t tid);

void thread__set_comm(struct thread *t, const char *comm);

/* Move @t's account forward to @ts_ns. Returns the ns that the caller must add to its five parts; 0 if it is past. */
uint64_t thread__advance(struct thread *t, uint64_t ts_ns);

/* The kernel's counters of @t at @ts_ns are @now: compared once the fold has come to that time. */
void thread__check_at(struct thread *t, uint64_t ts_ns, const struct kernel_counters *now);

/* Compare now, where @t has something to compare. */
void threads__compare(struct threads *ts, struct thread *t);

/* Add @a to @to. */
void accounts__add(struct accounts *to, const struct accounts *a);

/* The sum over all threads, with or without a row. */
void threads__total(const struct threads *ts, struct accounts *total);

#endif /* TARE_THREAD_H */
