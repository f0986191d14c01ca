/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who had each CPU when: the one place that says who was in the way of a
 * thread that waited. Each CPU keeps the switches of the last ten seconds,
 * within one bound of memory for all; from the moment that a
 * target thread waits there every switch is recorded. So:
 *
 *   Who leaves at the first switch of a wait was there since it began; after
 *   that who came in stays until the next switch, and that one has to say so
 *   too. Where it does not, switches were lost: `unknown'. So is all that the
 *   history has forgotten or never saw.
 *
 *   Where a wait, or its part on this CPU, ends without a switch, who came in
 *   last is there still if it came during the wait, or is a target thread
 *   (whose leaving is always recorded), or is the next one to leave.
 *
 *   While nobody had it, it was NAME_IDLE's. The target's own threads are
 *   tasks as all others; even the one that waits, since the kernel counts as
 *   wait what it ran on for until the interrupt that preempted it arrived.
 *
 *   Tasks are called as they were when they left; a number is used again.
 */
#ifndef TARE_CPU_HISTORY_H
#define TARE_CPU_HISTORY_H

#include "task_names.h"

#define MODEL_MAX_CPUS 8192 /* Linux has no more */
#define MAX_MOVES      4

struct cpu_owner {
	uint32_t tid;	/* 0: nobody, or not known */
	uint16_t name;	/* enum name_id */
	bool of_target; /* a target thread */
};

/* A thread off the CPU was moved to another run queue. */
struct move {
	uint64_t ts_ns;
	uint16_t from_cpu, to_cpu;
};

struct moves {
	struct move at[MAX_MOVES]; /* the newest last */
	uint8_t count;
	bool forgot; /* there were more */
};

void moves__add(struct moves *m, struct move move);

/* All 0 at first. */
struct cpu_history {
	uint64_t nr_past;		       /* switches that all of these have room for */
	struct cpu_past *cpus[MODEL_MAX_CPUS]; /* NULL: nothing was recorded there */
};

void cpu_history__free(struct cpu_history *h);

/* A switch: call for each one before cpu_history__wait() of any wait that it ends. Returns 0 or -ENOMEM. */
int cpu_history__switch(struct cpu_history *h, const struct task_names *names, const struct event *ev);

/* Thread @tid waited from @from_ns to @to_ns: on @cpu in the end, and before that where @moves says. */
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

/* Call @take for each that had the CPU meanwhile, in order of time: their turns add up to the wait, without gap. */
void cpu_history__wait(const struct cpu_history *h, const struct cpu_wait *wait,
		       void (*take)(void *ctx, const struct cpu_turn *turn), void *ctx);

#endif /* TARE_CPU_HISTORY_H */
