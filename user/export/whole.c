// SPDX-License-Identifier: BSD-2-Clause
#include "export.h"
#include "model.h"

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
}
