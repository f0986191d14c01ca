/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel knows of a task, wherever the version at hand keeps it. Read
 * nowhere else: differences between versions are confined to this file and
 * vmlinux/common.h.
 */
#ifndef TARE_KERNEL_BPF_H
#define TARE_KERNEL_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "format.h"

/* The CPU that @p is on or was last put on. */
static __always_inline __u32 task_cpu(struct task_struct *p)
{
	if (bpf_core_field_exists(p->thread_info.cpu))
		return p->thread_info.cpu;
	return BPF_CORE_READ((struct task_struct___before_516 *)p, cpu);
}

static __always_inline __u32 task_state_bits(struct task_struct *p)
{
	if (bpf_core_field_exists(p->__state))
		return p->__state;
	return BPF_CORE_READ((struct task_struct___before_514 *)p, state);
}

/* enum tare_state of a task's state bits (TASK_REPORT and TASK_DEAD, include/linux/sched.h). */
static __always_inline __u32 state_of(__u32 bits)
{
	if (!bits)
		return TARE_STATE_RUNNING;
	if (bits & 0x80) /* TASK_DEAD */
		return TARE_STATE_DEAD;
	if (bits & 0x1)
		return TARE_STATE_INTERRUPTIBLE;
	if (bits & 0x2) /* also TASK_IDLE, which has more bits, and TASK_KILLABLE */
		return bits & 0x400 ? TARE_STATE_IDLE : TARE_STATE_UNINTERRUPTIBLE;
	if (bits & 0x4)
		return TARE_STATE_STOPPED;
	if (bits & 0x8)
		return TARE_STATE_TRACED;
	if (bits & 0x10)
		return TARE_STATE_DEAD;
	if (bits & 0x20)
		return TARE_STATE_ZOMBIE;
	if (bits & 0x40)
		return TARE_STATE_PARKED;
	return TARE_STATE_OTHER;
}

extern const volatile __s64 preempt_count_at; /* from `runqueues`, in bytes; 0: not known */

#define SERVING_SOFTIRQ 0x100 /* the lowest of softirq's 8 bits, include/linux/preempt.h */

/*
 * This CPU's, where @curr runs; 0 if not known. On x86-64 it is a per-CPU variable. An extern for it would take data
 * symbols in kallsyms and, where the kernel lacks it, CAP_SYS_ADMIN, since libbpf then searches the modules. But the
 * current task's queue leads to this CPU's `runqueues`, and the distance between two per-CPU variables is the same on
 * every CPU.
 */
static __always_inline int preempt_count_of(struct task_struct *curr)
{
	int count = 0;

#if defined(__TARGET_ARCH_arm64)
	count = curr->thread_info.preempt.count;
#else
	if (preempt_count_at && bpf_core_field_exists(curr->se.cfs_rq->rq))
		bpf_probe_read_kernel(&count, sizeof(count), (void *)curr->se.cfs_rq->rq + preempt_count_at);
#endif
	return count;
}

/* schedstat's second field, or TARE_UNKNOWN */
static __always_inline __u64 run_delay_of(struct task_struct *p)
{
	return bpf_core_field_exists(p->sched_info.run_delay) ? p->sched_info.run_delay : TARE_UNKNOWN;
}

/* Before 5.15 no helper returns a task's registers: they are at the top of its stack, THREAD_SIZE long (4 KB pages). */
static __always_inline struct pt_regs *user_regs_before_515(struct task_struct *p)
{
	return p->stack + 16384 - bpf_core_type_size(struct pt_regs);
}

/* Is the system call that @p is in of the 32-bit table? */
static __always_inline bool is_compat(struct task_struct *p)
{
#if defined(__TARGET_ARCH_x86)
	return p->thread_info.status & 2; /* TS_COMPAT, arch/x86/include/asm/thread_info.h */
#else
	return false;
#endif
}

/* The number of the system call that is about to return, by its registers. */
static __always_inline long entered_by(struct pt_regs *regs)
{
#if defined(__TARGET_ARCH_x86)
	return BPF_CORE_READ(regs, orig_ax);
#elif defined(__TARGET_ARCH_arm64)
	return BPF_CORE_READ(regs, syscallno);
#endif
}

/* The system call that @p entered the kernel by, or TARE_NO_SYSCALL. Sets *@compat for the 32-bit table. */
static __always_inline __u16 syscall_of(struct task_struct *p, bool *compat)
{
	bool helper = bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs);
	long nr;

	*compat = is_compat(p);
#if defined(__TARGET_ARCH_x86)
	/* -1 in interrupts and exceptions, arch/x86/entry/entry_64.S */
	nr = helper ? (long)((struct pt_regs *)bpf_task_pt_regs(p))->orig_ax :
		      (long)BPF_CORE_READ(user_regs_before_515(p), orig_ax);
#elif defined(__TARGET_ARCH_arm64)
	/* NO_SYSCALL is -1, arch/arm64/include/asm/ptrace.h */
	nr = helper ? ((struct pt_regs *)bpf_task_pt_regs(p))->syscallno :
		      BPF_CORE_READ(user_regs_before_515(p), syscallno);
#endif
	return nr < 0 || nr >= TARE_NO_SYSCALL ? TARE_NO_SYSCALL : nr;
}

/* The user address at which @p, the current task, entered the kernel; 0: unknown. */
static __always_inline __u64 user_ip(struct task_struct *p)
{
	struct pt_regs *regs;

	if (!bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
		return 0;
	regs = (struct pt_regs *)bpf_task_pt_regs(p);
#if defined(__TARGET_ARCH_x86)
	return regs->ip;
#elif defined(__TARGET_ARCH_arm64)
	return regs->pc;
#endif
}

/* Its user stack pointer there; 0: unknown. */
static __always_inline __u64 user_sp(struct task_struct *p)
{
	struct pt_regs *regs;

	if (!bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
		return 0;
	regs = (struct pt_regs *)bpf_task_pt_regs(p);
	return regs->sp;
}

/* All of its user registers there, by DWARF number, into @to. Returns how many; 0: unknown. */
static __always_inline __u32 user_registers(struct task_struct *p, __u64 *to)
{
	struct pt_regs *regs;

	if (!bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
		return 0;
	regs = (struct pt_regs *)bpf_task_pt_regs(p);
#if defined(__TARGET_ARCH_x86)
	to[0] = regs->ax;
	to[1] = regs->dx;
	to[2] = regs->cx;
	to[3] = regs->bx;
	to[4] = regs->si;
	to[5] = regs->di;
	to[6] = regs->bp;
	to[7] = regs->sp;
	to[8] = regs->r8;
	to[9] = regs->r9;
	to[10] = regs->r10;
	to[11] = regs->r11;
	to[12] = regs->r12;
	to[13] = regs->r13;
	to[14] = regs->r14;
	to[15] = regs->r15;
	to[16] = regs->ip;
	return 17;
#elif defined(__TARGET_ARCH_arm64)
	for (int i = 0; i < 31; i++)
		to[i] = BPF_CORE_READ((struct user_pt_regs *)regs, regs[i]);
	to[31] = regs->sp;
	to[32] = regs->pc;
	return 33;
#endif
}

/* In what user_registers() has written. */
#if defined(__TARGET_ARCH_arm64)
enum { REGISTER_SP = 31, REGISTER_IP = 32 };
#else
enum { REGISTER_SP = 7, REGISTER_IP = 16 };
#endif

#if defined(__TARGET_ARCH_arm64)
/* The return address of the function that @p is in, before it calls another; 0: unknown. */
static __always_inline __u64 user_link(struct task_struct *p)
{
	if (!bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
		return 0;
	return BPF_CORE_READ((struct user_pt_regs *)bpf_task_pt_regs(p), regs[30]);
}
#endif

/* Does user address @ip follow a system call instruction? */
static __always_inline bool is_after_syscall(__u64 ip)
{
#if defined(__TARGET_ARCH_x86)
	__u16 insn = 0; /* syscall */

	return !bpf_probe_read_user(&insn, sizeof(insn), (void *)(ip - sizeof(insn))) && insn == 0x050f;
#elif defined(__TARGET_ARCH_arm64)
	__u32 insn = 0; /* svc #0 */

	return !bpf_probe_read_user(&insn, sizeof(insn), (void *)(ip - sizeof(insn))) && insn == 0xd4000001;
#endif
}

/* The system call that the current task @p is about to return from to user space with a signal; TARE_NO_SYSCALL: none.
 */
static __always_inline __u16 returns_from(struct task_struct *p)
{
#if defined(__TARGET_ARCH_x86)
	bool compat;

	return syscall_of(p, &compat);
#elif defined(__TARGET_ARCH_arm64)
	/* do_signal(), arch/arm64/kernel/signal.c, has already cleared the call; but its number is still in x8 */
	struct user_pt_regs *regs;

	if (!bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs) || !is_after_syscall(user_ip(p)))
		return TARE_NO_SYSCALL;
	regs = (struct user_pt_regs *)bpf_task_pt_regs(p);
	return BPF_CORE_READ(regs, regs[8]) < TARE_NO_SYSCALL ? BPF_CORE_READ(regs, regs[8]) : TARE_NO_SYSCALL;
#endif
}

/* Does @p block signal @sig, 1 to 64? */
static __always_inline bool is_blocked(struct task_struct *p, int sig)
{
	return p->blocked.sig[0] >> (sig - 1) & 1;
}

/* User space's thread pointer of @p: its fs base (x86-64) or tpidr_el0 (arm64) when it last left user space. */
static __always_inline __u64 thread_pointer(struct task_struct *p)
{
#if defined(__TARGET_ARCH_x86)
	return p->thread.fsbase;
#elif defined(__TARGET_ARCH_arm64)
	return p->thread.uw.tp_value;
#endif
}

/* The processor's flags where a uprobe was hit. */
static __always_inline __u64 user_flags(struct pt_regs *ctx)
{
#if defined(__TARGET_ARCH_x86)
	return ctx->flags;
#elif defined(__TARGET_ARCH_arm64)
	return ctx->pstate;
#endif
}

/*
 * How far @p's clocks are ahead of the kernel's, ns: its time namespace may shift them. Only what a program reads
 * itself is shifted, not bpf_ktime_get_ns() or the kernel's own times.
 */
static __always_inline __s64 namespace_ns(struct task_struct *p, bool boottime)
{
	struct nsproxy *proxy = p->nsproxy; /* NULL once it exits: the reads below then give 0 */
	struct time_namespace *ns = NULL;

	if (!bpf_core_field_exists(proxy->time_ns))
		return 0;
	ns = BPF_CORE_READ(proxy, time_ns);
	if (boottime)
		return BPF_CORE_READ(ns, offsets.boottime.tv_sec) * 1000000000ll +
		       BPF_CORE_READ(ns, offsets.boottime.tv_nsec);
	return BPF_CORE_READ(ns, offsets.monotonic.tv_sec) * 1000000000ll +
	       BPF_CORE_READ(ns, offsets.monotonic.tv_nsec);
}

/* Did the CPU clock's tick interrupt the kernel? */
static __always_inline bool sampled_in_kernel(struct bpf_perf_event_data *ctx)
{
#if defined(__TARGET_ARCH_x86)
	return !(ctx->cs & 3);
#elif defined(__TARGET_ARCH_arm64)
	return (ctx->pstate & 0xf) != 0; /* PSR_MODE_EL0t, arch/arm64/include/uapi/asm/ptrace.h */
#endif
}

/*
 * Was signal @info, from a tracepoint, sent to one thread by tgkill()? @info may also be a small number, not an
 * address.
 */
static __always_inline bool is_sent_to_thread(void *info)
{
	int code = 0;

	bpf_core_read(&code, sizeof(code), &((struct kernel_siginfo *)info)->si_code);
	return code == -6; /* SI_TKILL, include/uapi/asm-generic/siginfo.h */
}

/*
 * The queue that @p is on. Not p->se.cfs_rq: since 6.2 the verifier looks through all of the kernel's types at each
 * pointer that is loaded from a task directly, on each path to it, which was a third of the time that attaching took.
 */
static __always_inline struct cfs_rq *queue_of(struct task_struct *p)
{
	return BPF_CORE_READ(p, se.cfs_rq);
}

/* Total time that queue @q was throttled, including now. In ns of the run queue's clock. */
static __always_inline __u64 throttled_total(struct cfs_rq *q)
{
	__u64 since;

	if (bpf_core_field_exists(q->throttled_clock_self_time)) {
		since = BPF_CORE_READ(q, throttled_clock_self);
		return BPF_CORE_READ(q, throttled_clock_self_time) + (since ? BPF_CORE_READ(q, rq, clock) - since : 0);
	}
	/* Earlier kernels keep only the sum of finished throttlings: right when read after the wait, as here. */
	if (bpf_core_field_exists(q->throttled_clock_pelt_time))
		return BPF_CORE_READ(q, throttled_clock_pelt_time);
	return BPF_CORE_READ((struct cfs_rq___before_519 *)q, throttled_clock_task_time);
}

/*
 * Before 6.18 all threads of a group are throttled at once, wherever they are; since then each on its way to user
 * space.
 */
static __always_inline bool throttles_whole_groups(struct task_struct *p)
{
	return !bpf_core_field_exists(p->throttled);
}

static __always_inline bool is_throttled(struct task_struct *p)
{
	if (bpf_core_field_exists(p->throttled))
		return p->throttled;
	return BPF_CORE_READ(queue_of(p), throttle_count) > 0;
}

#endif /* TARE_KERNEL_BPF_H */
