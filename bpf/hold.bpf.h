/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A target that has become another program is held before that program's first instruction, until the recorder has
 * attached to it or the time for that is over: by task work, which the kernel runs on the way back to user space (Linux
 * 6.18). It spins, since nothing that may be called there sleeps for so short a time; it gives way to whoever wants the
 * CPU, the recorder before all, and ends at once where the task is killed or nobody records any more.
 */
#ifndef TARE_HOLD_BPF_H
#define TARE_HOLD_BPF_H

#include "tare.bpf.h"

/* Who is held, by place, or 0; HOLD_SEEN is added by the recorder once it is at work for it, which ends it with 0. */
__u32 held[MAX_HOLDS] = {};
/* One was let go in vain: nobody is held until the recorder, which must be stopped or dead, has cleared this. */
bool hold_missed = false;
/* Holds that ended, how long they were together, and how many ended before the recorder was ready. */
__u64 nr_holds = 0, hold_ns = 0, nr_holds_missed = 0;
/* The kernel passes what a callback needs by itself (later than 6.18). */
const volatile bool hold_implicit = false;

struct bpf_task_work {	/* include/uapi/linux/bpf.h, since 6.18 */
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
extern int bpf_task_work_schedule_resume_impl(struct task_struct *p, struct bpf_task_work *work, void *map, hold_fn *fn,
					      void *aux) __ksym __weak;
extern int bpf_task_work_schedule_resume(struct task_struct *p, struct bpf_task_work *work, void *map,
					 hold_fn *fn) __ksym __weak;

extern void css_rstat_flush(struct cgroup_subsys_state *css) __ksym __weak;
extern struct cgroup *bpf_cgroup_from_id(__u64 id) __ksym __weak;
extern void bpf_cgroup_release(struct cgroup *cgroup) __ksym __weak;

/*
 * Where the kernel does not preempt itself this lets others run: css_rstat_flush() does so between CPUs, and holds
 * nothing then (kernel/cgroup/rstat.c). Reading memory of a task does too, but with its map locked, which whoever
 * attaches probes to it wants to change. That the cgroup's statistics are summed up meanwhile changes nothing.
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
	bool missed;
};

#define SIGKILL_BIT (1 << 8) /* SIGKILL is 9, include/uapi/asm-generic/signal.h */
#define GIVE_WAY_NS 50000
#define PF_EXITING 0x4 /* include/linux/sched.h */

/* Returns 1 where it is over. */
static int hold_on(__u32 i, struct holding *h)
{
	struct task_struct *p = bpf_get_current_task_btf();
	__u64 now = bpf_ktime_get_ns();

	if (h->place >= MAX_HOLDS || !active || p->flags & PF_EXITING || p->pending.signal.sig[0] & SIGKILL_BIT)
		return 1;
	if ((held[h->place] & ~HOLD_SEEN) != h->tid)
		return 1;
	h->missed = now - h->since > (held[h->place] & HOLD_SEEN ? HOLD_SEEN_NS : HOLD_NS);
	if (now - h->gave_way > GIVE_WAY_NS) {
		h->gave_way = now;
		give_way();
	}
	return h->missed;
}

static int hold_task(struct bpf_map *map, void *key, void *value)
{
	struct task_struct *p = bpf_get_current_task_btf();
	__u64 now = bpf_ktime_get_ns();
	struct holding h = { now, now, *(__u32 *)key, p->pid, false };

	bpf_loop(1 << 23, hold_on, &h, 0);
	if (h.missed) {
		hold_missed = true;
		__sync_fetch_and_add(&nr_holds_missed, 1);
	}
	if (h.place < MAX_HOLDS && (held[h.place] & ~HOLD_SEEN) == h.tid)
		held[h.place] = 0;
	__sync_fetch_and_add(&hold_ns, bpf_ktime_get_ns() - h.since);
	__sync_fetch_and_add(&nr_holds, 1);
	return 0;
}

/* Have @p, the current task, held when it goes back to user space. It goes on where there is no place. */
static __always_inline void hold__schedule(struct task_struct *p)
{
	if (hold_missed)
		return;
	for (__u32 i = 0; i < 8; i++) {
		__u32 place = (p->pid + i) % MAX_HOLDS;
		struct hold *h = bpf_map_lookup_elem(&holds, &place);
		int err;

		if (!h || place >= MAX_HOLDS || __sync_val_compare_and_swap(&held[place], 0, p->pid))
			continue;
		if (hold_implicit)
			err = bpf_task_work_schedule_resume(p, &h->work, &holds, hold_task);
		else
			err = bpf_task_work_schedule_resume_impl(p, &h->work, &holds, hold_task, NULL);
		if (!err)
			return;
		held[place] = 0; /* who was there last is on its way still */
	}
}

#endif /* TARE_HOLD_BPF_H */
