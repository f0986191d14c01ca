/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stop-the-world pauses and why each was as long as it was: a fold over the
 * same events as the rest of the model, with memory bounded by threads.
 *
 * A pause goes from the request until the last stopped thread that had work
 * runs again (its "world" time). At each moment one thread is the one that
 * everyone waits for:
 *
 *   stopping   the initiator until it has asked; the last thread to stop (the
 *              straggler) until it stands; the initiator until it goes on
 *   stopped    the initiator, who does the work
 *   restart    the initiator until it has told the others; then the last of
 *              them to run, or who woke that one, until it runs
 *
 * The timelines of these, joined, are the chain: segments without gap or
 * overlap, each with one cause. What no evidence explains is `unexplained'.
 */
#ifndef TARE_PAUSE_H
#define TARE_PAUSE_H

#include "event.h"
#include "hist.h"
#include "runtime_names.h"
#include "stack.h"
#include "switch.h"
#include "table.h"

#define PAUSES_KEEP	     1000 /* the longest are kept whole, the others only summed */
#define PAUSES_MAX_REASONS   32	  /* further ones are counted as the last */
#define PAUSES_MAX_PROCESSES 4096
#define PAUSE_MAX_SEGS	     256 /* of a chain or of a thread's timeline; more are coarsened */

enum pause_cause {
	PAUSE_RUNTIME,	 /* the runtime's own work */
	PAUSE_USER,	 /* ran on without reaching a safepoint */
	PAUSE_KERNEL,	 /* in a system call on the CPU */
	PAUSE_FAULT,	 /* page fault, on or off the CPU */
	PAUSE_BLOCKED,	 /* waited for I/O or a lock */
	PAUSE_RUNQUEUE,	 /* runnable, another task had the CPU */
	PAUSE_THROTTLED, /* the cgroup's CPU quota was used up */
	PAUSE_SIGNAL,	 /* asked by a signal that was not delivered yet */
	PAUSE_IRQ,
	PAUSE_STEAL,
	PAUSE_WAKEUP, /* told to go on, not yet running, and nobody else had the CPU */
	PAUSE_UNEXPLAINED,
	PAUSE_NR_CAUSES,
};

enum pause_part { PAUSE_STOPPING, PAUSE_STOPPED, PAUSE_RESTART, PAUSE_NR_PARTS };

struct pause_seg {
	uint64_t start_ns, end_ns;
	union {			  /* by .cause */
		uint64_t detail;  /* whichever it is: equal or not */
		uint64_t ip;	  /* user, signal */
		uint64_t address; /* fault; 0: not known */
		uint64_t call;	  /* kernel, blocked: system call | compat << 16, or DETAIL_STOP() */
		uint64_t irq;	  /* irq: the softirq's number, or TARE_IRQ_HARD */
	};
	uint32_t stack;	     /* user, signal, kernel, runtime: the number of the calls that led there; 0: not known */
	uint32_t tid;	     /* whose timeline this is; 0: nobody's */
	uint32_t other;	     /* runqueue: who had the CPU; blocked: who ended that (0: not known, no task) */
	uint16_t name;	     /* runqueue: its name, enum name_id */
	uint16_t cpu;	     /* runqueue */
	uint8_t cause, part; /* enum pause_cause, enum pause_part */
	bool on_cpu;	     /* the thread had a CPU */
	bool firm;	     /* seen, not concluded from what came before or after */
	bool asleep;	     /* blocked: where a signal would have woken it */
	bool of_target;	     /* runqueue: the rival is a target thread */
};

struct segs {
	struct pause_seg *at;
	uint32_t n, room;
	uint32_t failed; /* segments that no memory could be had for */
};

struct pause_who {
	uint32_t tid;		      /* 0: nobody */
	uint64_t goroutine;	      /* 0: none, or not known */
	char comm[TARE_COMM_LEN + 1]; /* as it came: not safe to print */
};

struct pause {
	uint64_t request_ns, stopped_ns, restart_ns, started_ns, end_ns;
	uint64_t reason;	 /* the runtime's own number; TARE_UNKNOWN: it tells none */
	const char *reason_name; /* as its runtime calls that; NULL: not known. Not safe to print; lives as the model */
	uint64_t ps;		 /* TARE_UNKNOWN, or how many ran when it was asked */
	uint32_t tgid;
	uint64_t process; /* that .tgid is, see birth.h */
	struct pause_who initiator;
	struct pause_who straggler; /* .tid 0: nobody was waited for */
	struct pause_who last;	    /* the last one to run again; .tid 0: the initiator */
	bool guessed;		    /* who the straggler is was concluded from threads' states */
	bool lost;		    /* events were lost meanwhile, or are missing */
	uint64_t turn_ns;	    /* before the request: waited for its turn to stop the world; TARE_UNKNOWN */
	uint64_t own_stopping_ns, own_total_ns; /* by the runtime's own account; TARE_UNKNOWN */
	uint64_t own_start_ns;			/* when it began by the runtime's own account; TARE_UNKNOWN */
	uint64_t part_ns[PAUSE_NR_PARTS];	/* stopping, stopped, restart: sum to world_ns */
	uint64_t cause_ns[PAUSE_NR_CAUSES];	/* sum to world_ns */
	uint64_t seq;				/* the how many-th of the recording, from 1 */
	struct segs chain;			/* [request_ns, end_ns] */
	struct pause_under_way *under_way;	/* only while it is under way */
};

/* Until all stood, and until all were told to go on, by the runtime's definition: its own figure where it tells it. */
static inline uint64_t pause__stopping_ns(const struct pause *p)
{
	return p->own_stopping_ns != TARE_UNKNOWN ? p->own_stopping_ns : p->stopped_ns - p->request_ns;
}

static inline uint64_t pause__total_ns(const struct pause *p)
{
	return p->own_total_ns != TARE_UNKNOWN ? p->own_total_ns : p->started_ns - p->request_ns;
}

static inline uint64_t pause__world_ns(const struct pause *p)
{
	return p->end_ns - p->request_ns;
}

/* What a cause of a pause mostly was. */
struct pause_top {
	uint64_t ns;	      /* with the same thread and the same detail as .seg */
	uint64_t firm_ns;     /* of the whole cause: seen rather than concluded */
	struct pause_seg seg; /* the longest of these */
};

/* All 0 where @p has nothing of @cause. */
void pause__top(const struct pause *p, enum pause_cause cause, struct pause_top *top);

struct pause_verdict {
	enum pause_cause cause;
	uint64_t ns; /* of this cause in the whole pause */
	struct pause_top top;
	uint64_t thread_ns; /* of .ns: of the thread of .top, whatever the detail .. */
	uint64_t part_ns;   /* .. and of any thread, in the same part of the pause */
	bool guessed;	    /* the thread of .top is the one that was concluded to be late */
	double confidence;  /* share of .ns that was seen; half of it where the thread is a guess, 0 where events
			     * were lost */
};

/* Why @p was as long as it was. A pause of no length is `runtime'. */
void pause__verdict(const struct pause *p, struct pause_verdict *v);

/* The greatest of @ns, one for each cause, that is not @done yet: it is done then. -1: all the others are 0. */
int pause_cause__next(const uint64_t ns[PAUSE_NR_CAUSES], bool done[PAUSE_NR_CAUSES]);

/* As in JSON: "runtime", "user"...; "stopping"...; never NULL. */
const char *pause_cause_name(unsigned cause);
const char *pause_part_name(unsigned part);

struct pause_reason {
	const char *name; /* as pause.reason_name: programs may number differently what they call the same */
	uint64_t reason, count, total_ns, world_ns, max_ns;
};

struct pauses_of {
	uint64_t process; /* see birth.h; 0: those beyond PAUSES_MAX_PROCESSES */
	uint64_t count, world_ns, max_ns;
};

struct pauses {
	/* to be set before the first event; all may be 0 */
	bool (*accept)(void *ctx, const struct pause *p); /* leave out those for which it is false */
	void *accept_ctx;
	uint32_t keep; /* how many to keep whole; PAUSES_KEEP where 0 */

	/* results, once finished; sums also while under way */
	uint64_t count, lost, unfinished;   /* unfinished: their end was not seen; not in .count */
	struct hist stopping, total, world; /* the first two by the runtime's definition */
	uint64_t cause_ns[PAUSE_NR_CAUSES];
	uint64_t cause_count[PAUSE_NR_CAUSES]; /* pauses of which it was the main cause */
	uint64_t own_count, own_total_ns;      /* by the runtime's own account, where it has one .. */
	uint64_t own_world_ns;		       /* .. and the world time of these */
	uint64_t stopped_p_ns;		       /* capacity: Ps that ran when asked x world time, where they are told */
	struct pause_reason reasons[PAUSES_MAX_REASONS];
	unsigned nr_reasons;
	struct pauses_of *by_process;
	unsigned nr_by_process, room_by_process;
	struct table process_of; /* process to index in .by_process */
	struct pause **kept;	 /* the longest first, once finished */
	uint32_t nr_kept, room_kept;
	uint64_t runtime_events;
	uint64_t assists, assist_bytes, assist_ns; /* goroutines that had to help the collector */
	uint64_t turns, turn_ns;		   /* waits for the turn to stop the world */

	/* the fold's own */
	struct switches *switches;
	const struct runtime_names *names;
	struct model_stacks stacks;
	struct table threads;	/* tid to struct pause_thread */
	struct table processes; /* tgid to struct pause_process */
	struct segs scratch;
	uint64_t epoch, seq;
	uint64_t now_ns, due_ns;      /* the next pause that lingers is over by then */
	uint64_t loss_ns, loss_total; /* when losses were told last, and how many */
	bool finished;
};

/* @switches: the same events are folded into it, each *after* it was folded in here. @names: what the runtimes call
 * reasons. */
void pauses__init(struct pauses *ps, struct switches *switches, const struct runtime_names *names);
void pauses__free(struct pauses *ps);

/*
 * No event up to @now_ns is still to come: pauses that only waited for what might belong to them are over. For a live
 * stream whose target has gone quiet; events do the same by their times.
 */
void pauses__settle_due(struct pauses *ps, uint64_t now_ns);

/* Fold in the next event: any kind. Returns 0 or -ENOMEM. */
int pauses__event(struct pauses *ps, const struct event *ev);

/* Events were lost, @total of them since the recording began, as was told at @ts_ns. */
void pauses__lost(struct pauses *ps, uint64_t ts_ns, uint64_t total);

/* No more events will come: pauses that wait for threads to run again are over. Once. */
void pauses__finish(struct pauses *ps);

#endif /* TARE_PAUSE_H */
