/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The events of a recording as perf knows events: a name and, for tracepoints, fields with a print format. Those of the
 * scheduler are laid out as the kernel does (include/trace/events/sched.h, Linux 6.1); the others are tare's own, which
 * perf prints by the format that the file brings along.
 */
#ifndef TARE_PERF_KINDS_H
#define TARE_PERF_KINDS_H

#include <stdint.h>
#include <stdio.h>

#include "format.h"
#include "line.h"

/* Readers take the first one for what was sampled. */
enum perf_kind_number {
	PERF_CPU_CLOCK, /* a sample of the CPU clock; its period is CPU time in ns */
	PERF_OFF_CPU,	/* a thread is back; the period is the time that it was away, in ns */
	PERF_SCHED_SWITCH,
	PERF_SCHED_WAKING,  /* when the thread was on the run queue; .. */
	PERF_SCHED_WAKEUP,  /* .. then too: `perf sched latency' knows only this one */
	PERF_SCHED_RUNTIME, /* the thread that is about to leave, and how long it ran */
	PERF_GOROUTINE,	    /* what the thread ran, before the event that it belongs to */
	PERF_PAUSE,
	PERF_PAUSE_CAUSE,
	PERF_RUNTIME, /* the first of the runtime's own events, by enum tare_runtime_event */
	PERF_NR_KINDS = PERF_RUNTIME + TARE_NR_RT_EVENTS,
};

#define PERF_MAX_FIELDS 10

enum perf_type { PERF_COMM, PERF_TEXT, PERF_PID, PERF_INT, PERF_CPU, PERF_LONG, PERF_U64, PERF_S64 };

struct perf_field {
	const char *name;
	enum perf_type type;
};

/* A value of a field: .text for PERF_COMM and PERF_TEXT, else .n. */
struct perf_value {
	uint64_t n;
	const char *text;
};

struct perf_kind {
	const char *system, *name; /* .system NULL: one of perf's software events, .config its number */
	uint64_t config;	   /* of a tracepoint: its id in this file */
	unsigned nr_fields;
	struct perf_field fields[PERF_MAX_FIELDS];
};

/* The kind of number @number, below PERF_NR_KINDS. */
struct perf_kind perf_kind(unsigned number);

/* "sched:sched_switch" */
const char *perf_kind__name(const struct perf_kind *k, char buf[64]);

/* Its description, as in tracefs. */
void perf_kind__print_format(const struct perf_kind *k, FILE *to);

#define PERF_RAW_MAX 512

/*
 * The bytes of a sample of tracepoint @k in thread @tid, as the description lays them out. Returns how many; a multiple
 * of 4. The next 4 are 0.
 */
unsigned perf_kind__raw(const struct perf_kind *k, uint32_t tid, const struct perf_value *values,
			uint8_t raw[PERF_RAW_MAX]);

/* The same as perf prints it: "comm=cat pid=12 prio=120". */
void perf_kind__print(const struct perf_kind *k, const struct perf_value *values, struct line *to);

#endif /* TARE_PERF_KINDS_H */
