// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which memory page faults are for, and which code: one in some hundred, since the kernel itself counts them all. By
 * the software events that the kernel raises once a fault is served: mm_account_fault(), mm/memory.c, since 5.9.
 */
#include "tare.bpf.h"
#include "kernel.bpf.h"
#include "stack.bpf.h"

/* include/linux/mm.h */
#define VM_EXEC	      0x4
#define VM_SHARED     0x8
#define VM_HUGETLB    0x00400000
#define VM_HUGEPAGE   0x20000000 /* MADV_HUGEPAGE */
#define VM_NOHUGEPAGE 0x40000000

/* Of a huge page; 0: there are none. And whether memory gets them without asking. */
const volatile __u64 huge_bytes = 0;
const volatile bool huge_always = false;

/*
 * The recorder finds out which pages are huge: only the page tables tell, which have physical addresses. It should not
 * come long after, but not for each one either.
 */
#define HUGE_LOOK_NS 10000000ull

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

/* May the page at @address be a huge one? */
static __always_inline bool may_be_huge(const struct vm_area_struct *vma, __u64 address)
{
	__u64 begin = address & -huge_bytes;

	if (vma->vm_flags & VM_HUGETLB)
		return true;
	if (vma->vm_flags & VM_NOHUGEPAGE || !(huge_always || vma->vm_flags & VM_HUGEPAGE))
		return false;
	return huge_bytes && begin >= vma->vm_start && begin + huge_bytes <= vma->vm_end;
}

static long on_vma(struct task_struct *p, struct vm_area_struct *vma, struct tare_fault_sample *r)
{
	r->owner = owner_of(vma);
	if (may_be_huge(vma, r->address))
		r->rec.flags |= TARE_FAULT_MAY_HUGE;
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
	__u64 flags = BPF_RB_NO_WAKEUP;
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
	if (r.rec.flags & TARE_FAULT_MAY_HUGE && now - c->huge_told_ns > HUGE_LOOK_NS) {
		c->huge_told_ns = now;
		flags = BPF_RB_FORCE_WAKEUP;
	}
	if (emit_with(c, now, &r.rec, sizeof(r), flags))
		__sync_fetch_and_add(&c->lost[TARE_LOST_EVIDENCE], 1);
	return 0;
}
