/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What TARE_FRAME_EVENTS carries: the records of one CPU, as the BPF programs write them; see format.h. */
#ifndef TARE_RECORD_H
#define TARE_RECORD_H

#define TARE_SYNC_NS (1ull << 30)

/*
 * Every kind of record, in the order of their numbers, from 1: its name, its public name, and its minimum length. A
 * reader gives out EVENTs; OTHERs are for the recorder or for the reader itself. Everything that must know all kinds is
 * generated from this.
 */
#define TARE_RECORDS(EVENT, OTHER)                                                      \
	OTHER(SYNC, sync, sizeof(struct tare_sync))                                     \
	/* a context switch */                                                          \
	EVENT(SWITCH, switch, sizeof(struct tare_switch))                               \
	/* a task that is not a target, before its first switch */                      \
	EVENT(NAME, name, sizeof(struct tare_name))                                     \
	/* a target thread is born */                                                   \
	EVENT(FORK, fork, sizeof(struct tare_fork))                                     \
	EVENT(EXEC, exec, sizeof(struct tare_exec))                                     \
	/* a target thread changed its name */                                          \
	EVENT(RENAME, rename, sizeof(struct tare_name))                                 \
	EVENT(EXIT, exit, offsetof(struct tare_exit, minor_faults))                     \
	/* moved while it waited for a CPU */                                           \
	EVENT(MIGRATE, migrate, sizeof(struct tare_migrate))                            \
	/* an event of the language runtime */                                          \
	EVENT(RUNTIME, runtime, offsetof(struct tare_runtime, args))                    \
	/* what a target thread ran, before the record it belongs to */                 \
	EVENT(GOROUTINE, goroutine, sizeof(struct tare_goroutine))                      \
	/* one by which runtimes request preemption */                                  \
	EVENT(SIGNAL, signal, sizeof(struct tare_signal))                               \
	/* a page fault of a target thread begins */                                    \
	EVENT(FAULT, fault, sizeof(struct tare_fault))                                  \
	/* where a target thread was when the CPU clock ticked */                       \
	EVENT(SAMPLE, sample, sizeof(struct tare_sample))                               \
	/* interrupts took a CPU from a target thread */                                \
	EVENT(IRQ, irq, sizeof(struct tare_irq))                                        \
	/* for the recorder, which turns it into a RUNTIMES frame */                    \
	OTHER(MEMORY, memory, offsetof(struct tare_memory, bytes))                      \
	/* a page fault of a target thread is over */                                   \
	EVENT(FAULT_END, fault_end, sizeof(struct tare_fault_end))                      \
	/* for the recorder, which looks for what is new */                             \
	OTHER(MAPPED, mapped, sizeof(struct tare_mapped))                               \
	/* a target thread is being stopped */                                          \
	EVENT(STOP, stop, offsetof(struct tare_stop, cgroup))                           \
	/* for the recorder, which turns it into a STACKS frame and a STACKED record */ \
	OTHER(STACK, stack, offsetof(struct tare_stack, at))                            \
	/* a target thread's stack, before the record that it belongs to */             \
	EVENT(STACKED, stacked, sizeof(struct tare_stacked))                            \
	/* a target thread is back on a CPU after a long time */                        \
	EVENT(OFF_CPU, off_cpu, sizeof(struct tare_off_cpu))                            \
	/* the kernel kills a process, any one, for want of memory */                   \
	EVENT(OOM_KILL, oom_kill, offsetof(struct tare_oom_kill, cgroup))               \
	/* one of many page faults of a target thread, served */                        \
	EVENT(FAULT_SAMPLE, fault_sample, offsetof(struct tare_fault_sample, name))     \
	/* a target thread allocates: one of those that the budget allows to see */     \
	EVENT(ALLOC_SAMPLE, alloc_sample, sizeof(struct tare_alloc_sample))             \
	/* a target thread has made room, as memory was short */                        \
	EVENT(RECLAIM, reclaim, offsetof(struct tare_reclaim, cgroup))

#define TARE_RECORD_KIND(kind, ...) TARE_REC_##kind,
enum tare_rec_kind { TARE_REC_NONE, TARE_RECORDS(TARE_RECORD_KIND, TARE_RECORD_KIND) TARE_NR_RECS };

struct tare_rec {
	__u32 ts_lo;
	__u8 kind;
	__u8 words;  /* length of the record in 4-byte words, this header included */
	__u16 flags; /* by kind */
};

struct tare_sync {
	struct tare_rec rec;
	__u32 ts_hi;
};

/*
 * One context switch, recorded where a target thread is on either side, or
 * while one waits for that CPU. 20 bytes and the words in .opt that the flags
 * announce, in the order of the flags.
 */
struct tare_switch {
	struct tare_rec rec;
	__u32 prev_tid, next_tid;
	__u16 cost_ns; /* kernel's direct cost of the *previous* switch recorded on this CPU; 0: unknown */
	__u16 syscall; /* the one prev was in, or TARE_NO_SYSCALL */
	__u32 opt[];
};

#define TARE_SW_PREV	    0x0001 /* prev is a target thread */
#define TARE_SW_NEXT	    0x0002 /* next is a target thread */
#define TARE_SW_VOLUNTARY   0x0004 /* the kernel counted it in prev's nvcsw (else nivcsw) */
#define TARE_SW_STATE	    0x0078 /* prev's state: TARE_STATE_*, shifted by TARE_SW_STATE_SHIFT */
#define TARE_SW_STATE_SHIFT 3
#define TARE_SW_COMPAT	    0x0080 /* .syscall is of the 32-bit table */
#define TARE_SW_WAIT	    0x0100 /* +1 word: ns that next waited on the run queue, including throttled time */
#define TARE_SW_WAIT_HI	    0x0200 /* +1 word: its high 32 bits */
#define TARE_SW_THROTTLED   0x0400 /* +2 words (low, high): ns of the wait due to the CPU quota */
#define TARE_SW_WAKE	    0x0800 /* +1 word: who woke next, see TARE_WAKE_*; prev_tid, unless there is a TARE_SW_WAKER */
#define TARE_SW_WAKER	    0x1000 /* +1 word: the waker's tid */
#define TARE_SW_WAKE_DELAY  0x2000 /* +1 word: ns from wake-up to enqueue, if TARE_WAKE_DELAY cannot hold it */
#define TARE_SW_STOLEN \
	0x4000 /* +1 word, signed: ns on the CPU not charged to prev (steal, interrupts) since last reported */
#define TARE_SW_COST	  0x8000 /* +1 word: the cost, if .cost_ns cannot hold it */
#define TARE_SW_MAX_WORDS (5 + 9)

#define TARE_WAKE_CPU(w)     ((w) >> 18)       /* the CPU that the waker was on */
#define TARE_WAKE_CONTEXT(w) (((w) >> 16) & 3) /* enum tare_context: what the waker was doing */
#define TARE_WAKE_DELAY(w)   ((w)&0xffff)      /* ns from sched_waking to the run queue */
#define TARE_WAKE_DELAY_MAX  0xffff

enum tare_context { TARE_CONTEXT_TASK, TARE_CONTEXT_SOFTIRQ, TARE_CONTEXT_HARDIRQ, TARE_CONTEXT_NMI };

#define TARE_NO_SYSCALL 0xffff /* not in a system call: in user space, or in an exception */

/* The state in which a thread left the CPU: TASK_REPORT's bits in order (include/linux/sched.h), 0 for none. */
enum tare_state {
	TARE_STATE_RUNNING,	    /* R: preempted or yielded */
	TARE_STATE_INTERRUPTIBLE,   /* S */
	TARE_STATE_UNINTERRUPTIBLE, /* D */
	TARE_STATE_STOPPED,	    /* T */
	TARE_STATE_TRACED,	    /* t */
	TARE_STATE_DEAD,	    /* X, exiting */
	TARE_STATE_ZOMBIE,	    /* Z */
	TARE_STATE_PARKED,	    /* P */
	TARE_STATE_IDLE,	    /* I */
	TARE_STATE_OTHER,
	TARE_STATE_THROTTLED, /* runnable, but its cgroup's quota is used up */
	TARE_STATE_FROZEN,    /* by either version of the cgroup freezer, or for suspend */
};

struct tare_name {
	struct tare_rec rec;
	__u32 tid, tgid;
	char comm[TARE_COMM_LEN];
};

/* A thread that is its own parent was not born: it took the name that the recording follows. */
struct tare_fork {
	struct tare_rec rec;
	__u32 tid, tgid; /* of the child */
	__u32 parent_tid, parent_tgid;
	char comm[TARE_COMM_LEN];
};

struct tare_exec {
	struct tare_rec rec;
	__u32 tid, old_tid; /* they differ if a thread other than the first called exec */
	char comm[TARE_COMM_LEN];
};

/* Precedes the thread's final switch, which its counters already include. */
struct tare_exit {
	struct tare_rec rec;
	__u32 tid, tgid;
	__u32 exit_code;
	__u32 pad;
	__u64 nvcsw, nivcsw, exec_ns, run_delay_ns;
	__u64 minor_faults, major_faults; /* missing in old recordings */
};

struct tare_migrate {
	struct tare_rec rec;
	__u32 tid;
	__u16 from_cpu, to_cpu;
};

/*
 * What runtimes report, in one vocabulary: a runtime's file (user/runtime/) maps its probes to these events. The thread
 * is the one that hit the probe. An event has a public name and named numbers ("args"). Those that a runtime cannot
 * tell are TARE_UNKNOWN; trailing ones may be missing. Reasons, phases and waits are the runtime's own numbers; the
 * recording holds their names too: struct tare_number_name.
 */
/* clang-format off */
#define TARE_RUNTIME_EVENTS(X) \
	/* the world is asked to stop */ \
	X(STW_REQUEST, stw_request, "reason", "ps") \
	/* a P that was waited for has stopped: reported by the thread that gave it up */ \
	X(P_STOPPED, p_stopped, "p", "how") \
	/* all have stopped */ \
	X(STW_STOPPED, stw_stopped, "reason", "waited_for") \
	/* the world is about to restart; times are the runtime's own, CLOCK_MONOTONIC */ \
	X(STW_RESTART, stw_restart, "reason", "own_started_ns", "own_stopped_ns", "own_stopping_cpu_ns") \
	/* every thread with work was told to go on */ \
	X(STW_STARTED, stw_started, "reason") \
	X(GC_START, gc_start, "cycle", "heap_bytes", "goal_bytes") \
	X(GC_PHASE, gc_phase, "cycle", "phase") \
	X(GC_END, gc_end, "cycle", "live_bytes", "goal_bytes") \
	X(G_CREATE, g_create, "creator", "function") \
	X(G_RUN, g_run, "p") \
	X(G_PARK, g_park, "wait_reason") \
	X(G_READY, g_ready, "by") \
	X(G_EXIT, g_exit) \
	X(PREEMPT_REQUEST, preempt_request, "p", "thread") \
	/* 1: by signal */ \
	X(PREEMPT_TAKEN, preempt_taken, "p", "by_signal") \
	X(STEAL, steal, "p", "from_p", "goroutines") \
	X(HANDOFF, handoff, "p") \
	X(SPAN_REFILL, span_refill, "size_class", "block_bytes") \
	X(LARGE_ALLOC, large_alloc, "bytes") \
	X(ASSIST, assist, "bytes", "ns") \
	X(SWEEP_END, sweep_end, "cycle", "freed_bytes") \
	/* the runtime's end: address of its counters, Ps still running; a MEMORY record follows */ \
	X(EXIT, exit, "counters", "running") \
	/* the thread that will stop the world starts waiting for its turn */ \
	X(STW_WAIT, stw_wait, "reason") \
	/* length of the stop just made, by the runtime's own account */ \
	X(OWN_STOPPING, own_stopping, "ns") \
	/* likewise, of the whole pause */ \
	X(OWN_TOTAL, own_total, "ns")
/* clang-format on */

enum tare_runtime_event {
	TARE_RT_NONE,
#define RUNTIME_EVENT(kind, ...) TARE_RT_##kind,
	TARE_RUNTIME_EVENTS(RUNTIME_EVENT)
#undef RUNTIME_EVENT
		TARE_NR_RT_EVENTS
};

#define TARE_RT_MAX_ARGS 5

struct tare_runtime {
	struct tare_rec rec; /* .flags: enum tare_runtime_event */
	__u32 tid, tgid;
	__u64 goroutine;	      /* that the event concerns; 0: none, or unknown */
	__u64 args[TARE_RT_MAX_ARGS]; /* as many as .words leaves room for */
};

/*
 * Precedes the switch by which a thread leaves in TARE_STATE_STOPPED, _TRACED or _FROZEN, whatever system call it was
 * in before.
 */
#define TARE_STOP_STATE		0x00ff
#define TARE_STOP_SLEEPERS	0x0100 /* _FROZEN: sleeping threads are frozen in place, without a switch */
#define TARE_STOP_INTERRUPTIBLE 0x0200 /* its state is that of an ordinary sleep, as cgroup v2 freezes */
struct tare_stop {
	struct tare_rec rec; /* .flags: enum tare_state | TARE_STOP_SLEEPERS | TARE_STOP_INTERRUPTIBLE */
	__u32 tid, tgid;
	__u32 signal;		      /* TARE_STATE_STOPPED: which one; 0: unknown */
	char cgroup[TARE_CGROUP_LEN]; /* TARE_STATE_FROZEN: last part of the frozen cgroup's name; "": unknown */
};

struct tare_goroutine {
	struct tare_rec rec; /* .flags: the goroutine's status, by the runtime's own numbers */
	__u32 tid;
	__u16 wait_reason; /* by the runtime's own numbers */
	__s16 p;	   /* held by the thread; -1: none */
	__u64 goroutine;   /* 0: none, the thread is in the scheduler */
};

enum tare_signal_step {
	TARE_SIGNAL_SENT,      /* .tid is the receiver, .other the sender */
	TARE_SIGNAL_DELIVERED, /* .tid is about to run its handler; it was at .ip */
	/* likewise, for a signal that is not a preemption request */
	TARE_SIGNAL_SENT_OTHER,	     /* sent by another process, or by its own to no thread in particular */
	TARE_SIGNAL_DELIVERED_OTHER, /* sent to no thread in particular: one sent to .tid is still pending */
	TARE_NR_SIGNAL_STEPS,
};

struct tare_signal {
	struct tare_rec rec; /* .flags: enum tare_signal_step */
	__u32 tid, other;
	__u32 tgid;
	__u16 call;   /* DELIVERED: on return from this system call, plus 1; 0: none, or unknown */
	__u16 masked; /* SENT: 1: the thread blocks it for now */
	__u64 ip;     /* interrupted user address; 0: unknown */
};

struct tare_fault {
	struct tare_rec rec; /* .flags: TARE_FAULT_* */
	__u32 tid, tgid;
	__u64 address, ip;
};
#define TARE_FAULT_WRITE 0x0001
#define TARE_FAULT_ENDS	 0x0002 /* a FAULT_END will follow, unless the kernel refuses the access */

/* The fault began .ns before the record's time. One that began while nothing was recorded may have no FAULT record. */
struct tare_fault_end {
	struct tare_rec rec; /* .flags: none yet */
	__u32 tid, tgid;
	__u64 address, ns;
};

struct tare_sample {
	struct tare_rec rec; /* .flags: TARE_SAMPLE_* */
	__u32 tid;
	__u16 syscall; /* the one it was in, or TARE_NO_SYSCALL */
	__u16 pad;
	__u32 tgid, pad2;
	__u64 ip; /* user address; for a sample in the kernel, where the thread left user space */
};
#define TARE_SAMPLE_KERNEL  0x0001
#define TARE_SAMPLE_SOFTIRQ 0x0002 /* not the thread's own work */
#define TARE_SAMPLE_HARDIRQ 0x0004
#define TARE_SAMPLE_CALLED  0x0008 /* in user space, just back from a system call */

/*
 * One interrupt, recorded at its end: only those that took the CPU from a target thread while its world was being
 * stopped.
 */
struct tare_irq {
	struct tare_rec rec; /* .flags: the softirq's number, or TARE_IRQ_HARD */
	__u32 tid;	     /* the interrupted thread */
	__u32 ns;	     /* duration: the interrupt ended at the record's time */
};
#define TARE_IRQ_HARD 0xffff

#define TARE_MEMORY_MAX 960 /* .words has 8 bits */

/* A piece of a target's memory that a probe must read before it is gone. */
struct tare_memory {
	struct tare_rec rec; /* .flags: enum tare_runtime_event that it goes with */
	__u32 tgid;
	__u32 len; /* bytes that could be read */
	__u64 address;
	__u8 bytes[TARE_MEMORY_MAX]; /* .len of them, padded to 4 */
};

/* The dynamic linker has loaded a library, or several. */
struct tare_mapped {
	struct tare_rec rec;
	__u32 tid, tgid;
};

/*
 * The thread's stack at the SIGNAL, SAMPLE, OFF_CPU, FAULT_SAMPLE or ALLOC_SAMPLE that follows is number .number of the
 * STACKS frames; 0: it could not be kept.
 */
struct tare_stacked {
	struct tare_rec rec; /* .flags: none yet */
	__u32 tid, number;
};

/* The thread was off CPU for .ns, of which it waited .wait_ns for a CPU at the end. */
struct tare_off_cpu {
	struct tare_rec rec; /* .flags: enum tare_state in which it left */
	__u32 tid, tgid;
	__u16 syscall; /* the one it is in, or TARE_NO_SYSCALL */
	__u16 pad[3];
	__u64 ns, wait_ns;
};

struct tare_oom_kill {
	struct tare_rec rec; /* .flags: none yet */
	__u32 tid;	     /* of some thread of the process */
	__u32 tgid;	     /* 0: not known (before Linux 6.9) */
	/* the memory cgroup with the least room, if one has a limit; 0: none has, or not known */
	__u64 limit_pages;
	char cgroup[TARE_CGROUP_LEN]; /* the last part of its name */
};

/* X(ID, name, title): what a page fault was in. Only ever appended. */
#define TARE_FAULT_OWNERS(X)                          \
	X(UNKNOWN, "unknown", "not known")            \
	X(ANONYMOUS, "anonymous", "anonymous memory") \
	X(BRK, "brk", "the heap by brk")              \
	X(STACK, "stack", "the first thread's stack") \
	X(CODE, "code", "code of files")              \
	X(FILE, "file", "data of files")              \
	X(SHARED, "shared", "shared memory")

#define TARE_FAULT_OWNER(id, name, title) TARE_FAULT_##id,
enum tare_fault_owner { TARE_FAULT_OWNERS(TARE_FAULT_OWNER) TARE_NR_FAULT_OWNERS };

#define TARE_FAULT_NAME_LEN 32

/* STACKED comes before it. */
struct tare_fault_sample {
	struct tare_rec rec; /* .flags: TARE_FAULT_MAJOR */
	__u32 tid, tgid;
	__u16 owner;  /* enum tare_fault_owner */
	__u16 order;  /* it brought 2^order pages in, a huge one; 0: one page, or not known */
	__u32 period; /* it stands for so many */
	__u64 address, ip;
	char name[TARE_FAULT_NAME_LEN]; /* of a file, without its folders; it may be cut */
};
#define TARE_FAULT_MAJOR    0x0001 /* its contents were read from somewhere */
#define TARE_FAULT_MAY_HUGE 0x0002 /* in the rings: the recorder is to find out whether the page is huge */

/* STACKED comes before it: the stack of the caller. */
struct tare_alloc_sample {
	struct tare_rec rec; /* .flags: TARE_ALLOC_* */
	__u32 tid, tgid;
	__u32 burst;	      /* the number of a struct tare_alloc_burst; TARE_ALLOC_ALL: all of the time is seen */
	__u64 bytes;	      /* what is asked for; of a runtime that takes memory by the block: the block */
	__u64 stands_for_q16; /* so many like it in that burst, in 1/65536 */
};
#define TARE_ALLOC_ALL	   0xffffffffu
#define TARE_ALLOC_RUNTIME 0x0001 /* by the language runtime, whose counters say how much it was in all */
#define TARE_ALLOC_BLOCK   0x0002 /* .bytes is a block for several objects */

/* Direct reclaim: whoever wants memory must first find some that can be had back. It took .ns, up to the record's time.
 */
struct tare_reclaim {
	struct tare_rec rec; /* .flags: TARE_RECLAIM_* */
	__u32 tid, tgid;
	__u64 ns;
	__u64 pages;	   /* that it got back */
	__u64 limit_pages; /* of the memory cgroup with the least room; 0: not told this time, or none has a limit */
	char cgroup[TARE_CGROUP_LEN]; /* the last part of its name; missing if not told */
};
#define TARE_RECLAIM_CGROUP 0x0001 /* a memory cgroup is at its limit; else it is the machine's memory */

#define TARE_STACK_FRAMES	127 /* the kernel's default limit, /proc/sys/kernel/perf_event_max_stack */
#define TARE_STACK_KERNEL	64
#define TARE_STACK_WORDS	64   /* of the stack's memory that is copied with each .. */
#define TARE_STACK_WORDS_BROKEN 1024 /* .. and where frame pointers lead nowhere */
#define TARE_STACK_WORDS_ALLOC	256  /* with each allocation and page fault, for --alloc-sites */
#define TARE_STACK_WORDS_MAX	2048 /* most for which --call-graph dwarf may ask */
#define TARE_STACK_BELOW	16   /* the red zone: 128 bytes, by the x86-64 ABI */
#define TARE_STACK_REGS		33   /* of arm64; x86-64 has 17 */

/*
 * In the rings only: a target thread's stack. .nr_user addresses, as its frame pointers have them: where it was, then
 * return addresses; .nr_kernel of the kernel; .nr_parked of the goroutine that the thread will go on with, if it is on
 * a stack of the runtime's own; .nr_words of the user stack's memory, upwards from .nr_below words below .sp, where
 * functions that call none keep things; .nr_regs user registers, by DWARF number.
 */
struct tare_stack {
	struct tare_rec rec; /* .words: 0, since it may be longer than they can say */
	__u32 tid, tgid;
	__u16 nr_user, nr_kernel, nr_parked, nr_words;
	__u16 nr_below, nr_regs;
	__u32 pad;
	__u64 sp;
	__u64 at[];
};

TARE_SIZE(tare_rec, 8);
TARE_SIZE(tare_sync, 12);
TARE_SIZE(tare_switch, 20);
TARE_SIZE(tare_name, 32);
TARE_SIZE(tare_fork, 40);
TARE_SIZE(tare_exec, 32);
TARE_SIZE(tare_exit, 72);
TARE_SIZE(tare_migrate, 16);
TARE_SIZE(tare_runtime, 64);
TARE_SIZE(tare_stop, 148);
TARE_SIZE(tare_goroutine, 24);
TARE_SIZE(tare_signal, 32);
TARE_SIZE(tare_fault, 32);
TARE_SIZE(tare_fault_end, 32);
TARE_SIZE(tare_sample, 32);
TARE_SIZE(tare_irq, 16);
TARE_SIZE(tare_memory, 984);
TARE_SIZE(tare_mapped, 16);
TARE_SIZE(tare_stack, 40);
TARE_SIZE(tare_stacked, 16);
TARE_SIZE(tare_off_cpu, 40);
TARE_SIZE(tare_oom_kill, 152);
TARE_SIZE(tare_fault_sample, 72);
TARE_SIZE(tare_alloc_sample, 40);
TARE_SIZE(tare_reclaim, 168);

#endif /* TARE_RECORD_H */
