/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One decoded event of a recording. The reader returns them, and everything after it (model, exports) folds over them.
 * Events come in time order; descriptions (header, info, processes, modules) come before what they describe. Pointers
 * are valid until the next event is read.
 */
#ifndef TARE_EVENT_H
#define TARE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "format.h"

/* Descriptions: pieces of the file's frames, and damage. Records are listed with the file format (TARE_RECORDS). */
#define EVENT_DESCRIPTIONS(X)       \
	X(HEADER, header)           \
	X(INFO, info)               \
	X(TASK, task)               \
	X(PROCESS, process)         \
	X(MODULE, module)           \
	X(LOSS, loss)               \
	X(PROBE, probe)             \
	X(END, end)                 \
	X(DAMAGE, damage)           \
	X(COUNTERS, counters)       \
	X(SYMBOL, symbol)           \
	X(DELAYS, delays)           \
	X(NUMBER_NAME, number_name) \
	X(PAGE, page)               \
	X(QUOTA, quota)             \
	X(CALL_STACK, call_stack)   \
	X(BYTES, bytes)             \
	X(HEAP, heap)               \
	X(ALLOC_BURST, alloc_burst) \
	X(MEMORY_CALLS, memory_calls)

#define EVENT_KIND(kind, ...) EVENT_##kind,
#define EVENT_NONE(...)
enum event_kind { EVENT_DESCRIPTIONS(EVENT_KIND) TARE_RECORDS(EVENT_KIND, EVENT_NONE) NR_EVENTS };

/* A struct tare_task's .phase in an export of a part: the thread is not of that part any more. In no file. */
#define TARE_TASK_LEFT_OUT 2

/* A context switch; see struct tare_switch. For a non-target side all fields except the tid are 0. */
struct event_switch {
	uint32_t prev_tid, next_tid;
	bool prev_target, next_target;

	/* prev, if it is a target */
	bool voluntary;
	uint8_t state;	   /* enum tare_state */
	uint16_t syscall;  /* or TARE_NO_SYSCALL */
	bool compat;	   /* .syscall is in the 32-bit table */
	int64_t stolen_ns; /* on CPU but not charged to the thread, since last reported */

	/* next, if it is a target */
	bool has_wait, has_wake;
	uint64_t wait_ns;      /* on the run queue until now, including throttled_ns */
	uint64_t throttled_ns; /* <= wait_ns */
	uint32_t waker_tid;
	uint16_t waker_cpu;
	uint8_t waker_context;	/* enum tare_context */
	uint64_t wake_delay_ns; /* from sched_waking to the run queue; wake latency = this + wait_ns */

	/* direct kernel cost of the previous recorded switch on the same CPU; 0: unknown */
	uint64_t last_cost_ns;
};

/* What a thread ran; see struct tare_goroutine. */
struct event_goroutine {
	uint32_t tid;
	uint16_t status, wait_reason; /* the runtime's own numbers */
	int16_t p;		      /* -1: none */
	uint64_t goroutine;	      /* 0: none */
};

/* See struct tare_signal. */
struct event_signal {
	uint16_t step; /* enum tare_signal_step, or one of a later version */
	uint32_t tid, other, tgid;
	uint16_t call;
	bool masked;
	uint64_t ip;
};

/* See struct tare_fault. */
struct event_fault {
	uint32_t tid, tgid;
	uint64_t address, ip;
	bool write;
	bool ends; /* its end will be recorded, unless the kernel refuses the access */
};

/* See struct tare_sample. */
struct event_sample {
	uint32_t tid, tgid;
	uint16_t syscall; /* or TARE_NO_SYSCALL */
	bool kernel, softirq, hardirq, called;
	uint64_t ip;
};

/* See struct tare_off_cpu. */
struct event_off_cpu {
	uint32_t tid, tgid;
	uint8_t state;	  /* enum tare_state */
	uint16_t syscall; /* or TARE_NO_SYSCALL */
	uint64_t ns, wait_ns;
};

/* See struct tare_irq. */
struct event_irq {
	uint32_t tid, ns;
	uint16_t number; /* softirq number, or TARE_IRQ_HARD */
};

/* See struct tare_stop. */
struct event_stop {
	uint32_t tid, tgid, signal;
	uint8_t state; /* enum tare_state */
	bool sleepers, interruptible;
	char cgroup[TARE_CGROUP_LEN]; /* terminated */
};

/* See struct tare_fault_sample. */
struct event_fault_sample {
	uint32_t tid, tgid, period;
	uint16_t owner; /* enum tare_fault_owner, or one of a later version */
	bool major;
	uint64_t pages; /* that it brought in: more than one if they are a huge one */
	uint64_t address, ip;
	char name[TARE_FAULT_NAME_LEN]; /* terminated */
};

/* See struct tare_alloc_sample. */
struct event_alloc_sample {
	uint32_t tid, tgid, burst;
	bool runtime, block;
	uint64_t bytes, stands_for_q16;
};

/* See struct tare_reclaim. */
struct event_reclaim {
	uint32_t tid, tgid;
	bool by_cgroup;
	uint64_t ns, pages, limit_pages;
	char cgroup[TARE_CGROUP_LEN]; /* terminated */
};

/* See struct tare_oom_kill. */
struct event_oom_kill {
	uint32_t tid, tgid;
	uint64_t limit_pages;
	char cgroup[TARE_CGROUP_LEN]; /* terminated */
};

struct event {
	uint64_t ts_ns; /* CLOCK_MONOTONIC */
	enum event_kind kind;
	uint16_t cpu; /* CPU of the event; 0 for descriptions */
	union {
		struct event_switch sw;
		const struct tare_header *header;
		struct {
			const char *key, *value;
		} info;
		const struct tare_task *task; /* .cgroup is terminated */
		struct {
			const struct tare_process *head;
			const char *cmdline, *exe; /* NOT terminated: lengths in .head */
		} process;
		struct {
			const struct tare_module *head;
			const char *path; /* NOT terminated */
		} module;
		const struct tare_loss *loss;
		const struct tare_probe *probe;
		struct tare_alloc_burst alloc_burst;
		struct tare_memory_calls memory_calls;
		const struct tare_end *end;
		struct {
			uint32_t tid, tgid;
			char comm[TARE_COMM_LEN + 1];
		} name; /* NAME, RENAME */
		struct {
			uint32_t tid, tgid, parent_tid, parent_tgid;
			char comm[TARE_COMM_LEN + 1];
		} fork;
		struct {
			uint32_t tid, old_tid;
			char comm[TARE_COMM_LEN + 1];
		} exec;
		struct tare_exit exit;
		struct {
			uint32_t tid;
			uint16_t from_cpu, to_cpu;
		} migrate;
		struct {
			uint16_t event; /* enum tare_runtime_event */
			uint16_t nr_args;
			uint32_t tid, tgid;
			uint64_t goroutine;
			uint64_t args[TARE_RT_MAX_ARGS]; /* TARE_UNKNOWN beyond .nr_args */
		} runtime;
		struct event_goroutine goroutine;
		struct event_signal signal;
		struct event_fault fault;
		struct tare_fault_end fault_end;
		struct event_sample sample;
		struct event_irq irq;
		struct event_stop stop;
		struct event_oom_kill oom_kill;
		struct event_fault_sample fault_sample;
		struct event_alloc_sample alloc_sample;
		struct event_reclaim reclaim;
		struct tare_counters counters;
		struct tare_bytes bytes; /* a class that the recording does not know is 0 */
		const struct tare_delays *delays;
		struct {
			const struct tare_number_name *head;
			const char *text; /* NOT terminated: length in .head */
		} number_name;
		struct {
			const struct tare_page *head;
			const char *name; /* NOT terminated */
		} page;
		struct {
			const struct tare_quota *head;
			const char *path; /* NOT terminated */
		} quota;
		struct {
			const struct tare_symbol *head;
			const char *name, *file; /* NOT terminated */
			struct tare_symbol_more more;
			const char *own_name, *own_file; /* NOT terminated: lengths in .more */
			uint64_t start; /* where the function with a frame of its own begins; 0: not known */
		} symbol;
		struct {
			const struct tare_call_stack *head;
			const void *kernel, *user; /* addresses, their numbers in .head; need not be aligned */
		} call_stack;
		struct {
			const struct tare_heap *head;
			const void *stacks; /* of .head->elem_size bytes each; event__heap_stack() */
		} heap;
		struct {
			uint32_t tid, number;
		} stacked;
		struct event_off_cpu off_cpu;
		/* part of the file that was unreadable and skipped (or the place where the file ends early) */
		struct {
			uint64_t offset, bytes;
			const char *what;
		} damage;
	};
};

/*
 * Decode one record of at most @len bytes at @data, which may be unaligned, into @ev (all except .ts_ns and .cpu).
 * Returns its length in bytes, 0 for a record of unknown kind (its length is in its .words), -EBADMSG if malformed.
 * Never reads past @len.
 */
int event__decode(const void *data, size_t len, struct event *ev);

/* Stack @i of a HEAP event. */
static inline struct tare_heap_stack event__heap_stack(const struct event *ev, uint32_t i)
{
	struct tare_heap_stack s;

	memcpy(&s, (const char *)ev->heap.stacks + (size_t)i * ev->heap.head->elem_size, sizeof(s));
	return s;
}

/* The fields of struct tare_cpu_account. */
#define CPU_ACCOUNT(X)            \
	X(gc_assist_ns)           \
	X(gc_dedicated_ns)        \
	X(gc_idle_ns)             \
	X(gc_pause_ns)            \
	X(gc_total_ns)            \
	X(scavenge_assist_ns)     \
	X(scavenge_background_ns) \
	X(scavenge_total_ns)      \
	X(idle_ns)                \
	X(user_ns)                \
	X(total_ns)

/* Length of a record in bytes, according to the record. */
static inline size_t record__len(const struct tare_rec *rec)
{
	return rec->words * 4u;
}

#endif /* TARE_EVENT_H */
