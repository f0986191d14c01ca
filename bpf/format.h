/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The recording: every byte that the kernel side writes into its rings and
 * that a file holds. This header is the specification; both sides include it.
 *
 * A file is a sequence of frames, little-endian, append-only: nothing is ever
 * patched afterwards, so it may be a pipe, and whatever kills the recorder
 * leaves a file that reads up to its last whole frame. The first frame is
 * TARE_FRAME_HEADER.
 *
 *   struct tare_frame          24 bytes, with a CRC over itself and the payload
 *   payload                    .len bytes
 *
 * TARE_FRAME_EVENTS carries records of one CPU exactly as the BPF programs
 * wrote them. Each record starts with struct tare_rec, which has only the low
 * 32 bits of the time: the full time is that of the record before it on the
 * same CPU plus the signed 32-bit difference, and the frame's own .ts_ns is the
 * starting point. (The kernel side emits TARE_REC_SYNC where more than
 * TARE_SYNC_NS went by, so the difference never overflows.)
 *
 * The records of one CPU are in order but for a few that an interrupt
 * overtook, and for switches that were not seen and are made up for when the
 * thread leaves; CPUs are merged on reading. TARE_FRAME_ROUND closes a round of
 * draining all rings: .ts_ns is when that round began, and no frame that comes
 * after the *next* ROUND holds a record older than it. A reader therefore
 * needs memory for two rounds, whatever the file's length.
 *
 * Evolution: frame types and record kinds are only ever appended; a reader
 * skips those it does not know (records say their length). An array frame's
 * payload starts with struct tare_array: elements may grow at their end, and
 * a reader takes what it knows of each. TARE_FORMAT_VERSION changes only when
 * an old reader would misunderstand.
 */
#ifndef TARE_FORMAT_H
#define TARE_FORMAT_H

#ifndef __VMLINUX_H__ /* the kernel side has these types already */
#include <linux/types.h>
#endif

#define TARE_FORMAT_VERSION	1
#define TARE_COMM_LEN		16	/* TASK_COMM_LEN, include/linux/sched.h */
#define TARE_CGROUP_LEN		128	/* container runtimes name them by an id of 64 digits and what they add */
#define TARE_BUILD_ID_MAX	20	/* SHA-1, what ld --build-id makes */

/* ---- frames ---------------------------------------------------------- */

#define TARE_FRAME_MAGIC	0x45524154u	/* "TARE" */
#define TARE_FRAME_MAX		(16u << 20)	/* longest payload that a reader accepts */

/* "untold.PID=this is Go, but ...": why nothing tells of that process's pauses, though its runtime makes some */
#define TARE_INFO_UNTOLD	"untold."
/*
 * "late.N=the runtime of ...": it told of its pauses only from some time after it had begun, since nothing held it. In any
 * order.
 */
#define TARE_INFO_LATE		"late."

enum tare_frame_type {
	TARE_FRAME_HEADER = 1,	/* struct tare_header */
	TARE_FRAME_INFO,	/* "key=value\0" strings: what was measured, where, how */
	TARE_FRAME_EVENTS,	/* records of one CPU */
	TARE_FRAME_ROUND,	/* empty: all rings were drained once */
	TARE_FRAME_TASKS,	/* tare_array of struct tare_task */
	TARE_FRAME_PROCESSES,	/* struct tare_process, each followed by its strings */
	TARE_FRAME_MODULES,	/* struct tare_module, each followed by its path */
	TARE_FRAME_LOSS,	/* tare_array of struct tare_loss: running totals */
	TARE_FRAME_PROBES,	/* tare_array of struct tare_probe: running totals */
	TARE_FRAME_END,		/* struct tare_end: the recording was closed in order */
	TARE_FRAME_RUNTIMES,	/* tare_array of struct tare_counters: a runtime's own counters, as read at .ts_ns */
	TARE_FRAME_SYMBOLS,	/* struct tare_symbol, each followed by its strings */
	TARE_FRAME_DELAYS,	/* struct tare_delays: how long goroutines waited to run, as their runtime counts it */
};

struct tare_frame {
	__u32 magic;
	__u16 type;
	__u16 cpu;	/* EVENTS: which CPU's records */
	__u32 len;	/* bytes of payload that follow */
	__u32 crc;	/* crc32 (zlib's) of this header with .crc = 0, then the payload */
	__u64 ts_ns;	/* CLOCK_MONOTONIC; see above for EVENTS and ROUND */
};

enum tare_arch { TARE_ARCH_X86_64 = 1, TARE_ARCH_ARM64 };

/*
 * All times in a file are CLOCK_MONOTONIC as the kernel has it, whatever time namespace the recorder or a target is in; the
 * triple, read together, relates it to the others.
 */
struct tare_header {
	__u32 version;
	__u32 arch;		/* enum tare_arch: whose system call numbers */
	__u32 nr_cpus;		/* possible CPUs */
	__u32 page_size;
	__u64 mono_ns, boot_ns, real_ns;
	__u32 ticks_hz;		/* USER_HZ */
	__u32 flags;		/* none yet */
};

struct tare_array {
	__u32 elem_size;
	__u32 count;
};

/*
 * A target thread and the kernel's own counters of it, as a BPF task iterator read them: once when the recording
 * begins and once when it ends. A thread's events count from the .ts_ns of its first snapshot.
 */
struct tare_task {
	__u64 ts_ns;
	__u32 tid, tgid, ppid;
	__u16 state;		/* TARE_STATE_*, TARE_STATE_RUNNING also while it waits for a CPU */
	__u16 syscall;		/* that it is in, or TARE_NO_SYSCALL */
	__u64 start_ns;		/* when the thread was born, CLOCK_MONOTONIC */
	__u64 nvcsw, nivcsw;	/* as in /proc/PID/task/TID/status */
	__u64 exec_ns;		/* schedstat's first field */
	__u64 run_delay_ns;	/* schedstat's second field; TARE_UNKNOWN where the kernel keeps none */
	__u16 on_cpu;		/* 1: it was on a CPU at .ts_ns */
	__u16 cpu;
	__u32 phase;		/* 0 first snapshot, 1 last */
	char comm[TARE_COMM_LEN];
	__u32 stop;		/* what makes it stand still, as struct tare_stop's .rec.flags; 0: nothing, or not told .. */
	__u32 signal;		/* .. and the same, as there */
	char cgroup[TARE_CGROUP_LEN];
};

#define TARE_UNKNOWN	(~0ull)

/* Followed by cmdline_len bytes (arguments separated by NUL), then exe_len bytes; padded to 8. */
struct tare_process {
	__u32 pid, ppid;
	__u64 start_ns;		/* when it was born, CLOCK_MONOTONIC, to a clock tick; 0: not told */
	__u16 cmdline_len, exe_len;
	__u32 size;		/* of this struct, its strings and the padding */
};

/* A mapped file with code in it. Followed by path_len bytes of path; padded to 8. */
struct tare_module {
	__u32 pid;
	__u32 size;		/* of this struct, the path and the padding */
	__u64 start, end, offset;
	__u16 path_len;
	__u8 build_id_len;	/* 0: none found */
	__u8 build_id[TARE_BUILD_ID_MAX];
	__u8 pad;
};

/*
 * What is at an address that a record of the target has. Followed by name_len bytes of the function's name, then
 * file_len bytes of its source file's; padded to 8. Found while the target was there: a reader needs none of its files.
 * Two things that are no functions are told in the same way, by addresses that no program has: what a page of memory
 * belongs to (the name is a file's path, or "[heap]" and the like; none for memory without a name), and the cgroup whose
 * CPU quota holds the process back (the name is its path; "QUOTA_NS PERIOD_NS" in the place of the file; the last one
 * told counts; .pid may be a thread that is in a cgroup of its own).
 */
struct tare_symbol {
	__u32 pid;
	__u32 size;		/* of this struct, its strings and the padding */
	__u64 ip;
	__u32 line;		/* 0: not known */
	__u16 name_len, file_len;
};

/*
 * What follows the padding of a struct tare_symbol, where .size leaves room: about calls at an address. That of a call is the
 * return address minus one. Followed by name_len and file_len bytes; padded to 8.
 */
struct tare_symbol_more {
	__u32 flags;		/* TARE_SYMBOL_* */
	__u16 owner;		/* enum tare_owner: whose code the function is */
	__s16 return_at;	/* in bytes from the stack pointer to the return address; -1: not known */
	__u32 line;		/* where the function was inlined into the program's own code: that, as above .. */
	__u16 name_len, file_len;	/* .. or 0 */
};
#define TARE_SYMBOL_CALL	0x0001	/* it is in a call, which ends right behind it */
#define TARE_SYMBOL_FRAME	0x0002	/* the frame pointer is the function's own there */

enum tare_owner {
	TARE_OWNER_UNKNOWN,
	TARE_OWNER_RUNTIME,	/* the language's runtime */
	TARE_OWNER_LIBRARY,	/* the language's standard library; of a native program: any library */
	TARE_OWNER_PROGRAM,
};

#define TARE_SYMBOL_PAGE(address) (((address) & ~0xfffull) | 1ull << 62)	/* .ip of a page, of 4096 bytes */
#define TARE_SYMBOL_CGROUP	(3ull << 61)

/* The runtime's histogram of a process since it started: of durations of at least from_ns[i], count[i]; ascending. */
struct tare_delays {
	__u32 pid;
	__u32 one_in;		/* of so many waits one is counted */
	__u32 nr, pad;
	struct { __u64 from_ns, count; } buckets[];	/* nr of them; those without a wait may be left out */
};
#define TARE_DELAYS_MAX	1024

/* What was lost, by class. Each count is of events that happened and are not in the file. */
enum tare_loss_class {
	TARE_LOST_OUT,		/* a target thread left a CPU */
	TARE_LOST_IN,		/* a target thread came onto a CPU */
	TARE_LOST_OTHER,	/* a switch between other tasks while a target thread waited */
	TARE_LOST_TASK,		/* birth, exec, rename, migration or end of a thread */
	TARE_LOST_THREAD,	/* a thread that could not be followed at all: no memory for its state */
	TARE_LOST_DISK,		/* bytes that could not be written to the file */
	TARE_LOST_RUNTIME,	/* an event of the language runtime */
	TARE_LOST_EVIDENCE,	/* a signal, fault, sample or interrupt of a target thread */
	TARE_NR_LOST,
};

struct tare_loss {
	__u32 cls;		/* enum tare_loss_class */
	__u32 cpu;
	__u64 count;
};

/*
 * Beside the probes stand: targets that were held when they became another program, until tare had attached to that
 * (Linux 6.18), and how many of these went on before it had. What holding costs is CPU time of the target as well.
 */
#define TARE_PROBE_HOLD		"exec_hold"
#define TARE_PROBE_HOLD_MISSED	"exec_hold_missed"

/* What a probe cost. Hits are counted always; run time is the kernel's own BPF statistics over a part of them. */
struct tare_probe {
	char name[32];
	__u64 hits;
	__u64 timed_hits;
	__u64 timed_ns;
};

/*
 * What a language runtime counts of itself, read from its memory (or told by a probe at its end). TARE_UNKNOWN
 * where it does not say.
 */
struct tare_counters {
	__u64 ts_ns;
	__u32 pid;
	__u32 final;			/* 1: taken at the process's end */
	__u64 goroutine_switches;	/* times that a goroutine was given a P */
	__u64 goroutines_created;
	__u64 alloc_bytes, alloc_objects, freed_bytes, freed_objects;
	__u64 collections;		/* completed ones */
	__u64 pauses, pause_ns;		/* as the runtime itself counts them */
	__u64 heap_bytes, goal_bytes;
	__u64 syscalls;			/* that the runtime's scheduler knows of */
	__u64 preempts;			/* goroutines that gave way because they were asked to */
	__u64 assist_ns;		/* time that allocating goroutines marked for the collector */
};

enum tare_end_reason { TARE_END_DURATION = 1, TARE_END_INTERRUPT, TARE_END_TARGET_GONE, TARE_END_ERROR,
		       TARE_END_TRIGGER };

struct tare_end {
	__u64 ts_ns;
	__u32 reason;		/* enum tare_end_reason */
	__s32 wait_status;	/* `tare run`: as waitpid() gave it, else -1 */
	__u64 self_cpu_ns;	/* CPU time that the recorder itself took */
};

/* ---- records --------------------------------------------------------- */

#define TARE_SYNC_NS	(1ull << 30)

enum tare_rec_kind {
	TARE_REC_SYNC = 1,	/* struct tare_sync */
	TARE_REC_SWITCH,	/* struct tare_switch: a context switch */
	TARE_REC_NAME,		/* struct tare_name: a task that is no target, before its first switch */
	TARE_REC_FORK,		/* struct tare_fork: a target thread is born */
	TARE_REC_EXEC,		/* struct tare_exec */
	TARE_REC_RENAME,	/* struct tare_name: a target thread changed its name */
	TARE_REC_EXIT,		/* struct tare_exit */
	TARE_REC_MIGRATE,	/* struct tare_migrate: moved while it waited for a CPU */
	TARE_REC_RUNTIME,	/* struct tare_runtime: an event of the language runtime */
	TARE_REC_GOROUTINE,	/* struct tare_goroutine: what a target thread ran, before the record that it belongs to */
	TARE_REC_SIGNAL,	/* struct tare_signal: one by which runtimes ask for preemption */
	TARE_REC_FAULT,		/* struct tare_fault: a page fault of a target thread begins */
	TARE_REC_SAMPLE,	/* struct tare_sample: where a target thread was when the CPU clock ticked */
	TARE_REC_IRQ,		/* struct tare_irq: interrupts took a CPU from a target thread */
	TARE_REC_MEMORY,	/* struct tare_memory: for the recorder, which makes a RUNTIMES frame of it */
	TARE_REC_FAULT_END,	/* struct tare_fault_end: a page fault of a target thread is over */
	TARE_REC_MAPPED,	/* struct tare_mapped: for the recorder, which looks at what is new */
	TARE_REC_STOP,		/* struct tare_stop: a target thread is made to stand still */
	TARE_REC_STACK,		/* struct tare_stack: where a target thread was called from, before the record that it
				 * belongs to */
};

struct tare_rec {
	__u32 ts_lo;
	__u8 kind;
	__u8 words;		/* length of the record in 4-byte words, this header included */
	__u16 flags;		/* by kind */
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
	__u16 cost_ns;		/* kernel's direct cost of the *previous* switch recorded on this CPU; 0: unknown */
	__u16 syscall;		/* that prev was in, or TARE_NO_SYSCALL */
	__u32 opt[];
};

#define TARE_SW_PREV		0x0001	/* prev is a target thread */
#define TARE_SW_NEXT		0x0002	/* next is a target thread */
#define TARE_SW_VOLUNTARY	0x0004	/* the kernel counted it in prev's nvcsw (else nivcsw) */
#define TARE_SW_STATE		0x0078	/* prev's state: TARE_STATE_*, shifted by TARE_SW_STATE_SHIFT */
#define TARE_SW_STATE_SHIFT	3
#define TARE_SW_COMPAT		0x0080	/* .syscall is of the 32-bit table */
#define TARE_SW_WAIT		0x0100	/* +1 word: ns that next waited on the run queue, throttled time included */
#define TARE_SW_WAIT_HI		0x0200	/* +1 word: its high 32 bits */
#define TARE_SW_THROTTLED	0x0400	/* +2 words (low, high): ns of the wait that the CPU quota took */
#define TARE_SW_WAKE		0x0800	/* +1 word: who woke next, see TARE_WAKE_*; its tid is prev_tid unless .. */
#define TARE_SW_WAKER		0x1000	/* +1 word: .. the waker's tid is given */
#define TARE_SW_WAKE_DELAY	0x2000	/* +1 word: ns from waking to enqueueing where TARE_WAKE_DELAY cannot hold it */
#define TARE_SW_STOLEN		0x4000	/* +1 word, signed: ns on the CPU that the kernel did not charge to prev (steal,
					 * interrupts), since it was last given */
#define TARE_SW_COST		0x8000	/* +1 word: the cost where .cost_ns cannot hold it */
#define TARE_SW_MAX_WORDS	(5 + 9)

#define TARE_WAKE_CPU(w)	((w) >> 18)		/* the CPU that the waker was on */
#define TARE_WAKE_CONTEXT(w)	(((w) >> 16) & 3)	/* enum tare_context: what the waker was doing */
#define TARE_WAKE_DELAY(w)	((w) & 0xffff)		/* ns from sched_waking to the run queue */
#define TARE_WAKE_DELAY_MAX	0xffff

enum tare_context { TARE_CONTEXT_TASK, TARE_CONTEXT_SOFTIRQ, TARE_CONTEXT_HARDIRQ, TARE_CONTEXT_NMI };

#define TARE_NO_SYSCALL	0xffff	/* not in a system call: in user space, or in an exception */

/* The state a thread left in: the bits of TASK_REPORT in order (include/linux/sched.h), 0 for none. */
enum tare_state {
	TARE_STATE_RUNNING,		/* R: preempted or yielded */
	TARE_STATE_INTERRUPTIBLE,	/* S */
	TARE_STATE_UNINTERRUPTIBLE,	/* D */
	TARE_STATE_STOPPED,		/* T */
	TARE_STATE_TRACED,		/* t */
	TARE_STATE_DEAD,		/* X, exiting */
	TARE_STATE_ZOMBIE,		/* Z */
	TARE_STATE_PARKED,		/* P */
	TARE_STATE_IDLE,		/* I */
	TARE_STATE_OTHER,
	TARE_STATE_THROTTLED,		/* runnable, but its cgroup's quota is used up */
	TARE_STATE_FROZEN,		/* by the cgroup freezer of either version, or for suspend */
};

struct tare_name {
	struct tare_rec rec;
	__u32 tid, tgid;
	char comm[TARE_COMM_LEN];
};

/* A thread that is its own parent was not born: it took the name that the recording follows. */
struct tare_fork {
	struct tare_rec rec;
	__u32 tid, tgid;		/* of the child */
	__u32 parent_tid, parent_tgid;
	char comm[TARE_COMM_LEN];
};

struct tare_exec {
	struct tare_rec rec;
	__u32 tid, old_tid;		/* they differ where another thread than the first called exec */
	char comm[TARE_COMM_LEN];
};

/* Stands before the switch by which the thread leaves for good, which its counters hold already. */
struct tare_exit {
	struct tare_rec rec;
	__u32 tid, tgid;
	__u32 exit_code;
	__u32 pad;
	__u64 nvcsw, nivcsw, exec_ns, run_delay_ns;
};

struct tare_migrate {
	struct tare_rec rec;
	__u32 tid;
	__u16 from_cpu, to_cpu;
};

/*
 * What runtimes tell, in one vocabulary: a runtime's file (user/runtime/) says which of its probes means which. The
 * thread is the one that hit the probe. Numbers ("args") as given behind each name; those that a runtime cannot tell
 * are TARE_UNKNOWN, and those at the end may be missing. Reasons, phases and waits are the runtime's own numbers,
 * whose names the recording holds as info "stop_reason.N", "gc_phase.N", "wait_reason.N". Where programs number differently
 * these are the first set of names; set S has "names.S/stop_reason.N" and so on, and info "names_of.PID" is the set by which
 * process PID numbers from then on (without it: the first, 0).
 */
enum tare_runtime_event {
	TARE_RT_STW_REQUEST = 1,	/* reason, Ps: the world is asked to stop */
	TARE_RT_P_STOPPED,		/* P, how: one that was waited for stands (by the thread that laid it down) */
	TARE_RT_STW_STOPPED,		/* reason, Ps that were waited for: all stand */
	TARE_RT_STW_RESTART,		/* reason, started ns, stopped ns, stopping CPU ns: the world is about to go on; times
					 * are the runtime's own, CLOCK_MONOTONIC */
	TARE_RT_STW_STARTED,		/* reason: every thread with work has been told */
	TARE_RT_GC_START,		/* cycle, heap bytes, goal bytes */
	TARE_RT_GC_PHASE,		/* cycle, phase */
	TARE_RT_GC_END,			/* cycle, live bytes, next goal bytes */
	TARE_RT_G_CREATE,		/* creator, address of its function */
	TARE_RT_G_RUN,			/* P */
	TARE_RT_G_PARK,			/* wait reason */
	TARE_RT_G_READY,		/* who readied it */
	TARE_RT_G_EXIT,
	TARE_RT_PREEMPT_REQUEST,	/* P, thread id */
	TARE_RT_PREEMPT_TAKEN,		/* P, 1: by signal */
	TARE_RT_STEAL,			/* P that took, P it took from, how many */
	TARE_RT_HANDOFF,		/* P */
	TARE_RT_SPAN_REFILL,		/* size class, block bytes */
	TARE_RT_LARGE_ALLOC,		/* bytes */
	TARE_RT_ASSIST,			/* bytes, ns */
	TARE_RT_SWEEP_END,		/* cycle, bytes freed */
	TARE_RT_EXIT,			/* address of its counters, Ps that still run: the runtime's end; a MEMORY record follows */
	TARE_RT_STW_WAIT,		/* reason: who will stop the world begins to wait for its turn to do so */
	TARE_RT_OWN_STOPPING,		/* ns: the stop just made took so long by the runtime's own account */
	TARE_RT_OWN_TOTAL,		/* ns: and the whole pause */
	TARE_NR_RT_EVENTS,
};

#define TARE_RT_MAX_ARGS	5

struct tare_runtime {
	struct tare_rec rec;	/* .flags: enum tare_runtime_event */
	__u32 tid, tgid;
	__u64 goroutine;	/* that the event concerns; 0: none, or not known */
	__u64 args[TARE_RT_MAX_ARGS];	/* as many as .words leaves room for */
};

/*
 * Stands before the switch by which a thread leaves in TARE_STATE_STOPPED, _TRACED or _FROZEN, whatever system call it
 * was in before.
 */
#define TARE_STOP_STATE		0x00ff
#define TARE_STOP_SLEEPERS	0x0100	/* _FROZEN: whoever sleeps is frozen where it is, and no switch tells of it */
#define TARE_STOP_INTERRUPTIBLE	0x0200	/* it stands in the state of an ordinary sleep, as cgroup v2 freezes */
struct tare_stop {
	struct tare_rec rec;	/* .flags: enum tare_state | TARE_STOP_SLEEPERS | TARE_STOP_INTERRUPTIBLE */
	__u32 tid, tgid;
	__u32 signal;		/* TARE_STATE_STOPPED: which one; 0: not known */
	char cgroup[TARE_CGROUP_LEN];	/* TARE_STATE_FROZEN: last part of the name of that which was told to; "": not known */
};

struct tare_goroutine {
	struct tare_rec rec;	/* .flags: the goroutine's status, by the runtime's own numbers */
	__u32 tid;
	__u16 wait_reason;	/* by the runtime's own numbers */
	__s16 p;		/* that the thread holds; -1: none */
	__u64 goroutine;	/* 0: none, the thread is in the scheduler */
};

enum tare_signal_step {
	TARE_SIGNAL_SENT,	/* .tid is who gets it, .other who sent it */
	TARE_SIGNAL_DELIVERED,	/* .tid is about to run its handler, and was at .ip */
	/* the same, of a signal by which the runtime asks for nothing */
	TARE_SIGNAL_SENT_OTHER,	/* by another process, or by its own to no thread in particular */
	TARE_SIGNAL_DELIVERED_OTHER,	/* to no thread in particular: one sent to .tid is still to come */
	TARE_NR_SIGNAL_STEPS,
};

struct tare_signal {
	struct tare_rec rec;	/* .flags: enum tare_signal_step */
	__u32 tid, other;
	__u32 tgid;
	__u16 call;		/* DELIVERED: on the way out of this system call, plus 1; 0: of none, or not known */
	__u16 masked;		/* SENT: 1: the thread keeps it out for now */
	__u64 ip;		/* user address that was interrupted; 0: not known */
};

struct tare_fault {
	struct tare_rec rec;	/* .flags: TARE_FAULT_* */
	__u32 tid, tgid;
	__u64 address, ip;
};
#define TARE_FAULT_WRITE	0x0001
#define TARE_FAULT_ENDS		0x0002	/* a FAULT_END will follow, unless the kernel refuses the access */

/* It began .ns before the record's time. One that began while nothing was recorded may have no FAULT record. */
struct tare_fault_end {
	struct tare_rec rec;	/* .flags: none yet */
	__u32 tid, tgid;
	__u64 address, ns;
};

struct tare_sample {
	struct tare_rec rec;	/* .flags: TARE_SAMPLE_* */
	__u32 tid;
	__u16 syscall;		/* that it was in, or TARE_NO_SYSCALL */
	__u16 pad;
	__u32 tgid, pad2;
	__u64 ip;		/* user address, also where it was in the kernel: where it left user space */
};
#define TARE_SAMPLE_KERNEL	0x0001
#define TARE_SAMPLE_SOFTIRQ	0x0002	/* it was not the thread's own work */
#define TARE_SAMPLE_HARDIRQ	0x0004
#define TARE_SAMPLE_CALLED	0x0008	/* in user space, just back from a system call */

/* One interrupt, told at its end: of those that took the CPU from a target thread while its world was being stopped. */
struct tare_irq {
	struct tare_rec rec;	/* .flags: the softirq's number, or TARE_IRQ_HARD */
	__u32 tid;		/* from whom the CPU was taken */
	__u32 ns;		/* the interrupt ended at the record's time and began so long before */
};
#define TARE_IRQ_HARD	0xffff

#define TARE_MEMORY_MAX	960	/* .words has 8 bits */

/* A piece of a target's memory, where a probe must read it since soon it is gone. */
struct tare_memory {
	struct tare_rec rec;	/* .flags: enum tare_runtime_event that it goes with */
	__u32 tgid;
	__u32 len;		/* bytes that could be read */
	__u64 address;
	__u8 bytes[TARE_MEMORY_MAX];	/* .len of them, padded to 4 */
};

/* The dynamic linker has loaded a library, or several. */
struct tare_mapped {
	struct tare_rec rec;
	__u32 tid, tgid;
};

#define TARE_STACK_FRAMES	32
#define TARE_STACK_WORDS	16

/*
 * The user stack of a target thread at the SIGNAL or SAMPLE that follows. .frames are what the frame pointers lead to: a
 * function that has not set up its frame hides who called it. That return address may be among the .words, and the symbol of
 * .frames[0] says at which of them (struct tare_symbol_more).
 */
struct tare_stack {
	struct tare_rec rec;	/* .flags: how many of .words could be read */
	__u32 tid, tgid;
	__u64 sp;
	__u64 words[TARE_STACK_WORDS];		/* what lies at .sp, upwards */
	__u64 frames[TARE_STACK_FRAMES];	/* as many as rec.words leaves room for: where it was, then return addresses */
};

#endif /* TARE_FORMAT_H */
