// SPDX-License-Identifier: BSD-2-Clause
/*
 * Which functions of Go's runtime belong to a cost, Go 1.19 to 1.27. A closure (f.func1) goes with its function: that
 * is what is on the stack of the system goroutine when the runtime changes over to it. What serves the program's own
 * purpose belongs to the program: maps, channels, strings, copies; not what these allocate or how they wait.
 */
#include "go.h"

#define WITHIN TARE_SYMBOL_COST_WITHIN
#define ALWAYS TARE_SYMBOL_COST_ALWAYS

const struct runtime_cost go_costs[] = {
	/* marking; until Go 1.21 the kinds of workers have no function of their own */
	{ "runtime.gcDrainMarkWorkerDedicated*", TARE_COST_GC_MARK_DEDICATED, ALWAYS },
	{ "runtime.gcDrainMarkWorkerFractional*", TARE_COST_GC_MARK_FRACTIONAL, ALWAYS },
	{ "runtime.gcDrainMarkWorkerIdle*", TARE_COST_GC_MARK_IDLE, ALWAYS },
	{ "runtime.gcBgMarkWorker*", TARE_COST_GC_MARK, ALWAYS },
	{ "runtime.gcDrain*", TARE_COST_GC_MARK, 0 },
	{ "runtime.gcAssistAlloc*", TARE_COST_GC_MARK_ASSIST, ALWAYS },
	{ "runtime.deductAssistCredit", TARE_COST_GC_MARK_ASSIST, ALWAYS },

	/* starting and ending a collection: allocation starts it, a marker ends it */
	{ "runtime.gcStart*", TARE_COST_GC_STOP, ALWAYS },
	{ "runtime.gcMarkDone*", TARE_COST_GC_STOP, ALWAYS },
	{ "runtime.gcMarkTermination*", TARE_COST_GC_STOP, ALWAYS },
	{ "runtime.stopTheWorld*", TARE_COST_GC_STOP, 0 },
	{ "runtime.startTheWorld*", TARE_COST_GC_STOP, 0 },
	{ "runtime.forEachP*", TARE_COST_GC_STOP, 0 },

	/* the goroutines that gcenable starts: bgsweep and bgscavenge may be inlined there */
	{ "runtime.gcenable.func1", TARE_COST_GC_SWEEP, 0 },
	{ "runtime.gcenable.func2", TARE_COST_GC_SCAVENGE, 0 },
	{ "runtime.gcenable.gowrap1", TARE_COST_GC_SWEEP, 0 },
	{ "runtime.gcenable.gowrap2", TARE_COST_GC_SCAVENGE, 0 },
	{ "runtime.bgsweep*", TARE_COST_GC_SWEEP, 0 },
	{ "runtime.sweepone*", TARE_COST_GC_SWEEP, 0 },
	{ "runtime.(*sweepLocked).sweep*", TARE_COST_GC_SWEEP, ALWAYS },
	{ "runtime.deductSweepCredit", TARE_COST_GC_SWEEP, ALWAYS },
	{ "runtime.(*mheap).reclaim*", TARE_COST_GC_SWEEP, ALWAYS },

	{ "runtime.bgscavenge*", TARE_COST_GC_SCAVENGE, 0 },
	{ "runtime.(*pageAlloc).scavenge*", TARE_COST_GC_SCAVENGE, ALWAYS },
	{ "runtime.(*mheap).scavengeAll*", TARE_COST_GC_SCAVENGE, ALWAYS },

	{ "runtime.gcWriteBarrier*", TARE_COST_GC_BARRIER, 0 },
	{ "gcWriteBarrier", TARE_COST_GC_BARRIER, 0 }, /* what these jump to: assembly's names may lack the package */
	{ "runtime.wbBufFlush*", TARE_COST_GC_BARRIER, 0 },
	{ "runtime.bulkBarrierPreWrite*", TARE_COST_GC_BARRIER, ALWAYS },
	{ "runtime.bulkBarrierBitmap*", TARE_COST_GC_BARRIER, ALWAYS },

	/* growing a slice is a service, old contents' copy included; makeslicecopy's copy is the program's */
	{ "runtime.mallocgcLarge*", TARE_COST_ALLOC_SLOW, ALWAYS },
	{ "runtime.(*mcache).allocLarge*", TARE_COST_ALLOC_SLOW, WITHIN },
	{ "runtime.(*mcache).nextFree", TARE_COST_ALLOC_SLOW, WITHIN },
	{ "runtime.(*mcache).refill", TARE_COST_ALLOC_SLOW, WITHIN },
	{ "runtime.(*mheap).alloc*", TARE_COST_ALLOC_SLOW, WITHIN },
	{ "runtime.profilealloc", TARE_COST_ALLOC_SLOW, WITHIN },
	{ "runtime.mProf_Malloc*", TARE_COST_ALLOC_SLOW, WITHIN },
	{ "runtime.persistentalloc*", TARE_COST_ALLOC_SLOW, 0 },
	{ "runtime.memclrNoHeapPointers*", TARE_COST_ALLOC_ZERO, WITHIN },
	{ "runtime.mallocgc*", TARE_COST_ALLOC_FAST, 0 },
	{ "runtime.newobject", TARE_COST_ALLOC_FAST, 0 },
	{ "runtime.newarray", TARE_COST_ALLOC_FAST, 0 },
	{ "runtime.makeslice", TARE_COST_ALLOC_FAST, 0 },
	{ "runtime.growslice*", TARE_COST_ALLOC_FAST, 0 },
	{ "runtime.rawbyteslice", TARE_COST_ALLOC_FAST, 0 },
	{ "runtime.rawruneslice", TARE_COST_ALLOC_FAST, 0 },
	{ "runtime.rawstring*", TARE_COST_ALLOC_FAST, 0 },
	{ "runtime.convT*", TARE_COST_ALLOC_FAST, 0 },

	/* whose turn it is: what mcall leads to never returns, so it is not for whoever is outside of it */
	{ "runtime.schedule", TARE_COST_SCHED_SWITCH, ALWAYS },
	{ "runtime.gosched*", TARE_COST_SCHED_SWITCH, ALWAYS },
	{ "runtime.gopreempt_m", TARE_COST_SCHED_SWITCH, ALWAYS },
	{ "runtime.preemptPark", TARE_COST_SCHED_SWITCH, ALWAYS },
	{ "runtime.findRunnable*", TARE_COST_SCHED_STEAL, ALWAYS },
	{ "runtime.netpoll", TARE_COST_SCHED_NETPOLL, WITHIN },
	{ "runtime.stopm*", TARE_COST_SCHED_SWITCH, WITHIN },
	{ "runtime.mcall", TARE_COST_SCHED_SWITCH, 0 },
	{ "runtime.gogo", TARE_COST_SCHED_SWITCH, 0 },
	{ "runtime.execute", TARE_COST_SCHED_SWITCH, 0 },
	{ "runtime.gopark*", TARE_COST_SCHED_SWITCH, 0 },
	{ "runtime.park_m", TARE_COST_SCHED_SWITCH, 0 },
	{ "runtime.ready*", TARE_COST_SCHED_SWITCH, 0 },
	{ "runtime.goready*", TARE_COST_SCHED_SWITCH, 0 },
	{ "runtime.Gosched", TARE_COST_SCHED_SWITCH, 0 },
	{ "runtime.goyield*", TARE_COST_SCHED_SWITCH, 0 },
	{ "runtime.newproc*", TARE_COST_SCHED_SWITCH, 0 },
	{ "runtime.goexit0*", TARE_COST_SCHED_SWITCH, 0 },
	{ "runtime.goexit1*", TARE_COST_SCHED_SWITCH, 0 },
	{ "runtime.gdestroy", TARE_COST_SCHED_SWITCH, 0 },
	{ "runtime.coroswitch*", TARE_COST_SCHED_SWITCH, 0 },
	{ "runtime.coroexit*", TARE_COST_SCHED_SWITCH, 0 },
	{ "runtime.newcoro*", TARE_COST_SCHED_SWITCH, 0 },
	{ "runtime.wakep*", TARE_COST_SCHED_SWITCH, 0 },
	{ "runtime.startm*", TARE_COST_SCHED_SWITCH, 0 },
	{ "runtime.handoffp*", TARE_COST_SCHED_SWITCH, 0 },
	{ "runtime.injectglist*", TARE_COST_SCHED_SWITCH, 0 },
	{ "runtime.sysmon*", TARE_COST_SCHED_SWITCH, 0 },
	/* around system calls and calls of C, not what is called */
	{ "runtime.entersyscall*", TARE_COST_SCHED_SWITCH, 0 },
	{ "runtime.reentersyscall*", TARE_COST_SCHED_SWITCH, 0 },
	{ "runtime.exitsyscall*", TARE_COST_SCHED_SWITCH, 0 },
	{ "runtime.needm", TARE_COST_SCHED_SWITCH, 0 },
	{ "runtime.dropm", TARE_COST_SCHED_SWITCH, 0 },
	/* preemption; its signal is nearly the only one */
	{ "runtime.asyncPreempt*", TARE_COST_SCHED_SWITCH, 0 },
	{ "runtime.sigtramp*", TARE_COST_SCHED_SWITCH, 0 },
	{ "runtime.sighandler", TARE_COST_SCHED_SWITCH, 0 },
	{ "runtime.sigreturn__sigaction", TARE_COST_SCHED_SWITCH, 0 },
	{ "runtime.sigreturn", TARE_COST_SCHED_SWITCH, 0 },

	{ "runtime.netpollopen*", TARE_COST_SCHED_NETPOLL, 0 },
	{ "runtime.netpollclose*", TARE_COST_SCHED_NETPOLL, 0 },
	{ "runtime.netpollBreak*", TARE_COST_SCHED_NETPOLL, 0 },

	/* a timer only sends, wakes or starts a goroutine: a program's function runs in one of its own */
	{ "runtime.(*timers).*", TARE_COST_SCHED_TIMERS, ALWAYS }, /* since Go 1.23 */
	{ "runtime.(*timer).*", TARE_COST_SCHED_TIMERS, 0 },
	{ "runtime.checkTimers*", TARE_COST_SCHED_TIMERS, ALWAYS },
	{ "runtime.runtimer", TARE_COST_SCHED_TIMERS, ALWAYS },
	{ "runtime.adjusttimers", TARE_COST_SCHED_TIMERS, ALWAYS },
	{ "runtime.addtimer", TARE_COST_SCHED_TIMERS, 0 },
	{ "runtime.deltimer", TARE_COST_SCHED_TIMERS, 0 },
	{ "runtime.modtimer", TARE_COST_SCHED_TIMERS, 0 },
	{ "runtime.doaddtimer", TARE_COST_SCHED_TIMERS, 0 },
	{ "runtime.resettimer", TARE_COST_SCHED_TIMERS, 0 },
	{ "runtime.resetForSleep", TARE_COST_SCHED_TIMERS, 0 },

	/* at any call, also of the runtime's own; a smaller stack is the collector's work */
	{ "runtime.morestack*", TARE_COST_STACK_GROWTH, ALWAYS },
	{ "runtime.newstack*", TARE_COST_STACK_GROWTH, ALWAYS },
	{ "runtime.copystack", TARE_COST_STACK_GROWTH, 0 },

	/* the way into the kernel and out of it */
	{ "runtime.sysMmap*", TARE_COST_KERNEL_MEMORY, ALWAYS },
	{ "runtime.sysMunmap*", TARE_COST_KERNEL_MEMORY, ALWAYS },
	{ "runtime.madvise*", TARE_COST_KERNEL_MEMORY, ALWAYS },
	{ 0 },
};
