/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stop-the-world pauses and why each one took so long: a fold over the same events as the rest of the model. Memory is
 * bounded by the number of threads.
 *
 * A pause lasts from the request until the last stopped thread that had work runs again (its "world" time). At each
 * moment everyone waits for one thread:
 *
 *   stopping   the initiator until it has asked; then the last thread to stop (the straggler) until it has stopped;
 *              then the initiator until it proceeds
 *   stopped    the initiator, which does the work
 *   restart    the initiator until it has restarted the others; then the last of them to run, or its waker, until it
 *              runs
 *
 * The joined timelines of these threads are the chain: segments without gaps or overlaps, each with one cause. Time
 * without evidence is `unexplained'.
 */
#ifndef TARE_PAUSE_H
#define TARE_PAUSE_H

#include "event.h"
#include "hist.h"
#include "runtime_names.h"
#include "stack.h"
#include "switch.h"
#include "table.h"

#define PAUSES_KEEP	     1000 /* the longest are kept whole, the others are only summed */
#define PAUSES_MAX_REASONS   32	  /* further ones count as the last */
#define PAUSES_MAX_PROCESSES 4096
#define PAUSE_MAX_SEGS	     256 /* in a chain or a thread's timeline; more are coarsened */

enum pause_cause {
	PAUSE_RUNTIME,	 /* the runtime's own work */
	PAUSE_USER,	 /* ran on without reaching a safepoint */
	PAUSE_KERNEL,	 /* on CPU in a system call */
	PAUSE_FAULT,	 /* page fault, on or off CPU */
	PAUSE_BLOCKED,	 /* waited for I/O or a lock */
	PAUSE_RUNQUEUE,	 /* runnable, but another task had the CPU */
	PAUSE_THROTTLED, /* the cgroup's CPU quota was used up */
	PAUSE_SIGNAL,	 /* a preemption signal was sent but not delivered yet */
	PAUSE_IRQ,
	PAUSE_STEAL,
	PAUSE_WAKEUP, /* woken but not running yet, and no other task had the CPU */
	PAUSE_UNEXPLAINED,
	PAUSE_NR_CAUSES,
};

enum pause_part { PAUSE_STOPPING, PAUSE_STOPPED, PAUSE_RESTART, PAUSE_NR_PARTS };

struct pause_seg {
	uint64_t start_ns, end_ns;
	union {			  /* by .cause */
		uint64_t detail;  /* any of them, for comparison */
		uint64_t ip;	  /* user, signal */
		uint64_t address; /* fault; 0: unknown */
		uint64_t call;	  /* kernel, blocked: system call | compat << 16, or DETAIL_STOP() */
		uint64_t irq;	  /* irq: the softirq's number, or TARE_IRQ_HARD */
	};
	uint32_t stack;	     /* user, signal, kernel, runtime: number of the call stack; 0: unknown */
	uint32_t tid;	     /* the thread whose timeline this is; 0: none */
	uint32_t other;	     /* runqueue: who had the CPU; blocked: the waker (0: unknown or no task) */
	uint16_t name;	     /* runqueue: name of the rival, enum name_id */
	uint16_t cpu;	     /* runqueue */
	uint8_t cause, part; /* enum pause_cause, enum pause_part */
	bool on_cpu;	     /* the thread was on a CPU */
	bool firm;	     /* observed, not inferred from what came before or after */
	bool asleep;	     /* blocked: in interruptible sleep */
	bool of_target;	     /* runqueue: the rival is a target thread */
};

struct segs {
	struct pause_seg *at;
	uint32_t n, room;
	uint32_t failed; /* segments dropped for lack of memory */
};

struct pause_who {
	uint32_t tid;		      /* 0: none */
	uint64_t goroutine;	      /* 0: none or unknown */
	char comm[TARE_COMM_LEN + 1]; /* not safe to print */
};

struct pause {
	uint64_t request_ns, stopped_ns, restart_ns, started_ns, end_ns;
	uint64_t reason;	 /* the runtime's own number; TARE_UNKNOWN: not reported */
	const char *reason_name; /* the runtime's name for it, or NULL; not safe to print; lives as long as the model */
	uint64_t ps;		 /* how many ran at the request, or TARE_UNKNOWN */
	uint32_t tgid;
	uint64_t process; /* the process of .tgid, see birth.h */
	struct pause_who initiator;
	struct pause_who straggler; /* .tid 0: nobody was waited for */
	struct pause_who last;	    /* the last thread to run again; .tid 0: the initiator */
	bool guessed;		    /* the straggler was inferred from thread states */
	bool lost;		    /* events were lost during the pause, or are missing */
	uint64_t turn_ns;	    /* the wait before the request for the turn to stop the world, or TARE_UNKNOWN */
	uint64_t own_stopping_ns, own_total_ns; /* the runtime's own figures, or TARE_UNKNOWN */
	uint64_t own_start_ns;			/* when it began according to the runtime, or TARE_UNKNOWN */
	uint64_t part_ns[PAUSE_NR_PARTS];	/* stopping, stopped, restart: add up to world_ns */
	uint64_t cause_ns[PAUSE_NR_CAUSES];	/* add up to world_ns */
	uint64_t seq;				/* sequence number in the recording, from 1 */
	struct segs chain;			/* [request_ns, end_ns] */
	struct pause_under_way *under_way;	/* NULL once it is over */
};

/* Time until all threads had stopped, by the runtime's definition: its own figure if it reports one. */
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

/* The main contributor to one cause of a pause. */
struct pause_top {
	uint64_t ns;	      /* time with the same thread and detail as .seg */
	uint64_t firm_ns;     /* of the whole cause: observed rather than inferred */
	struct pause_seg seg; /* the longest such segment */
};

/* All 0 if @p has no time of @cause. */
void pause__top(const struct pause *p, enum pause_cause cause, struct pause_top *top);

struct pause_verdict {
	enum pause_cause cause;
	uint64_t ns; /* time of this cause in the whole pause */
	struct pause_top top;
	uint64_t thread_ns; /* part of .ns spent by the thread of .top, with any detail */
	uint64_t part_ns;   /* part of .ns in the same part of the pause, by any thread */
	bool guessed;	    /* the thread of .top was only inferred to be the straggler */
	double confidence;  /* share of .ns that was observed; half of that if .guessed, 0 if events were lost */
};

/* Why @p took so long. A pause of zero length is `runtime'. */
void pause__verdict(const struct pause *p, struct pause_verdict *v);

/* The cause with the largest @ns not yet @done; marks it done. -1: all others are 0. */
int pause_cause__next(const uint64_t ns[PAUSE_NR_CAUSES], bool done[PAUSE_NR_CAUSES]);

/* The name used in JSON: "runtime", "user"...; "stopping"...; never NULL. */
const char *pause_cause_name(unsigned cause);
const char *pause_part_name(unsigned part);

struct pause_reason {
	const char *name; /* as pause.reason_name: programs may use different numbers for the same name */
	uint64_t reason, count, total_ns, world_ns, max_ns;
};

struct pauses_of {
	uint64_t process; /* see birth.h; 0: all processes beyond PAUSES_MAX_PROCESSES */
	uint64_t count, world_ns, max_ns;
};

struct pauses {
	/* set before the first event; all may be 0 */
	bool (*accept)(void *ctx, const struct pause *p); /* leave out pauses for which it returns false */
	void *accept_ctx;
	uint32_t keep; /* how many to keep whole; 0: PAUSES_KEEP */

	/* results, valid once finished; the sums also before that */
	uint64_t count, lost, unfinished;   /* unfinished: end not seen; not in .count */
	struct hist stopping, total, world; /* the first two by the runtime's definition */
	uint64_t cause_ns[PAUSE_NR_CAUSES];
	uint64_t cause_count[PAUSE_NR_CAUSES]; /* number of pauses with this main cause */
	uint64_t own_count, own_total_ns;      /* by the runtime's own figures, if it has any */
	uint64_t own_world_ns;		       /* world time of the same pauses */
	uint64_t stopped_p_ns; /* capacity: Ps running at the request x world time, where Ps are reported */
	struct pause_reason reasons[PAUSES_MAX_REASONS];
	unsigned nr_reasons;
	struct pauses_of *by_process;
	unsigned nr_by_process, room_by_process;
	struct table process_of; /* process to index into .by_process */
	struct pause **kept;	 /* longest first, once finished */
	uint32_t nr_kept, room_kept;
	uint64_t runtime_events;
	uint64_t assists, assist_bytes, assist_ns; /* goroutines made to help the collector */
	uint64_t turns, turn_ns;		   /* waits for the turn to stop the world */

	/* internal */
	struct switches *switches;
	const struct runtime_names *names;
	const struct model_stacks *stacks;
	struct table threads;	/* tid to struct pause_thread */
	struct table processes; /* tgid to struct pause_process */
	struct segs scratch;
	uint64_t epoch, seq;
	uint64_t now_ns, due_ns;      /* when the next lingering pause is over at the latest */
	uint64_t loss_ns, loss_total; /* time and total of the last loss report */
	bool finished;
};

/*
 * @switches folds in the same events, each *after* this fold did. @names: the runtimes' names for reasons. @stacks:
 * those that STACKED events name.
 */
void pauses__init(struct pauses *ps, struct switches *switches, const struct runtime_names *names,
		  const struct model_stacks *stacks);
void pauses__free(struct pauses *ps);

/*
 * No event up to @now_ns is still to come: ends pauses that only waited for events that might belong to them. For a
 * live stream with a quiet target; otherwise event times do this.
 */
void pauses__settle_due(struct pauses *ps, uint64_t now_ns);

/* Fold in the next event, of any kind. Returns 0 or -ENOMEM. */
int pauses__event(struct pauses *ps, const struct event *ev);

/* Process @tgid is gone: its pauses under way end at what was seen of them, and its state is forgotten. */
void pauses__forget(struct pauses *ps, uint32_t tgid);

/* Events were lost: @total since the recording began, as reported at @ts_ns. */
void pauses__lost(struct pauses *ps, uint64_t ts_ns, uint64_t total);

/* No more events: ends pauses that wait for threads to run again. Call once. */
void pauses__finish(struct pauses *ps);

#endif /* TARE_PAUSE_H */
