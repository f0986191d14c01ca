/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fold over context switches: from each pair of a thread's switches the
 * time between them, its reason, and the distributions over all threads.
 */
#ifndef TARE_SWITCH_H
#define TARE_SWITCH_H

#include "hist.h"
#include "rivals.h"
#include "thread.h"

#define MAX_REASONS 1024

/* Why a thread is not on a CPU. Those below REASON_SYSCALL are indices too. */
enum reason_kind {
	REASON_OTHER,	  /* system calls beyond MAX_REASONS */
	REASON_PREEMPTED, /* its time is run-queue wait */
	REASON_YIELDED,	  /* its time is run-queue wait */
	REASON_THROTTLED, /* its time is all throttled time, also of threads that blocked and then waited */
	REASON_PAGE_FAULT,
	REASON_STOPPED, /* by a signal or a debugger; which is not known */
	REASON_FROZEN,	/* for which cgroup is not known */
	REASON_EXITED,
	REASON_STARTING, /* new, and not yet on a run queue */
	REASON_UNKNOWN,	 /* it was not seen to leave */
	REASON_SYSCALL,
	REASON_STOP, /* all is known of what made it stand still */
};

struct reason {
	enum reason_kind kind;
	uint16_t syscall; /* REASON_SYSCALL */
	bool compat;
	uint8_t state;			  /* REASON_STOP: TARE_STATE_STOPPED, _TRACED or _FROZEN */
	bool sleepers;			  /* it was frozen, and with it who slept in its process, without a switch */
	uint32_t signal;		  /* by which it was stopped; 0: not known */
	char cgroup[TARE_CGROUP_LEN + 1]; /* for which it is frozen, as it came; "": not known */
	uint64_t count;			  /* switches out */
	uint64_t total_ns, max_ns;
	uint64_t spans; /* that .total_ns is the sum of: one may be cut in two, or have begun before the recording */
	uint64_t still; /* threads that are off for it when the recording ends: in total_ns, without end */
};

struct cpu {
	uint32_t tid; /* who came in last; may be stale where it is no target */
	bool is_target, known;
	uint64_t last_ns;	/* time of the last switch: it does not go back */
	uint64_t busy_until_ns; /* a target thread was here until then */
	uint64_t busy_ns;	/* on-CPU time of target threads here */
};

struct switches {
	struct threads threads;
	struct task_names names;
	struct cpu_history history; /* told of a switch before all else */
	struct rivals rivals;
	struct reason reasons[MAX_REASONS];
	uint32_t nr_reasons;
	struct table reason_ids; /* compat << 16 | system call to index */
	uint32_t arch;		 /* enum tare_arch: whose number sched_yield has */
	struct cpu cpus[MODEL_MAX_CPUS];
	struct hist slice, run_queue, throttled, wake_latency, direct_cost;
};

void switches__init(struct switches *s);
void switches__free(struct switches *s);

/* The events that matter here; each returns 0 or -ENOMEM. */
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
 * Index of the reason why a thread that left a CPU by itself, or was found off it, is there: its state, or the system
 * call that it is in, or else an exception, which is a page fault on Linux.
 */
uint32_t switches__blocked_reason(struct switches *s, uint8_t state, uint16_t syscall, bool compat);

/* Index of the reason why thread @tid, leaving in @state, is made to stand still; REASON_OTHER where it is not. */
uint32_t switches__stopped_by(const struct switches *s, uint32_t tid, uint8_t state);

/*
 * Index of the reason why the thread that the snapshot @task is of stands still; REASON_OTHER where it does not say
 * that.
 */
uint32_t switches__found_stopped(struct switches *s, const struct tare_task *task);

/* What made a thread stand still, in words: sanitize() them. False, and nothing written, where @r is another reason. */
bool reason__stop_text(const struct reason *r, char *buf, size_t size);

/* A pause's detail where a thread was made to stand still instead of being in a system call; the same in words. */
#define DETAIL_STOP(reason) (1ull << 32 | (reason))
bool switches__stop_text(const struct switches *s, uint64_t detail, char *buf, size_t size);
/* Is it what freezes the sleeping threads of the process, too? */
bool switches__freezes_sleepers(const struct switches *s, uint64_t detail);

/* Close what is open at @end_ns: who runs has run until then, who waits has waited. Once. */
void switches__finish(struct switches *s, uint64_t end_ns);

#endif /* TARE_SWITCH_H */
