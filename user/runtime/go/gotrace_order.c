// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>
#include <string.h>

#include "gotrace_step.h"

#define MAX_GOROUTINES (1u << 26)
#define MAX_MS	       (1u << 22)

void gt_order__init(struct gt_order *o)
{
	*o = (struct gt_order){ 0 };
	table__init(&o->goroutines, MAX_GOROUTINES);
	table__init(&o->ps, GT_MAX_PS);
	table__init(&o->ms, MAX_MS);
	intern__init(&o->functions, MAX_GOROUTINES);
}

static void free_all(struct table *t)
{
	const struct table_slot *slot;
	size_t pos = 0;

	while ((slot = table__next(t, &pos)))
		free((void *)(uintptr_t)slot->value);
	table__free(t);
}

void gt_order__free(struct gt_order *o)
{
	free_all(&o->goroutines);
	free_all(&o->ps);
	free_all(&o->ms);
	intern__free(&o->functions);
}

/* ---- things, and events about them ---- */

void *gt_find(const struct table *t, uint64_t id)
{
	const uint64_t *slot = table__find(t, id);

	return slot ? (void *)(uintptr_t)*slot : NULL;
}

void *gt_add(struct table *t, uint64_t id, size_t size)
{
	uint64_t *slot = table__add(t, id), *thing = slot ? calloc(1, size) : NULL;

	if (thing) {
		*thing = id; /* the first member */
		*slot = (uintptr_t)thing;
	} else if (slot) {
		table__delete(t, id);
	}
	return thing;
}

bool gt_is_first(const struct step *s)
{
	return s->g->nr == s->o->first_generation;
}

bool gt_follows(const struct step *s, const struct gt_thing *thing, uint64_t seq)
{
	return thing->generation == s->g->nr && thing->seq + 1 == seq;
}

void gt_begin_seq(const struct step *s, struct gt_thing *thing)
{
	thing->generation = s->g->nr;
	thing->seq = 0;
}

struct gt_thing *gt_new_goroutine(const struct step *s, uint64_t id, enum run_state state)
{
	struct gt_thing *g = id ? gt_add(&s->o->goroutines, id, sizeof(*g)) : NULL;

	if (g) {
		g->state = state;
		gt_begin_seq(s, g);
	}
	return g;
}

struct run_event *gt_tell(const struct step *s, enum run_event_kind kind)
{
	struct run_event *ev = &s->o->queue[s->o->nr_queued++];

	*ev = (struct run_event){ .kind = kind, .ts_ns = s->ts_ns, .p = RUN_NO_P };
	if (!s->m)
		return ev;
	ev->thread = s->m->id;
	if (s->m->p)
		ev->p = s->m->p->id;
	if (s->m->g) {
		ev->goroutine = s->m->g->id;
		ev->function = s->m->g->function;
	}
	return ev;
}

struct run_event *gt_tell_goroutine(const struct step *s, const struct gt_thing *g, enum run_state was)
{
	struct run_event *ev = gt_tell(s, RUN_GOROUTINE);

	ev->goroutine = g->id;
	ev->function = g->function;
	ev->was = was;
	ev->state = g->state;
	return ev;
}

void gt_tell_p(const struct step *s, const struct gt_thing *p)
{
	struct run_event *ev = gt_tell(s, RUN_P);

	ev->p = p->id;
	ev->state = p->state == GT_P_RUNNING || p->state == GT_P_SYSCALL ? RUN_RUNNING : RUN_NONE;
	if (ev->state != RUN_RUNNING || !s->m || !s->m->g || s->m->g->state != RUN_RUNNING)
		ev->goroutine = 0;
}

void gt_learn_function(const struct step *s, struct gt_thing *g, uint64_t stack)
{
	const struct gt_stack *st = g->function ? NULL : gt_generation__stack(s->g, stack);
	const char *name = st ? gt_generation__string(s->g, st->root) : NULL;

	if (name)
		g->function = intern__keep(&s->o->functions, name, strlen(name));
}

void gt_tell_place(const struct step *s, struct run_event *ev, uint64_t stack)
{
	const struct gt_stack *st = gt_generation__stack(s->g, stack);

	if (!st)
		return;
	ev->at = gt_generation__string(s->g, st->leaf);
	ev->line = st->line;
}

bool gt_runs(const struct step *s)
{
	return s->m && s->m->p && s->m->g && s->m->g->state == RUN_RUNNING;
}

/* ---- collections ---- */

static int gc_begin(struct step *s)
{
	bool goes_on = s->c->type == GT_GC_ACTIVE;

	if (s->o->gc == GT_GC_UNKNOWN) {
		s->o->gc = GT_GC_ON;
		s->o->gc_seq = s->c->args[0];
		gt_tell(s, RUN_MARK_BEGIN);
		return DONE;
	}
	if (s->c->args[0] != s->o->gc_seq + 1)
		return WAIT;
	if (goes_on != (s->o->gc == GT_GC_ON))
		return CANNOT;
	s->o->gc = GT_GC_ON;
	s->o->gc_seq++;
	if (!goes_on)
		gt_tell(s, RUN_MARK_BEGIN);
	return DONE;
}

static int gc_end(struct step *s)
{
	if (s->c->args[0] != s->o->gc_seq + 1)
		return WAIT;
	if (s->o->gc != GT_GC_ON)
		return CANNOT;
	s->o->gc = GT_GC_OFF;
	s->o->gc_seq++;
	gt_tell(s, RUN_MARK_END);
	return DONE;
}

/* Already so when the trace began. */
static int active(struct step *s)
{
	struct run_event *ev;

	if (!gt_is_first(s))
		return DONE;
	if (s->c->type == GT_SWEEP_ACTIVE) {
		gt_tell(s, RUN_SWEEP_BEGIN)->p = s->c->args[0] < GT_MAX_PS ? s->c->args[0] : RUN_NO_P;
		return DONE;
	}
	ev = gt_tell(s, RUN_ASSIST_BEGIN);
	ev->goroutine = s->c->args[0];
	ev->function = NULL;
	return DONE;
}

/* ---- what a goroutine tells ---- */

static const struct {
	enum run_event_kind kind;
	uint8_t name, value, task, parent; /* arguments, plus 1; 0: it has none */
} notes[] = {
	[GT_STW_BEGIN] = { .kind = RUN_STOP_BEGIN, .name = 1 },
	[GT_STW_END] = { .kind = RUN_STOP_END },
	[GT_SWEEP_BEGIN] = { .kind = RUN_SWEEP_BEGIN },
	[GT_SWEEP_END] = { .kind = RUN_SWEEP_END },
	[GT_ASSIST_BEGIN] = { .kind = RUN_ASSIST_BEGIN },
	[GT_ASSIST_END] = { .kind = RUN_ASSIST_END },
	[GT_TASK_BEGIN] = { .kind = RUN_TASK_BEGIN, .task = 1, .parent = 2, .name = 3 },
	[GT_TASK_END] = { .kind = RUN_TASK_END, .task = 1 },
	[GT_REGION_BEGIN] = { .kind = RUN_REGION_BEGIN, .task = 1, .name = 2 },
	[GT_REGION_END] = { .kind = RUN_REGION_END, .task = 1, .name = 2 },
	[GT_LOG] = { .kind = RUN_LOG, .task = 1, .name = 2, .value = 3 },
};

static int note(struct step *s)
{
	const uint64_t *args = s->c->args;
	uint8_t type = s->c->type;
	struct run_event *ev;

	if (!s->m)
		return CANNOT;
	ev = gt_tell(s, notes[type].kind);
	if (notes[type].name)
		ev->name = gt_generation__string(s->g, args[notes[type].name - 1]);
	if (notes[type].value)
		ev->value = gt_generation__string(s->g, args[notes[type].value - 1]);
	if (notes[type].task)
		ev->task = args[notes[type].task - 1];
	if (notes[type].parent)
		ev->parent = args[notes[type].parent - 1];
	return DONE;
}

static int ignore(struct step *s)
{
	return DONE;
}

/* ---- all of them ---- */

static const struct {
	int (*happen)(struct step *s);
	uint8_t stack; /* the argument that is a stack of the thread's goroutine, plus 1; 0: none is */
} rules[GT_SYNC] = {
	[GT_PROCS_CHANGE] = { .happen = ignore, .stack = 2 },
	[GT_PROC_START] = { .happen = gt_proc_start },
	[GT_PROC_STOP] = { .happen = gt_proc_stop },
	[GT_PROC_STEAL] = { .happen = gt_proc_steal },
	[GT_PROC_STATUS] = { .happen = gt_proc_status },
	[GT_GO_CREATE] = { .happen = gt_go_create, .stack = 3 },
	[GT_GO_CREATE_SYSCALL] = { .happen = gt_go_create_syscall },
	[GT_GO_START] = { .happen = gt_go_start },
	[GT_GO_DESTROY] = { .happen = gt_go_destroy },
	[GT_GO_DESTROY_SYSCALL] = { .happen = gt_go_destroy_syscall },
	[GT_GO_STOP] = { .happen = gt_go_stop, .stack = 2 },
	[GT_GO_BLOCK] = { .happen = gt_go_stop, .stack = 2 },
	[GT_GO_UNBLOCK] = { .happen = gt_go_unblock },
	[GT_GO_SYSCALL_BEGIN] = { .happen = gt_syscall_begin, .stack = 2 },
	[GT_GO_SYSCALL_END] = { .happen = gt_syscall_end },
	[GT_GO_SYSCALL_END_BLOCKED] = { .happen = gt_syscall_end_blocked },
	[GT_GO_STATUS] = { .happen = gt_go_status },
	[GT_STW_BEGIN] = { .happen = note, .stack = 2 },
	[GT_STW_END] = { .happen = note },
	[GT_GC_ACTIVE] = { .happen = gc_begin },
	[GT_GC_BEGIN] = { .happen = gc_begin, .stack = 2 },
	[GT_GC_END] = { .happen = gc_end },
	[GT_SWEEP_ACTIVE] = { .happen = active },
	[GT_SWEEP_BEGIN] = { .happen = note },
	[GT_SWEEP_END] = { .happen = note },
	[GT_ASSIST_ACTIVE] = { .happen = active },
	[GT_ASSIST_BEGIN] = { .happen = note, .stack = 1 },
	[GT_ASSIST_END] = { .happen = note },
	[GT_HEAP_ALLOC] = { .happen = ignore },
	[GT_HEAP_GOAL] = { .happen = ignore },
	[GT_GO_LABEL] = { .happen = ignore },
	[GT_TASK_BEGIN] = { .happen = note, .stack = 4 },
	[GT_TASK_END] = { .happen = note, .stack = 2 },
	[GT_REGION_BEGIN] = { .happen = note, .stack = 3 },
	[GT_REGION_END] = { .happen = note, .stack = 3 },
	[GT_LOG] = { .happen = note, .stack = 4 },
	[GT_GO_SWITCH] = { .happen = gt_go_switch },
	[GT_GO_SWITCH_DESTROY] = { .happen = gt_go_switch },
	[GT_GO_CREATE_BLOCKED] = { .happen = gt_go_create, .stack = 3 },
	[GT_GO_STATUS_STACK] = { .happen = gt_go_status },
};

int gt_order__advance(struct gt_order *o, const struct gt_generation *g, const struct gt_cursor *c, uint64_t ts_ns)
{
	struct step s = { .o = o, .g = g, .c = c, .ts_ns = ts_ns };

	if (!o->first_generation)
		o->first_generation = g->nr;
	if (c->type >= GT_SPAN)
		return DONE;
	if (c->m != GT_NO_M)
		s.m = gt_find(&o->ms, c->m) ?: gt_add(&o->ms, c->m, sizeof(*s.m));
	if (c->m != GT_NO_M && !s.m)
		return -ENOMEM;
	o->nr_queued = o->taken = 0;
	if (rules[c->type].stack && s.m && s.m->g)
		gt_learn_function(&s, s.m->g, c->args[rules[c->type].stack - 1]);
	return rules[c->type].happen(&s);
}
