/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * After exec, a target is held before the new program's first instruction until the recorder has attached to it or a
 * timeout expires: by task work, which the kernel runs on the way back to user space (Linux 6.18). It spins, since no
 * function callable there sleeps for so short a time. It yields to any task that wants the CPU, the recorder above all,
 * and ends at once if the task is killed or nobody records any more.
 *
 * Under a quota the recorder may have to live on the same one. Spinning beyond it would starve the recorder: the kernel
 * throttles a task only on its way to user space, by task work too. So when that is due, the hold makes way for it and
 * goes on by a second piece of work, which runs once the task has its share again.
 *
 * A separate object, in one form for each way the kernel has had to schedule the work: the recorder opens the one whose
 * functions the kernel has. libbpf would search the modules for a missing one, which takes CAP_SYS_ADMIN. The maps are
 * shared with the other programs; their variables are out of reach.
 */
#ifndef TARE_HOLD_BPF_H
#define TARE_HOLD_BPF_H

#include "kernel.bpf.h"
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
	__uint(max_entries, 2 * MAX_HOLDS); /* two for each place: one can make way for the other */
	__type(key, __u32);
	__type(value, struct hold);
} holds SEC(".maps");

/* Of each place's hold so far. */
static struct held {
	__u64 since;  /* it began */
	__u64 ran_ns; /* without what it was throttled */
	__u64 cpu_ns; /* CPU time spun away */
} so_far[MAX_HOLDS];

typedef int hold_fn(struct bpf_map *map, void *key, void *value);
/* Have @fn called with its value in the map of holds when @p, the current task, returns to user space. */
static __always_inline int schedule(struct task_struct *p, struct bpf_task_work *work, hold_fn *fn);

struct bpf_iter_num {
	__u64 __opaque;
} __attribute__((aligned(8)));
extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym;

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

#define SIGKILL_BIT (1 << 8) /* SIGKILL is 9, include/uapi/asm-generic/signal.h */
#define PF_EXITING  0x4	     /* include/linux/sched.h */

/* Does nobody wait for @p in @place any more? */
static __always_inline bool is_over(struct task_struct *p, __u32 place)
{
	return !state.active || p->flags & PF_EXITING || p->pending.signal.sig[0] & SIGKILL_BIT ||
	       (state.held[place] & ~HOLD_SEEN) != p->pid;
}

static __always_inline bool is_late(__u32 place, __u64 ran_ns)
{
	return ran_ns > (state.held[place] & HOLD_SEEN ? HOLD_SEEN_NS : HOLD_NS);
}

/* Will the kernel throttle @p on its way to user space? The work points to itself while it is not due. */
static __always_inline bool is_to_be_throttled(struct task_struct *p)
{
	return bpf_core_field_exists(p->sched_throttle_work) &&
	       (__u64)p->sched_throttle_work.next !=
		       (__u64)p + bpf_core_field_offset(struct task_struct, sched_throttle_work);
}

static __always_inline __u64 less(__u64 a, __u64 b)
{
	return a > b ? a - b : 0;
}

#define GIVE_WAY_NS 50000

/* Spin until the hold of @p is over or late, or must make way. Since @from, it had run for @ran_ns. */
static __always_inline void spin(struct task_struct *p, __u32 place, __u64 from, __u64 ran_ns)
{
	__u64 now = from, gave_way = from;
	struct bpf_iter_num it;

	/* not bpf_loop(): the verifier takes its callback for endless in work that schedules itself */
	bpf_iter_num_new(&it, 0, 1 << 23);
	while (bpf_iter_num_next(&it) && !is_over(p, place) && !is_to_be_throttled(p) &&
	       !is_late(place, ran_ns + less(now, from))) {
		now = bpf_ktime_get_ns();
		if (now - gave_way > GIVE_WAY_NS) {
			gave_way = now;
			give_way();
		}
	}
	bpf_iter_num_destroy(&it);
}

static int hold_task(struct bpf_map *map, void *key, void *value);

/* The next piece of work for the hold whose present one is @key. */
static __always_inline bool next_turn(struct task_struct *p, __u32 key)
{
	__u32 next = (key + MAX_HOLDS) % (2 * MAX_HOLDS);
	struct hold *h = bpf_map_lookup_elem(&holds, &next);

	return h && !schedule(p, &h->work, hold_task);
}

static int hold_task(struct bpf_map *map, void *key, void *value)
{
	struct task_struct *p = bpf_get_current_task_btf();
	__u64 from = bpf_ktime_get_ns(), delay = run_delay_of(p), now;
	__u32 place = *(__u32 *)key % MAX_HOLDS;
	struct held *h = &so_far[place];
	bool over;

	spin(p, place, from, h->ran_ns);
	now = bpf_ktime_get_ns();
	h->ran_ns += now - from;
	h->cpu_ns += less(now - from, run_delay_of(p) - delay);
	over = is_over(p, place);
	if (!over && !is_late(place, h->ran_ns) && now - h->since < HOLD_THROTTLED_NS && next_turn(p, *(__u32 *)key))
		return 0;
	if (!over) {
		state.in_vain = true;
		__sync_fetch_and_add(&state.missed, 1);
	}
	__sync_fetch_and_add(&state.ns, now - h->since);
	__sync_fetch_and_add(&state.cpu_ns, h->cpu_ns);
	__sync_fetch_and_add(&state.nr, 1);
	if ((state.held[place] & ~HOLD_SEEN) == p->pid)
		state.held[place] = 0;
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
		so_far[place] = (struct held){ bpf_ktime_get_ns(), 0, 0 };
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
