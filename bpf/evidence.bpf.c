// SPDX-License-Identifier: GPL-2.0-only
/*
 * What delays a target thread while its world is being stopped: the preemption
 * signal, page faults, and interrupts; see also samples.bpf.c.
 * These are frequent, so nothing is recorded at other times, except the fault
 * in which a thread leaves the CPU (see sched.bpf.c).
 */
#include "tare.bpf.h"
#include "fault.bpf.h"
#include "goroutine.bpf.h"
#include "kernel.bpf.h"
#include "stack.bpf.h"
#include "stopping.bpf.h"

#define IRQ_MIN_NS 1000 /* shorter ones are not recorded */

/* Is @sig the preemption request of some target's runtime? */
static __always_inline bool asks_to_give_way(int sig)
{
	return sig > 0 && sig < 64 && preempt_signals >> sig & 1;
}

SEC("tp_btf/signal_generate")
int BPF_PROG(signal_generate, int sig, void *info, struct task_struct *p)
{
	struct tare_signal r = { .rec.kind = TARE_REC_SIGNAL, .rec.flags = TARE_SIGNAL_SENT_OTHER };
	struct task_struct *sender = bpf_get_current_task_btf();
	struct cpu_state *c;

	if (!asks_to_give_way(sig))
		return 0;
	c = enter(PROG_signal_generate);
	if (!c || !target(p))
		return 0;
	r.tid = p->pid;
	r.tgid = p->tgid;
	r.masked = is_blocked(p, sig);
	r.other = sender->pid;
	if (sender->tgid == p->tgid && is_sent_to_thread(info))
		r.rec.flags = TARE_SIGNAL_SENT;
	EMIT_EVIDENCE(c, bpf_ktime_get_ns(), &r);
	return 0;
}

SEC("tp_btf/signal_deliver")
int BPF_PROG(signal_deliver, int sig, void *info)
{
	struct task_struct *p = bpf_get_current_task_btf();
	struct tare_signal r = { .rec.kind = TARE_REC_SIGNAL, .rec.flags = TARE_SIGNAL_DELIVERED_OTHER };
	struct cpu_state *c;
	__u16 call;
	__u64 now;

	if (!asks_to_give_way(sig))
		return 0;
	c = enter(PROG_signal_deliver);
	if (!c || !target(p))
		return 0;
	r.tid = p->pid;
	r.tgid = p->tgid;
	r.ip = user_ip(p);
	call = returns_from(p);
	r.call = call == TARE_NO_SYSCALL ? 0 : call + 1;
	/*
	 * the kernel merges pending signals to one thread, apart from those to the process: this answers all of the
	 * thread's own
	 */
	if (is_sent_to_thread(info))
		r.rec.flags = TARE_SIGNAL_DELIVERED;
	now = bpf_ktime_get_ns();
	tell_goroutine(now);
	if (stopping__has(p->tgid))
		tell_stack(c, ctx, p, STACK_OF_SIGNAL, 0, now);
	EMIT_EVIDENCE(c, now, &r);
	return 0;
}

SEC("tp_btf/page_fault_user")
int BPF_PROG(page_fault_user, unsigned long address, struct pt_regs *regs, unsigned long error_code)
{
	struct cpu_state *c = enter(PROG_page_fault_user);
	struct task_struct *p = bpf_get_current_task_btf();
	struct task_state *t;

	if (!c)
		return 0;
	t = target(p);
	if (!t)
		return 0;
	t->fault_ts = bpf_ktime_get_ns();
	t->fault_address = address;
	t->fault_ip = user_ip(p);
	t->fault_write = error_code >> 1 & 1; /* X86_PF_WRITE, arch/x86/include/asm/trap_pf.h */
	t->fault_told = 0;
	if (!stopping__has(p->tgid))
		return 0;
	tell_goroutine(t->fault_ts);
	tell_fault(c, t, p);
	return 0;
}

/*
 * There is no tracepoint at the end of a page fault, but the kernel counts it there, as a software event:
 * mm_account_fault(), mm/memory.c, since 5.9. Only faults from user space.
 */
SEC("perf_event")
int page_fault_end(struct bpf_perf_event_data *ctx)
{
	struct cpu_state *c = enter(PROG_page_fault_end);
	struct task_struct *p = bpf_get_current_task_btf();
	struct tare_fault_end r = { .rec.kind = TARE_REC_FAULT_END };
	struct task_state *t;
	__u64 now;

	if (!c)
		return 0;
	if (!fault_ends)
		fault_ends = true;
	t = target(p);
	if (!t || !t->fault_ts)
		return 0;
	if (t->fault_told || stopping__has(p->tgid)) {
		tell_fault(c, t, p);
		now = bpf_ktime_get_ns();
		r.tid = p->pid;
		r.tgid = p->tgid;
		r.address = t->fault_address;
		r.ns = now - t->fault_ts;
		EMIT_EVIDENCE(c, now, &r);
	}
	t->fault_ts = 0;
	return 0;
}

static __always_inline int irq_entry(enum tare_prog prog, int kind)
{
	struct cpu_state *c = enter(prog);
	struct task_struct *p;

	if (!c)
		return 0;
	c->irq_ts[kind] = 0;
	if (nr_stopping <= 0)
		return 0;
	p = bpf_get_current_task_btf();
	if (!stopping__has(p->tgid) || !target(p))
		return 0;
	c->irq_tid[kind] = p->pid;
	c->irq_ts[kind] = bpf_ktime_get_ns();
	return 0;
}

static __always_inline int irq_exit(enum tare_prog prog, int kind, __u16 number)
{
	struct tare_irq r = { .rec.kind = TARE_REC_IRQ, .rec.flags = number };
	struct cpu_state *c = enter(prog);
	__u64 now, ns;

	if (!c || !c->irq_ts[kind])
		return 0;
	now = bpf_ktime_get_ns();
	ns = now - c->irq_ts[kind];
	c->irq_ts[kind] = 0;
	if (ns < IRQ_MIN_NS)
		return 0;
	r.tid = c->irq_tid[kind];
	r.ns = ns > 0xffffffff ? 0xffffffff : ns;
	EMIT_EVIDENCE(c, now, &r);
	return 0;
}

SEC("tp_btf/softirq_entry")
int BPF_PROG(softirq_entry, unsigned int number)
{
	return irq_entry(PROG_softirq_entry, IRQ_SOFT);
}

SEC("tp_btf/softirq_exit")
int BPF_PROG(softirq_exit, unsigned int number)
{
	return irq_exit(PROG_softirq_exit, IRQ_SOFT, number);
}

SEC("tp_btf/irq_handler_entry")
int BPF_PROG(irq_handler_entry, int irq)
{
	return irq_entry(PROG_irq_handler_entry, IRQ_HARD);
}

SEC("tp_btf/irq_handler_exit")
int BPF_PROG(irq_handler_exit, int irq)
{
	return irq_exit(PROG_irq_handler_exit, IRQ_HARD, TARE_IRQ_HARD);
}
