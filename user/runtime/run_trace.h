/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A trace that a runtime wrote of its own run: which goroutine ran on which P and thread, what the others waited for,
 * collections, and what the program said of itself. Whatever is wrong with the file ends it early and is told; it is as
 * little trusted as any other file.
 */
#ifndef TARE_RUN_TRACE_H
#define TARE_RUN_TRACE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define RUN_NO_P UINT32_MAX

enum run_state { RUN_NONE, RUN_RUNNABLE, RUN_RUNNING, RUN_SYSCALL, RUN_WAITING }; /* RUN_NONE: not yet, no longer */

enum run_event_kind {
	RUN_P,	       /* .p has .thread (.state RUN_RUNNING) or none (RUN_NONE); .goroutine runs on it, 0: none does */
	RUN_GOROUTINE, /* .goroutine goes from .was to .state */
	RUN_STOP_BEGIN,
	RUN_STOP_END, /* of the world, for .name; by .goroutine */
	RUN_MARK_BEGIN,
	RUN_MARK_END, /* a collection's marking */
	RUN_SWEEP_BEGIN,
	RUN_SWEEP_END, /* on .p */
	RUN_ASSIST_BEGIN,
	RUN_ASSIST_END, /* .goroutine helps to mark */
	RUN_TASK_BEGIN, /* .task, .name, .parent (0: none) */
	RUN_TASK_END,	/* .task */
	RUN_REGION_BEGIN,
	RUN_REGION_END, /* .name, .task; on .goroutine */
	RUN_LOG,	/* .name (may be empty), .value, .task; by .goroutine */
};

/*
 * Where it happened is .thread and .p: of RUN_GOROUTINE those that it leaves or comes to; if neither .was nor .state is
 * RUN_RUNNING or RUN_SYSCALL, those of whoever did that to it. Texts are not safe to print; NULL if unknown. .function
 * is valid until close(), others until the next event.
 */
struct run_event {
	enum run_event_kind kind;
	/*
	 * CLOCK_MONOTONIC, of the program's time namespace, as the thread read it. That may be after what it led to: a
	 * thread that is stopped in between reads late.
	 */
	uint64_t ts_ns;
	uint64_t thread; /* as its process numbers it; 0: none */
	uint32_t p;	 /* RUN_NO_P: none */
	uint64_t goroutine;
	enum run_state was, state;
	const char *function; /* the one that .goroutine began with */
	const char *reason;   /* why it leaves RUN_RUNNING */
	const char *at;	      /* the function in which it does */
	uint64_t line;	      /* in that one; 0: unknown */
	const char *name, *value;
	uint64_t task, parent;
};

/* What a runtime writes such traces in. */
struct run_trace_format {
	const char *what; /* such a trace, in a sentence */
	/*
	 * Is @head, the first @len bytes, of such a trace? 1: yes. 0: no. A negative errno: yes, but it cannot be read,
	 * for the reason written to @why.
	 */
	int (*recognise)(const void *head, size_t len, char *why, size_t size);
	/* Read @from, from its beginning; it remains the caller's. Returns 0 or -ENOMEM. */
	int (*open)(FILE *from, void **self);
	/*
	 * The next event. Returns 1; 0 at the end, with what is wrong with the trace in *@problem, NULL if nothing is:
	 * it is valid until close(); or a negative errno (-EIO: reading failed).
	 */
	int (*next)(void *self, struct run_event *ev, const char **problem);
	void (*close)(void *self);
};

#define RUN_TRACE_HEAD 16 /* bytes that tell which format it is */

/*
 * The format of what is in @from, which is then at its beginning again. NULL: of none, for the reason written to @why,
 * as the end of "it is ...".
 */
const struct run_trace_format *run_trace__format(FILE *from, char *why, size_t size);

/* What all formats are, joined by "or". Returns @buf. */
const char *run_trace__what(char *buf, size_t size);

#endif /* TARE_RUN_TRACE_H */
