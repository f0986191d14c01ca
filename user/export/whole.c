// SPDX-License-Identifier: BSD-2-Clause
#include "export.h"
#include "model.h"

int export__read_whole(struct reader *r, struct model *m, struct export_opts *opts)
{
	struct event ev;
	int ret;

	while ((ret = reader__next(r, &ev)) > 0) {
		opts->events[ev.kind]++;
		if (ev.kind == EVENT_RUNTIME && ev.runtime.event < TARE_NR_RT_EVENTS)
			opts->runtime_events[ev.runtime.event]++;
		ret = model__event(m, &ev);
		if (ret)
			return ret;
	}
	m->late = reader__late(r);
	model__finish(m);
	opts->whole = m;
	return ret;
}
