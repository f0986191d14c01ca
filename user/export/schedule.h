/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A recording as the kernel's own scheduler tracepoints would have reported it, which perf and Perfetto understand.
 *
 * A recording knows what target threads did and little about other tasks. Shown as they are, the others would seem to
 * run from one chance sighting to the next. While a target waits for a CPU, all switches there are recorded: then the
 * task that has it is shown. Otherwise it is the idle task, swapper/N, so an idle CPU looks the same as one that runs
 * another task. The running task is always the last to come in. Where losses broke the sequence, switches are inserted
 * to mend it.
 */
#ifndef TARE_SCHEDULE_H
#define TARE_SCHEDULE_H

#include "event.h"
#include "names.h"

enum sched_kind { SCHED_SWITCH, SCHED_WAKING, SCHED_NEWTASK, SCHED_RENAME, SCHED_EXIT };

#define SCHED_COMM_SIZE 24 /* a task's own name, or "swapper/N", or ":TID" if unknown */
#define SCHED_PREEMPTED 0x100
#define SCHED_PRIO	120 /* recordings have no priorities: this is nice value 0 */

struct sched_task {
	uint32_t tid, tgid;
	char comm[SCHED_COMM_SIZE]; /* UTF-8, never empty */
};

struct sched_event {
	enum sched_kind kind;
	uint16_t cpu;		/* CPU of the event; WAKING: the waker's CPU */
	uint64_t ts_ns;		/* SWITCH: in order per CPU. WAKING: reported late, with the next switch */
	struct sched_task who;	/* subject: prev, the waker, the parent, the task itself */
	struct sched_task whom; /* object: next, the wakee, the child; RENAME: .comm is the new name */
	uint32_t prev_state;	/* SWITCH: as in the tracepoint: 0 running, 1 S, 2 D, ..., SCHED_PREEMPTED */
	uint16_t target_cpu;	/* WAKING: where the wakee then ran */
	uint8_t context;	/* WAKING: enum tare_context of the waker */
};

struct sched_cpu {
	bool known;   /* .tid is running here */
	bool other;   /* it is no target */
	uint32_t tid; /* 0: swapper */
	uint64_t last_ns;
};

struct sched {
	struct names names;
	struct sched_cpu *cpus;
	unsigned nr_cpus, room_cpus;
	uint64_t mended; /* switches inserted where the sequence was broken */
	int (*emit)(void *ctx, const struct sched_event *ev);
	void *ctx;
};

/* Feed one event of any kind; calls .emit for what it means. Returns 0, -ENOMEM, or .emit's result if not 0. */
int sched__event(struct sched *s, const struct event *ev);
/* Describe @tid as of now; tid 0 is the idle task of @cpu. */
void sched__describe(const struct sched *s, uint32_t tid, unsigned cpu, struct sched_task *task);
void sched__free(struct sched *s);

#endif /* TARE_SCHEDULE_H */
