/* SPDX-License-Identifier: BSD-2-Clause */
/* Who had the CPU while target threads waited for it, and who woke them, by task name. */
#ifndef TARE_RIVALS_H
#define TARE_RIVALS_H

#include "cpu_history.h"

struct rival {
	uint64_t total_ns, waits;
	uint64_t max_ns;	    /* its largest share of a single wait */
	uint64_t wait_seq, wait_ns; /* the wait being divided up */
};

struct waker {
	uint64_t count;
	uint64_t other_cpu; /* of these, from a CPU other than the one where the thread then ran */
};

/* Zero-initialise. */
struct rivals {
	uint64_t wait_seq;
	struct rival rival[TASK_NAMES_MAX][2]; /* by enum name_id; [1]: the target's own threads */
	struct waker waker[TASK_NAMES_MAX][2];
	struct waker softirq, interrupt; /* the interrupted task says nothing */
};

/* A target thread waited for a CPU as @wait says: count who had it. */
void rivals__wait(struct rivals *r, const struct cpu_history *h, const struct cpu_wait *wait);

/* The thread that comes in with @ev was woken by a task named @name; @of_target: by a target thread. */
void rivals__wake(struct rivals *r, const struct event *ev, uint32_t name, bool of_target);

#endif /* TARE_RIVALS_H */
