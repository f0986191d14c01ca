/* SPDX-License-Identifier: BSD-2-Clause */
/* A process's pauses under way: at most one before its restart, and some that wait for threads to run. */
#ifndef TARE_PAUSE_PROCESS_H
#define TARE_PAUSE_PROCESS_H

#include "pause_thread.h"

#define MAX_PROCESSES 4096
#define MAX_LINGERING 4
#define MAX_DEAD      1024 /* threads that ended during a pause, kept until its end */
#define MAX_WAKES     8
#define MAX_TURNS     8
#define MAX_RESTARTS  256 /* threads restarted by one pause */
#define MAX_FREEZES   8
#define LINGER_NS     1000000000ull /* a thread that runs later than this after a pause is not part of it */
/* A woken thread that finds more work wakes another at once. What it wakes later has nothing to do with the pause. */
#define CHAIN_NS 50000

/* A target thread woke the initiator while it was stopping the world. */
struct pause_wake {
	uint32_t waker_tid;
	uint64_t wake_ns, run_ns;
	uint64_t slept_ns; /* when it went back to sleep: this was not the wake-up it waited for; 0: it did not */
};

struct pause_restart {
	uint32_t tid, waker_tid;
	uint64_t wake_ns, run_ns;
	int parent;	  /* index of the waker; -1: the initiator */
	struct segs wait; /* [wake_ns, run_ns] */
};

/* What is known of a pause only while it is under way. */
struct pause_under_way {
	uint64_t slept_ns;		    /* the initiator went to sleep after asking: it waited for someone */
	struct pause_wake wakes[MAX_WAKES]; /* the newest at [(nr_wakes - 1) % MAX_WAKES] */
	uint64_t nr_wakes;
	bool stopped_about; /* the end of stopping is inferred from records made at about that time */
	uint32_t laid_tid;  /* who handed over a P last */
	uint64_t laid_ns, laid_goroutine;
	struct pause_restart *at;
	uint32_t n, room;
	uint32_t born[MAX_WAKES], nr_born; /* threads that the initiator restarted */
	uint64_t lost_total;		   /* events lost before the request */
};

/* Someone waits for the turn to stop the world. It may get it on another thread. */
struct pause_turn {
	uint64_t goroutine, since_ns;
	uint32_t tid;
};

/* All sleeping threads were frozen, too, without a switch that shows it. */
struct pause_freeze {
	uint64_t since_ns, until_ns; /* 0: not thawed yet */
	uint64_t detail;
};

struct pause_process {
	uint32_t tgid;
	uint64_t process; /* the process of .tgid, see birth.h */
	uint64_t epoch;
	bool tells_goroutines; /* there are records of which goroutines threads run */
	struct pause_turn turns[MAX_TURNS];
	unsigned next_turn;
	struct pause *now;			/* from its request to the restart */
	struct pause *lingering[MAX_LINGERING]; /* oldest first */
	unsigned nr_lingering;
	uint32_t dead[MAX_DEAD];
	unsigned nr_dead;
	struct pause_freeze freezes[MAX_FREEZES]; /* the newest at [(nr_freezes - 1) % MAX_FREEZES] */
	uint64_t nr_freezes;
};

/* pause_runtime.c: the runtime of @pr reports @ev. Returns 0 or -ENOMEM. */
int pauses__runtime(struct pauses *ps, struct pause_process *pr, const struct event *ev);
/* End the oldest lingering pause. */
void pause_process__settle(struct pauses *ps, struct pause_process *pr);
/* The end of the pause under way, if any, will not be seen. */
void pause_process__abandon(struct pauses *ps, struct pause_process *pr);

/* pause_chain.c: finds who was waited for and builds the chain, except for the last part of the restart. */
void pause__join_chain(struct pauses *ps, struct pause_process *pr, struct pause *p);

/* pause_restart.c */
void pause__free(struct pause *p);
/* @t starts running with @ev; ps->scratch has its time off CPU. Is a pause waiting for that? */
void pause_process__runs(struct pauses *ps, struct pause_process *pr, const struct pause_thread *t,
			 const struct event *ev);
/* Append the wait of the last thread to run to @p's chain. */
void pause__join_restart(struct pauses *ps, struct pause *p);

/* pause_freeze.c: @t left at @ts_ns, or is about to arrive with @ev: does that freeze or thaw the process? */
void pause_process__note_freeze(struct pauses *ps, struct pause_process *pr, const struct pause_thread *t,
				uint64_t ts_ns);
void pause_process__note_thaw(struct pauses *ps, struct pause_process *pr, const struct pause_thread *t,
			      const struct event *ev);
/* Turn sleep in @p's chain into frozen time, where the process was frozen. */
void pause__tell_frozen(const struct pause_process *pr, struct pause *p);

/* pause_total.c: @p is over: count it, then keep or free it. */
void pauses__add(struct pauses *ps, struct pause *p);
void pauses__sort(struct pauses *ps);

/* Set @who to thread @tid and its name. */
void pause_who__set(const struct pauses *ps, struct pause_who *who, uint32_t tid, uint64_t goroutine);

#endif /* TARE_PAUSE_PROCESS_H */
