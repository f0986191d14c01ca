/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When an event may happen, and what it changes. Those that give a P or a goroutine to a thread carry a sequence
 * number, one more than the last of that P or goroutine; at its first event in a generation a thread tells the state of
 * each P and goroutine that it meets.
 */
#ifndef TARE_GOTRACE_STEP_H
#define TARE_GOTRACE_STEP_H

#include <errno.h>

#include "gotrace_impl.h"

#define GT_MAX_PS (1u << 16)

enum { CANNOT = -EINVAL, WAIT = 0, DONE = 1 }; /* what a rule returns, or -ENOMEM */

/* An event whose turn may have come. */
struct step {
	struct gt_order *o;
	const struct gt_generation *g;
	const struct gt_cursor *c;
	uint64_t ts_ns;
	struct gt_m *m; /* NULL: none */
};

/* ---- gotrace_order.c ---- */

/* By number; NULL: there is none. */
void *gt_find(const struct table *t, uint64_t id);
/* A new one of @size bytes, whose first member is its number. NULL: no memory, or too many. */
void *gt_add(struct table *t, uint64_t id, size_t size);
struct gt_thing *gt_new_goroutine(const struct step *s, uint64_t id, enum run_state state);

/* Is it of the trace's first generation? */
bool gt_is_first(const struct step *s);
/* Is @seq the next one of @thing? */
bool gt_follows(const struct step *s, const struct gt_thing *thing, uint64_t seq);
void gt_begin_seq(const struct step *s, struct gt_thing *thing);
/* Does a goroutine run on the thread, with a P? */
bool gt_runs(const struct step *s);

/* An event of the run, of the thread and what it has. Three at most in a step. */
struct run_event *gt_tell(const struct step *s, enum run_event_kind kind);
struct run_event *gt_tell_goroutine(const struct step *s, const struct gt_thing *g, enum run_state was);
void gt_tell_p(const struct step *s, const struct gt_thing *p);
/* It happens in the innermost function of stack @stack. */
void gt_tell_place(const struct step *s, struct run_event *ev, uint64_t stack);
/* The goroutine began with the outermost function of @stack, one of its own. */
void gt_learn_function(const struct step *s, struct gt_thing *g, uint64_t stack);

/* ---- gotrace_sched.c: rules ---- */

int gt_proc_status(struct step *s);
int gt_proc_start(struct step *s);
int gt_proc_stop(struct step *s);
int gt_proc_steal(struct step *s);
int gt_go_status(struct step *s);
int gt_go_create(struct step *s);
int gt_go_create_syscall(struct step *s);
int gt_go_start(struct step *s);
int gt_go_stop(struct step *s);
int gt_go_destroy(struct step *s);
int gt_go_destroy_syscall(struct step *s);
int gt_go_unblock(struct step *s);
int gt_go_switch(struct step *s);
int gt_syscall_begin(struct step *s);
int gt_syscall_end(struct step *s);
int gt_syscall_end_blocked(struct step *s);

#endif /* TARE_GOTRACE_STEP_H */
