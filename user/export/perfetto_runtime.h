/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a language runtime did, as tracks:
 *
 *   process  "stop the world": a slice per pause, named by its reason and main cause. It contains slices for the parts
 * (stopping, stopped, restart), and these contain the causes. Pauses come from the model, so figures match those of
 *            `tare pauses'. "GC": collections and their phases. "P 0", ...: a lane for each P, with the
 *            goroutine that ran on it, where that was seen; when its thread was off the CPU; when it was stopped.
 * Counters. thread   A slice while it runs a goroutine, if each step was recorded. Otherwise a slice while the thread
 * is off CPU with a goroutine on it, since what runs between two switches is unknown. Instants for other runtime
 *            events, page faults and preemption signals; slices for interrupts.
 *
 * Slices on a track nest properly, whatever the order of events. Memory is bounded by threads, processes, and the
 * model.
 */
#ifndef TARE_PERFETTO_RUNTIME_H
#define TARE_PERFETTO_RUNTIME_H

#include "names.h"
#include "tracks.h"

struct model;
struct perfetto_runtime;

/* Draws by @writer to its @to. The caller keeps all arguments; @whole: the finished recording. NULL if out of memory.
 */
struct perfetto_runtime *perfetto_runtime__new(const struct track_writer *writer, void *to, const struct names *names,
					       const struct model *whole);
void perfetto_runtime__free(struct perfetto_runtime *rt);

/* Call for every event, after @names has seen it. Returns 0 or a negative errno. */
int perfetto_runtime__event(struct perfetto_runtime *rt, const struct event *ev);
/* No more events: write what was waiting for its end. Call once. Returns 0 or a negative errno. */
int perfetto_runtime__finish(struct perfetto_runtime *rt);

#endif /* TARE_PERFETTO_RUNTIME_H */
