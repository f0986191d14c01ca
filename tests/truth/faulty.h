/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FAULTY_H
#define FAULTY_H

#include "antagonist.h"

#define MS	 1000000ll
#define FAULT_NS (20 * MS)

/* One stop of the world, and what was done to it. A time of 0: does not apply. */
struct round {
	int64_t request_ns, stopped_ns, restart_ns,
		started_ns;				/* as the initiator saw it, apart from the runtime's events */
	int64_t start_ns, end_lo_ns, end_hi_ns;		/* the fault: its start, and bounds of its end */
	int64_t less_ns;				/* this much of that time was not the fault's */
	int64_t straggler_delay_ns, initiator_delay_ns; /* run-queue latency, as counted by the kernel */
	int64_t beat_ns; /* the straggler's heart was last seen to beat, before the request */
	pid_t straggler, initiator;
};

struct kind {
	const char *name, *cause;
	const char *detail; /* that tare should name; "-": nothing */
	/*
	 * How the fault's time is known. "stopping", "initiator", "restart": which thread the hog took the CPU from;
	 * "cpu": the straggler needs the CPU for it; "work": the initiator does; "off": off-CPU; "interrupted":
	 * off-CPU too, but woken by each signal; "clock": the straggler's stood still meanwhile
	 */
	const char *where;
	bool no_signals;	       /* weft without asynchronous preemption */
	void (*setup)(bool control);   /* before there are threads */
	void (*before)(bool control);  /* by the initiator, once the straggler is ready */
	void (*inject)(bool control);  /* by the straggler, not preempted unless it says so */
	void (*stopped)(bool control); /* by the initiator while the world is stopped */
	void (*after)(bool control);   /* by the initiator, once the straggler is through */
	bool stale;		       /* stop the world once the straggler has lost its CPU, not when told to */
	bool fair, fair_control;       /* scheduled normally; else ahead of all others on the machine */
	bool restarts;		       /* the fault is after the restart */
};
extern const struct kind kinds[];

extern int straggler_cpu, initiator_cpu;
extern struct round now_round;
extern _Atomic uint64_t heart; /* beats while the straggler has a CPU */
extern const char *quota_folder;

void begins(void); /* the fault begins now */
void ends(void);
void setup_irq(bool control);
void inject_irq(bool control);

int64_t run_delay_ns(pid_t tid); /* its run-queue latency since it was born */

#endif /* FAULTY_H */
