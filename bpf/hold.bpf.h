/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * After exec, a target is held before the new program's first instruction until the recorder has attached to it or a
 * timeout expires: by task work, which the kernel runs on the way back to user space (Linux 6.18). It spins, since no
 * function callable there sleeps for so short a time. It yields to any task that wants the CPU, the recorder above all,
 * and ends at once if the task is killed or nobody records any more.
 *
 * A separate object, in one form for each way the kernel has had to schedule the work: the recorder opens the one whose
 * functions the kernel has. libbpf would search the modules for a missing one, which takes CAP_SYS_ADMIN. The maps are
 * shared with the other programs; their variables are out of reach.
 */
#ifndef TARE_HOLD_BPF_H
#define TARE_HOLD_BPF_H

#include "tare.bpf.h"

char LICENSE[] SEC("license") = "GPL";

struct hold_state state SEC(TARE_HOLD_STATE) = {};

struct tasks_map tasks SEC(".maps");
struct cpus_map cpus SEC(".maps");

struct bpf_task_work { /* include/uapi/linux/bpf.h, since 6.18 */
	__u64 __opaque;
} __attribute__((aligned(8)));

/* The kernel looks for the work among a value's members. */
struct hold {
	struct bpf_task_work work;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_HOLDS);
	__type(key, __u32);
	__type(value, struct hold);
} holds SEC(".maps");

typedef int hold_fn(struct bpf_map *map, void *key, void *value);
/* Have @fn called with its value in the map of holds when @p, the current task, returns to user space. */
static __always_inline int schedule(struct task_struct *p, struct bpf_task_work *work, hold_fn *fn);

extern void css_rstat_flush(struct cgroup_subsys_state *css) __ksym;
extern struct cgroup *bpf_cgroup_from_id(__u64 id) __ksym;
extern void bpf_cgroup_release(struct cgroup *cgroup) __ksym;

/*
 * Without kernel preemption this lets others run: css_rstat_flush() reschedules between CPUs, and holds nothing then
 * (kernel/cgroup/rstat.c). Reading a task's memory does too, but with its mmap lock held, which attaching probes needs.
 * Flushing the cgroup's statistics is harmless.
 */
static __always_inline void give_way(void)
{
	struct cgroup *cgroup = bpf_cgroup_from_id(bpf_get_current_cgroup_id());

	if (!cgroup)
		return;
	css_rstat_flush(&cgroup->self);
	bpf_cgroup_release(cgroup);
}

struct holding {
	__u64 since, gave_way;
	__u32 place, tid;
	__u32 over, missed; /* bool, in words that the verifier follows */
};

#define SIGKILL_BIT (1 << 8) /* SIGKILL is 9, include/uapi/asm-generic/signal.h */
#define GIVE_WAY_NS 50000
#define PF_EXITING  0x4 /* include/linux/sched.h */

/* Returns 1 when the hold is over. */
static int hold_on(__u32 i, struct holding *h)
{
	struct task_struct *p = bpf_get_current_task_btf();
	__u64 now = bpf_ktime_get_ns();

	h->over = h->place >= MAX_HOLDS || !state.active || p->flags & PF_EXITING ||
		  p->pending.signal.sig[0] & SIGKILL_BIT || (state.held[h->place % MAX_HOLDS] & ~HOLD_SEEN) != h->tid;
	if (h->over)
		return 1;
	h->missed = now - h->since > (state.held[h->place] & HOLD_SEEN ? HOLD_SEEN_NS : HOLD_NS);
	if (now - h->gave_way > GIVE_WAY_NS) {
		h->gave_way = now;
		give_way();
	}
	return h->missed != 0;
}

static int hold_task(struct bpf_map *map, void *key, void *value)
{
	struct task_struct *p = bpf_get_current_task_btf();
	__u64 now = bpf_ktime_get_ns();
	struct holding h = { now, now, *(__u32 *)key, p->pid, 0, 0 };

	/* a fast CPU is through the longest loop that there is in less time than that */
	for (int i = 0; i < 8 && !h.over && !h.missed; i++)
		bpf_loop(1 << 23, hold_on, &h, 0);
	if (h.missed) {
		state.in_vain = true;
		__sync_fetch_and_add(&state.missed, 1);
	}
	if (h.place < MAX_HOLDS && (state.held[h.place] & ~HOLD_SEEN) == h.tid)
		state.held[h.place] = 0;
	__sync_fetch_and_add(&state.ns, bpf_ktime_get_ns() - h.since);
	__sync_fetch_and_add(&state.nr, 1);
	return 0;
}

/* Hold @p, the current task. It goes on, and is counted as missed, if there is no free place. */
static __always_inline void hold(struct task_struct *p)
{
	for (__u32 i = 0; i < 8; i++) {
		__u32 key = (p->pid + i) % MAX_HOLDS, place = key;
		struct hold *h = bpf_map_lookup_elem(&holds, &key);

		if (!h || __sync_val_compare_and_swap(&state.held[place], 0, p->pid))
			continue;
		if (!schedule(p, &h->work, hold_task))
			return;
		state.held[place] = 0; /* the last holder is still on its way out */
	}
	__sync_fetch_and_add(&state.missed, 1);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(hold_at_exec, struct task_struct *p)
{
	struct cpu_state *c = this_cpu();

	if (!c || !state.active)
		return 0;
	c->hits[PROG_hold_at_exec]++;
	if (target(p) && !state.in_vain)
		hold(p);
	return 0;
}

#endif /* TARE_HOLD_BPF_H */
