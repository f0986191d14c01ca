/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A recording as a sequence of perf's samples: what the exporters of perf.data and of perf script's text have in
 * common. Each is given once its stack and all its figures are known. They are in time order, except wake-ups, which
 * come with the switch that they lead to, and pauses, which come when they are over.
 */
#ifndef TARE_PERF_EVENTS_H
#define TARE_PERF_EVENTS_H

#include "export.h"
#include "pause_order.h"
#include "perf_kinds.h"
#include "schedule.h"
#include "stacked.h"

struct perf_sample {
	unsigned kind; /* enum perf_kind_number */
	uint16_t cpu;
	uint64_t ts_ns, period;
	struct sched_task who;
	struct stacked_stack stack;
	struct perf_value values[PERF_MAX_FIELDS];
	char texts[2][SCHED_COMM_SIZE]; /* where some of these are */
};

struct perf_events {
	struct pause_order pauses;
	struct sched sched;
	struct stacked stacks;
	struct table since; /* CPU to when its thread came, for the time that it ran */
	uint64_t sample_ns; /* CPU time that a sample stands for */
	int (*emit)(void *ctx, const struct perf_sample *s);
	void *ctx;
};

/* @opts->whole must be there and live as long. Returns 0 or -ENOMEM. */
int perf_events__init(struct perf_events *pe, const struct export_opts *opts,
		      int (*emit)(void *ctx, const struct perf_sample *s), void *ctx);
void perf_events__free(struct perf_events *pe);

/* Returns 0, a negative errno, or what .emit returned. */
int perf_events__event(struct perf_events *pe, const struct event *ev);
/* No more events: gives the last pauses. */
int perf_events__finish(struct perf_events *pe);

/* Does the recording that @opts tell of have samples of @kind? Always of the CPU clock, as readers expect. */
bool perf_events__has(const struct export_opts *opts, unsigned kind);

#endif /* TARE_PERF_EVENTS_H */
