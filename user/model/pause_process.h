/* SPDX-License-Identifier: BSD-2-Clause */
/* The pauses of one process that are under way: at most one from its request on, some that wait for threads to run. */
#ifndef TARE_PAUSE_PROCESS_H
#define TARE_PAUSE_PROCESS_H

#include "pause_thread.h"

#define MAX_PROCESSES 4096
#define MAX_LINGERING 4
#define MAX_DEAD      1024 /* threads that ended during a pause, kept until its end */
#define MAX_WAKES     8
#define MAX_TURNS     8
#define MAX_RESTARTS  256 /* threads of one pause that were told to go on */
#define MAX_FREEZES   8
#define LINGER_NS     1000000000ull /* a thread that runs later than that after a pause is none of its */
/* Who was woken wakes another at once if there is more work: what it wakes later is its own affair. */
#define CHAIN_NS 50000

/* A target thread woke the initiator while the world was being stopped. */
struct pause_wake {
	uint32_t waker_tid;
	uint64_t wake_ns, run_ns;
	uint64_t slept_ns; /* it slept again then: that was not what it waited for; 0: it did not */
};

struct pause_restart {
	uint32_t tid, waker_tid;
	uint64_t wake_ns, run_ns;
	int parent;	  /* index of who woke it; -1: the initiator */
	struct segs wait; /* [wake_ns, run_ns] */
};

/* What is known of a pause only until it is over. */
struct pause_under_way {
	uint64_t slept_ns;		    /* the initiator, having asked, went to sleep: it waited for somebody */
	struct pause_wake wakes[MAX_WAKES]; /* the newest at [(nr_wakes - 1) % MAX_WAKES] */
	uint64_t nr_wakes;
	bool stopped_about; /* when all stood is not told, but what was told at about that time */
	uint32_t laid_tid;  /* who laid down a P last .. */
	uint64_t laid_ns, laid_goroutine;
	struct pause_restart *at;
	uint32_t n, room;
	uint32_t born[MAX_WAKES], nr_born; /* threads that the initiator made to go on */
	uint64_t lost_total;		   /* events lost before the request */
};

/* Somebody waits for the turn to stop the world. It may run on another thread when it has it. */
struct pause_turn {
	uint64_t goroutine, since_ns;
	uint32_t tid;
};

/* All that slept were frozen, too, and no switch told of it. */
struct pause_freeze {
	uint64_t since_ns, until_ns; /* 0: it is still */
	uint64_t detail;
};

struct pause_process {
	uint32_t tgid;
	uint64_t process; /* that .tgid is, see birth.h */
	uint64_t epoch;
	bool tells_goroutines; /* there are records of what threads run */
	struct pause_turn turns[MAX_TURNS];
	unsigned next_turn;
	struct pause *now;			/* from its request until all were told to go on */
	struct pause *lingering[MAX_LINGERING]; /* the oldest first */
	unsigned nr_lingering;
	uint32_t dead[MAX_DEAD];
	unsigned nr_dead;
	struct pause_freeze freezes[MAX_FREEZES]; /* the newest at [(nr_freezes - 1) % MAX_FREEZES] */
	uint64_t nr_freezes;
};

/* pause_runtime.c: the runtime of @pr tells @ev. Returns 0 or -ENOMEM. */
int pauses__runtime(struct pauses *ps, struct pause_process *pr, const struct event *ev);
/* The oldest pause that lingers is over. */
void pause_process__settle(struct pauses *ps, struct pause_process *pr);
/* The end of the pause under way, if there is one, will not be seen. */
void pause_process__abandon(struct pauses *ps, struct pause_process *pr);

/* pause_chain.c: who was waited for, and all but the restart's last part of the chain. */
void pause__join_chain(struct pauses *ps, struct pause_process *pr, struct pause *p);

/* pause_restart.c */
void pause__free(struct pause *p);
/* @t runs by @ev; where it was before is in ps->scratch. Does a pause wait for that? */
void pause_process__runs(struct pauses *ps, struct pause_process *pr, const struct pause_thread *t,
			 const struct event *ev);
/* Add the wait of the last one to run to @p's chain. */
void pause__join_restart(struct pauses *ps, struct pause *p);

/* pause_freeze.c: @t left at @ts_ns, or is about to arrive by @ev: is the process frozen from now on, or until then? */
void pause_process__note_freeze(struct pauses *ps, struct pause_process *pr, const struct pause_thread *t,
				uint64_t ts_ns);
void pause_process__note_thaw(struct pauses *ps, struct pause_process *pr, const struct pause_thread *t,
			      const struct event *ev);
/* What slept in @p's chain while the process was frozen was that. */
void pause__tell_frozen(const struct pause_process *pr, struct pause *p);

/* pause_total.c: @p is over; it is counted, and kept or freed. */
void pauses__add(struct pauses *ps, struct pause *p);
void pauses__sort(struct pauses *ps);

/* The name of thread @tid into @who. */
void pause_who__set(const struct pauses *ps, struct pause_who *who, uint32_t tid, uint64_t goroutine);

#endif /* TARE_PAUSE_PROCESS_H */
