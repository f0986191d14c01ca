// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which memory page faults are for, and which code: one in some hundred, since the kernel itself counts them all. By
 * the software events that the kernel raises once a fault is served: mm_account_fault(), mm/memory.c, since 5.9.
 */
#include "tare.bpf.h"
#include "kernel.bpf.h"
#include "stack.bpf.h"

/* include/linux/mm.h */
#define VM_EXEC	  0x4
#define VM_SHARED 0x8

static __always_inline __u32 owner_of(const struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;

	if (vma->vm_flags & VM_SHARED)
		return TARE_FAULT_SHARED;
	if (vma->vm_file)
		return vma->vm_flags & VM_EXEC ? TARE_FAULT_CODE : TARE_FAULT_FILE;
	if (vma->vm_start <= mm->brk && vma->vm_end >= mm->start_brk)
		return TARE_FAULT_BRK;
	if (vma->vm_start <= mm->start_stack && vma->vm_end >= mm->start_stack)
		return TARE_FAULT_STACK;
	return TARE_FAULT_ANONYMOUS;
}

static long on_vma(struct task_struct *p, struct vm_area_struct *vma, struct tare_fault_sample *r)
{
	r->owner = owner_of(vma);
	if (vma->vm_file)
		bpf_probe_read_kernel_str(r->name, sizeof(r->name),
					  BPF_CORE_READ(vma, vm_file, f_path.dentry, d_name.name));
	return 0;
}

/* May this CPU report another one now? Those of one kind must not use up what the other may. */
static __always_inline bool has_fault_budget(struct cpu_state *c, bool major, __u64 now)
{
	if (now - c->fault_window_ns > FAULT_WINDOW_NS) {
		c->fault_window_ns = now;
		c->fault_window_nr[0] = c->fault_window_nr[1] = 0;
	}
	return c->fault_window_nr[major]++ < FAULT_BUDGET;
}

/* Minor and major faults are two events, told apart by how often they are sampled. */
SEC("perf_event")
int page_fault(struct bpf_perf_event_data *ctx)
{
	struct tare_fault_sample r = { .rec.kind = TARE_REC_FAULT_SAMPLE, .period = ctx->sample_period };
	struct task_struct *p = bpf_get_current_task_btf();
	struct cpu_state *c = enter(PROG_page_fault);
	bool major = r.period == FAULT_PERIOD_MAJOR;
	__u64 now;

	if (!c || !target(p))
		return 0;
	now = bpf_ktime_get_ns();
	if (!has_fault_budget(c, major, now)) {
		c->faults_skipped[major] += r.period;
		return 0;
	}
	/* it stands for those, too */
	r.period += c->faults_skipped[major];
	c->faults_skipped[major] = 0;
	r.rec.flags = major ? TARE_FAULT_MAJOR : 0;
	r.tid = p->pid;
	r.tgid = p->tgid;
	r.address = ctx->addr;
	r.ip = user_ip(p);
	/* fails where another one waits to change the map: then it is not known */
	bpf_find_vma(p, r.address, on_vma, &r, 0);
	tell_stack(c, ctx, p, STACK_OF_FAULT, STACK_MEMORY, now);
	EMIT_EVIDENCE(c, now, &r);
	return 0;
}
