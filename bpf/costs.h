/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What a function may do for the language's runtime, instead of for the program: the classes of the ledger. */
#ifndef TARE_COSTS_H
#define TARE_COSTS_H

/*
 * A sample belongs to the class of the outermost function on its stack that has one: what that function calls, it calls
 * for this purpose. Number, group, public name, title. Numbers are part of the format: only ever appended.
 */
/* clang-format off */
#define TARE_COSTS(X) \
	X(GC_MARK, GC, "gc_mark", "marking") \
	X(GC_MARK_DEDICATED, GC, "gc_mark_dedicated", "marking: dedicated workers") \
	X(GC_MARK_FRACTIONAL, GC, "gc_mark_fractional", "marking: fractional workers") \
	X(GC_MARK_IDLE, GC, "gc_mark_idle", "marking: on idle CPUs") \
	X(GC_MARK_ASSIST, GC, "gc_mark_assist", "marking: assists of allocating threads") \
	X(GC_STOP, GC, "gc_stop", "starting and ending a collection") \
	X(GC_SWEEP, GC, "gc_sweep", "sweeping") \
	X(GC_SCAVENGE, GC, "gc_scavenge", "returning memory to the kernel") \
	X(GC_BARRIER, GC, "gc_write_barrier", "write barriers") \
	X(ALLOC_FAST, ALLOC, "alloc_fast", "allocation: fast path") \
	X(ALLOC_SLOW, ALLOC, "alloc_slow", "allocation: slow path") \
	X(ALLOC_ZERO, ALLOC, "alloc_zero", "allocation: zeroing") \
	X(ALLOC_FREE, ALLOC, "alloc_free", "freeing") \
	X(SCHED_SWITCH, SCHED, "sched_switch", "scheduling: switches") \
	X(SCHED_STEAL, SCHED, "sched_steal", "scheduling: looking for work") \
	X(SCHED_NETPOLL, SCHED, "sched_netpoll", "scheduling: network poller") \
	X(SCHED_TIMERS, SCHED, "sched_timers", "scheduling: timers") \
	X(STACK_GROWTH, STACK, "stack_growth", "growth of stacks") \
	X(KERNEL_SWITCH, KERNEL, "kernel_switch", "kernel: switching threads") \
	X(KERNEL_FAULT, KERNEL, "kernel_fault", "kernel: page faults") \
	X(KERNEL_MEMORY, KERNEL, "kernel_memory", "kernel: memory calls") \
	X(KERNEL_IRQ, KERNEL, "kernel_irq", "kernel: interrupts") \
	X(PROBES, PROBES, "probes", "tare's own probes") \
	X(PROBES_AROUND, PROBES, "probes_around", "getting into tare's own probes, and out of them")
/* clang-format on */

enum tare_cost {
	TARE_COST_NONE,
#define X(cost, ...) TARE_COST_##cost,
	TARE_COSTS(X)
#undef X
		TARE_NR_COSTS
};

enum tare_cost_group {
	TARE_COSTS_NONE,
	TARE_COSTS_GC,
	TARE_COSTS_ALLOC,
	TARE_COSTS_SCHED,
	TARE_COSTS_STACK,
	TARE_COSTS_KERNEL,
	TARE_COSTS_PROBES,
	TARE_NR_COST_GROUPS
};

#endif /* TARE_COSTS_H */
