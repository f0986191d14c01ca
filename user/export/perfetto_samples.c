// SPDX-License-Identifier: BSD-2-Clause
/*
 * Field numbers are from protos/perfetto/trace/profiling/ in Perfetto's sources: stack_sample.proto,
 * profile_common.proto.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "perfetto_samples.h"
#include "stacked.h"
#include "util.h"

/* clang-format off */
enum { /* by message */
	INTERNED_FUNCTION_NAMES = 5, INTERNED_FRAMES = 6, INTERNED_CALLSTACKS = 7, INTERNED_ASYNC = 51,
	STRING_IID = 1, STRING_TEXT = 2,
	FRAME_IID = 1, FRAME_FUNCTION = 2, FRAME_PC = 4, FRAME_LINE = 6, FRAME_KIND = 7,
	CALLSTACK_IID = 1, CALLSTACK_FRAME = 2,
	ASYNC_IID = 1, ASYNC_NAME = 2, ASYNC_KIND = 3,

	DEFAULTS_STACK_SAMPLE = 100, SAMPLE_DEFAULTS_COUNTER = 2,
	COUNTER_NAME = 2, COUNTER_UNIT = 3,

	SAMPLE_TASK = 1, SAMPLE_EXECUTION = 3, SAMPLE_CALLSTACK = 6, SAMPLE_WEIGHT = 11,
	TASK_PID = 2, TASK_TID = 3, TASK_ASYNC = 4,
	EXECUTION_CPU = 2, EXECUTION_MODE = 3,
};
/* clang-format on */

enum { KIND_NATIVE = 1, KIND_KERNEL = 2 };
enum { MODE_USER = 1, MODE_KERNEL = 2 };
#define UNIT_NS	    1
#define INTERN_MAX  (1u << 22)
#define FRAMES_MAX  512
#define MAX_THREADS (1u << 19)

/* What a sequence has told of, by hash to its number; they begin at 1. */
struct interned {
	struct table names, frames, stacks, goroutines;
	uint64_t nr;
};

struct perfetto_samples {
	struct packets *packets;
	struct stacked stacks;
	uint64_t sample_ns;
	struct interned interned[NR_SEQUENCES];
	struct table running; /* tid to the goroutine that it runs, where the runtime tells of each step */
	struct table told;    /* tid to the goroutine that it was last told to have, .. */
	struct table told_ns; /* .. and when */
	struct pb new_data;   /* new interned data of the packet being made */
};

/* The number of what has @hash; *@is_new if it must be told. */
static uint64_t intern(struct interned *in, struct table *table, uint64_t hash, bool *is_new)
{
	uint64_t *slot = table__add(table, hash & ~(1ull << 63)); /* never TABLE_NO_KEY */

	*is_new = slot && !*slot;
	if (*is_new)
		*slot = ++in->nr;
	return slot ? *slot : 0;
}

static uint64_t name_of(struct perfetto_samples *s, struct interned *in, const char *name)
{
	char safe[4200];
	bool is_new;
	uint64_t iid;
	size_t at;

	sanitize(name, strlen(name), safe, sizeof(safe));
	iid = intern(in, &in->names, hash__add(HASH_BEGIN, safe, strlen(safe)), &is_new);
	if (!is_new)
		return iid;
	at = pb__open(&s->new_data, INTERNED_FUNCTION_NAMES);
	pb__int(&s->new_data, STRING_IID, iid);
	pb__string(&s->new_data, STRING_TEXT, safe);
	pb__close(&s->new_data, at);
	return iid;
}

struct frame {
	uint32_t pid; /* 0: the kernel */
	uint64_t address;
	const struct model_symbol *sym; /* NULL: not known */
};

static uint64_t frame_of(struct perfetto_samples *s, struct interned *in, const struct frame *f)
{
	char unknown[32];
	uint64_t function, iid, parts[3];
	bool is_new;
	size_t at;

	snprintf(unknown, sizeof(unknown), "[%" PRIx64 "]", f->address);
	function = name_of(s, in, f->sym && f->sym->name[0] ? f->sym->name : unknown);
	parts[0] = f->pid;
	parts[1] = f->address;
	parts[2] = function;
	iid = intern(in, &in->frames, hash__add(HASH_BEGIN, parts, sizeof(parts)), &is_new);
	if (!is_new)
		return iid;
	at = pb__open(&s->new_data, INTERNED_FRAMES);
	pb__int(&s->new_data, FRAME_IID, iid);
	pb__int(&s->new_data, FRAME_FUNCTION, function);
	pb__int(&s->new_data, FRAME_PC, f->address);
	if (f->sym && f->sym->line)
		pb__int(&s->new_data, FRAME_LINE, f->sym->line);
	pb__int(&s->new_data, FRAME_KIND, f->pid ? KIND_NATIVE : KIND_KERNEL);
	pb__close(&s->new_data, at);
	return iid;
}

/* The functions at an address, innermost first. Returns the new number of frames. */
static unsigned add_frames(struct perfetto_samples *s, struct interned *in, const struct model_stack *st, uint32_t pid,
			   uint64_t address, uint64_t *frames, unsigned nr)
{
	const struct model *m = s->stacks.whole;
	struct frame f = { pid, address, NULL };

	f.sym = model_symbols__at(&m->symbols, pid, address, model_stacks__used_ns(&m->profile.stacks, st));
	do {
		if (nr < FRAMES_MAX)
			frames[nr++] = frame_of(s, in, &f);
		f.sym = f.sym ? f.sym->caller : NULL;
	} while (f.sym);
	return nr;
}

/* 0: there is none. */
static uint64_t callstack_of(struct perfetto_samples *s, struct interned *in, const struct stacked_stack *stack)
{
	const struct model_stack *st = stack->stack;
	uint64_t frames[FRAMES_MAX], iid, parts[2];
	unsigned nr = 0;
	bool is_new;
	size_t at;

	if (!st)
		return 0;
	parts[0] = st->number;
	parts[1] = stack->first;
	iid = intern(in, &in->stacks, hash__add(HASH_BEGIN, parts, sizeof(parts)), &is_new);
	if (!is_new)
		return iid;
	for (unsigned i = stack->first; i < st->nr_kernel; i++)
		nr = add_frames(s, in, st, 0, st->at[i] - (i > 0), frames, nr);
	for (unsigned i = 0; i < stack->nr_user; i++)
		nr = add_frames(s, in, st, st->pid, st->at[st->nr_kernel + i] - (i > 0), frames, nr);
	at = pb__open(&s->new_data, INTERNED_CALLSTACKS);
	pb__int(&s->new_data, CALLSTACK_IID, iid);
	while (nr) /* the outermost first */
		pb__int(&s->new_data, CALLSTACK_FRAME, frames[--nr]);
	pb__close(&s->new_data, at);
	return iid;
}

/* The context of goroutine @number; 0: none. */
static uint64_t goroutine_of(struct perfetto_samples *s, struct interned *in, uint32_t pid, uint64_t number)
{
	const uint64_t parts[] = { pid, number };
	const char *green = runtime_names__find(&s->stacks.whole->runtime_names, pid, TARE_NAME_GREEN, 0);
	char name[96], safe[64];
	bool is_new;
	uint64_t iid;
	size_t at;

	if (!number)
		return 0;
	iid = intern(in, &in->goroutines, hash__add(HASH_BEGIN, parts, sizeof(parts)), &is_new);
	if (!is_new)
		return iid;
	green = green ? sanitize(green, strlen(green), safe, sizeof(safe)) : "goroutine";
	snprintf(name, sizeof(name), "%s %" PRIu64, green, number);
	at = pb__open(&s->new_data, INTERNED_ASYNC);
	pb__int(&s->new_data, ASYNC_IID, iid);
	pb__string(&s->new_data, ASYNC_NAME, name);
	pb__string(&s->new_data, ASYNC_KIND, green);
	pb__close(&s->new_data, at);
	return iid;
}

/* ---- packets ---- */

static void put_defaults(struct pb *pb, const char *counter)
{
	size_t defaults = pb__open(pb, PACKET_DEFAULTS), samples = pb__open(pb, DEFAULTS_STACK_SAMPLE);
	size_t at = pb__open(pb, SAMPLE_DEFAULTS_COUNTER);

	pb__string(pb, COUNTER_NAME, counter);
	pb__int(pb, COUNTER_UNIT, UNIT_NS);
	pb__close(pb, at);
	pb__close(pb, samples);
	pb__close(pb, defaults);
}

/* The goroutine of EVENT_SAMPLE or EVENT_OFF_CPU @ev; 0: none, or not known. */
static uint64_t running(const struct perfetto_samples *s, const struct event *ev, uint32_t tid)
{
	const uint64_t *runs = table__find(&s->running, tid), *told = table__find(&s->told, tid);
	const uint64_t *told_ns = table__find(&s->told_ns, tid);

	if (runs)
		return *runs;
	/* with what it left a CPU it comes back; what it runs between two switches is not known */
	return told && told_ns && (ev->kind == EVENT_OFF_CPU || *told_ns == ev->ts_ns) ? *told : 0;
}

static int put_sample(struct perfetto_samples *s, const struct event *ev, enum packet_sequence sequence, uint32_t tid,
		      uint32_t pid, uint64_t weight)
{
	struct interned *in = &s->interned[sequence];
	struct stacked_stack stack = stacked__of(&s->stacks, ev);
	uint64_t callstack, context;
	struct pb *pb = &s->packets->pb;
	size_t sample, at;

	pb__reset(&s->new_data);
	callstack = callstack_of(s, in, &stack);
	context = goroutine_of(s, in, pid, running(s, ev, tid));
	if (pb__error(&s->new_data))
		return pb__error(&s->new_data);
	if (packets__begin(s->packets, ev->ts_ns, sequence))
		put_defaults(pb, sequence == SEQUENCE_CPU ? "CPU time" : "off CPU");
	if (s->new_data.len)
		pb__bytes(pb, PACKET_INTERNED_DATA, s->new_data.data, s->new_data.len);
	sample = pb__open(pb, PACKET_STACK_SAMPLE);
	at = pb__open(pb, SAMPLE_TASK);
	pb__int(pb, TASK_PID, pid);
	pb__int(pb, TASK_TID, tid);
	if (context)
		pb__int(pb, TASK_ASYNC, context);
	pb__close(pb, at);
	at = pb__open(pb, SAMPLE_EXECUTION);
	pb__int(pb, EXECUTION_CPU, ev->cpu);
	pb__int(pb, EXECUTION_MODE, stack.stack && stack.stack->nr_kernel ? MODE_KERNEL : MODE_USER);
	pb__close(pb, at);
	if (callstack)
		pb__int(pb, SAMPLE_CALLSTACK, callstack);
	pb__int(pb, SAMPLE_WEIGHT, weight);
	pb__close(pb, sample);
	return packets__end(s->packets);
}

static int set(struct table *table, uint32_t tid, uint64_t goroutine)
{
	uint64_t *slot = table__add(table, tid);

	if (slot)
		*slot = goroutine;
	return 0;
}

static int on_runtime(struct perfetto_samples *s, const struct event *ev)
{
	switch (ev->runtime.event) {
	case TARE_RT_G_RUN:
		return set(&s->running, ev->runtime.tid, ev->runtime.goroutine);
	case TARE_RT_G_PARK:
	case TARE_RT_G_EXIT:
	case TARE_RT_PREEMPT_TAKEN:
		return table__find(&s->running, ev->runtime.tid) ? set(&s->running, ev->runtime.tid, 0) : 0;
	default:
		return 0;
	}
}

int perfetto_samples__event(struct perfetto_samples *s, const struct event *ev)
{
	switch (ev->kind) {
	case EVENT_STACKED:
		return stacked__event(&s->stacks, ev);
	case EVENT_GOROUTINE:
		set(&s->told_ns, ev->goroutine.tid, ev->ts_ns);
		return set(&s->told, ev->goroutine.tid, ev->goroutine.goroutine);
	case EVENT_RUNTIME:
		return on_runtime(s, ev);
	case EVENT_SAMPLE:
		return put_sample(s, ev, SEQUENCE_CPU, ev->sample.tid, ev->sample.tgid, s->sample_ns);
	case EVENT_OFF_CPU:
		return put_sample(s, ev, SEQUENCE_OFF_CPU, ev->off_cpu.tid, ev->off_cpu.tgid, ev->off_cpu.ns);
	default:
		return 0;
	}
}

struct perfetto_samples *perfetto_samples__new(struct packets *packets, const struct model *whole)
{
	struct perfetto_samples *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->packets = packets;
	stacked__init(&s->stacks, whole);
	s->sample_ns = stacked__sample_ns(&s->stacks);
	table__init(&s->running, MAX_THREADS);
	table__init(&s->told, MAX_THREADS);
	table__init(&s->told_ns, MAX_THREADS);
	for (int i = 0; i < NR_SEQUENCES; i++) {
		table__init(&s->interned[i].names, INTERN_MAX);
		table__init(&s->interned[i].frames, INTERN_MAX);
		table__init(&s->interned[i].stacks, INTERN_MAX);
		table__init(&s->interned[i].goroutines, INTERN_MAX);
	}
	return s;
}

void perfetto_samples__free(struct perfetto_samples *s)
{
	if (!s)
		return;
	stacked__free(&s->stacks);
	table__free(&s->running);
	table__free(&s->told);
	table__free(&s->told_ns);
	for (int i = 0; i < NR_SEQUENCES; i++) {
		table__free(&s->interned[i].names);
		table__free(&s->interned[i].frames);
		table__free(&s->interned[i].stacks);
		table__free(&s->interned[i].goroutines);
	}
	pb__free(&s->new_data);
	free(s);
}
