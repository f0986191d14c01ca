// SPDX-License-Identifier: BSD-2-Clause
/* The rules of Ps, goroutines and threads. */
#include <stdlib.h>

#include "gotrace_step.h"

/* ---- Ps ---- */

int gt_proc_status(struct step *s)
{
	uint64_t id = s->c->args[0], state = s->c->args[1];
	struct gt_thing *p = gt_find(&s->o->ps, id);
	bool is_new = !p;

	if (!state || state >= GT_NR_P_STATES || id >= GT_MAX_PS)
		return CANNOT;
	if (p && p->state != (int)state && (state != GT_P_ABANDONED || p->state != GT_P_SYSCALL))
		return CANNOT;
	if (!p) {
		p = gt_add(&s->o->ps, id, sizeof(*p));
		if (!p)
			return -ENOMEM;
		p->state = state;
	}
	gt_begin_seq(s, p);
	if (s->m && (state == GT_P_RUNNING || state == GT_P_SYSCALL))
		s->m->p = p;
	if (is_new)
		gt_tell_p(s, p);
	return DONE;
}

int gt_proc_start(struct step *s)
{
	struct gt_thing *p = gt_find(&s->o->ps, s->c->args[0]);

	if (!p || p->state != GT_P_IDLE || !gt_follows(s, p, s->c->args[1]) || (s->m && s->m->p))
		return WAIT;
	if (!s->m)
		return CANNOT;
	p->state = GT_P_RUNNING;
	p->seq++;
	s->m->p = p;
	gt_tell_p(s, p);
	return DONE;
}

int gt_proc_stop(struct step *s)
{
	struct gt_thing *p = s->m ? s->m->p : NULL;

	if (!p || (p->state != GT_P_RUNNING && p->state != GT_P_SYSCALL))
		return CANNOT;
	p->state = GT_P_IDLE;
	gt_tell_p(s, p);
	s->m->p = NULL;
	return DONE;
}

/* A thread takes the P of another one, which is in a system call. */
int gt_proc_steal(struct step *s)
{
	struct gt_thing *p = gt_find(&s->o->ps, s->c->args[0]);
	struct gt_m *from = gt_find(&s->o->ms, s->c->args[2]);

	if (!p || (p->state != GT_P_SYSCALL && p->state != GT_P_ABANDONED) || !gt_follows(s, p, s->c->args[1]))
		return WAIT;
	if (p->state == GT_P_SYSCALL) {
		if (!from || from->p != p)
			return CANNOT;
		from->p = NULL;
	}
	p->state = GT_P_IDLE;
	p->seq++;
	gt_tell_p(s, p);
	return DONE;
}

/* ---- goroutines ---- */

/* A goroutine is on one thread at most, whatever the file says. */
static void bind(struct gt_m *m, struct gt_thing *g)
{
	if (g->m)
		g->m->g = NULL;
	if (m->g)
		m->g->m = NULL;
	m->g = g;
	g->m = m;
}

/* In a system call on thread @id since before the generation began, and not on that of the event. */
static int bind_elsewhere(struct step *s, struct gt_thing *g, uint64_t id)
{
	struct gt_m *m = gt_find(&s->o->ms, id);

	if (id == GT_NO_M || (m && m->g != g))
		return CANNOT;
	if (!m)
		m = gt_add(&s->o->ms, id, sizeof(*m));
	if (!m)
		return -ENOMEM;
	bind(m, g);
	s->m = m;
	return DONE;
}

int gt_go_status(struct step *s)
{
	uint64_t id = s->c->args[0], m = s->c->args[1], state = s->c->args[2];
	struct gt_thing *g = gt_find(&s->o->goroutines, id);
	bool is_new = !g;
	int ret = DONE;

	if (state < RUN_RUNNABLE || state > RUN_WAITING || (g ? g->state != (int)state : !gt_is_first(s) || !id))
		return CANNOT;
	if (!g)
		g = gt_new_goroutine(s, id, state);
	if (!g)
		return -ENOMEM;
	gt_begin_seq(s, g);
	if (s->c->type == GT_GO_STATUS_STACK)
		gt_learn_function(s, g, s->c->args[3]);
	if (state == RUN_SYSCALL && (!s->m || m != s->m->id))
		ret = bind_elsewhere(s, g, m);
	else if ((state == RUN_RUNNING || state == RUN_SYSCALL) && s->m)
		bind(s->m, g);
	if (ret == DONE && is_new)
		gt_tell_goroutine(s, g, RUN_NONE);
	return ret;
}

int gt_go_create(struct step *s)
{
	bool blocked = s->c->type == GT_GO_CREATE_BLOCKED;
	struct gt_thing *g;

	if (!s->m || !s->m->p || (s->m->g && s->m->g->state != RUN_RUNNING) || !s->c->args[0] ||
	    gt_find(&s->o->goroutines, s->c->args[0]))
		return CANNOT;
	g = gt_new_goroutine(s, s->c->args[0], blocked ? RUN_WAITING : RUN_RUNNABLE);
	if (!g)
		return -ENOMEM;
	gt_learn_function(s, g, s->c->args[1]);
	gt_tell_goroutine(s, g, RUN_NONE);
	return DONE;
}

/* C calls Go. */
int gt_go_create_syscall(struct step *s)
{
	struct gt_thing *g;

	if (!s->m || s->m->g || !s->c->args[0] || gt_find(&s->o->goroutines, s->c->args[0]))
		return CANNOT;
	g = gt_new_goroutine(s, s->c->args[0], RUN_SYSCALL);
	if (!g)
		return -ENOMEM;
	bind(s->m, g);
	gt_tell_goroutine(s, g, RUN_NONE);
	return DONE;
}

int gt_go_start(struct step *s)
{
	struct gt_thing *g = gt_find(&s->o->goroutines, s->c->args[0]);

	if (!g || g->state != RUN_RUNNABLE || !gt_follows(s, g, s->c->args[1]))
		return WAIT;
	if (!s->m || !s->m->p || s->m->g)
		return CANNOT;
	g->state = RUN_RUNNING;
	g->seq++;
	bind(s->m, g);
	gt_tell_goroutine(s, g, RUN_RUNNABLE);
	return DONE;
}

static void forget_goroutine(struct step *s, struct gt_thing *g)
{
	table__delete(&s->o->goroutines, g->id);
	free(g);
}

/* It leaves its thread. */
static struct run_event *leave(struct step *s, enum run_state state)
{
	struct gt_thing *g = s->m->g;
	enum run_state was = g->state;
	struct run_event *ev;

	g->state = state;
	ev = gt_tell_goroutine(s, g, was);
	s->m->g = NULL;
	g->m = NULL;
	if (state == RUN_NONE)
		forget_goroutine(s, g);
	return ev;
}

int gt_go_stop(struct step *s)
{
	struct run_event *ev;

	if (!gt_runs(s))
		return CANNOT;
	ev = leave(s, s->c->type == GT_GO_STOP ? RUN_RUNNABLE : RUN_WAITING);
	ev->reason = gt_generation__string(s->g, s->c->args[0]);
	gt_tell_place(s, ev, s->c->args[1]);
	return DONE;
}

int gt_go_destroy(struct step *s)
{
	if (!gt_runs(s))
		return CANNOT;
	leave(s, RUN_NONE);
	return DONE;
}

/* What C called returns to C. Its P, if it has one, may be taken later, when the thread may be another's. */
int gt_go_destroy_syscall(struct step *s)
{
	struct gt_thing *p = s->m ? s->m->p : NULL;

	if (!s->m || !s->m->g || s->m->g->state != RUN_SYSCALL || (p && p->state != GT_P_SYSCALL))
		return CANNOT;
	leave(s, RUN_NONE);
	if (p) {
		p->state = GT_P_ABANDONED;
		gt_tell_p(s, p);
		s->m->p = NULL;
	}
	return DONE;
}

int gt_go_unblock(struct step *s)
{
	struct gt_thing *g = gt_find(&s->o->goroutines, s->c->args[0]);

	if (!g || g->state != RUN_WAITING || !gt_follows(s, g, s->c->args[1]))
		return WAIT;
	g->state = RUN_RUNNABLE;
	g->seq++;
	gt_tell_goroutine(s, g, RUN_WAITING);
	return DONE;
}

/* A goroutine goes on with another one, which waited for that. */
int gt_go_switch(struct step *s)
{
	struct gt_thing *next = gt_find(&s->o->goroutines, s->c->args[0]);

	if (!gt_runs(s))
		return CANNOT;
	if (!next || next->state != RUN_WAITING || !gt_follows(s, next, s->c->args[1]))
		return WAIT;
	leave(s, s->c->type == GT_GO_SWITCH ? RUN_WAITING : RUN_NONE);
	next->state = RUN_RUNNING;
	next->seq++;
	bind(s->m, next);
	gt_tell_goroutine(s, next, RUN_WAITING);
	return DONE;
}

int gt_syscall_begin(struct step *s)
{
	if (!gt_runs(s) || !gt_follows(s, s->m->p, s->c->args[0]))
		return CANNOT;
	s->m->g->state = RUN_SYSCALL;
	s->m->p->state = GT_P_SYSCALL;
	s->m->p->seq++;
	gt_tell_place(s, gt_tell_goroutine(s, s->m->g, RUN_RUNNING), s->c->args[1]);
	return DONE;
}

int gt_syscall_end(struct step *s)
{
	if (!s->m || !s->m->p || !s->m->g || s->m->g->state != RUN_SYSCALL || s->m->p->state != GT_P_SYSCALL)
		return CANNOT;
	s->m->g->state = RUN_RUNNING;
	s->m->p->state = GT_P_RUNNING;
	gt_tell_goroutine(s, s->m->g, RUN_SYSCALL);
	return DONE;
}

/* It has lost its P meanwhile: until that has happened, this has not. */
int gt_syscall_end_blocked(struct step *s)
{
	if (s->m && s->m->p && s->m->p->state == GT_P_SYSCALL)
		return WAIT;
	if (!s->m || !s->m->g || s->m->g->state != RUN_SYSCALL)
		return CANNOT;
	leave(s, RUN_RUNNABLE);
	return DONE;
}
