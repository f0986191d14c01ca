/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a language runtime did, as tracks.
 *
 * Of a process: "stop the world" has a slice for each pause, named by its reason and main cause. In it are its parts
 * (stopping, stopped, restart), and in these the causes. Pauses come from the model, so figures are those of `tare
 * pauses'. "GC" has collections and their phases. "P 0" and so on are lanes of Ps: the goroutine that ran with it,
 * where that was seen, when its thread was off the CPU, and when it was stopped. Counters. And what the runtime's own
 * trace tells, if there is one (runtime_merged.c).
 *
 * Of a thread: a slice while it runs a goroutine, if each step was recorded. Otherwise a slice while the thread is off
 * the CPU with a goroutine on it, since what runs between two switches is unknown. Instants for other runtime events,
 * page faults and preemption signals; slices for interrupts.
 *
 * Slices on a track nest properly, whatever the order of events. Memory is bounded by threads, processes, and the
 * model.
 */
#ifndef TARE_RUNTIME_TRACKS_H
#define TARE_RUNTIME_TRACKS_H

#include "names.h"
#include "tracks.h"

struct export_opts;
struct runtime_tracks;

/* Draws by @writer to its @to. The caller keeps all arguments, and what is in @opts. NULL if out of memory. */
struct runtime_tracks *runtime_tracks__new(const struct track_writer *writer, void *to, const struct names *names,
					   const struct export_opts *opts);
void runtime_tracks__free(struct runtime_tracks *rt);

/* Call for every event, after @names has seen it. Returns 0 or a negative errno. */
int runtime_tracks__event(struct runtime_tracks *rt, const struct event *ev);
/* No more events: write what was waiting for its end. Call once. Returns 0 or a negative errno. */
int runtime_tracks__finish(struct runtime_tracks *rt);

#endif /* TARE_RUNTIME_TRACKS_H */
