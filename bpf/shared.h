/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What the kernel side and the recorder share besides the recording itself: the maps' values. Not part of the file. */
#ifndef TARE_SHARED_H
#define TARE_SHARED_H

#include "format.h"
#include "progs.h"

#define NAMED_SLOTS 64 /* power of two */

/*
 * Where a probe in a program finds a number: a constant, or in a register (named by its offset in the kernel's struct
 * pt_regs), or in memory, by as many steps as .depth says: *(*(register + .at[0]) + .at[1]) and so on. FETCH_STRING is
 * what a string found in that way, a pointer and behind it the length, is told by: STRING_KEY(its length, its first
 * byte).
 */
enum fetch_kind { FETCH_NONE, FETCH_CONST, FETCH_REG, FETCH_STRING };
#define FETCH_MAX_DEPTH	       4
#define STRING_KEY(len, first) ((__u64)(__u8)(first) << 8 | ((len)&0xff))
struct fetch {
	__u8 kind;  /* enum fetch_kind */
	__u8 bytes; /* of the number: 1, 2, 4 or 8; the rest of the eight is cleared */
	__u8 depth;
	__u8 clock; /* 1: a time of the program's CLOCK_MONOTONIC; told as the kernel's */
	__u32 reg;
	__s32 at[FETCH_MAX_DEPTH];
	__s64 value; /* FETCH_CONST */
};

/* What the probe at one address of a program means; found by the index that its link has as cookie. */
struct site {
	__u16 event; /* enum tare_runtime_event */
	__u8 nr_args;
	__u8 mapped;	  /* a hit is no event: the process has loaded a library */
	__u32 copy_bytes; /* of the memory that the first argument points to */
	/* a hit counts where ((flags ^ flags_flip) & flags_mask) == 0, with the processor's flags */
	__u64 flags_mask, flags_flip;
	struct fetch goroutine; /* FETCH_NONE: ask the thread, see struct goroutine_path */
	struct fetch args[TARE_RT_MAX_ARGS];
};
#define MAX_SITES 4096

/*
 * How to find the goroutine that a thread of one process runs, where the runtime keeps that in memory: thread pointer
 * -> a goroutine that the runtime has noted there -> its thread -> the goroutine that this runs. Offsets in bytes; a
 * negative one is not known.
 */
struct goroutine_path {
	__s64 noted_at;		       /* from the thread pointer */
	__s32 thread;		       /* in the goroutine */
	__s32 current, p;	       /* in the thread */
	__s32 p_id;		       /* in the P */
	__s32 id, status, wait_reason; /* in the goroutine */
};
#define MAX_RUNTIMES 4096 /* processes with such a path at one time */
#define MAX_STOPPING 4096 /* processes whose world stands at one time */

/*
 * A target that became another program waits for the recorder: so long until it must be at work, and until it must be
 * done. The first is some turns on a very busy CPU, and paid once
 * where the recorder is dead: nobody is held after that. The second is what it takes then in a program of 100 MB.
 */
#define HOLD_NS	     250000000ull
#define HOLD_SEEN_NS 1000000000ull
#define HOLD_SEEN    0x80000000u /* no thread id has that bit: PID_MAX_LIMIT is 4 million */
#define MAX_HOLDS    64

/* What the recorder and the programs that hold tell each other: a variable in a section, so a map, of this name. */
#define TARE_HOLD_STATE ".data.hold"
struct hold_state {
	/*
	 * who is held, by place, or 0; HOLD_SEEN is added by the recorder once it is at work for it, which ends it with
	 * 0
	 */
	__u32 held[MAX_HOLDS];
	__u64 nr, ns; /* holds that ended, and how long they were together */
	__u64 missed; /* of them, before the recorder was ready */
	__u8 active;  /* as elsewhere: the recorder is there */
	/* one was let go in vain: nobody is held until the recorder, which must be stopped or dead, has cleared this */
	__u8 in_vain;
};

/* One for each CPU, in a map that the recorder has mapped. Only this CPU writes it, but for .waiting. */
struct cpu_state {
	__u64 last_ts;	   /* of the last record in this CPU's ring */
	__u64 entry_ts;	   /* when __schedule() was entered */
	__u32 cost;	   /* direct cost of the last switch recorded; 0: none, or given already */
	__u32 since_query; /* records since the ring's fill was looked at */
	__u32 last_next;   /* who came in the last switch recorded */
	__u8 recorded;	   /* the switch under way was recorded */
	__u8 crowded;	   /* the ring is too full for what concerns others */
	__u8 held;	   /* who leaves in the switch under way does so as it is held: enum tare_state; 0: it is not */
	__u8 pad;
	__u32 scratch[40]; /* a record being put together: a switch, or struct tare_stop */
	__u64 hits[NR_PROGS];
	__u64 lost[TARE_NR_LOST];
	__u64 irq_ts[2];	  /* softirq, hardirq: when the one under way began; 0: not looked at */
	__u32 irq_tid[2];	  /* from whom it took the CPU */
	__u64 named[NAMED_SLOTS]; /* tasks whose names are in this ring already */

	__s64 waiting_own; /* what this CPU itself added to them and took away: by no atomic operation, so not below */
	/* target threads waiting for this CPU, but for .waiting_own; other CPUs change it when they wake or move one */
	__s64 waiting __attribute__((aligned(64)));
} __attribute__((aligned(64)));

/* What is known of a target thread between two probes; in BPF task storage. */
struct task_state {
	__u8 ready; /* followed: everything below is valid */
	__u8 on_cpu;
	__u8 throttle_armed; /* .throttled_before is valid */
	__u8 untold;	     /* its snapshot did not fit any more: to be taken again */
	__u32 wait_cpu;	     /* 1 + the CPU whose .waiting counts this thread; 0: none */
	__u64 wake_ts;	     /* sched_waking that no run has followed yet; 0: none */
	__u32 waker_tid;
	__u32 waker;		/* as TARE_SW_WAKE's word, without the delay */
	__u64 run_delay;	/* the kernel's sum of waits, up to the last time it came onto a CPU */
	__u64 queued_ts;	/* began to wait for a CPU; used where the kernel does not keep it itself */
	__u64 in_ts, in_exec;	/* when it last came onto a CPU, and its CPU time by the kernel's account then */
	__s64 stolen;		/* not yet reported */
	__u64 nvcsw;		/* at the last switch */
	__u64 throttled_before; /* its queue's throttled time when the wait began */
	__u64 throttled;	/* throttled time of the wait under way on queues that it has left */
	/* the page fault from user space that it is in, 0: none; where ends are not seen (fault_ends), the last one */
	__u64 fault_ts, fault_address, fault_ip;
	__u8 fault_write, fault_told;
};

#endif /* TARE_SHARED_H */
