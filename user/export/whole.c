// SPDX-License-Identifier: BSD-2-Clause
#include <inttypes.h>

#include "export.h"
#include "model.h"
#include "util.h"

int export__take(struct export_opts *opts, struct model *m, const struct event *ev)
{
	opts->events[ev->kind]++;
	if (ev->kind == EVENT_RUNTIME && ev->runtime.event < TARE_NR_RT_EVENTS)
		opts->runtime_events[ev->runtime.event]++;
	return model__event(m, ev);
}

void export__taken(struct export_opts *opts, struct model *m)
{
	model__finish(m);
	opts->whole = m;
	if (m->pauses.count > m->pauses.nr_kept)
		warn("of %" PRIu64 " pauses only the %" PRIu32 " longest are exported", m->pauses.count,
		     m->pauses.nr_kept);
}

uint64_t export__longest_wait(const struct model *m)
{
	const struct switches *s = &m->switches;

	return s->wake_latency.max + s->run_queue.max + s->throttled.max;
}
