/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Samples of the CPU and long waits, with their stacks, as Perfetto's StackSample (since its v58): of the CPU each
 * weighs the time that it stands for, of waits the wait. The goroutine that ran is its context.
 */
#ifndef TARE_PERFETTO_SAMPLES_H
#define TARE_PERFETTO_SAMPLES_H

#include "perfetto_packet.h"

struct model;
struct perfetto_samples;

/* The caller keeps both arguments; @whole: the finished recording. NULL if out of memory. */
struct perfetto_samples *perfetto_samples__new(struct packets *packets, const struct model *whole);
void perfetto_samples__free(struct perfetto_samples *s);

/* Call for every event. Returns 0 or a negative errno. */
int perfetto_samples__event(struct perfetto_samples *s, const struct event *ev);

#endif /* TARE_PERFETTO_SAMPLES_H */
