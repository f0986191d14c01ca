/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who had the CPU while a target thread waited for it, and who woke it; and
 * the names of all tasks, which both need. Each CPU keeps its last switches:
 * while a target thread waits there every switch is recorded, so the pieces of
 * its wait add up to the wait. What the history does not cover is "unknown".
 */
#ifndef TARE_RIVALS_H
#define TARE_RIVALS_H

#include "event.h"
#include "table.h"

#define RIVALS_MAX_NAMES	1024	/* further ones are counted together as NAME_OTHER */
#define RIVALS_MAX_TIDS		(1u << 19)
#define RIVALS_RING		4096	/* switches that each CPU remembers: a power of two */
#define RIVALS_MAX_CPUS		8192	/* Linux has no more */
#define RIVALS_MAX_MOVES	4

enum name_id { NAME_IDLE, NAME_UNKNOWN, NAME_UNNAMED, NAME_OTHER, NAME_FIRST };

struct rival {
	uint64_t total_ns, waits;
	uint64_t max_ns;		/* its share of one wait at most */
	uint64_t wait_seq, wait_ns;	/* of the wait that is being divided */
};

struct waker {
	uint64_t count;
	uint64_t other_cpu;	/* of these, from another CPU than the one where the thread then ran */
};

/* Where a thread waited before it was moved to another run queue; the newest last. */
struct moves {
	struct { uint64_t ts_ns; uint16_t from_cpu; } at[RIVALS_MAX_MOVES];
	uint8_t count;
	bool forgot;		/* there were more */
};

struct rivals {
	struct table tids;	/* tid to name id: targets and others */
	struct table ids;	/* hash of a name to its id */
	char names[RIVALS_MAX_NAMES][TARE_COMM_LEN + 1];	/* as they came: not safe to print */
	uint32_t nr_names;
	uint64_t wait_seq;
	struct rival rival[RIVALS_MAX_NAMES][2];	/* by name id; [1]: the target's own threads */
	struct waker waker[RIVALS_MAX_NAMES][2];
	struct waker softirq, interrupt;		/* who was interrupted says nothing */
	struct rivals_ring *rings[RIVALS_MAX_CPUS];
};

void rivals__init(struct rivals *r);
void rivals__free(struct rivals *r);

/* @tid is called @comm from now on. */
void rivals__name(struct rivals *r, uint32_t tid, const char *comm);
/* What @tid is called by now: an index into .names; NAME_UNNAMED: nobody told. */
uint32_t rivals__name_of(const struct rivals *r, uint32_t tid);
/* @tid ended; its name stays where it was counted. */
void rivals__forget(struct rivals *r, uint32_t tid);

/* A switch on @ev->cpu: call for each one before rivals__wait() of its next. Returns 0 or -ENOMEM. */
int rivals__switch(struct rivals *r, const struct event *ev);

/* The thread that comes in by @ev waited for a CPU during the @wait_ns before; @moves: where before that. */
void rivals__wait(struct rivals *r, const struct event *ev, uint64_t wait_ns, const struct moves *moves);

/* The thread that comes in by @ev was woken as it says; @own: by a target thread. */
void rivals__wake(struct rivals *r, const struct event *ev, bool own);

void moves__add(struct moves *m, uint64_t ts_ns, uint16_t from_cpu);

#endif /* TARE_RIVALS_H */
