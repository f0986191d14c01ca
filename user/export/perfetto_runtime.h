/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a language runtime did, as tracks of a Perfetto trace:
 *
 *   process  "stop the world": a slice for each pause, named by its reason; in it its parts (stopping, stopped,
 *            restart); in these the causes. The pauses are those of the model, so the figures are those of `tare
 *            pauses'. "GC": collections and their phases. Counters.
 *   thread   a slice while it runs a goroutine where each step of these was recorded; where it was not, a slice
 *            while the thread is off the CPU with a goroutine on it: what runs between two switches is not known.
 *            Instants for what else the runtime told, page faults and preemption signals; slices for interrupts.
 *
 * Slices of one track nest, in whatever order events come. Memory is bounded by threads, processes, and what the
 * model needs.
 */
#ifndef TARE_PERFETTO_RUNTIME_H
#define TARE_PERFETTO_RUNTIME_H

#include "names.h"
#include "perfetto_packet.h"

struct perfetto_runtime;

/* Both arguments stay the caller's. NULL where there is no memory. */
struct perfetto_runtime *perfetto_runtime__new(struct packets *packets, const struct names *names);
void perfetto_runtime__free(struct perfetto_runtime *rt);

/* Every event, after @names learnt of it. Returns 0 or a negative errno. */
int perfetto_runtime__event(struct perfetto_runtime *rt, const struct event *ev);
/* No more events will come: writes what waited for its end. Once. Returns 0 or a negative errno. */
int perfetto_runtime__finish(struct perfetto_runtime *rt);

#endif /* TARE_PERFETTO_RUNTIME_H */
