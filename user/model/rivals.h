/* SPDX-License-Identifier: BSD-2-Clause */
/* Who had the CPU while target threads waited for it, and who woke them, by the names of tasks. */
#ifndef TARE_RIVALS_H
#define TARE_RIVALS_H

#include "cpu_history.h"

struct rival {
	uint64_t total_ns, waits;
	uint64_t max_ns;	    /* its share of one wait at most */
	uint64_t wait_seq, wait_ns; /* of the wait that is being divided */
};

struct waker {
	uint64_t count;
	uint64_t other_cpu; /* of these, from another CPU than the one where the thread then ran */
};

/* All 0 at first. */
struct rivals {
	uint64_t wait_seq;
	struct rival rival[TASK_NAMES_MAX][2]; /* by enum name_id; [1]: the target's own threads */
	struct waker waker[TASK_NAMES_MAX][2];
	struct waker softirq, interrupt; /* who was interrupted says nothing */
};

/* A target thread waited for a CPU as @wait says: count who had that. */
void rivals__wait(struct rivals *r, const struct cpu_history *h, const struct cpu_wait *wait);

/* The thread that comes in by @ev was woken as it says, by a task called @name; @of_target: by a target thread. */
void rivals__wake(struct rivals *r, const struct event *ev, uint32_t name, bool of_target);

#endif /* TARE_RIVALS_H */
