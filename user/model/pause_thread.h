/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a thread did, told from its switches and from evidence: while a pause
 * of its process is under way as a timeline of segments since the request,
 * else only its present state.
 */
#ifndef TARE_PAUSE_THREAD_H
#define TARE_PAUSE_THREAD_H

#include "pause_rivals.h"
#include "pause_seg.h"

enum pause_off { OFF_UNKNOWN, OFF_RUNNABLE, OFF_THROTTLED, OFF_BLOCKED, OFF_FAULT };

/* What a thread does on a CPU, as evidence has it. */
struct pause_act {
	bool known;
	bool weak;	/* true at that moment, but says little of the time around it */
	bool asked;	/* it has been that since it was asked to stop, at least */
	uint8_t cause;	/* PAUSE_USER, _KERNEL, _FAULT or _IRQ */
	uint32_t stack; /* the calls that led there; 0: not known */
	uint64_t detail;
};

#define PAUSE_MAX_IRQS 16

struct pause_thread {
	uint32_t tid, tgid;
	bool is_on, is_known; /* on a CPU; whether that is known */
	bool dead;
	bool works;		/* it was seen to run a goroutine or to hold a P */
	bool pending;		/* a signal was sent and not delivered .. */
	uint64_t pending_ns;	/* .. since then */
	bool masked;		/* .. because the thread keeps it out */
	bool in_fault;		/* nothing was told since that shows it out of a fault .. */
	uint64_t fault_address; /* .. at this address .. */
	bool fault_ends;	/* .. whose end is going to be told */
	bool fault_open;	/* .after is a fault whose end nobody tells, and that nothing has seen yet */
	enum pause_off off;
	uint64_t off_detail;
	bool asleep; /* OFF_BLOCKED: where a signal would wake it */
	uint16_t cpu;
	uint64_t epoch;		/* of the pause that what follows is about */
	uint64_t since_ns;	/* in this state */
	uint64_t pos_ns;	/* the timeline is told until then */
	uint64_t evidence_ns;	/* when .after was true */
	struct pause_act after; /* what it has been doing since */
	uint64_t irq_ns;	/* told by records since it came onto the CPU */
	/* interrupts since .pos_ns: cut out of what they interrupted once that is told */
	struct {
		uint64_t start_ns, end_ns;
		uint16_t number;
	} irqs[PAUSE_MAX_IRQS];
	unsigned nr_irqs;
	uint64_t goroutine; /* the last one that it ran */
	uint32_t stack;	    /* of the record that comes next .. */
	uint64_t stack_ip;  /* .. if it is of this address */

	/* within the pause */
	bool was_busy;	   /* when it was requested: on a CPU or waiting for one */
	uint64_t asked_ns; /* it was told to stop; 0: not */
	uint64_t slept_ns; /* it went to sleep by itself after that; 0: not yet */
	struct segs timeline;
};

/* The thread @tid, made if it is new. NULL: no memory, or too many. @tgid 0: as the switches have it. */
struct pause_thread *pause_thread__get(struct pauses *ps, uint32_t tid, uint32_t tgid);
struct pause_thread *pause_thread__find(const struct pauses *ps, uint32_t tid);
void pause_thread__forget(struct pauses *ps, uint32_t tid);
void pause_threads__free(struct pauses *ps);

/* @t's timeline begins anew at @ts_ns, the request of the pause @epoch; nothing where it has already. */
void pause_thread__begin(struct pause_thread *t, uint64_t epoch, uint64_t ts_ns);

/* Each moves @t forward to @ts_ns; @tell: a pause is under way, so keep the timeline. */
void pause_thread__leave(struct pauses *ps, struct pause_thread *t, const struct event *ev, bool tell);
/* Fills ps->scratch with [t->since_ns, ev->ts_ns]: where @t was until now. */
void pause_thread__arrive(struct pauses *ps, struct pause_thread *t, const struct event *ev, bool tell);
/* At @ts_ns it was on a CPU, doing @before until then and @after from then on. */
void pause_thread__evidence(struct pause_thread *t, uint64_t ts_ns, const struct pause_act *before,
			    const struct pause_act *after, bool tell);
void pause_thread__fault(struct pause_thread *t, const struct event *ev, bool tell);
void pause_thread__fault_end(struct pause_thread *t, const struct event *ev, bool tell);
void pause_thread__sample(struct pause_thread *t, const struct event *ev, bool tell);
void pause_thread__signal(struct pause_thread *t, const struct event *ev, bool tell);
void pause_thread__irq(struct pause_thread *t, const struct event *ev, bool tell);

/* The calls that led to where the record that comes next says @t was. */
void pause_thread__stack(struct pauses *ps, struct pause_thread *t, const struct event *ev);

/* Tell the timeline until @ts_ns with what is known by now. */
void pause_thread__tell_until(struct pauses *ps, struct pause_thread *t, uint64_t ts_ns);

#endif /* TARE_PAUSE_THREAD_H */
