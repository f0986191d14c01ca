/* SPDX-License-Identifier: GPL-2.0-only */
/* What stops a thread, whatever it called the kernel for: a signal, a debugger, the cgroup freezer. */
#ifndef TARE_STOP_BPF_H
#define TARE_STOP_BPF_H

#include "kernel.bpf.h"
#include "tare.bpf.h"

/*
 * What stops @p (state bits @bits), if not the call that it made: TARE_STATE_STOPPED, _TRACED or _FROZEN; else 0.
 * JOBCTL_TRAP_FREEZE is in include/linux/sched/jobctl.h since 5.2; TASK_FROZEN (since 6.1) and PF_FROZEN (until 6.0;
 * later no user thread has that bit) are in include/linux/sched.h.
 */
#define TASK_FROZEN	   0x8000
#define PF_FROZEN	   0x10000
#define JOBCTL_TRAP_FREEZE (1 << 23)
static __always_inline __u32 held_by(struct task_struct *p, __u32 bits)
{
	if (bits & TASK_FROZEN || p->flags & PF_FROZEN)
		return TARE_STATE_FROZEN;
	if (bits & 0xc)
		return state_of(bits);
	if (p->jobctl & JOBCTL_TRAP_FREEZE && bpf_core_field_exists(p->frozen) &&
	    BPF_CORE_READ_BITFIELD_PROBED(p, frozen))
		return TARE_STATE_FROZEN;
	return 0;
}

/* The signal that stopped @p and its whole process: JOBCTL_STOP_SIGMASK, include/linux/sched/jobctl.h. */
static __always_inline __u32 stop_signal(struct task_struct *p)
{
	return p->jobctl & 0xffff;
}

/* The name of the cgroup that froze @p: the nearest one that was itself told to freeze; "": none. */
#define MAX_CGROUP_DEPTH 16
static __always_inline void freezer_name(struct task_struct *p, bool v2, char name[TARE_CGROUP_LEN])
{
	struct css_set *set = p->cgroups;
	struct cgroup_subsys_state *css = NULL;

	if (v2)
		css = &BPF_CORE_READ(set, dfl_cgrp)->self;
	else if (bpf_core_enum_value_exists(enum cgroup_subsys_id, freezer_cgrp_id))
		bpf_probe_read_kernel(&css, sizeof(css),
				      (void *)&set->subsys + sizeof(css) * bpf_core_enum_value(enum cgroup_subsys_id,
											       freezer_cgrp_id));
	for (int i = 0; i < MAX_CGROUP_DEPTH && css; i++) {
		struct cgroup *group = BPF_CORE_READ(css, cgroup);
		/* CGROUP_FREEZING_SELF, kernel/cgroup/legacy_freezer.c */
		bool told = v2 ? BPF_CORE_READ(group, freezer.freeze) : BPF_CORE_READ((struct freezer *)css, state) & 2;

		if (told) {
			bpf_probe_read_kernel_str(name, TARE_CGROUP_LEN, BPF_CORE_READ(group, kn, name));
			return;
		}
		css = BPF_CORE_READ(css, parent);
	}
}

/* Flags of struct tare_stop for @p, which is stopped in @state, or about to be. */
static __always_inline __u32 stop_flags(struct task_struct *p, __u32 state)
{
	__u32 bits = task_state_bits(p);
	/* since 6.1, for the freezer of cgroup v1 and suspend: __set_task_frozen(), kernel/freezer.c */
	__u32 sleepers = bits & TASK_FROZEN ? TARE_STOP_SLEEPERS : 0;
	/* do_freezer_trap(), kernel/signal.c */
	__u32 interruptible = bits & 0x1 ? TARE_STOP_INTERRUPTIBLE : 0;

	return state | sleepers | interruptible;
}

/* The other fields of struct tare_stop. */
static __always_inline void stop_names(struct task_struct *p, __u32 state, __u32 *signal, char cgroup[TARE_CGROUP_LEN])
{
	*signal = state == TARE_STATE_STOPPED ? stop_signal(p) : 0;
	__builtin_memset(cgroup, 0, TARE_CGROUP_LEN);
	if (state == TARE_STATE_FROZEN)
		freezer_name(p, p->jobctl & JOBCTL_TRAP_FREEZE, cgroup);
}

/* The current task is being stopped: record by what. Not on the stack, which has no room for a name. Always 0. */
APART int tell_stop(__u64 now)
{
	struct cpu_state *c = this_cpu();
	struct task_struct *prev = bpf_get_current_task_btf();
	struct tare_stop *r;
	__u32 state;

	if (!c)
		return 0;
	r = (struct tare_stop *)c->scratch;
	state = c->held;
	r->rec.kind = TARE_REC_STOP;
	r->rec.flags = stop_flags(prev, state);
	r->tid = prev->pid;
	r->tgid = prev->tgid;
	stop_names(prev, state, &r->signal, r->cgroup);
	if (emit(c, now, &r->rec, sizeof(*r)))
		c->lost[TARE_LOST_EVIDENCE]++;
	return 0;
}

#endif /* TARE_STOP_BPF_H */
