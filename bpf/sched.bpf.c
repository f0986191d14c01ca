// SPDX-License-Identifier: GPL-2.0-only
/*
 * Context switches of the target's threads: one record each, with all that is
 * then known of both sides.
 *
 * This cost is paid at every switch, so what the kernel already keeps is read,
 * not measured again: when a thread was put on the run queue
 * (sched_info.last_queued), how much CPU time it was charged
 * (se.sum_exec_runtime), whether a switch was voluntary (nvcsw), how long its
 * queue was throttled. That also makes the figures agree with /proc exactly.
 */
#include "tare.bpf.h"
#include "fault.bpf.h"
#include "goroutine.bpf.h"
#include "kernel.bpf.h"
#include "runtime/maps.bpf.h"
#include "stack.bpf.h"
#include "stop.bpf.h"
#include "stopping.bpf.h"
#include "timing.bpf.h"

char LICENSE[] SEC("license") = "GPL";

bool active = false;
__s64 nr_live = 0;
__u32 names_generation = 0;
const volatile __u32 nr_rings = 1, ring_bytes = 0;
const volatile __u64 wake_at_bytes = 0;
const volatile __u64 off_cpu_min_ns = 0;
const volatile __u32 unwind_words = 0;
const volatile __u32 memory_unwind_words = 0;
const volatile __s64 preempt_count_at = 0; /* from `runqueues`, in bytes; 0: not known */

struct tasks_map tasks SEC(".maps");
struct cpus_map cpus SEC(".maps");
struct rings_map rings SEC(".maps");
#define X(type, name) struct type name SEC(".maps");
RUNTIME_MAPS(X)
#undef X
bool any_goroutines = false;
__u64 preempt_signals = 0;
struct stopping_map stopping SEC(".maps");
struct stacks_map stacks SEC(".maps");
__s32 nr_stopping = 0;
bool fault_ends = false;

/* Report uncharged time once it adds up to this: less is the jitter of reading two clocks. */
#define STOLEN_MIN_NS 2000

/* Always called with interrupts off, so a CPU's own changes need no atomic operation. */
static __always_inline void waiting_add(__u32 cpu, __s64 n)
{
	struct cpu_state *c = bpf_map_lookup_elem(&cpus, &cpu);

	if (!c)
		return;
	if (cpu == bpf_get_smp_processor_id())
		c->waiting_own += n;
	else
		__sync_fetch_and_add(&c->waiting, n);
}

static __always_inline void waiting_begins(struct task_state *t, __u32 cpu)
{
	if (t->wait_cpu)
		return;
	t->wait_cpu = cpu + 1;
	waiting_add(cpu, 1);
}

static __always_inline void waiting_ends(struct task_state *t)
{
	__u32 cpu = t->wait_cpu - 1;

	if (!t->wait_cpu)
		return;
	t->wait_cpu = 0;
	waiting_add(cpu, -1);
}

static __always_inline void throttle_arm(struct task_state *t, struct task_struct *p)
{
	t->throttle_armed = 1;
	t->throttled = 0;
	t->throttled_before = throttled_total(queue_of(p));
}

/* CONFIG_SCHED_INFO (schedstats or delay accounting), and a path to this CPU's run queue */
#define KERNEL_KEEPS_QUEUED(p) \
	(bpf_core_field_exists((p)->sched_info.last_queued) && bpf_core_field_exists((p)->se.cfs_rq->rq))

/* The clock of the run queue that @p is on, ns; 0 where it does not matter. */
static __always_inline __u64 queue_clock(struct task_struct *p)
{
	return KERNEL_KEEPS_QUEUED(p) ? p->se.cfs_rq->rq->clock : 0;
}

/* ns that @next waited on the run queue, whose time is @clock; the kernel's own figure where it keeps one. */
static __always_inline __u64 wait_of(struct task_state *t, struct task_struct *next, __u64 clock, __u64 now)
{
	if (KERNEL_KEEPS_QUEUED(next)) {
		__u64 queued = next->sched_info.last_queued;
		__u64 wait = next->sched_info.run_delay - t->run_delay; /* on queues that it was dequeued from */

		if (queued && clock > queued) /* what sched_info_arrive() is about to add */
			wait += clock - queued;
		t->run_delay += wait;
		return wait;
	}
	return t->queued_ts && now > t->queued_ts ? now - t->queued_ts : 0;
}

/* The switch under construction. What its flags announce is counted in memory: the verifier would follow each number.
 */
static __always_inline struct tare_switch *draft(struct cpu_state *c)
{
	return (struct tare_switch *)c->scratch;
}

static __always_inline void add(struct cpu_state *c, __u16 flag, __u32 word)
{
	struct tare_switch *sw = draft(c);

	sw->rec.flags |= flag;
	sw->opt[c->nr_opt & 15] = word;
	c->nr_opt++;
}

/* @prev left the CPU in an exception: record which page fault, unless that was done when it began. */
static __always_inline void faulted(struct cpu_state *c, struct task_state *t, struct task_struct *prev)
{
	bool compat;

	if (syscall_of(prev, &compat) == TARE_NO_SYSCALL)
		tell_fault(c, t, prev);
}

static __always_inline __s64 leave(struct cpu_state *c, struct task_state *t, struct task_struct *prev, __u64 now)
{
	__u64 exec = prev->se.sum_exec_runtime, nvcsw = prev->nvcsw;
	bool voluntary = nvcsw != t->nvcsw, compat;
	__u32 bits = task_state_bits(prev);
	bool ready = !voluntary || !bits; /* with a signal pending it did not fall asleep */
	__u32 state = c->held ? c->held : voluntary ? state_of(bits) : TARE_STATE_RUNNING;
	__s64 stolen = 0;

	t->nvcsw = nvcsw;
	draft(c)->prev_tid = t->tid;
	if (t->on_cpu && t->in_ts) {
		t->stolen += (__s64)(now - t->in_ts) - (__s64)(exec - t->in_exec);
		if (t->stolen >= STOLEN_MIN_NS || t->stolen <= -STOLEN_MIN_NS) {
			stolen = t->stolen;
			t->stolen = 0;
		}
	}
	t->on_cpu = 0;
	t->out_ts = now;
	t->out_state = state;
	draft(c)->syscall = syscall_of(prev, &compat);
	/*
	 * Woken since it came: if it stayed awake, that was for nothing. If it sleeps, either another wake-up follows
	 * or this one crossed its leaving and puts it back at once.
	 */
	if (ready || t->wake_ts)
		t->queued_ts = now;
	if (ready) {
		t->wake_ts = 0;
		if (!voluntary && is_throttled(prev)) {
			state = TARE_STATE_THROTTLED;
			throttle_arm(t, prev);
		} else {
			waiting_begins(t, bpf_get_smp_processor_id());
			if (throttles_whole_groups(prev))
				throttle_arm(t, prev);
		}
	}
	draft(c)->rec.flags |= TARE_SW_PREV | state << TARE_SW_STATE_SHIFT | (voluntary ? TARE_SW_VOLUNTARY : 0) |
			       (compat ? TARE_SW_COMPAT : 0);
	return stolen;
}

/* If @t was away for long, its stack is recorded once it is the current task again. */
static __always_inline void was_away(struct cpu_state *c, const struct task_state *t, __u64 wait, __u64 now)
{
	__u64 away = now - t->out_ts;

	if (!off_cpu_min_ns || !t->out_ts || (__s64)away < (__s64)off_cpu_min_ns)
		return;
	c->off_ns = away;
	c->off_wait_ns = wait < away ? wait : away;
	c->off_state = t->out_state;
}

/* Returns how long it waited for the CPU, ns. */
static __always_inline __u64 arrive(struct cpu_state *c, struct task_state *t, struct task_struct *next, __u64 clock,
				    __u64 now)
{
	__u64 wait = wait_of(t, next, clock, now), throttled = 0, delay;

	draft(c)->next_tid = t->tid;
	waiting_ends(t);
	t->on_cpu = 1;
	t->in_ts = now;
	t->in_exec = next->se.sum_exec_runtime;
	t->queued_ts = 0;
	draft(c)->rec.flags |= TARE_SW_NEXT;
	add(c, TARE_SW_WAIT, wait);
	if (wait >> 32)
		add(c, TARE_SW_WAIT_HI, wait >> 32);
	if (t->throttle_armed) {
		throttled = t->throttled + throttled_total(queue_of(next)) - t->throttled_before;
		t->throttle_armed = 0;
		if (throttled > wait)
			throttled = wait;
		if (throttled) {
			add(c, TARE_SW_THROTTLED, throttled);
			add(c, 0, throttled >> 32);
		}
	}
	if (!t->wake_ts || t->wake_ts > now)
		return wait;
	delay = now - t->wake_ts;
	delay = (__s64)delay > (__s64)wait ? delay - wait : 0;
	add(c, TARE_SW_WAKE, t->waker | (delay > TARE_WAKE_DELAY_MAX ? TARE_WAKE_DELAY_MAX : delay));
	if (t->waker_tid != draft(c)->prev_tid)
		add(c, TARE_SW_WAKER, t->waker_tid);
	if (delay > TARE_WAKE_DELAY_MAX)
		add(c, TARE_SW_WAKE_DELAY, delay > 0xffffffff ? 0xffffffff : delay);
	t->wake_ts = 0;
	return wait;
}

/*
 * The current task ends. Emitted at a thread's last switch, not at sched_process_exit: only now are the kernel's
 * counters final. Rare, so verified apart; always 0.
 */
APART int ended(__u64 now)
{
	struct cpu_state *c = this_cpu();
	struct task_struct *prev = bpf_get_current_task_btf();
	struct tare_exit r = { .rec.kind = TARE_REC_EXIT, .tgid = prev->tgid };
	struct task_state *t = target(prev), *first;

	if (!c || !t)
		return 0;
	/* the process's first thread, whose tid the caller of exec took: has that been told? */
	if (t->tid != (__u32)prev->pid) {
		first = target(prev->group_leader);
		if (first && first != t && first->tid == t->tid)
			t->tid = prev->pid;
	}
	r.tid = t->tid;
	r.exit_code = prev->exit_code;
	r.nvcsw = prev->nvcsw;
	r.nivcsw = prev->nivcsw;
	r.exec_ns = prev->se.sum_exec_runtime;
	r.run_delay_ns = run_delay_of(prev);
	r.minor_faults = prev->min_flt;
	r.major_faults = prev->maj_flt;
	EMIT_TASK(c, now, &r);
	if (prev->signal->live.counter <= 0) /* none of its threads will run in user space again */
		stopping__end(prev->tgid);
	__sync_fetch_and_add(&nr_live, -1);
	return 0;
}

static __always_inline void begin(struct cpu_state *c, __u32 prev_tid, __u32 next_tid)
{
	struct tare_switch *sw = draft(c);

	sw->rec.kind = TARE_REC_SWITCH;
	sw->rec.flags = 0;
	sw->prev_tid = prev_tid;
	sw->next_tid = next_tid;
	sw->cost_ns = 0;
	sw->syscall = TARE_NO_SYSCALL;
	c->nr_opt = 0;
}

/* Emit the switch under construction. */
static __always_inline int emit_draft(struct cpu_state *c, __u64 ts)
{
	struct tare_switch *sw = draft(c);

	return emit(c, ts, &sw->rec, sizeof(*sw) + (c->nr_opt & 15) * 4);
}

/* Make sure that this CPU's ring holds the name of @p, not a target, before the switch at @ts that mentions it. */
static __always_inline void name(struct cpu_state *c, struct task_struct *p, __u64 ts)
{
	__u32 tid = p->pid;
	__u64 key = (__u64)tid << 32 | ((__u32)p->start_time ^ names_generation * 0x9e3779b9u);
	__u64 *slot = &c->named[tid & (NAMED_SLOTS - 1)];
	struct tare_name r = { .rec.kind = TARE_REC_NAME, .tid = tid };

	if (!tid || *slot == key)
		return;
	r.tgid = p->tgid;
	bpf_core_read(r.comm, sizeof(r.comm), &p->comm);
	if (!emit(c, ts, &r.rec, sizeof(r))) /* no event is lost otherwise: the next switch retries */
		*slot = key;
}

/*
 * The current task leaves a CPU that it was not seen to enter: BPF programs do not run where the kernel missed them, or
 * in a task that it guards from tracing. The kernel knows when it arrived; emit that record first. @came: whom this CPU
 * was last seen to switch to. Rare, so verified apart: the verifier would follow all that comes after it once more.
 * Always 0.
 */
APART int arrived_unseen(__u32 came, __u64 now)
{
	struct cpu_state *c = this_cpu();
	struct task_struct *prev = bpf_get_current_task_btf();
	struct task_state *t = target(prev);
	__u64 clock, ran;

	if (!KERNEL_KEEPS_QUEUED(prev) || !c)
		return 0;
	begin(c, came, prev->pid);
	clock = queue_clock(prev);
	ran = clock - prev->sched_info.last_arrival;
	if (!t)
		name(c, prev, now - ran);
	if (t) {
		arrive(c, t, prev, clock, now - ran);
		t->in_exec -= ran;
	}
	if (emit_draft(c, now - ran))
		c->lost[t ? TARE_LOST_IN : TARE_LOST_OTHER]++;
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(sched_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	struct cpu_state *c = enter(PROG_sched_switch);
	struct task_state *p, *n;
	__s64 stolen = 0;
	bool unseen;
	__u32 came;
	__u64 clock, now;

	if (!c)
		return 0;
	c->recorded = 0;
	c->off_ns = 0;
	came = c->last_next;
	unseen = c->saw_switch && prev->pid && (__u32)prev->pid != came;
	c->last_next = next->pid;
	c->saw_switch = 1;
	p = target(prev);
	n = target(next);
	if (!p && !n) {
		if (c->waiting + c->waiting_own <= 0)
			return 0;
		if (is_crowded(c)) {
			c->lost[TARE_LOST_OTHER]++;
			return 0;
		}
	}

	now = bpf_ktime_get_ns();
	/* early, while few paths have come here: at each one the verifier looks through all of the kernel's types */
	clock = queue_clock(next);
	if (p ? !p->on_cpu : unseen)
		arrived_unseen(came, now);
	if (!p)
		name(c, prev, now);
	if (p && state_of(task_state_bits(prev)) == TARE_STATE_DEAD)
		ended(now);
	if (p)
		tell_goroutine(now);
	/* in memory: for a variable the verifier would walk all that follows once per value */
	c->held = p && prev->nvcsw != p->nvcsw ? held_by(prev, task_state_bits(prev)) : 0;
	if (c->held)
		tell_stop(now);
	else if (p && p->fault_ts && !p->fault_told && prev->nvcsw != p->nvcsw)
		faulted(c, p, prev);
	if (!n)
		name(c, next, now);

	begin(c, prev->pid, next->pid);
	/* the words are in the order of their flags: next's first */
	if (p)
		stolen = leave(c, p, prev, now);
	if (n)
		was_away(c, n, arrive(c, n, next, clock, now), now);
	if (stolen)
		add(c, TARE_SW_STOLEN, stolen);
	if (c->cost > 0xffff)
		add(c, TARE_SW_COST, c->cost);
	else
		draft(c)->cost_ns = c->cost;
	c->cost = 0;

	if (!emit_draft(c, now)) {
		c->recorded = 1;
		return 0;
	}
	if (p)
		c->lost[TARE_LOST_OUT]++;
	if (n)
		c->lost[TARE_LOST_IN]++;
	if (!p && !n)
		c->lost[TARE_LOST_OTHER]++;
	return 0;
}

/*
 * Since 6.12 a sleeper may stay queued until its lag is used up. Any other thread that is queued has not left yet. As a
 * rule it now will not: the kernel cancels its intent to sleep (ttwu_runnable(), kernel/sched/core.c). But its CPU may
 * be on the point of taking it off the queue.
 */
static __always_inline bool sleeps(struct task_struct *p)
{
	if (!p->on_rq)
		return true;
	return bpf_core_field_exists(p->se.sched_delayed) && p->se.sched_delayed;
}

SEC("tp_btf/sched_waking")
int BPF_PROG(sched_waking, struct task_struct *p)
{
	struct cpu_state *c = enter(PROG_sched_waking);
	enum tare_context context = TARE_CONTEXT_TASK;
	struct task_struct *curr;
	struct task_state *t;
	int preempt_count;

	if (!c)
		return 0;
	t = target(p);
	if (!t)
		return 0;
	curr = bpf_get_current_task_btf();
	preempt_count = preempt_count_of(curr);
	/* include/linux/preempt.h: 4 bits NMI, 4 hardirq */
	if (preempt_count & 0xf00000)
		context = TARE_CONTEXT_NMI;
	else if (preempt_count & 0x0f0000 || !curr->pid) /* the idle task wakes nobody itself */
		context = TARE_CONTEXT_HARDIRQ;
	else if (preempt_count & SERVING_SOFTIRQ)
		context = TARE_CONTEXT_SOFTIRQ;
	t->waker_tid = curr->pid;
	t->waker = bpf_get_smp_processor_id() << 18 | context << 16;
	t->wake_ts = bpf_ktime_get_ns();
	if (!sleeps(p))
		return 0; /* leave() knows more */
	t->queued_ts = t->wake_ts;
	if (throttles_whole_groups(p))
		throttle_arm(t, p);
	/* sched_migrate_task reports a move to another CPU than its last; so sched_wakeup need not be traced */
	waiting_begins(t, task_cpu(p));
	return 0;
}

/* A new thread's first wake-up: its parent, named in its birth record, put it on the run queue. */
SEC("tp_btf/sched_wakeup_new")
int BPF_PROG(sched_wakeup_new, struct task_struct *p)
{
	struct task_state *t;

	if (!enter(PROG_sched_wakeup_new))
		return 0;
	t = target(p);
	if (!t)
		return 0;
	t->queued_ts = bpf_ktime_get_ns();
	waiting_begins(t, task_cpu(p));
	return 0;
}

SEC("tp_btf/sched_migrate_task")
int BPF_PROG(sched_migrate_task, struct task_struct *p, int dest_cpu)
{
	struct cpu_state *c = enter(PROG_sched_migrate_task);
	struct tare_migrate r = { .rec.kind = TARE_REC_MIGRATE, .to_cpu = dest_cpu };
	struct task_state *t;

	if (!c)
		return 0;
	t = target(p);
	if (!t)
		return 0;
	if (t->throttle_armed) { /* go on with the queue that it moves to */
		struct cfs_rq **by_cpu = p->sched_task_group->cfs_rq, *to = NULL;

		bpf_probe_read_kernel(&to, sizeof(to), &by_cpu[dest_cpu]);
		t->throttled += throttled_total(queue_of(p)) - t->throttled_before;
		t->throttled_before = throttled_total(to);
	}
	if (!t->wait_cpu)
		return 0;
	waiting_ends(t);
	waiting_begins(t, dest_cpu);
	if (!p->on_rq)
		return 0; /* being woken onto another CPU: its next switch says which */
	r.tid = p->pid;
	r.from_cpu = task_cpu(p);
	EMIT_TASK(c, bpf_ktime_get_ns(), &r);
	return 0;
}

/*
 * Around __schedule(), since 6.16. Together they cost half as much as all the rest, so at high switch rates the
 * recorder attaches them for part of the time. Where waits are recorded with their stacks, off_cpu is always at the
 * end; the second one here is not loaded then.
 */

SEC("tp_btf/sched_entry_tp")
int BPF_PROG(sched_entry, bool preempt)
{
	struct cpu_state *c = enter(PROG_sched_entry);

	if (c)
		c->entry_ts = bpf_ktime_get_ns();
	return 0;
}

SEC("tp_btf/sched_exit_tp")
int BPF_PROG(sched_exit, bool is_switch)
{
	struct cpu_state *c = enter(PROG_sched_exit);

	if (c)
		time_switch(c, is_switch);
	return 0;
}
