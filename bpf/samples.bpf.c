// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where target threads spend their time: on the CPU, by samples of its clock; off it, by the stack of each thread that
 * comes back after long. Both cost nothing at the rates of switches.
 */
#include "tare.bpf.h"
#include "fault.bpf.h"
#include "goroutine.bpf.h"
#include "kernel.bpf.h"
#include "stack.bpf.h"
#include "stopping.bpf.h"
#include "timing.bpf.h"

/* Samples are taken all the time, not only while a world is being stopped. */
const volatile bool sample_always = false;

SEC("perf_event")
int cpu_clock(struct bpf_perf_event_data *ctx)
{
	struct task_struct *p = bpf_get_current_task_btf();
	struct tare_sample r = { .rec.kind = TARE_REC_SAMPLE };
	struct task_state *t;
	struct cpu_state *c;
	bool compat, stopping;
	__u64 now;

	c = enter(PROG_cpu_clock); /* the tick costs most, so those that are not told count too */
	if (!c || (!sample_always && nr_stopping <= 0))
		return 0;
	t = target(p);
	if (!t)
		return 0;
	stopping = stopping__has(p->tgid);
	if (!sample_always && !stopping)
		return 0;
	r.tid = p->pid;
	r.tgid = p->tgid;
	r.syscall = syscall_of(p, &compat);
	r.ip = user_ip(p);
	if (!sampled_in_kernel(ctx))
		r.rec.flags = is_after_syscall(r.ip) ? TARE_SAMPLE_CALLED : 0;
	else
		r.rec.flags = TARE_SAMPLE_KERNEL;
	if (stopping && (r.rec.flags & TARE_SAMPLE_KERNEL) && r.syscall == TARE_NO_SYSCALL && fault_ends)
		tell_fault(c, t, p);
	/* also before and after the probes, when a tick comes that was due while interrupts were off */
	if (c->irq_ts[IRQ_SOFT] || preempt_count_of(p) & SERVING_SOFTIRQ)
		r.rec.flags |= TARE_SAMPLE_SOFTIRQ;
	now = bpf_ktime_get_ns();
	tell_goroutine(now);
	tell_stack(c, ctx, p, STACK_OF_CLOCK, r.rec.flags & TARE_SAMPLE_KERNEL ? STACK_KERNEL : 0, now);
	EMIT_EVIDENCE(c, now, &r);
	return 0;
}

/*
 * May this CPU report a wait of @ns now? The more of the budget is used, the longer must it be: where not all can be
 * had, the long ones matter.
 */
static __always_inline bool has_budget(struct cpu_state *c, __u64 ns, __u64 now)
{
	__u64 least = 0;

	if (now - c->off_window_ns > OFF_CPU_WINDOW_NS) {
		c->off_window_ns = now;
		c->off_window_nr = 0;
	}
	if (c->off_window_nr >= OFF_CPU_BUDGET)
		return false;
	if (c->off_window_nr >= OFF_CPU_BUDGET / 2)
		least = 4 * off_cpu_min_ns;
	if (c->off_window_nr >= OFF_CPU_BUDGET * 3 / 4)
		least = 16 * off_cpu_min_ns;
	if (ns < least)
		return false;
	c->off_window_nr++;
	return true;
}

/*
 * At the end of __schedule(), in the thread that was switched to. At most switches there is little to do: to be run is
 * what costs, so what else is wanted there is done here.
 */
SEC("tp_btf/sched_exit_tp")
int BPF_PROG(off_cpu, bool is_switch)
{
	struct tare_off_cpu r = { .rec.kind = TARE_REC_OFF_CPU };
	struct cpu_state *c = this_cpu();
	struct task_struct *p;
	bool compat;
	__u64 now;

	if (!c)
		return 0;
	c->hits[PROG_off_cpu]++;
	time_switch(c, is_switch);
	if (!c->off_ns || !is_switch)
		return 0;
	r.ns = c->off_ns;
	c->off_ns = 0;
	now = bpf_ktime_get_ns();
	if (!has_budget(c, r.ns, now)) {
		c->lost[TARE_LOST_OFF_CPU]++;
		return 0;
	}
	p = bpf_get_current_task_btf();
	r.tid = p->pid;
	r.tgid = p->tgid;
	r.rec.flags = c->off_state;
	r.syscall = syscall_of(p, &compat);
	r.wait_ns = c->off_wait_ns;
	tell_stack(c, ctx, p, STACK_OF_WAIT, STACK_KERNEL, now);
	EMIT_EVIDENCE(c, now, &r);
	return 0;
}
