/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One event of a recording, decoded: what the reader hands out and everything
 * after it (model, exports) folds over. Events come in order of time; those
 * that describe (header, info, processes, modules) come before what they
 * describe. Pointers are valid until the next event is asked for.
 */
#ifndef TARE_EVENT_H
#define TARE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format.h"

/* What describes: pieces of the file's frames, and what was passed over. The records are in the file's format
 * (TARE_RECORDS). */
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
	X(QUOTA, quota)

#define EVENT_KIND(kind, ...) EVENT_##kind,
#define EVENT_NONE(...)
enum event_kind { EVENT_DESCRIPTIONS(EVENT_KIND) TARE_RECORDS(EVENT_KIND, EVENT_NONE) NR_EVENTS };

/* A context switch; see struct tare_switch. Fields of a side that is no target are 0 but for its tid. */
struct event_switch {
	uint32_t prev_tid, next_tid;
	bool prev_target, next_target;

	/* prev, where it is a target */
	bool voluntary;
	uint8_t state;	   /* enum tare_state */
	uint16_t syscall;  /* or TARE_NO_SYSCALL */
	bool compat;	   /* .syscall is of the 32-bit table */
	int64_t stolen_ns; /* on the CPU but not charged to the thread, since last given */

	/* next, where it is a target */
	bool has_wait, has_wake;
	uint64_t wait_ns;      /* on the run queue until now, throttled_ns included */
	uint64_t throttled_ns; /* <= wait_ns */
	uint32_t waker_tid;
	uint16_t waker_cpu;
	uint8_t waker_context;	/* enum tare_context */
	uint64_t wake_delay_ns; /* from sched_waking to the run queue; wake latency = this + wait_ns */

	/* direct kernel cost of the switch recorded before this one on the same CPU; 0: not known */
	uint64_t last_cost_ns;
};

/* What a thread ran; see struct tare_goroutine. */
struct event_goroutine {
	uint32_t tid;
	uint16_t status, wait_reason; /* by the runtime's own numbers */
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
	bool ends; /* its end will be told, unless the kernel refuses the access */
};

/* See struct tare_sample. */
struct event_sample {
	uint32_t tid, tgid;
	uint16_t syscall; /* or TARE_NO_SYSCALL */
	bool kernel, softirq, hardirq, called;
	uint64_t ip;
};

/* See struct tare_irq. */
struct event_irq {
	uint32_t tid, ns;
	uint16_t number; /* of the softirq, or TARE_IRQ_HARD */
};

/* See struct tare_stop. */
struct event_stop {
	uint32_t tid, tgid, signal;
	uint8_t state; /* enum tare_state */
	bool sleepers, interruptible;
	char cgroup[TARE_CGROUP_LEN]; /* terminated */
};

struct event {
	uint64_t ts_ns; /* CLOCK_MONOTONIC */
	enum event_kind kind;
	uint16_t cpu; /* where it happened; 0 for descriptions */
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
		struct tare_counters counters;
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
		} symbol;
		struct {
			uint32_t tid, tgid;
			uint64_t sp;
			uint16_t nr_words, nr_frames;
			const void *words, *frames; /* of 8 bytes each; need not be aligned */
		} stack;
		/* a stretch of the file that could not be read, and was passed over (or where the file stops short) */
		struct {
			uint64_t offset, bytes;
			const char *what;
		} damage;
	};
};

/*
 * Decode one record of @len bytes that begins at @data, which need not be
 * aligned, into @ev (all but .ts_ns and .cpu). Returns its length in bytes, 0
 * where the record is of a kind not known here (its length is in its .words),
 * -EBADMSG where it is malformed. Never reads past @len.
 */
int event__decode(const void *data, size_t len, struct event *ev);

/* The bytes that a record takes, as it says itself. */
static inline size_t record__len(const struct tare_rec *rec)
{
	return rec->words * 4u;
}

#endif /* TARE_EVENT_H */
