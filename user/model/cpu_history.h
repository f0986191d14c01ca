/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who had each CPU when: the only place that decides who kept a waiting thread off the CPU. Each CPU keeps the switches
 * of the last ten seconds, within one memory bound for all. Every switch is recorded from the moment a target thread
 * waits there. So:
 *
 *   The task that leaves at the first switch of a wait had the CPU since the wait began. After that, each task that
 *   came in stays until the next switch, which must name it as the one leaving. If it does not, switches were lost:
 *   `unknown'. So is everything that the history has dropped or never saw.
 *
 *   If a wait, or its part on this CPU, ends without a switch, the task that came in last is still there if it came in
 *   during the wait, or is a target thread (whose leaving is always recorded), or is the next one to leave.
 *
 *   An idle CPU belongs to NAME_IDLE. The target's own threads are tasks like any other, even the waiting one: the
 *   kernel counts as wait the time a preempted thread runs on until the interrupt arrives.
 *
 *   Tasks have the name they had when they left; tids are reused.
 */
#ifndef TARE_CPU_HISTORY_H
#define TARE_CPU_HISTORY_H

#include "task_names.h"

#define MODEL_MAX_CPUS 8192 /* the kernel's limit */
#define MAX_MOVES      4

struct cpu_owner {
	uint32_t tid;	/* 0: idle or unknown */
	uint16_t name;	/* enum name_id */
	bool of_target; /* a target thread */
};

/* An off-CPU thread was moved to another run queue. */
struct move {
	uint64_t ts_ns;
	uint16_t from_cpu, to_cpu;
};

struct moves {
	struct move at[MAX_MOVES]; /* newest last */
	uint8_t count;
	bool forgot; /* some were dropped */
};

void moves__add(struct moves *m, struct move move);

/* Zero-initialise. */
struct cpu_history {
	bool is_short;			       /* set before the first switch: bounded memory rather than long waits */
	uint64_t nr_past;		       /* capacity of all of these, in switches */
	struct cpu_past *cpus[MODEL_MAX_CPUS]; /* NULL: nothing recorded there */
};

void cpu_history__free(struct cpu_history *h);

/* Add a switch. Call it before cpu_history__wait() for any wait that this switch ends. Returns 0 or -ENOMEM. */
int cpu_history__switch(struct cpu_history *h, const struct task_names *names, const struct event *ev);

/* Thread @tid waited from @from_ns to @to_ns: last on @cpu, before that on the CPUs in @moves. */
struct cpu_wait {
	uint64_t from_ns, to_ns;
	const struct moves *moves; /* NULL: none */
	uint32_t tid;
	uint16_t cpu;
};

/* @owner had @cpu. */
struct cpu_turn {
	uint64_t from_ns, to_ns;
	struct cpu_owner owner;
	uint16_t cpu;
};

/*
 * Call @take for each task that had the CPU during the wait, in time order. The turns add up to the wait, without gaps.
 */
void cpu_history__wait(const struct cpu_history *h, const struct cpu_wait *wait,
		       void (*take)(void *ctx, const struct cpu_turn *turn), void *ctx);

#endif /* TARE_CPU_HISTORY_H */
