// SPDX-License-Identifier: BSD-2-Clause
/*
 * Only names that a program is not likely to have too. g__main, m__main, switch__start and switch__call are where
 * stacks begin, whoever they are for, and have no cost.
 */
#include "weft_costs.h"

#define WITHIN TARE_SYMBOL_COST_WITHIN
#define ALWAYS TARE_SYMBOL_COST_ALWAYS

const struct runtime_cost weft_costs[] = {
	{ "pace__pay", TARE_COST_GC_MARK_ASSIST, ALWAYS },
	{ "assist_on_g0", TARE_COST_GC_MARK_ASSIST, ALWAYS },
	{ "mark_for", TARE_COST_GC_MARK, 0 },
	{ "mark__*", TARE_COST_GC_MARK, 0 },
	{ "root__*", TARE_COST_GC_MARK, 0 },
	{ "gc__*", TARE_COST_GC_STOP, 0 },
	{ "weft_gc", TARE_COST_GC_STOP, 0 },
	{ "weft_stop_the_world", TARE_COST_GC_STOP, 0 },
	{ "weft_start_the_world", TARE_COST_GC_STOP, 0 },
	{ "stw__*", TARE_COST_GC_STOP, 0 },
	{ "sweep__all", TARE_COST_GC_SWEEP, 0 },
	{ "heap__sweep_old_caches", TARE_COST_GC_SWEEP, 0 },
	{ "span__sweep*", TARE_COST_GC_SWEEP, ALWAYS },
	{ "weft_scavenge", TARE_COST_GC_SCAVENGE, 0 },
	{ "pages__release", TARE_COST_GC_SCAVENGE, ALWAYS },
	{ "shade", TARE_COST_GC_BARRIER, 0 },

	{ "span__refill", TARE_COST_ALLOC_SLOW, ALWAYS },
	{ "span__alloc_large", TARE_COST_ALLOC_SLOW, ALWAYS },
	{ "alloc_large_on_g0", TARE_COST_ALLOC_SLOW, ALWAYS },
	{ "pages__alloc", TARE_COST_ALLOC_SLOW, WITHIN },
	{ "meta__alloc", TARE_COST_ALLOC_SLOW, 0 },
	{ "weft_new", TARE_COST_ALLOC_FAST, 0 },
	{ "weft_new_array", TARE_COST_ALLOC_FAST, 0 },
	{ "weft_new_bytes", TARE_COST_ALLOC_FAST, 0 },

	{ "runq__steal", TARE_COST_SCHED_STEAL, ALWAYS },
	{ "poll__wait", TARE_COST_SCHED_NETPOLL, ALWAYS },
	{ "poll__break", TARE_COST_SCHED_NETPOLL, ALWAYS },
	{ "poll__open", TARE_COST_SCHED_NETPOLL, 0 },
	{ "timer__*", TARE_COST_SCHED_TIMERS, ALWAYS },
	{ "sched__*", TARE_COST_SCHED_SWITCH, 0 },
	{ "runq__*", TARE_COST_SCHED_SWITCH, 0 },
	{ "switch__swap", TARE_COST_SCHED_SWITCH, 0 },
	{ "switch__to_g*", TARE_COST_SCHED_SWITCH, 0 },
	{ "switch__prepare", TARE_COST_SCHED_SWITCH, 0 },
	{ "m__start", TARE_COST_SCHED_SWITCH, 0 },
	{ "m__stop", TARE_COST_SCHED_SWITCH, 0 },
	{ "m__take", TARE_COST_SCHED_SWITCH, 0 },
	{ "m__give", TARE_COST_SCHED_SWITCH, 0 },
	{ "m__wake_one", TARE_COST_SCHED_SWITCH, 0 },
	{ "p__handoff", TARE_COST_SCHED_SWITCH, 0 },
	{ "weft_go", TARE_COST_SCHED_SWITCH, 0 },
	{ "weft_go_stack", TARE_COST_SCHED_SWITCH, 0 },
	{ "weft_yield", TARE_COST_SCHED_SWITCH, 0 },
	{ "g__start", TARE_COST_SCHED_SWITCH, 0 },
	{ "g__exited", TARE_COST_SCHED_SWITCH, 0 },
	{ "weft_entersyscall", TARE_COST_SCHED_SWITCH, 0 },
	{ "weft_exitsyscall", TARE_COST_SCHED_SWITCH, 0 },
	{ "syscall__enter", TARE_COST_SCHED_SWITCH, 0 },
	{ "preempt__*", TARE_COST_SCHED_SWITCH, 0 },
	{ "sysmon__*", TARE_COST_SCHED_SWITCH, 0 },

	{ "stack__alloc", TARE_COST_STACK_GROWTH, 0 },
	{ 0 },
};
