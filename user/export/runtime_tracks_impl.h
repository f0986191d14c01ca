/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TARE_RUNTIME_TRACKS_IMPL_H
#define TARE_RUNTIME_TRACKS_IMPL_H

#include "model.h"
#include "pause_order.h"
#include "runtime_tracks.h"
#include "tracks.h"

#define MAX_LANES 8 /* overlapping pauses of a process: one may wait for a thread to run while the next begins */

enum rt_counter {
	RT_HEAP,
	RT_GOAL,
	RT_ALLOC_BYTES,
	RT_ALLOC_OBJECTS,
	RT_ALLOC_RATE,
	RT_SWITCHES,
	RT_CREATED,
	RT_THROTTLED,
	RT_LOST,
	RT_NR_COUNTERS
};

/* Who had a P. */
struct rt_held {
	uint32_t tid; /* 0: nobody */
	uint64_t goroutine, from_ns, to_ns;
	bool off, runnable; /* while the thread was off the CPU; it was not waiting for anything else */
	bool both_ends;	    /* the thread was seen with the P at the beginning too */
};

struct rt_lane {
	struct rt_lane *next; /* of the process */
	uint32_t number;
	uint64_t track;
	uint64_t drawn_ns;   /* end of what is drawn */
	uint32_t next_stop;  /* in rt->stops */
	struct rt_held held; /* to be drawn when it is known how long */
};

struct rt_process {
	uint32_t pid;
	uint64_t track, gc;
	uint64_t gc_ns;		 /* newest event on track .gc */
	bool in_cycle, in_phase; /* open slices on that track */
	bool phase_told;	 /* in this cycle, which began at .cycle_ns */
	uint64_t cycle_ns;
	struct {
		uint64_t track, end_ns;
	} lanes[MAX_LANES];
	uint64_t counters[RT_NR_COUNTERS];  /* their tracks */
	uint64_t alloc_read_ns, alloc_read; /* when it was last read what was allocated; and that */
	uint64_t alloc_drawn_ns;	    /* where that is drawn */
	uint64_t throttled_ns;
	struct rt_lane *lanes_of_ps;
	uint64_t bytes[TARE_NR_BYTES + 1]; /* tracks of resident memory by class, and in all */
};

struct rt_thread {
	uint32_t tid, pid;
	uint64_t track;
	uint64_t last_ns; /* newest begin or end of a slice, except interrupts */
	uint64_t irq_ns;  /* end of the last interrupt */
	uint64_t running; /* goroutine with an open slice, since .run_ns */
	uint64_t run_ns, run_p;
	/* on a CPU since .came_ns; off it with .seen_p since .left_ns; 0: not, or not known */
	uint64_t came_ns, left_ns;
	bool left_runnable;
	uint64_t seen_ns; /* when it was last seen with a goroutine */
	int16_t seen_p;	  /* and a P; -1: with none, or it left since without being seen */
	bool in_run, is_off, dead;
	uint64_t flow;		   /* from the thread that asked it to stop; 0: none */
	struct event_goroutine on; /* what it last ran */
	uint64_t on_ns;		   /* time of .on */
};

struct runtime_tracks {
	struct tracks tracks;
	const struct names *names;
	struct runtime_names runtime_names; /* so far: another program of that process may have others */
	const struct model *whole;	    /* the finished recording */
	struct merged *merged;		    /* NULL: none */
	struct pause_order pauses;	    /* of .whole */
	struct table threads, processes;    /* tid, pid to the above */
	struct table running;		    /* process and goroutine to the tid that runs it */
	struct table lost;		    /* class and CPU to what was lost there so far */
	uint64_t lost_total;
	struct table lanes;	    /* process and P to its struct rt_lane */
	const struct pause **stops; /* of .whole, by process, then time */
	uint32_t nr_stops;
	bool steps; /* each step of goroutines is recorded */
	uint64_t flows;
};

/* All of these return 0 or a negative errno; if a table is full they do nothing. */

/* runtime_processes.c, which uses none of the others: *@process is NULL where there is no room for more. */
int rt__process(struct runtime_tracks *rt, uint32_t pid, struct rt_process **process);

/* The name that process @pid gives number @n of @kind (enum tare_name_kind), safe to print; NULL if unknown. */
const char *rt__name_of(const struct runtime_tracks *rt, uint32_t pid, unsigned kind, uint64_t n, char buf[64]);
/* Argument @i of a runtime event, in words if possible. */
void rt__arg(struct runtime_tracks *rt, const struct event *ev, unsigned i);

/* runtime_pauses.c, which uses that, as runtime_threads.c does: draws the pauses that were over before that event, or
 * all. */
int rt__pauses(struct runtime_tracks *rt, const struct event *before);

/* "goroutine 17", by the runtime's own word. */
const char *rt__goroutine_name(const struct runtime_tracks *rt, uint32_t pid, uint64_t goroutine, char buf[96]);

/* runtime_lanes.c, which uses that too: lanes of Ps. */
int rt_lanes__init(struct runtime_tracks *rt);
void rt_lanes__free(struct runtime_tracks *rt);
/* The thread ran goroutine .running from .run_ns until then. */
int rt_lanes__ran(struct runtime_tracks *rt, const struct rt_thread *t, uint64_t to_ns);
/* EVENT_GOROUTINE @ev is about it. */
int rt_lanes__seen(struct runtime_tracks *rt, struct rt_thread *t, const struct event *ev);
/* It came onto a CPU, or will never. */
int rt_lanes__came(struct runtime_tracks *rt, struct rt_thread *t, uint64_t ts_ns);
/* It left by EVENT_SWITCH @ev. */
void rt_lanes__left(const struct runtime_tracks *rt, struct rt_thread *t, const struct event *ev);
/* Draw what is known of a process up to then. */
int rt_lanes__finish(struct runtime_tracks *rt, const struct rt_process *p, uint64_t ts_ns);
void rt_lanes__forget(struct runtime_tracks *rt, struct rt_process *p);

/* runtime_bytes.c: takes EVENT_BYTES. */
int rt__on_bytes(struct runtime_tracks *rt, const struct event *ev);
/* A value of one of the counters of @p; TARE_UNKNOWN is none. */
int rt__count(struct runtime_tracks *rt, struct rt_process *p, uint64_t ts_ns, enum rt_counter which, uint64_t n);
int rt__on_counters(struct runtime_tracks *rt, const struct event *ev);
int rt__on_throttled(struct runtime_tracks *rt, const struct event *ev);
int rt__on_loss(struct runtime_tracks *rt, const struct tare_loss *loss, uint64_t ts_ns);

/* runtime_merged.c: draws what is in .merged, once all else is known. */
int rt__draw_merged(struct runtime_tracks *rt);

/* runtime_threads.c: draws on threads' tracks. */
/* The track of thread @tid of process @pid; *@track is 0 where there is no room for more. */
int rt__thread_track(struct runtime_tracks *rt, uint32_t tid, uint32_t pid, uint64_t *track);
int rt_threads__event(struct runtime_tracks *rt, const struct event *ev);
void rt_threads__free(struct runtime_tracks *rt);

#endif /* TARE_RUNTIME_TRACKS_IMPL_H */
