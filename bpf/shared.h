/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What the kernel side and the recorder share besides the recording: the maps' values. Not part of the file. */
#ifndef TARE_SHARED_H
#define TARE_SHARED_H

#include "format.h"
#include "progs.h"

#define NAMED_SLOTS 64 /* power of two */

/*
 * Where a probe finds a number: a constant, in a register (named by its offset in the kernel's struct pt_regs), or in
 * memory after .depth steps: *(*(register + .at[0]) + .at[1]) and so on. FETCH_STRING is for a string found that way, a
 * pointer followed by the length; it is reported as STRING_KEY(its length, its first byte).
 */
enum fetch_kind { FETCH_NONE, FETCH_CONST, FETCH_REG, FETCH_STRING };
#define FETCH_MAX_DEPTH	       4
#define STRING_KEY(len, first) ((__u64)(__u8)(first) << 8 | ((len)&0xff))
struct fetch {
	__u8 kind;  /* enum fetch_kind */
	__u8 bytes; /* of the number: 1, 2, 4 or 8; the rest of the eight is cleared */
	__u8 depth;
	__u8 clock; /* 1: a time of the program's CLOCK_MONOTONIC, reported as the kernel's */
	__u32 reg;
	__s32 at[FETCH_MAX_DEPTH];
	__s64 value; /* FETCH_CONST */
};

/* What the probe at one address of a program means; the link's cookie is its index. */
struct site {
	__u16 event; /* enum tare_runtime_event */
	__u8 nr_args;
	__u8 mapped;	  /* not an event: the process has loaded a library */
	__u16 copy_bytes; /* of the memory that the first argument points to */
	__u8 nop5;	  /* it is on a no-op of five bytes, of which the kernel may make a call */
	__u8 pad;
	/* a hit counts if ((flags ^ flags_flip) & flags_mask) == 0, for the processor's flags */
	__u64 flags_mask, flags_flip;
	struct fetch goroutine; /* FETCH_NONE: ask the thread, see struct goroutine_path */
	struct fetch args[TARE_RT_MAX_ARGS];
};
#define MAX_SITES 4096

/*
 * How to find the goroutine that a thread of one process runs, where the runtime keeps it in memory: thread pointer ->
 * a goroutine noted there -> its thread -> that thread's current goroutine. Offsets in bytes; negative: unknown.
 */
struct goroutine_path {
	__s64 noted_at;		       /* from the thread pointer */
	__s32 thread;		       /* in the goroutine */
	__s32 number;		       /* in the thread: by which the kernel knows it */
	__s32 current, p;	       /* in the thread */
	__s32 p_id;		       /* in the P */
	__s32 id, status, wait_reason; /* in the goroutine */
	__s32 own;		       /* in the thread: the goroutine that it is on the runtime's own stack */
	__s32 pc, sp, bp;	       /* in the goroutine: where it left its stack */
	__u32 unused;		       /* bits by status: of a goroutine that no thread runs, or none at all */
};
#define MAX_RUNTIMES 4096 /* processes with such a path at the same time */
#define MAX_STOPPING 4096 /* processes whose world is stopped at the same time */

/* Reports of long waits that one CPU may make in each window: each costs some 2 us. */
#define OFF_CPU_WINDOW_NS 100000000ull
#define OFF_CPU_BUDGET	  200

/* One page fault in so many is sampled, of each kind: primes. And how many samples one CPU may report in each window.
 */
#define FAULT_PERIOD_MINOR 101
#define FAULT_PERIOD_MAJOR 7
#define FAULT_WINDOW_NS	   100000000ull
#define FAULT_BUDGET	   100

/*
 * Who allocates is looked at for short times; on each CPU for .max_hits at most. Of the allocations in it so many are
 * told, the large ones first: one of .bytes with the chance min(1, .least + .per_byte * bytes), in 1/2^32; and of all
 * .max_told at most.
 */
struct alloc_burst {
	__u32 number; /* counts on, or TARE_ALLOC_ALL; 0: none */
	__u32 skip;   /* hits at first that do not count */
	__u32 over;   /* it has ended: whoever hits a probe takes it out */
	__u32 pad;
	__u64 max_hits, max_told;
	__u64 least, per_byte;
};

/* What it came to on one CPU. */
struct alloc_yield {
	__u32 number; /* of the burst */
	__u32 pad;
	__u64 skipped;
	__u64 stepped; /* of these and .hits: at ALLOC_COOKIE_STEPPED */
	__u64 hits, bytes, told;
	__u64 told_hits_q16, told_bytes; /* that the told ones stand for */
	__u64 first_ns;			 /* when it had its first hit, .. */
	__u64 end_ns;			 /* .. and its last; 0: not yet */
	__u64 left_ns;			 /* when the program was left last */
	__u64 programs_ns;		 /* time in the program */
	__u64 apart_ns;			 /* between two hits of a thread that was off the CPU meanwhile */
	__u64 least_ns;			 /* between two runs of it in a row on one thread */
};

/*
 * A probe's cookie: how many bytes are asked for, by the arguments (the lowest byte), what else is needed for that, and
 * the sample's flags.
 */
#define ALLOC_COOKIE_SHAPE(cookie) ((cookie)&0xff)
#define ALLOC_COOKIE_FIELD(offset) ((__u64)(offset) << 8)
#define ALLOC_COOKIE_FLAGS(flags)  ((__u64)(flags) << 60)
#define ALLOC_COOKIE_STEPPED	   (1ull << 63) /* the kernel executes a copy of what the probe sits on */
enum alloc_shape {
	ALLOC_FIRST = 1,       /* malloc(bytes) */
	ALLOC_FIRST_BY_SECOND, /* calloc(nr, bytes) */
	ALLOC_SECOND,	       /* aligned_alloc(alignment, bytes) */
	ALLOC_SECOND_IF_FIRST, /* realloc(pointer, bytes); without a pointer it is malloc(), which is seen */
	ALLOC_THIRD,	       /* posix_memalign(pointer, alignment, bytes) */
	ALLOC_FIELD,	       /* (type): *(type + field) */
	ALLOC_FIELD_BY_SECOND, /* (type, nr) */
	/* by a runtime's own functions: */
	ALLOC_RUNTIME_LARGE, /* a large object */
	ALLOC_RUNTIME_BLOCK, /* a block of smaller ones that is full */
};

/*
 * How long a target waits after exec: until the recorder must be at work, and until it must be done. The first is a few
 * turns on a very busy CPU, and is paid once if the recorder is dead: nobody is held after that. The second is what the
 * work takes there for a program of 100 MB. Neither counts what the target is throttled meanwhile, which the third
 * limits.
 */
#define HOLD_NS		  250000000ull
#define HOLD_SEEN_NS	  1000000000ull
#define HOLD_THROTTLED_NS 10000000000ull
#define HOLD_SEEN	  0x80000000u /* no thread id has that bit: PID_MAX_LIMIT is 4 million */
#define MAX_HOLDS	  64

/* What the recorder and the holding programs share: a variable in a section of this name, so a map. */
#define TARE_HOLD_STATE ".data.hold"
struct hold_state {
	/*
	 * the thread held in each place, or 0; the recorder adds HOLD_SEEN once it is at work for it, and writes 0 when
	 * done
	 */
	__u32 held[MAX_HOLDS];
	__u64 nr, ns; /* finished holds, and their total time */
	__u64 cpu_ns; /* of it, CPU time of those that were held */
	__u64 missed; /* of them, those that ended before the recorder was ready */
	__u8 active;  /* as elsewhere: the recorder is there */
	/* a hold ended in vain: nobody is held until the recorder, which must be stopped or dead, clears this */
	__u8 in_vain;
};

/* What targets called, by process and call. */
struct call_key {
	__u32 tgid, call; /* enum tare_memory_call */
};
struct call_sums {
	__u64 count, failed, ns, bytes;
	__u64 max_ns;  /* in this .. */
	__u32 stretch; /* .. of the recorder's stretches */
	__u32 pad;
};
#define MAX_CALL_SUMS 8192

enum irq_kind { IRQ_SOFT, IRQ_HARD, NR_IRQ_KINDS };

/* One per CPU, in a map that the recorder has mapped. Only its own CPU writes it, except .waiting and .draining. */
struct cpu_state {
	__u64 last_ts;	   /* of the last record in this CPU's rings */
	__u64 entry_ts;	   /* when __schedule() was entered; 0: it was not seen to be */
	__u32 cost;	   /* direct cost of the last switch recorded; 0: none, or already reported */
	__u32 since_query; /* records since the rings' fill was checked */
	__u32 last_next;   /* next of the last switch seen */
	__u8 recorded;	   /* the current switch was recorded */
	__u8 crowded;	   /* the rings are too full for records of other tasks */
	__u8 held;	   /* what stops the thread that leaves in the current switch: enum tare_state; 0: nothing */
	__u8 saw_switch;   /* .last_next is valid */
	__u32 filling;	   /* the ring that takes records; counts on, so it is nr_rings more after a whole turn */
	__u32 draining;	   /* the one that the recorder takes them from, the same or an earlier one; it writes this */
	__u32 scratch[40]; /* a record under construction: a switch, or struct tare_stop */
	__u32 nr_opt;	   /* .opt[] of that switch so far */
	__u32 pad;
	__u64 hits[NR_PROGS];
	__u64 hits_nop5;    /* of runtime_uprobe's, those at sites with .nop5 */
	__u64 hits_stepped; /* of alloc_site's, those in bursts at ALLOC_COOKIE_STEPPED .. */
	__u64 hits_looked;  /* .. and all of those in bursts */
	__u64 lost[TARE_NR_LOST];
	__u64 irq_ts[NR_IRQ_KINDS];  /* when the current one began; 0: not measured */
	__u32 irq_tid[NR_IRQ_KINDS]; /* the thread it interrupted */
	__u64 named[NAMED_SLOTS];    /* tasks whose names this ring already holds */
	/* the wait that ends in the current switch, if it was a long one: */
	__u64 off_ns; /* 0: not */
	__u64 off_wait_ns;
	__u64 off_window_ns;	  /* when the current window of the budget began */
	__u32 off_window_nr;	  /* reported in it */
	__u8 off_state;		  /* enum tare_state */
	__u64 fault_window_ns;	  /* likewise, for page faults */
	__u32 fault_window_nr[2]; /* minor, major */
	__u32 faults_skipped[2];  /* since the last one that was reported */
	__u64 huge_told_ns;	  /* the recorder was woken for one that may have brought a huge page */

	__u64 alloc_busy; /* in the program: one that interrupts it does nothing */
	struct alloc_yield alloc;

	__s64 waiting_own; /* this CPU's own changes to that count: not atomic, so not in .waiting */
	/* target threads waiting for this CPU, except .waiting_own; other CPUs change it on wake-up and migration */
	__s64 waiting __attribute__((aligned(64)));
} __attribute__((aligned(64)));

/* The state of a target thread between two probes; in BPF task storage. */
struct task_state {
	__u8 ready; /* followed: everything below is valid */
	__u8 on_cpu;
	__u8 throttle_armed; /* .throttled_before is valid */
	__u8 untold;	     /* its snapshot did not fit: to be taken again */
	__u32 wait_cpu;	     /* 1 + the CPU whose .waiting counts this thread; 0: none */
	__u64 wake_ts;	     /* last sched_waking that no run has followed; 0: none */
	__u32 waker_tid;
	__u32 waker;		/* as TARE_SW_WAKE's word, without the delay */
	__u64 run_delay;	/* the kernel's sum of waits when it last came onto a CPU */
	__u64 queued_ts;	/* began to wait for a CPU; used where the kernel does not keep it */
	__u64 out_ts;		/* when it last left a CPU; 0: not seen */
	__u64 in_ts, in_exec;	/* when it last came onto a CPU, and its CPU time then by the kernel's account */
	__s64 stolen;		/* not yet reported */
	__u64 nvcsw;		/* at the last switch */
	__u64 throttled_before; /* its queue's throttled time when the wait began */
	__u64 throttled;	/* throttled time of the current wait on queues that it has left */
	/* its current page fault from user space, 0: none; where ends are not seen (fault_ends), the last one */
	__u64 fault_ts, fault_address, fault_ip;
	__u8 fault_write, fault_told;
	__u8 out_state;		   /* enum tare_state, in which it left */
	__u64 reclaim_ts;	   /* began to make room in memory; 0: does not */
	__u64 reclaim_named_ts;	   /* when the cgroup was told for which it did; 0: never */
	__u64 call_ts, call_bytes; /* the last memory call: when it began, and what it asked for */
	__u32 call;		   /* enum tare_memory_call; TARE_CALL_ANY: it is over */
	__u32 tid; /* as the reader knows it: exec may have changed it, which is told when that is done */
	/* in the memory of a runtime that keeps goroutines: its structure for this thread, and the number in that */
	__u64 runtime_thread, runtime_number; /* 0: not known */
	__u64 p_at;			      /* the P that it held last, and its number */
	__s16 p_number;
	__u64 program_ns; /* first thread: its process's last exec, or its birth; 0: neither was seen */
};

#endif /* TARE_SHARED_H */
