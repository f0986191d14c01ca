/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a thread did, from its switches and other evidence. While its process pauses, this is a timeline of segments
 * since the request; otherwise only the current state.
 */
#ifndef TARE_PAUSE_THREAD_H
#define TARE_PAUSE_THREAD_H

#include "pause_rivals.h"
#include "pause_seg.h"
#include "stack.h"

enum pause_off { OFF_UNKNOWN, OFF_RUNNABLE, OFF_THROTTLED, OFF_BLOCKED, OFF_FAULT };

/* What a thread does on CPU, according to the evidence. */
struct pause_act {
	bool known;
	bool weak;	/* true at that moment, but says little of the time around it */
	bool asked;	/* true at least since it was asked to stop */
	uint8_t cause;	/* PAUSE_USER, _KERNEL, _FAULT or _IRQ */
	uint32_t stack; /* call stack number; 0: unknown */
	uint64_t detail;
};

#define PAUSE_MAX_IRQS 16

struct pause_thread {
	uint32_t tid, tgid;
	bool is_on, is_known; /* on CPU; is that known? */
	bool dead;
	bool works;	     /* seen to run a goroutine or hold a P */
	bool pending;	     /* a signal was sent but not delivered yet */
	uint64_t pending_ns; /* when it was sent */
	bool masked;	     /* the thread blocks it */
	/* when the last delivered one was sent, if not blocked, and it has stayed on CPU since; 0: none */
	uint64_t answered_ns;
	bool in_fault;		/* in a fault, as no later evidence shows it outside */
	uint64_t fault_address; /* of that fault */
	bool fault_ends;	/* its end will be recorded */
	bool fault_open;	/* .after is a fault without a recorded end that no evidence has shown yet */
	enum pause_off off;
	uint64_t off_detail;
	bool asleep; /* OFF_BLOCKED: in interruptible sleep */
	uint16_t cpu;
	uint64_t epoch;		/* the pause that the following is about */
	uint64_t since_ns;	/* when this state began */
	uint64_t pos_ns;	/* the timeline is complete until then */
	uint64_t evidence_ns;	/* when .after held */
	struct pause_act after; /* what it has done since */
	uint64_t irq_ns;	/* recorded since it came onto the CPU */
	/* interrupts since .pos_ns: cut out of what they interrupted once that is known */
	struct {
		uint64_t start_ns, end_ns;
		uint16_t number;
	} irqs[PAUSE_MAX_IRQS];
	unsigned nr_irqs;
	uint64_t goroutine; /* the last one it ran */
	struct told_stacks stacks;

	/* during the pause */
	bool was_busy;	   /* at the request: on CPU or waiting for one */
	uint64_t asked_ns; /* when it was asked to stop; 0: not */
	uint64_t slept_ns; /* when it then went to sleep by itself; 0: not yet */
	struct segs timeline;
};

/* Thread @tid, created if new. NULL: no memory, or too many. @tgid 0: as the switch fold has it. */
struct pause_thread *pause_thread__get(struct pauses *ps, uint32_t tid, uint32_t tgid);
struct pause_thread *pause_thread__find(const struct pauses *ps, uint32_t tid);
void pause_thread__forget(struct pauses *ps, uint32_t tid);
void pause_threads__free(struct pauses *ps);

/* Restart @t's timeline at @ts_ns, the request of pause @epoch; does nothing if already done. */
void pause_thread__begin(struct pause_thread *t, uint64_t epoch, uint64_t ts_ns);

/* Each moves @t forward to @ts_ns; @tell: a pause is under way, so keep the timeline. */
void pause_thread__leave(struct pauses *ps, struct pause_thread *t, const struct event *ev, bool tell);
/* Fills ps->scratch with [t->since_ns, ev->ts_ns]: where @t was off CPU. */
void pause_thread__arrive(struct pauses *ps, struct pause_thread *t, const struct event *ev, bool tell);
/* At @ts_ns it was on a CPU, doing @before until then and @after from then on. */
void pause_thread__evidence(struct pause_thread *t, uint64_t ts_ns, const struct pause_act *before,
			    const struct pause_act *after, bool tell);
void pause_thread__fault(struct pause_thread *t, const struct event *ev, bool tell);
void pause_thread__fault_end(struct pause_thread *t, const struct event *ev, bool tell);
void pause_thread__sample(struct pause_thread *t, const struct event *ev, bool tell);
void pause_thread__signal(struct pause_thread *t, const struct event *ev, bool tell);
void pause_thread__irq(struct pause_thread *t, const struct event *ev, bool tell);

/* Complete the timeline until @ts_ns with what is known so far. */
void pause_thread__tell_until(struct pauses *ps, struct pause_thread *t, uint64_t ts_ns);

#endif /* TARE_PAUSE_THREAD_H */
