/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The recording: every byte that the kernel side writes into its rings and
 * that a file contains. This header is the specification, of the file and its
 * frames; record.h is that of the records. Both sides include them.
 *
 * A file is a sequence of frames, little-endian, append-only: nothing is ever
 * patched afterwards, so it may be a pipe, and if the recorder is killed the
 * file reads up to its last whole frame. The first frame is TARE_FRAME_HEADER,
 * and no other is: there, another recording begins.
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
 * overtook, and for missed switches, made up for when the thread leaves; CPUs
 * are merged on reading. TARE_FRAME_ROUND closes a round of draining all rings:
 * .ts_ns is when that round began, and no frame that comes after the *next*
 * ROUND holds a record older than it. A reader therefore needs memory for two
 * rounds, whatever the file's length.
 *
 * TARE_FRAME_COMPRESSED holds other frames, compressed: whole ones, of any type
 * but HEADER and COMPRESSED, in the order in which they would stand in the file
 * without it. Each is compressed by itself, so one that is damaged costs only
 * what it holds. The header, and what is written without compression, stand in
 * the file as they are.
 *
 * Evolution: frame types and record kinds are only ever appended; a reader
 * skips those it does not know (records say their length). An array frame's
 * payload starts with struct tare_array: elements may grow at their end, and
 * a reader takes what it knows of each. TARE_FORMAT_VERSION changes only when
 * an old reader would misunderstand: 2 has TARE_FRAME_COMPRESSED, for which 1
 * would show an empty recording. Whatever reads 2 reads 1.
 */
#ifndef TARE_FORMAT_H
#define TARE_FORMAT_H

#ifndef __VMLINUX_H__ /* the kernel side has these types already */
#include <linux/types.h>
#endif

#define TARE_FORMAT_VERSION 2
#define TARE_COMM_LEN	    16	/* TASK_COMM_LEN, include/linux/sched.h */
#define TARE_CGROUP_LEN	    128 /* container runtimes use a 64-digit id plus what they add */
#define TARE_BUILD_ID_MAX   20	/* SHA-1, what ld --build-id makes */

/* ---- frames ---------------------------------------------------------- */

#define TARE_FRAME_MAGIC 0x45524154u /* "TARE" */
#define TARE_FRAME_MAX	 (16u << 20) /* longest payload that a reader accepts */

/* "untold.PID=this is Go, but ...": why that process's pauses are not reported, though its runtime makes some */
#define TARE_INFO_UNTOLD "untold."
/*
 * "late.N=the runtime of ...": its pauses are reported only from some time after it began, since nothing held it. In
 * no particular order.
 */
#define TARE_INFO_LATE "late."
/* "no_heap.PID=the linker has left it out": why there is no account of that process's allocations, though its runtime
 * keeps one. */
#define TARE_INFO_NO_HEAP "no_heap."
/* INFO: --alloc-sites: "burst" or "all" */
#define TARE_INFO_ALLOC_SITES "alloc_sites"
/* INFO: where the kernel's code began, in hexadecimal, and its build id, without blanks: for other tools' symbols. */
#define TARE_INFO_KERNEL_TEXT	  "kernel_text"
#define TARE_INFO_KERNEL_BUILD_ID "kernel_build_id"
/* INFO: the CPU's name, what perf takes it for, and all of the machine's memory in KiB. */
#define TARE_INFO_CPU	    "cpu"
#define TARE_INFO_CPU_ID    "cpu_id"
#define TARE_INFO_MEMORY_KB "memory_kb"
/* INFO: the recorder's own pid in the kernel's numbering; 0: unknown. */
#define TARE_INFO_RECORDER "recorder_pid"
/* the most memory that the command of `tare run`, or a child it waited for, had resident: wait4()'s ru_maxrss */
#define TARE_INFO_COMMAND_PEAK_KB "command_peak_kb"

enum tare_frame_type {
	TARE_FRAME_HEADER = 1,	 /* struct tare_header */
	TARE_FRAME_INFO,	 /* "key=value\0" strings: what was measured, where, how */
	TARE_FRAME_EVENTS,	 /* records of one CPU */
	TARE_FRAME_ROUND,	 /* empty: all rings were drained once */
	TARE_FRAME_TASKS,	 /* tare_array of struct tare_task */
	TARE_FRAME_PROCESSES,	 /* struct tare_process, each followed by its strings */
	TARE_FRAME_MODULES,	 /* struct tare_module, each followed by its path */
	TARE_FRAME_LOSS,	 /* tare_array of struct tare_loss: running totals */
	TARE_FRAME_PROBES,	 /* tare_array of struct tare_probe: running totals */
	TARE_FRAME_END,		 /* struct tare_end: the recording was closed in order */
	TARE_FRAME_RUNTIMES,	 /* tare_array of struct tare_counters: a runtime's own counters, as read at .ts_ns */
	TARE_FRAME_SYMBOLS,	 /* struct tare_symbol, each followed by its strings */
	TARE_FRAME_DELAYS,	 /* struct tare_delays: how long goroutines waited to run, as their runtime counts it */
	TARE_FRAME_NAMES,	 /* struct tare_number_name, each followed by its text; all of one process */
	TARE_FRAME_PAGES,	 /* struct tare_page, each followed by its name; all of one process */
	TARE_FRAME_QUOTAS,	 /* struct tare_quota, each followed by its path; all of one process or thread */
	TARE_FRAME_STACKS,	 /* struct tare_call_stack, each followed by its addresses; all of one process */
	TARE_FRAME_BYTES,	 /* tare_array of struct tare_bytes (bytes.h): resident memory, as read at .ts_ns */
	TARE_FRAME_HEAP,	 /* struct tare_heap, followed by .nr struct tare_heap_stack: sampled allocations */
	TARE_FRAME_ALLOC_BURSTS, /* tare_array of struct tare_alloc_burst */
	TARE_FRAME_COMPRESSED,	 /* struct tare_compressed, then other frames, compressed */
	TARE_FRAME_MEMORY_CALLS, /* tare_array of struct tare_memory_calls (calls.h) */
};

struct tare_frame {
	__u32 magic;
	__u16 type;
	__u16 cpu;   /* EVENTS: which CPU's records */
	__u32 len;   /* bytes of payload that follow */
	__u32 crc;   /* crc32 (zlib's) of this header with .crc = 0, then the payload; not used within COMPRESSED */
	__u64 ts_ns; /* CLOCK_MONOTONIC; see above for EVENTS and ROUND */
};

struct tare_compressed {
	__u32 method; /* enum tare_compression */
	__u32 bytes;  /* of the frames, decompressed: TARE_COMPRESSED_MAX at most */
};

enum tare_compression {
	TARE_STORED, /* not at all: there was no time for it */
	TARE_ZSTD,   /* one zstd frame, RFC 8878 */
};

/* What a reader must have room for, whatever a file says. */
#define TARE_COMPRESSED_MAX (TARE_FRAME_MAX + sizeof(struct tare_frame))

enum tare_arch { TARE_ARCH_X86_64 = 1, TARE_ARCH_ARM64 };

/*
 * All times in a file are the kernel's CLOCK_MONOTONIC, whatever time namespace the recorder or a target is in; the
 * triple, read together, relates it to the other clocks.
 */
struct tare_header {
	__u32 version;
	__u32 arch;    /* enum tare_arch: whose system call numbers */
	__u32 nr_cpus; /* possible CPUs */
	__u32 page_size;
	__u64 mono_ns, boot_ns, real_ns;
	__u32 ticks_hz; /* USER_HZ */
	__u32 flags;	/* none yet */
};

struct tare_array {
	__u32 elem_size;
	__u32 count;
};

/*
 * A target thread and the kernel's own counters for it, read by a BPF task iterator: once when the recording begins and
 * once when it ends. A thread's events count from the .ts_ns of its first snapshot.
 */
struct tare_task {
	__u64 ts_ns;
	__u32 tid, tgid, ppid;
	__u16 state;	     /* TARE_STATE_*; TARE_STATE_RUNNING also while it waits for a CPU */
	__u16 syscall;	     /* the one it is in, or TARE_NO_SYSCALL */
	__u64 start_ns;	     /* when the thread was born, CLOCK_MONOTONIC */
	__u64 nvcsw, nivcsw; /* as in /proc/PID/task/TID/status */
	__u64 exec_ns;	     /* schedstat's first field */
	__u64 run_delay_ns;  /* schedstat's second field; TARE_UNKNOWN where the kernel keeps none */
	__u16 on_cpu;	     /* 1: it was on a CPU at .ts_ns */
	__u16 cpu;
	__u32 phase; /* 0 first snapshot, 1 last */
	char comm[TARE_COMM_LEN];
	__u32 stop;   /* what stops it, as struct tare_stop's .rec.flags; 0: nothing, or unknown */
	__u32 signal; /* as struct tare_stop's .signal */
	char cgroup[TARE_CGROUP_LEN];
	/* a process's first thread: its last exec, or its birth, if that was seen; CLOCK_MONOTONIC, 0: neither was */
	__u64 program_ns;
	__u64 minor_faults, major_faults; /* min_flt and maj_flt of /proc/PID/task/TID/stat */
};

#define TARE_UNKNOWN (~0ull)
#define TARE_NONE    (~0ull - 1) /* it is known that there is none */

/* Followed by cmdline_len bytes (arguments separated by NUL), then exe_len bytes; padded to 8. */
struct tare_process {
	__u32 pid, ppid;
	__u64 start_ns; /* when it was born, CLOCK_MONOTONIC, to a clock tick; 0: unknown */
	__u16 cmdline_len, exe_len;
	__u32 size; /* of this struct, its strings and the padding */
};

/* A mapped file with code in it. Followed by path_len bytes of path; padded to 8. */
struct tare_module {
	__u32 pid;
	__u32 size; /* of this struct, the path and the padding */
	__u64 start, end, offset;
	__u16 path_len;
	__u8 build_id_len; /* 0: none found */
	__u8 build_id[TARE_BUILD_ID_MAX];
	__u8 pad;
};

/*
 * What is at an address in a target's record. Followed by name_len bytes of the function's name, then file_len bytes of
 * its source file's; padded to 8. Resolved while the target was alive: a reader needs none of its files. It was so at
 * the frame's .ts_ns, when a record had that address: it holds for no other program of the process, before an exec or
 * after, and from then on until the next one for the same address.
 */
struct tare_symbol {
	__u32 pid;
	__u32 size; /* of this struct, its strings and the padding */
	__u64 ip;
	__u32 line; /* 0: unknown */
	__u16 name_len, file_len;
};

/*
 * Follows the padding of a struct tare_symbol where .size leaves room: about calls at an address. A call's address is
 * the return address minus one. .return_at and the flags _CALL and _FRAME are in old recordings only. Followed by
 * name_len and file_len bytes; padded to 8.
 */
struct tare_symbol_more {
	__u32 flags;		  /* TARE_SYMBOL_* */
	__u16 owner;		  /* enum tare_owner: whose code the function is */
	__s16 return_at;	  /* in bytes from the stack pointer to the return address; -1: unknown */
	__u32 line;		  /* the program's own code that the function was inlined into, as above; else 0 */
	__u16 name_len, file_len; /* likewise */
};
/* bits 16 to 23 of .flags: which cost the function belongs to, enum tare_cost (costs.h) */
#define TARE_SYMBOL_COST_SHIFT	16
#define TARE_SYMBOL_COST_MASK	0xff
#define TARE_SYMBOL_COST_WITHIN 0x01000000 /* only where an outer function has a cost of the same group */
#define TARE_SYMBOL_COST_ALWAYS 0x02000000 /* also where an outer function has another cost */
#define TARE_SYMBOL_CALL	0x0001	   /* it is in a call instruction, which ends right after it */
#define TARE_SYMBOL_FRAME	0x0002	   /* the function has set up its own frame pointer there */
#define TARE_SYMBOL_INLINED	0x0004	   /* into the next struct tare_symbol, which is of the same address */
/* of stacks that allocate: it is no site as long as nothing else is further in; where threads or goroutines begin */
#define TARE_SYMBOL_HEAP_INNER 0x0008
#define TARE_SYMBOL_HEAP_OUTER 0x0010
/* after the strings' padding follow 8 bytes: where the function with a frame of its own begins */
#define TARE_SYMBOL_START 0x0020

enum tare_owner {
	TARE_OWNER_UNKNOWN,
	TARE_OWNER_RUNTIME, /* the language's runtime */
	TARE_OWNER_LIBRARY, /* the language's standard library; of a native program: any library */
	TARE_OWNER_PROGRAM,
};

/* What the page of a fault belongs to, at the frame's .ts_ns: see struct tare_symbol. Followed by name_len bytes;
 * padded to 8. */
struct tare_page {
	__u32 pid;
	__u32 size;	/* of this struct, the name and the padding */
	__u64 address;	/* of the page */
	__u16 name_len; /* a file's path, or "[heap]" and the like; 0: memory without a name */
	__u16 pad[3];
};
#define TARE_PAGE_MASK (~0xfffull) /* the smallest page there is */

/*
 * A stack that STACKED records refer to. Followed by .nr_kernel addresses in the kernel, then .nr_user in the process,
 * each innermost first. The first one of the user's is where the thread was, all others there are return addresses: a
 * call's symbol is that of the address minus one.
 */
struct tare_call_stack {
	__u32 pid;
	__u32 size;    /* of this struct and the addresses */
	__u32 number;  /* from 1, used once in a recording */
	__u32 same_as; /* the number of another one that it turned out to equal; then it has no addresses */
	__u16 nr_kernel, nr_user;
	__u16 nr_sure; /* of the user's, from the innermost on: each is proved to have called the one before */
	__u16 flags;   /* TARE_STACK_* */
};
#define TARE_STACK_WHOLE 0x0001 /* the user's part reaches to where the thread or goroutine began */
#define TARE_STACK_CUT	 0x0002 /* it does not: callers are missing at its outer end */
/* with neither, that is not known */
#define TARE_STACK_TOLD 0x0004 /* by the runtime itself: each address is of one function, the innermost one there */

/*
 * The allocations that a process's runtime has sampled since the process began, as read at one moment: by the stack
 * that allocated them and their size. A reading may take several frames, which have all but .nr and .first in common.
 */
struct tare_heap {
	__u32 pid;
	__u32 elem_size; /* of a struct tare_heap_stack in this frame */
	__u64 ts_ns;
	__u32 nr;	  /* of them in this frame */
	__u32 first;	  /* of them in the reading's frames before */
	__u32 total;	  /* of them in the reading */
	__u32 flags;	  /* TARE_HEAP_* */
	__u64 rate_bytes; /* one object in so many bytes is sampled, on average; 1: every one */
	__u64 cycles;	  /* collections that the runtime has counted for this */
	__u64 cost_ns;	  /* CPU time that the reading took */
	__u32 nr_torn;	  /* stacks that changed meanwhile: they may be of another collection than the others */
	__u32 tries;	  /* how often it was read, for fewer of them */
};
#define TARE_HEAP_BEGIN	  0x0001 /* of a process that was there when the recording began */
#define TARE_HEAP_PENDING 0x0002 /* no collection is over yet: it is all that was sampled so far */

struct tare_heap_stack {
	__u32 stack; /* its number, of those with TARE_STACK_TOLD; 0: not known */
	__u32 pad;
	__u64 size_bytes; /* of each object */
	/* objects that were sampled, as of the end of a collection */
	__u64 allocs, frees, alloc_bytes, free_bytes;
};

/*
 * Allocations were looked at on one CPU for a short time, in which the target had .exposed_ns there without what the
 * probes took. What was seen stands for all of .covered_ns.
 */
struct tare_alloc_burst {
	__u32 number, cpu;
	__u64 begin_ns, covered_ns, exposed_ns;
	__u64 allocations, bytes;	    /* in it */
	__u64 told_allocations, told_bytes; /* the same, as those that are told stand for it */
	__u64 spent_ns;			    /* by the probes */
};

/*
 * .exposed_ns is at least so much for each of .allocations: what the target did in less cannot be told from what the
 * probes took.
 */
#define TARE_ALLOC_LEAST_NS 100

/*
 * The cgroup whose CPU quota throttles a process, or a thread in a cgroup of its own. The last one written counts.
 * Followed by path_len bytes; padded to 8.
 */
struct tare_quota {
	__u32 pid;
	__u32 size;		   /* of this struct, the path and the padding */
	__u64 quota_ns, period_ns; /* CPU time allowed in each period, on all CPUs together; 0: no quota any more */
	__u16 path_len;
	__u16 pad[3];
};

/*
 * Process .pid's name for number .number of a kind; the last one written counts from then on. Followed by text_len
 * bytes; padded to 8.
 */
struct tare_number_name {
	__u32 pid;
	__u32 size; /* of this struct, the text and the padding */
	__u64 number;
	__u16 kind; /* enum tare_name_kind */
	__u16 text_len;
	__u32 pad;
};

enum tare_name_kind {
	TARE_NAME_STOP_REASON = 1, /* why the world is stopped */
	TARE_NAME_GC_PHASE,
	TARE_NAME_WAIT_REASON, /* what a goroutine waits for */
	TARE_NAME_STATUS,      /* of a goroutine; one that waits is "waiting" */
	TARE_NAME_GREEN, /* number 0: what the runtime calls its green threads; "goroutine" where it is not told */
};

/* The runtime's histogram since the process started: count[i] durations of at least from_ns[i]; ascending. */
struct tare_delays {
	__u32 pid;
	__u32 one_in; /* one wait in this many is counted */
	__u32 nr, pad;
	struct {
		__u64 from_ns, count;
	} buckets[]; /* nr of them; those without a wait may be left out */
};
#define TARE_DELAYS_MAX 1024

/* What was lost, by class. Each count is of events that happened and are not in the file. */
enum tare_loss_class {
	TARE_LOST_OUT,	    /* a target thread left a CPU */
	TARE_LOST_IN,	    /* a target thread came onto a CPU */
	TARE_LOST_OTHER,    /* a switch between other tasks while a target thread waited */
	TARE_LOST_TASK,	    /* birth, exec, rename, migration or end of a thread */
	TARE_LOST_THREAD,   /* a thread that could not be followed at all: no memory for its state */
	TARE_LOST_DISK,	    /* bytes that could not be written to the file */
	TARE_LOST_RUNTIME,  /* an event of the language runtime */
	TARE_LOST_EVIDENCE, /* a signal, fault, sample or interrupt of a target thread */
	TARE_LOST_OFF_CPU,  /* not lost, but left out: waits beyond the budget, the short ones first */
	TARE_LOST_MISSED,   /* times that the kernel did not run a program: what it would have recorded is not known */
	TARE_NR_LOST,
};

/* Does the class count events that are missing? Else bytes, or what was left out on purpose. */
#define TARE_LOST_EVENTS(cls) ((cls) != TARE_LOST_DISK && (cls) != TARE_LOST_OFF_CPU)

struct tare_loss {
	__u32 cls; /* enum tare_loss_class */
	__u32 cpu;
	__u64 count;
};

/*
 * Listed with the probes: targets held after exec until tare had attached to the new program (Linux 6.18), and for how
 * long; what CPU time of theirs that took; and how many of these went on before it had.
 */
#define TARE_PROBE_HOLD	       "exec_hold"
#define TARE_PROBE_HOLD_CPU    "exec_hold_cpu"
#define TARE_PROBE_HOLD_MISSED "exec_hold_missed"

/* What a probe cost. Hits are always counted; run time is sampled by the kernel's own BPF statistics. */
struct tare_probe {
	char name[32];
	__u64 hits;
	__u64 timed_hits;
	__u64 timed_ns;
	/*
	 * What a hit costs beside, on average: getting into the program and out of it, as calibrated on that machine.
	 * 0: not known. It may be less than nothing, since those statistics time their own clock too.
	 */
	__s64 entry_ns;
};

/*
 * A runtime's own account of the CPU time of its processors since the process started. It is what Go tells of itself as
 * /cpu/classes/...: wall time of its Ps, whether or not the kernel let them run. .gc_total_ns is the sum of the four
 * before it, .scavenge_total_ns that of the two before it, and .user_ns is what the rest leaves of .total_ns.
 */
struct tare_cpu_account {
	__u64 gc_assist_ns, gc_dedicated_ns, gc_idle_ns; /* marking: by who allocates; for it; where nothing else ran */
	__u64 gc_pause_ns, gc_total_ns;
	__u64 scavenge_assist_ns, scavenge_background_ns, scavenge_total_ns; /* returning memory to the system */
	__u64 idle_ns, user_ns, total_ns;
};

/*
 * A language runtime's own counters, read from its memory (or by a probe at its end). TARE_UNKNOWN where it has none.
 */
struct tare_counters {
	__u64 ts_ns;
	__u32 pid;
	__u32 final;		  /* 1: taken at the process's end */
	__u64 goroutine_switches; /* times that a goroutine was given a P */
	__u64 goroutines_created;
	__u64 alloc_bytes, alloc_objects, freed_bytes, freed_objects;
	__u64 collections;	/* completed ones */
	__u64 pauses, pause_ns; /* as the runtime itself counts them */
	__u64 heap_bytes, goal_bytes;
	__u64 syscalls;			  /* seen by the runtime's scheduler */
	__u64 preempts;			  /* goroutines that gave way because they were asked to */
	__u64 assist_ns;		  /* time that allocating goroutines spent marking for the collector */
	struct tare_cpu_account cpu_told; /* as the runtime itself tells it: at the last collection's end */
	struct tare_cpu_account cpu;	  /* with what it has noted since */
	__u64 marked_bytes;		  /* found live by the last collection */
	__u64 stack_scan_bytes, globals_scan_bytes; /* read by it beside the heap */
	__u64 gc_percent;			    /* GOGC; TARE_NONE: off */
	__u64 limit_bytes;			    /* GOMEMLIMIT; TARE_NONE: no limit */
	__u64 mapped_bytes, free_bytes; /* what counts against that limit; of it, heap that is free and not returned */
	__u64 returned_bytes;		/* heap that is free and returned to the system */
	__u64 span_bytes, stack_bytes;	/* heap held for objects, whether or not one is there; for its own stacks */
	__u64 own_bytes;		/* what the runtime holds for itself */
};

enum tare_end_reason {
	TARE_END_DURATION = 1,
	TARE_END_INTERRUPT,
	TARE_END_TARGET_GONE,
	TARE_END_ERROR,
	TARE_END_TRIGGER
};

struct tare_end {
	__u64 ts_ns;
	__u32 reason;	   /* enum tare_end_reason */
	__s32 wait_status; /* `tare run`: from waitpid(), else -1 */
	__u64 self_cpu_ns; /* CPU time used by the recorder itself */
};

/* The sizes are part of the format: a struct grows only at its end, and only where a reader is told its size. */
#define TARE_SIZE(type, bytes) _Static_assert(sizeof(struct type) == (bytes), "struct " #type " is part of the format")
TARE_SIZE(tare_frame, 24);
TARE_SIZE(tare_compressed, 8);
TARE_SIZE(tare_header, 48);
TARE_SIZE(tare_array, 8);
TARE_SIZE(tare_task, 248);
TARE_SIZE(tare_process, 24);
TARE_SIZE(tare_module, 56);
TARE_SIZE(tare_symbol, 24);
TARE_SIZE(tare_symbol_more, 16);
TARE_SIZE(tare_delays, 16);
TARE_SIZE(tare_page, 24);
TARE_SIZE(tare_quota, 32);
TARE_SIZE(tare_call_stack, 24);
TARE_SIZE(tare_alloc_burst, 72);
TARE_SIZE(tare_heap, 64);
TARE_SIZE(tare_heap_stack, 48);
TARE_SIZE(tare_number_name, 24);
TARE_SIZE(tare_loss, 16);
TARE_SIZE(tare_probe, 64);
TARE_SIZE(tare_cpu_account, 88);
TARE_SIZE(tare_counters, 392);
TARE_SIZE(tare_end, 24);

#include "bytes.h"
#include "calls.h"
#include "costs.h"
#include "record.h"
TARE_SIZE(tare_bytes, 160);
TARE_SIZE(tare_memory_calls, 72);

#endif /* TARE_FORMAT_H */
