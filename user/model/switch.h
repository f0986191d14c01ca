/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fold over context switches: for each pair of switches of a thread, the time between them and its reason; and the
 * distributions over all threads.
 */
#ifndef TARE_SWITCH_H
#define TARE_SWITCH_H

#include "hist.h"
#include "rivals.h"
#include "thread.h"

#define MAX_REASONS 1024

/* Why a thread is off CPU. Those below REASON_SYSCALL are also indexes. */
enum reason_kind {
	REASON_OTHER,	  /* system calls beyond MAX_REASONS */
	REASON_PREEMPTED, /* all its time is run-queue wait */
	REASON_YIELDED,	  /* all its time is run-queue wait */
	REASON_THROTTLED, /* all its time is throttled time, also for threads that blocked and then waited */
	REASON_PAGE_FAULT,
	REASON_STOPPED, /* by a signal or a debugger, which one is unknown */
	REASON_FROZEN,	/* by an unknown cgroup */
	REASON_EXITED,
	REASON_STARTING, /* new and not on a run queue yet */
	REASON_UNKNOWN,	 /* its leaving was not seen */
	REASON_SYSCALL,
	REASON_STOP, /* what stopped it is known */
};

struct reason {
	enum reason_kind kind;
	uint16_t syscall; /* REASON_SYSCALL */
	bool compat;
	uint8_t state;	 /* REASON_STOP: TARE_STATE_STOPPED, _TRACED or _FROZEN */
	bool sleepers;	 /* frozen together with the sleeping threads of its process, which have no switch */
	uint32_t signal; /* the signal that stopped it; 0: unknown */
	char cgroup[TARE_CGROUP_LEN + 1]; /* the cgroup that is frozen, not safe to print; "": unknown */
	uint64_t count;			  /* switches out */
	uint64_t total_ns, max_ns;
	uint64_t
		spans; /* intervals that make up .total_ns: one may be cut in two, or have begun before the recording */
	uint64_t still; /* threads still off CPU for it at the end; in .total_ns up to that end */
};

struct cpu {
	uint32_t tid; /* the last to come in; may be stale if not a target */
	bool is_target, known;
	uint64_t last_ns;	/* last switch; never decreases */
	uint64_t busy_until_ns; /* a target thread was here until then */
	uint64_t busy_ns;	/* on-CPU time of target threads here */
};

struct switches {
	struct threads threads;
	struct task_names names;
	struct cpu_history history; /* updated first at each switch */
	struct rivals rivals;
	struct reason reasons[MAX_REASONS];
	uint32_t nr_reasons;
	struct table reason_ids; /* compat << 16 | system call to index */
	uint32_t arch;		 /* enum tare_arch: for sched_yield's number */
	struct cpu cpus[MODEL_MAX_CPUS];
	struct hist slice, run_queue, throttled, wake_latency, direct_cost;
};

void switches__init(struct switches *s);
void switches__free(struct switches *s);

/* Each folds in one event and returns 0 or -ENOMEM. */
int switches__switch(struct switches *s, const struct event *ev);
int switches__task(struct switches *s, const struct event *ev);
int switches__fork(struct switches *s, const struct event *ev);
int switches__exec(struct switches *s, const struct event *ev);
int switches__rename(struct switches *s, const struct event *ev);
int switches__name(struct switches *s, const struct event *ev);
int switches__exit(struct switches *s, const struct event *ev);
int switches__stop(struct switches *s, const struct event *ev);
int switches__migrate(struct switches *s, const struct event *ev);

/*
 * Reason index for a thread that left a CPU by itself, or was found off CPU: its state, or the system call it is in, or
 * else an exception, which on Linux is a page fault.
 */
uint32_t switches__blocked_reason(struct switches *s, uint8_t state, uint16_t syscall, bool compat);

/* Reason index for a thread that still wants the CPU, in @syscall or in none: it yielded, or it was preempted. */
uint32_t switches__runnable_reason(const struct switches *s, uint16_t syscall, bool compat);

/* Reason index for thread @tid that is stopped, leaving in @state; REASON_OTHER if it is not. */
uint32_t switches__stopped_by(const struct switches *s, uint32_t tid, uint8_t state);

/* Reason index for the stopped thread of snapshot @task; REASON_OTHER if the snapshot does not show a stop. */
uint32_t switches__found_stopped(struct switches *s, const struct tare_task *task);

/*
 * What stopped a thread, in words: sanitize() them. Returns false and writes nothing if @r is another kind of reason.
 */
bool reason__stop_text(const struct reason *r, char *buf, size_t size);

/* A pause's detail for a stopped thread, in place of a system call; and its text. */
#define DETAIL_STOP(reason) (1ull << 32 | (reason))
bool switches__stop_text(const struct switches *s, uint64_t detail, char *buf, size_t size);
/* Does it freeze the sleeping threads of the process, too? */
bool switches__freezes_sleepers(const struct switches *s, uint64_t detail);

/* Nothing more will be told of @t, which lives on: its account is closed at @ts_ns. Do not use it afterwards. */
void switches__leave_out(struct switches *s, struct thread *t, uint64_t ts_ns);
/* Close open intervals at @end_ns: running threads ran until then, waiting ones waited. Call once. */
void switches__finish(struct switches *s, uint64_t end_ns);

#endif /* TARE_SWITCH_H */
