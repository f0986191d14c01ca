/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A recording retold as the kernel's own scheduler tracepoints would have told
 * it, which is what perf and Perfetto understand.
 *
 * A recording knows what target threads did and little of anyone else. Told as
 * it is, the other tasks would seem to run from one chance sighting to the
 * next. So a side of a switch that is no target becomes the idle task,
 * swapper/N: on each CPU target threads and swapper alternate, and who runs is
 * always who came in last. (That the CPU was idle cannot be told from "another
 * task had it" any more.) Where loss broke that chain, switches are put in that
 * mend it.
 */
#ifndef TARE_SCHEDULE_H
#define TARE_SCHEDULE_H

#include "event.h"
#include "names.h"

enum sched_kind { SCHED_SWITCH, SCHED_WAKING, SCHED_NEWTASK, SCHED_RENAME, SCHED_EXIT };

#define SCHED_COMM_SIZE 24 /* a task's own name, or "swapper/N", or ":TID" where none is known */
#define SCHED_PREEMPTED 0x100
#define SCHED_PRIO	120 /* a recording says nothing of priorities: that of nice value 0 */

struct sched_task {
	uint32_t tid, tgid;
	char comm[SCHED_COMM_SIZE]; /* UTF-8, never empty */
};

struct sched_event {
	enum sched_kind kind;
	uint16_t cpu;		/* where it happened: for WAKING the waker's */
	uint64_t ts_ns;		/* SWITCH: in order on each CPU. WAKING: told late, with the switch after it */
	struct sched_task who;	/* whose doing: prev, the waker, the parent, the task itself */
	struct sched_task whom; /* next, the woken, the child; RENAME: .comm is the new name */
	uint32_t prev_state;	/* SWITCH: as the tracepoint gives it, 0 running, 1 S, 2 D, .., SCHED_PREEMPTED */
	uint16_t target_cpu;	/* WAKING: where the woken thread ran then */
	uint8_t context;	/* WAKING: enum tare_context of the waker */
};

struct sched_cpu {
	bool known;   /* .tid is who runs here */
	uint32_t tid; /* 0: swapper */
	uint64_t last_ns;
};

struct sched {
	struct names names;
	struct sched_cpu *cpus;
	unsigned nr_cpus, room_cpus;
	uint64_t mended; /* switches put in where the chain was broken */
	int (*emit)(void *ctx, const struct sched_event *ev);
	void *ctx;
};

/* Feed one event of any kind; calls .emit for what it means. Returns 0, -ENOMEM, or what .emit returned if not 0. */
int sched__event(struct sched *s, const struct event *ev);
/* Who @tid is as of now; the idle task is that of @cpu. */
void sched__describe(const struct sched *s, uint32_t tid, unsigned cpu, struct sched_task *task);
void sched__free(struct sched *s);

#endif /* TARE_SCHEDULE_H */
