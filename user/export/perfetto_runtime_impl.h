/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TARE_PERFETTO_RUNTIME_IMPL_H
#define TARE_PERFETTO_RUNTIME_IMPL_H

#include "model.h"
#include "perfetto_runtime.h"
#include "perfetto_track.h"

#define MAX_LANES 8 /* pauses of a process that overlap: one may wait for a thread to run while the next began */

enum rt_counter { RT_HEAP, RT_GOAL, RT_ALLOC_BYTES, RT_ALLOC_OBJECTS, RT_SWITCHES, RT_CREATED, RT_NR_COUNTERS };

struct rt_process {
	uint32_t pid;
	uint64_t track, gc;
	uint64_t gc_ns;		 /* of the newest event on the track .gc */
	bool in_cycle, in_phase; /* slices that are open there */
	struct {
		uint64_t track, end_ns;
	} lanes[MAX_LANES];
	uint64_t counters[RT_NR_COUNTERS];
};

struct rt_thread {
	uint32_t tid, pid;
	uint64_t track;
	uint64_t last_ns; /* of the newest begin or end of a slice, but for interrupts, .. */
	uint64_t irq_ns;  /* .. of which the last one ended then */
	uint64_t running; /* goroutine whose slice is open */
	bool in_run, is_off, dead;
	uint64_t flow;		   /* from who asked it to stop; 0: nobody */
	struct event_goroutine on; /* what it ran .. */
	uint64_t on_ns;		   /* .. at that moment */
};

struct perfetto_runtime {
	struct tracks tracks;
	const struct names *names;
	struct model *model;
	struct table threads, processes; /* by tid, pid to the above */
	struct table running;		 /* process and goroutine to the tid of who runs it */
	uint64_t flows;
	int err; /* of a pause that could not be written */
};

/* All of these return 0 or a negative errno; nothing is done where a table is full. */

/* *@process is NULL where there is no room for more. */
int rt__process(struct perfetto_runtime *rt, uint32_t pid, struct rt_process **process);

/* What process @pid calls number @n of @kind (enum tare_name_kind), safe to print; NULL where that is not known. */
const char *rt__name_of(const struct perfetto_runtime *rt, uint32_t pid, unsigned kind, uint64_t n, char buf[64]);
/* The argument number @i of a runtime's event, in words where there are some. */
void rt__arg(struct perfetto_runtime *rt, const struct event *ev, unsigned i);

/* perfetto_pause.c: a model's accept function, with @ctx a struct perfetto_runtime. Keeps no pause. */
bool rt__on_pause(void *ctx, const struct pause *p);

/* perfetto_thread.c: what is drawn on threads' tracks. */
int rt_threads__event(struct perfetto_runtime *rt, const struct event *ev);
void rt_threads__free(struct perfetto_runtime *rt);

#endif /* TARE_PERFETTO_RUNTIME_IMPL_H */
