/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scheduler's events as Perfetto's FtraceEventBundles, one CPU's at a time. Switches and wake-ups are written in
 * the compact form, where a switch takes the task that leaves from the switch before it, and a wake-up its waker from
 * who is on the CPU then. What that cannot say is written in full: the first switch of each CPU, that of a task with a
 * new name, and a waker that is not shown there, as it is no target. Readers put events in order by time, then by their
 * place in the file, and in a bundle take the compact ones first: so an event in full that is no wake-up ends its
 * bundle, and a switch at the time of a wake-up begins a new one.
 */
#ifndef TARE_PERFETTO_BUNDLE_H
#define TARE_PERFETTO_BUNDLE_H

#include "perfetto_packet.h"
#include "schedule.h"

struct bundle;

struct bundles {
	struct packets *packets;
	struct bundle *at; /* by CPU */
	unsigned nr, room, pending;
	struct bundle_split *split; /* of the bundle being written */
};

/* Returns 0 or -ENOMEM; free it in any case. */
int bundles__init(struct bundles *bs, struct packets *packets);
void bundles__free(struct bundles *bs);

/* These return 0 or a negative errno. Events of one CPU come in the order of sched__event(). */
int bundles__add(struct bundles *bs, const struct sched_event *ev);
/* Take a running total: if it grew, switches of its CPU were lost before those still to come. */
int bundles__lost(struct bundles *bs, const struct tare_loss *loss);
/* Write all that is pending. */
int bundles__flush(struct bundles *bs);

#endif /* TARE_PERFETTO_BUNDLE_H */
