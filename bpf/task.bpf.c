// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which threads are targets: those present when the recording begins, those
 * born of them, those that take the name asked for. Also their births and
 * names, and the kernel's counters for them at both ends of the recording.
 */
#include "tare.bpf.h"
#include "cgroup.bpf.h"
#include "kernel.bpf.h"
#include "oom.bpf.h"
#include "runtime/maps.bpf.h"
#include "stop.bpf.h"
#include "stopping.bpf.h"

const volatile bool follow = false;
/* The command of `tare run` until it runs: its program is already known. */
__u32 launched = 0;
const volatile char follow_comm[TARE_COMM_LEN] = "";
/* Purpose of the iterator's pass: 0 find targets and take their first snapshot, 1 the last one, 2 one to begin from. */
__u32 snapshot_phase = 0;

/* The recorder's own clocks, for what it writes and reads besides the kernel's times; see bpf__attach(). */
__s64 recorder_monotonic_ns = 0, recorder_boottime_ns = 0;

/* Run once, by the recorder itself. */
SEC("raw_tp")
int recorder_clocks(void *ctx)
{
	struct task_struct *p = bpf_get_current_task_btf();

	recorder_monotonic_ns = namespace_ns(p, false);
	recorder_boottime_ns = namespace_ns(p, true);
	return 0;
}

/* Start following @p. Returns its state, or NULL if there is no memory for it. */
static __always_inline struct task_state *track(struct cpu_state *c, struct task_struct *p)
{
	struct task_state *t = bpf_task_storage_get(&tasks, p, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!t) {
		c->lost[TARE_LOST_THREAD]++;
		return NULL;
	}
	if (t->ready)
		return t;
	t->tid = p->pid;
	t->nvcsw = p->nvcsw;
	t->in_exec = p->se.sum_exec_runtime;
	t->run_delay = run_delay_of(p);
	t->on_cpu = p->on_cpu;
	t->in_ts = t->on_cpu ? bpf_ktime_get_ns() : 0;
	t->ready = 1;
	__sync_fetch_and_add(&nr_live, 1);
	return t;
}

static __always_inline void born(struct cpu_state *c, struct task_state *t, struct task_struct *p,
				 struct task_struct *parent)
{
	__u64 ts = bpf_ktime_get_ns();
	struct tare_fork r = {
		.rec.kind = TARE_REC_FORK,
		.tid = p->pid,
		.tgid = p->tgid,
		.parent_tid = parent->pid,
		.parent_tgid = parent->tgid,
	};

	bpf_core_read(r.comm, sizeof(r.comm), &p->comm);
	if (p == parent) { /* it joins: the recorder must look for more of it */
		EMIT_TASK_NOW(c, ts, &r);
		return;
	}
	t->program_ns = ts;
	EMIT_TASK(c, ts, &r);
}

/* What is known of a process's program does not apply to its next one, nor to the next process with its id. */
static __always_inline void forget_program(__u32 tgid)
{
	runtimes__forget(tgid);
	stopping__end(tgid);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(sched_process_fork, struct task_struct *parent, struct task_struct *child)
{
	struct cpu_state *c = enter(PROG_sched_process_fork);
	struct task_state *t;
	bool is_thread = parent->tgid == child->tgid;

	if (!c || (!is_thread && !follow))
		return 0;
	/* clone3() can put it there at once (CLONE_INTO_CGROUP), in version 2 only */
	if (!is_thread && follow_cgroup && !follow_cgroup_hierarchy &&
	    cgroup__is_followed(BPF_CORE_READ(child, cgroups, dfl_cgrp))) {
		t = track(c, child);
		if (t)
			born(c, t, child, parent);
		return 0;
	}
	/* the parent may be marked (its leader's state exists) but not yet visited by the first pass */
	if (!bpf_task_storage_get(&tasks, parent, NULL, 0) &&
	    !bpf_task_storage_get(&tasks, parent->group_leader, NULL, 0))
		return 0;
	if (!is_thread)
		forget_program(child->tgid);
	t = track(c, child);
	if (t)
		born(c, t, child, parent);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(sched_process_exec, struct task_struct *p, pid_t old_tid)
{
	struct tare_exec r = { .rec.kind = TARE_REC_EXEC, .tid = p->pid, .old_tid = old_tid };
	struct cpu_state *c = enter(PROG_sched_process_exec);
	struct task_state *t = bpf_task_storage_get(&tasks, p, NULL, 0);
	__u64 ts = bpf_ktime_get_ns();
	__u32 tgid = p->tgid;

	/* also before the recording and after it: the recorder looks into the process then */
	if (!t)
		return 0;
	t->program_ns = ts;
	t->tid = p->pid; /* it is told here, before any switch */
	if (!c || !t->ready)
		return 0;
	if (tgid == launched)
		launched = 0;
	else
		forget_program(tgid);
	t->runtime_thread = t->p_at = 0;
	bpf_core_read(r.comm, sizeof(r.comm), &p->comm);
	EMIT_TASK_NOW(c, ts, &r);
	return 0;
}

/* Compare as strings: bytes after the name in the kernel's buffer are undefined. */
static __always_inline bool is_followed_name(const char *comm)
{
	if (!follow_comm[0])
		return false;
	for (int i = 0; i < TARE_COMM_LEN; i++) {
		if (comm[i] != follow_comm[i])
			return false;
		if (!comm[i])
			return true;
	}
	return true;
}

SEC("tp_btf/task_rename")
int BPF_PROG(task_rename, struct task_struct *p, const char *comm)
{
	struct cpu_state *c = enter(PROG_task_rename);
	struct tare_name r = { .rec.kind = TARE_REC_RENAME, .tid = p->pid, .tgid = p->tgid };
	struct task_state *t;

	__sync_fetch_and_add(&names_generation, 1);
	if (!c)
		return 0;
	bpf_probe_read_kernel_str(r.comm, sizeof(r.comm), comm);
	t = target(p);
	if (t) {
		r.tid = t->tid;
		EMIT_TASK(c, bpf_ktime_get_ns(), &r);
	} else if (p->pid == p->tgid && is_followed_name(r.comm) && (t = track(c, p))) {
		born(c, t, p, p);
		EMIT_TASK(c, bpf_ktime_get_ns(), &r);
	}
	return 0;
}

/*
 * Its argument is a task since 6.9 and in later stable releases of earlier kernels, before that a thread's id
 * (72ba14deb40a, "mm: update mark_victim tracepoints fields"): so not by BTF, which would have to know which.
 */
#define PID_MAX (1 << 22) /* PID_MAX_LIMIT, include/linux/threads.h */
SEC("raw_tp/mark_victim")
int mark_victim(__u64 *ctx)
{
	struct cpu_state *c = enter(PROG_mark_victim);
	struct tare_oom_kill r = { .rec.kind = TARE_REC_OOM_KILL, .tid = ctx[0] };
	struct task_struct *p = (struct task_struct *)ctx[0];

	if (!c)
		return 0;
	if (ctx[0] > PID_MAX) {
		r.tid = BPF_CORE_READ(p, pid);
		r.tgid = BPF_CORE_READ(p, tgid);
		r.limit_pages = name_memory_limit(p, r.cgroup);
	}
	EMIT_TASK_NOW(c, bpf_ktime_get_ns(), &r);
	return 0;
}

/* Moved into the cgroup from outside, as a service manager does with a service that it starts. */
SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(cgroup_attach_task, struct cgroup *to, const char *path, struct task_struct *p)
{
	struct cpu_state *c = enter(PROG_cgroup_attach_task);
	struct task_state *t;

	if (!c || p->pid != p->tgid || !cgroup__is_followed(to) || target(p))
		return 0;
	t = track(c, p);
	if (t)
		born(c, t, p, p);
	return 0;
}

SEC("iter/task")
int snapshot(struct bpf_iter__task *ctx)
{
	struct task_struct *p = ctx->task;
	struct cpu_state *c = this_cpu();
	struct tare_task r = { .phase = snapshot_phase };
	struct task_state *t;
	__u32 held;
	bool compat;

	if (!p || !c)
		return 0;
	t = bpf_task_storage_get(&tasks, p, NULL, 0);
	/* a reader that starts here knows no names yet */
	if (snapshot_phase == 2 && !ctx->meta->seq_num)
		__sync_fetch_and_add(&names_generation, 1);
	if (snapshot_phase) {
		if (!t || !t->ready)
			return 0;
		/* it has left for good: nothing more is recorded of it */
		if (snapshot_phase == 2 && p->exit_state && !p->on_cpu && !p->on_rq)
			return 0;
	} else {
		/* the recorder marks a process by giving its first thread a state that is not ready */
		if (t ? t->ready && !t->untold : !bpf_task_storage_get(&tasks, p->group_leader, NULL, 0))
			return 0;
		if (p->exit_state)
			return 0;
		t = track(c, p);
		if (!t)
			return 0;
	}
	r.ts_ns = bpf_ktime_get_ns();
	r.tid = p->pid;
	r.tgid = p->tgid;
	r.ppid = BPF_CORE_READ(p, real_parent, tgid);
	held = held_by(p, task_state_bits(p));
	r.state = held ?: state_of(task_state_bits(p));
	if (held) {
		r.stop = stop_flags(p, held);
		stop_names(p, held, &r.signal, r.cgroup);
	}
	r.syscall = syscall_of(p, &compat);
	r.start_ns = p->start_time;
	r.nvcsw = p->nvcsw;
	r.nivcsw = p->nivcsw;
	r.exec_ns = p->se.sum_exec_runtime;
	r.run_delay_ns = run_delay_of(p);
	r.minor_faults = p->min_flt;
	r.major_faults = p->maj_flt;
	r.on_cpu = p->on_cpu;
	r.cpu = task_cpu(p);
	r.program_ns = p->pid == p->tgid ? t->program_ns : 0;
	bpf_core_read(r.comm, sizeof(r.comm), &p->comm);
	/* if the buffer is full, the kernel hands it over and comes back for this thread, which is followed by then */
	t->untold = bpf_seq_write(ctx->meta->seq, &r, sizeof(r)) != 0;
	return 0;
}

/* The number of @p in the PID namespace @level levels below the first; 0: it is in none there. */
static __always_inline __u32 number_at(struct task_struct *p, __u32 level)
{
	struct pid *pid = p->thread_pid; /* NULL once it has ended: the reads below then give 0 */
	struct upid *numbers = (void *)pid + bpf_core_field_offset(struct pid, numbers);
	__u32 nr = 0;

	if (BPF_CORE_READ(pid, level) < level)
		return 0;
	bpf_probe_read_kernel(&nr, sizeof(nr),
			      (void *)numbers + level * bpf_core_type_size(struct upid) +
				      bpf_core_field_offset(struct upid, nr));
	return nr;
}

/* Where the recorder runs in a PID namespace: both numbers of each task in it, the only ones that it can iterate. */
SEC("iter/task")
int pid_numbers(struct bpf_iter__task *ctx)
{
	struct task_struct *p = ctx->task, *own = bpf_get_current_task_btf();
	__u32 pair[2];

	if (!p)
		return 0;
	pair[0] = p->pid;
	pair[1] = number_at(p, BPF_CORE_READ(own, thread_pid, level));
	if (pair[1])
		bpf_seq_write(ctx->meta->seq, pair, sizeof(pair));
	return 0;
}
