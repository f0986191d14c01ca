/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A trace is a header and generations. A generation is batches: of events, each of one thread (M), and of strings and
 * stacks, which events refer to. Threads' events are put in order by time, and where clocks are too coarse by sequence
 * numbers: an event waits until what it follows has happened. Format: internal/trace in Go's sources.
 */
#ifndef TARE_GOTRACE_IMPL_H
#define TARE_GOTRACE_IMPL_H

#include "gotrace.h"
#include "intern.h"
#include "table.h"

#define GT_NO_M	    UINT64_MAX
#define GT_MAX_ARGS 4
#define GT_PROBLEM  200 /* bytes */

/* The oldest versions of the format, 1.N, with all batches of a generation in CLOCK_MONOTONIC, .. */
#define GT_OLDEST    22
#define GT_NEWEST    27
#define GT_TOLD_ENDS 26 /* .. that tell where a generation ends */

enum gt_type { /* tracev2/events.go */
	       GT_EVENT_BATCH = 1,
	       GT_STACKS,
	       GT_STACK,
	       GT_STRINGS,
	       GT_STRING,
	       GT_CPU_SAMPLES,
	       GT_CPU_SAMPLE,
	       GT_FREQUENCY,
	       GT_PROCS_CHANGE,
	       GT_PROC_START,
	       GT_PROC_STOP,
	       GT_PROC_STEAL,
	       GT_PROC_STATUS,
	       GT_GO_CREATE,
	       GT_GO_CREATE_SYSCALL,
	       GT_GO_START,
	       GT_GO_DESTROY,
	       GT_GO_DESTROY_SYSCALL,
	       GT_GO_STOP,
	       GT_GO_BLOCK,
	       GT_GO_UNBLOCK,
	       GT_GO_SYSCALL_BEGIN,
	       GT_GO_SYSCALL_END,
	       GT_GO_SYSCALL_END_BLOCKED,
	       GT_GO_STATUS,
	       GT_STW_BEGIN,
	       GT_STW_END,
	       GT_GC_ACTIVE,
	       GT_GC_BEGIN,
	       GT_GC_END,
	       GT_SWEEP_ACTIVE,
	       GT_SWEEP_BEGIN,
	       GT_SWEEP_END,
	       GT_ASSIST_ACTIVE,
	       GT_ASSIST_BEGIN,
	       GT_ASSIST_END,
	       GT_HEAP_ALLOC,
	       GT_HEAP_GOAL,
	       GT_GO_LABEL,
	       GT_TASK_BEGIN,
	       GT_TASK_END,
	       GT_REGION_BEGIN,
	       GT_REGION_END,
	       GT_LOG,
	       /* from 1.23 on */
	       GT_GO_SWITCH,
	       GT_GO_SWITCH_DESTROY,
	       GT_GO_CREATE_BLOCKED,
	       GT_GO_STATUS_STACK,
	       GT_EXPERIMENTAL_BATCH,
	       /* from 1.25 on */
	       GT_SYNC,
	       GT_CLOCK_SNAPSHOT,
	       /* from 1.26 on */
	       GT_END_OF_GENERATION,
	       /* from 1.23 on, if asked for */
	       GT_SPAN = 128,
	       GT_LAST = 136,
};

/* ---- a generation: gotrace_generation.c ---- */

struct gt_batch {
	size_t begin, end; /* in .data */
	uint64_t time;
	uint32_t next; /* of the same M; 0: none */
};

/* Where one M's events are read. */
struct gt_cursor {
	uint64_t m;
	uint32_t batch, last; /* indices */
	size_t pos;
	/* its next event */
	uint64_t time; /* in the trace's unit */
	uint8_t type;
	uint64_t args[GT_MAX_ARGS];
};

struct gt_stack {
	uint64_t root, leaf; /* strings' numbers; .root 0: unknown */
	uint64_t line;	     /* in the leaf */
};

struct gt_generation {
	uint64_t nr; /* 0: none */
	uint8_t *data;
	char *text;
	size_t len, room, text_len, text_room;
	struct gt_batch *batches; /* the first is none */
	struct gt_cursor *cursors;
	struct gt_stack *stacks;
	size_t nr_batches, room_batches, nr_cursors, room_cursors, nr_stacks, room_stacks;
	struct table cursor_of, string_at, stack_of; /* number to index, place in .text, index; each plus 1 */
	uint64_t frequency;			     /* units a second; 0: not told */
	bool has_snapshot, cut;
	uint64_t snapshot_time, snapshot_ns; /* one moment, by the trace's clock and by CLOCK_MONOTONIC */
};

/* The head of a batch. */
struct gt_head {
	uint8_t type, experiment;
	uint64_t generation, m, time, size;
};

struct gt_input {
	FILE *from;
	struct gt_head ahead; /* of the next generation's first batch, if .has_ahead */
	bool has_ahead, ended;
	unsigned version;
	char problem[GT_PROBLEM]; /* "": none */
};

void gt_generation__init(struct gt_generation *g);
void gt_generation__free(struct gt_generation *g);
/*
 * Read the next one into @g, instead of what is there. Returns 1, 0 at the end, or a negative errno; what is wrong with
 * the file ends it, and is told in .problem.
 */
int gt_generation__read(struct gt_generation *g, struct gt_input *in);
/* NULL: unknown. Valid until the next generation is read. */
const char *gt_generation__string(const struct gt_generation *g, uint64_t nr);
const struct gt_stack *gt_generation__stack(const struct gt_generation *g, uint64_t nr);
/* Read @c's next event. Returns 1, 0 if there is none, or -EINVAL. */
int gt_cursor__next(const struct gt_generation *g, struct gt_cursor *c);

/* ---- order: gotrace_order.c ---- */

enum gt_p_state { GT_P_RUNNING = 1, GT_P_IDLE, GT_P_SYSCALL, GT_P_ABANDONED, GT_NR_P_STATES };

struct gt_m;

/* A goroutine, or a P. */
struct gt_thing {
	uint64_t id;
	int state; /* enum run_state (the format's own numbers), or enum gt_p_state */
	uint64_t generation, seq;
	/* of a goroutine */
	const char *function;
	struct gt_m *m; /* that it is on; NULL: none */
};

struct gt_m {
	uint64_t id;
	struct gt_thing *g, *p; /* that it has now; NULL: none */
};

enum gt_gc { GT_GC_UNKNOWN, GT_GC_OFF, GT_GC_ON };

struct gt_order {
	struct table goroutines, ps, ms; /* to the structs */
	uint64_t first_generation;
	enum gt_gc gc;
	uint64_t gc_seq;
	struct intern functions;
	struct run_event queue[3]; /* what the last event means */
	unsigned nr_queued, taken;
};

void gt_order__init(struct gt_order *o);
void gt_order__free(struct gt_order *o);
/*
 * Let @c's event happen at @ts_ns, if its turn has come. Returns 1; 0: it must wait; -EINVAL: it can never happen; or
 * -ENOMEM.
 */
int gt_order__advance(struct gt_order *o, const struct gt_generation *g, const struct gt_cursor *c, uint64_t ts_ns);

/* ---- gotrace.c ---- */

/* The number of arguments of an event in a batch of events, after its time; -1: no such event. */
int gt_nr_args(unsigned type);

#endif /* TARE_GOTRACE_IMPL_H */
