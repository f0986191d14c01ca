/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The programs, by the names under which the recording lists their hits and cost. */
#ifndef TARE_PROGS_H
#define TARE_PROGS_H

/* When a program is attached. */
enum tare_when {
	TARE_ALWAYS,
	TARE_TIMING,   /* part of the time: too expensive at high switch rates */
	TARE_CALLS,    /* likewise, at high rates of system calls */
	TARE_EVIDENCE, /* while some target has a runtime that stops its world */
};

/*
 * Programs at tracepoints: name, tracepoint, when, whether tare cannot record without it, and what is lost then. One
 * that is not required is left out if the kernel lacks its tracepoint.
 */
#define TARE_TRACEPOINTS(X)                                                                                           \
	X(sched_switch, "sched_switch", ALWAYS, true, "everything: context switches")                                 \
	X(sched_waking, "sched_waking", ALWAYS, true, "who woke a thread, and how long that took")                    \
	X(sched_wakeup_new, "sched_wakeup_new", ALWAYS, true, "since when a new thread waits for a CPU")              \
	X(sched_migrate_task, "sched_migrate_task", ALWAYS, true, "migrations between CPUs")                          \
	X(sched_process_fork, "sched_process_fork", ALWAYS, true, "threads that are born during the recording")       \
	X(sched_process_exec, "sched_process_exec", ALWAYS, true, "programs that a target starts")                    \
	X(task_rename, "task_rename", ALWAYS, true, "new names of threads that rename themselves")                    \
	X(cgroup_attach_task, "cgroup_attach_task", ALWAYS, false,                                                    \
	  "--cgroup: what is moved into it, until the next second")                                                   \
	X(mark_victim, "mark_victim", ALWAYS, false, "processes that are killed for want of memory")                  \
	X(memcg_reclaim_begin, "mm_vmscan_memcg_reclaim_begin", ALWAYS, false,                                        \
	  "time in which threads make room in their memory cgroup")                                                   \
	X(memcg_reclaim_end, "mm_vmscan_memcg_reclaim_end", ALWAYS, false,                                            \
	  "time in which threads make room in their memory cgroup")                                                   \
	X(direct_reclaim_begin, "mm_vmscan_direct_reclaim_begin", ALWAYS, false,                                      \
	  "time in which threads make room in the machine's memory")                                                  \
	X(direct_reclaim_end, "mm_vmscan_direct_reclaim_end", ALWAYS, false,                                          \
	  "time in which threads make room in the machine's memory")                                                  \
	X(off_cpu, "sched_exit_tp", ALWAYS, false, "stacks of threads that waited long (Linux 6.16)")                 \
	X(sched_entry, "sched_entry_tp", TIMING, false, "the direct cost of a switch in the kernel (Linux 6.16)")     \
	X(sched_exit, "sched_exit_tp", TIMING, false, "the direct cost of a switch in the kernel (Linux 6.16)")       \
	X(call_enter, "sys_enter", CALLS, false, "how often and how long a target maps and unmaps memory")            \
	X(call_exit, "sys_exit", CALLS, false, "how often and how long a target maps and unmaps memory")              \
	X(signal_generate, "signal_generate", EVIDENCE, false, "pauses: when a thread was sent the signal to stop")   \
	X(signal_deliver, "signal_deliver", EVIDENCE, false, "pauses: when that signal reached the thread")           \
	X(page_fault_user, "page_fault_user", EVIDENCE, false, "page faults as the reason why a thread left its CPU") \
	X(softirq_entry, "softirq_entry", EVIDENCE, false, "pauses: time that softirqs took")                         \
	X(softirq_exit, "softirq_exit", EVIDENCE, false, "pauses: time that softirqs took")                           \
	X(irq_handler_entry, "irq_handler_entry", EVIDENCE, false, "pauses: time that interrupts of devices took")    \
	X(irq_handler_exit, "irq_handler_exit", EVIDENCE, false, "pauses: time that interrupts of devices took")

/* Programs attached elsewhere, each in its own way; the same columns, with the place in the second. */
/* clang-format off */
#define TARE_ELSEWHERE(X) \
	X(runtime_uprobe, "uprobes", EVIDENCE, false, "a runtime's own events: stop-the-world pauses, collections") \
	X(cpu_clock, "perf event", ALWAYS, false, "samples: which code took the CPU time") \
	X(page_fault, "perf event", ALWAYS, false, "which memory and which code page faults are for (Linux 5.17)") \
	X(alloc_site, "uprobes", ALWAYS, false, "--alloc-sites: who allocates (Linux 6.6)") \
	X(page_fault_end, "perf event", EVIDENCE, false, "pauses: how long a page fault lasted") \
	X(hold_at_exec, "task work", ALWAYS, false, \
	  "the first ms of a program that a target becomes: what its runtime tells until tare has attached to it")
/* clang-format on */

#define TARE_PROGS(X) TARE_TRACEPOINTS(X) TARE_ELSEWHERE(X)

enum tare_prog {
#define X(name, ...) PROG_##name,
	TARE_PROGS(X)
#undef X
		NR_PROGS
};

#endif /* TARE_PROGS_H */
