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

enum event_kind {
	EVENT_HEADER,
	EVENT_INFO,
	EVENT_TASK,
	EVENT_PROCESS,
	EVENT_MODULE,
	EVENT_LOSS,
	EVENT_PROBE,
	EVENT_END,
	EVENT_SWITCH,
	EVENT_NAME,
	EVENT_FORK,
	EVENT_EXEC,
	EVENT_RENAME,
	EVENT_EXIT,
	EVENT_MIGRATE,
	EVENT_DAMAGE,
	EVENT_RUNTIME,
	EVENT_GOROUTINE,
	EVENT_SIGNAL,
	EVENT_FAULT,
	EVENT_SAMPLE,
	EVENT_IRQ,
	EVENT_COUNTERS,
	EVENT_SYMBOL,
	EVENT_DELAYS,
	EVENT_FAULT_END,
	EVENT_STOP,
	EVENT_STACK,
};

/* A context switch; see struct tare_switch. Fields of a side that is no target are 0 but for its tid. */
struct event_switch {
	uint32_t prev_tid, next_tid;
	bool prev_target, next_target;

	/* prev, where it is a target */
	bool voluntary;
	uint8_t state;		/* enum tare_state */
	uint16_t syscall;	/* or TARE_NO_SYSCALL */
	bool compat;		/* .syscall is of the 32-bit table */
	int64_t stolen_ns;	/* on the CPU but not charged to the thread, since last given */

	/* next, where it is a target */
	bool has_wait, has_wake;
	uint64_t wait_ns;	/* on the run queue until now, throttled_ns included */
	uint64_t throttled_ns;	/* <= wait_ns */
	uint32_t waker_tid;
	uint16_t waker_cpu;
	uint8_t waker_context;	/* enum tare_context */
	uint64_t wake_delay_ns;	/* from sched_waking to the run queue; wake latency = this + wait_ns */

	/* direct kernel cost of the switch recorded before this one on the same CPU; 0: not known */
	uint64_t last_cost_ns;
};

struct event {
	uint64_t ts_ns;		/* CLOCK_MONOTONIC */
	enum event_kind kind;
	uint16_t cpu;		/* where it happened; 0 for descriptions */
	union {
		struct event_switch sw;
		const struct tare_header *header;
		struct { const char *key, *value; } info;
		const struct tare_task *task;	/* .cgroup is terminated */
		struct {
			const struct tare_process *head;
			const char *cmdline, *exe;	/* NOT terminated: lengths in .head */
		} process;
		struct {
			const struct tare_module *head;
			const char *path;		/* NOT terminated */
		} module;
		const struct tare_loss *loss;
		const struct tare_probe *probe;
		const struct tare_end *end;
		struct { uint32_t tid, tgid; char comm[TARE_COMM_LEN + 1]; } name;	/* NAME, RENAME */
		struct { uint32_t tid, tgid, parent_tid, parent_tgid; char comm[TARE_COMM_LEN + 1]; } fork;
		struct { uint32_t tid, old_tid; char comm[TARE_COMM_LEN + 1]; } exec;
		struct tare_exit exit;
		struct { uint32_t tid; uint16_t from_cpu, to_cpu; } migrate;
		struct {
			uint16_t event;		/* enum tare_runtime_event */
			uint16_t nr_args;
			uint32_t tid, tgid;
			uint64_t goroutine;
			uint64_t args[TARE_RT_MAX_ARGS];	/* TARE_UNKNOWN beyond .nr_args */
		} runtime;
		struct tare_goroutine goroutine;
		struct tare_signal signal;
		struct tare_fault fault;
		struct tare_fault_end fault_end;
		struct tare_sample sample;
		struct tare_irq irq;
		struct tare_stop stop;	/* .cgroup is terminated */
		struct tare_counters counters;
		const struct tare_delays *delays;
		struct {
			const struct tare_symbol *head;
			const char *name, *file;	/* NOT terminated */
			struct tare_symbol_more more;
			const char *own_name, *own_file;	/* NOT terminated: lengths in .more */
		} symbol;
		struct {
			uint32_t tid, tgid;
			uint64_t sp;
			uint16_t nr_words, nr_frames;
			const void *words, *frames;	/* of 8 bytes each; need not be aligned */
		} stack;
		/* a stretch of the file that could not be read, and was passed over (or where the file stops short) */
		struct { uint64_t offset, bytes; const char *what; } damage;
	};
};

/*
 * Decode one record of @len bytes that begins at @data, which need not be
 * aligned, into @ev (all but .ts_ns and .cpu). Returns its length in bytes, 0
 * where the record is of a kind not known here (its length is in its .words),
 * -EBADMSG where it is malformed. Never reads past @len.
 */
int event__decode(const void *data, size_t len, struct event *ev);

#endif /* TARE_EVENT_H */
