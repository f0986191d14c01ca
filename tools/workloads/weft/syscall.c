// SPDX-License-Identifier: BSD-2-Clause
/*
 * System calls that may block. The thread keeps its goroutine but its P only as long as nobody wants it: while the P's
 * status is P_SYSCALL the monitor, or who stops the world, may take it; whoever changes the status has it.
 */
#include "runtime.h"

/*
 * weft_entersyscall() itself is in switch_*.S: regs are those that its caller may still use, sp its caller's. The stack
 * is the collector's to look at from here on.
 */
void syscall__enter(const uintptr_t *regs, uintptr_t sp)
{
	struct m *m = this_m();
	struct p *p = get_relaxed(&m->p);
	int expected = P_SYSCALL;

	if (unlikely(get_relaxed(&gc_marking)))
		mark__flush(p);
	for (int i = 0; i < CALL_REGS; i++)
		m->g->call_regs[i] = regs[i];
	m->g->call_sp = sp;

	set_relaxed(&m->locks, get_relaxed(&m->locks) + 1);
	stats__add(p, syscalls, 1);
	set_relaxed(&m->g->status, G_SYSCALL);
	set_release(&m->g->claim, G_UNCLAIMED);
	m->syscall_p = p;
	set_relaxed(&m->p, NULL);
	set_relaxed(&p->m, NULL);
	set_relaxed(&p->in_call, m->g);
	set_relaxed(&p->syscall_tick, get_relaxed(&p->syscall_tick) + 1);
	atomic_store(&p->status, P_SYSCALL);
	if (likely(!atomic_load(&sched.stopping)))
		return;
	/* who stops the world may have looked at this P just before */
	lock__acquire(&sched.lock);
	if (atomic_load(&sched.stopping) && atomic_compare_exchange_strong(&p->status, &expected, P_STOPPED))
		stw__p_stopped(p, m->g->id, WEFT_STOP_IN_SYSCALL);
	lock__release(&sched.lock);
}

static void then_find_p(struct m *m, struct g *g, void *arg)
{
	struct g_queue one = { 0 };
	struct p *p;

	/* for the collector: g->sp is as it should be, at last */
	set_release(&g->status, G_RUNNABLE);
	lock__acquire(&sched.lock);
	p = idle__get();
	if (!p) {
		queue__push(&one, g);
		global__push(&one);
	}
	lock__release(&sched.lock);
	if (!p)
		return;
	m__take(m, p);
	runq__put(p, g, true);
}

void weft_exitsyscall(void)
{
	struct m *m = this_m();
	struct p *p = m->syscall_p;
	int expected = P_SYSCALL;

	set_relaxed(&m->locks, get_relaxed(&m->locks) - 1);
	if (!atomic_compare_exchange_strong(&p->status, &expected, P_RUNNING)) {
		sched__park(then_find_p, NULL);
		return;
	}
	set_relaxed(&m->p, p);
	set_release(&p->m, m);
	g__claim(p, m->g);
	set_relaxed(&m->g->status, G_RUNNING);
	sched__check_preempt();
}
