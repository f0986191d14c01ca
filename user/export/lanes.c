// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "lanes.h"
#include "util.h"

void lanes__free(struct lanes *l)
{
	for (size_t i = 0; i < l->nr; i++) {
		free(l->all[i]->open);
		free(l->all[i]);
	}
	free(l->all);
	*l = (struct lanes){ 0 };
}

struct lane *lanes__add(struct lanes *l, uint64_t parent, const char *name)
{
	struct lane *lane = ARRAY_GROW(l->all, l->room, l->nr + 1) ? NULL : calloc(1, sizeof(*lane));

	if (!lane)
		return NULL;
	lane->parent = parent;
	snprintf(lane->name, sizeof(lane->name), "%s", name);
	l->all[l->nr++] = lane;
	return lane;
}

/* ---- writing ---- */

static int put(struct lanes *l, struct lane *lane, uint64_t ts_ns, enum track_event_type type,
	       const struct lane_slice *s)
{
	struct tracks *t = l->tracks;
	int ret = 0;

	if (!lane->track)
		ret = tracks__child(t, lane->parent, lane->name, &lane->track);
	if (ret)
		return ret;
	track_event__open(t, ts_ns, type, lane->track, s->category, s->name);
	if (s->goroutine)
		track_event__int(t, "goroutine", s->goroutine);
	if (s->thread)
		track_event__int(t, "tid", s->thread);
	if (s->p)
		track_event__int(t, "p", s->p - 1);
	if (s->task)
		track_event__int(t, "task", s->task);
	if (s->parent)
		track_event__int(t, "parent_task", s->parent);
	if (s->reason[0])
		track_event__text(t, "reason", s->reason);
	if (s->at[0])
		track_event__text(t, "function", s->at);
	if (s->line)
		track_event__int(t, "line", s->line);
	return track_event__close(t);
}

/* The time at which that is drawn on @lane. */
static uint64_t at(const struct lanes *l, struct lane *lane, uint64_t ts_ns)
{
	if (ts_ns < l->from_ns)
		ts_ns = l->from_ns;
	if (ts_ns > l->to_ns)
		ts_ns = l->to_ns;
	if (ts_ns > lane->last_ns)
		lane->last_ns = ts_ns;
	return lane->last_ns;
}

static bool draws(const struct lanes *l, uint64_t ts_ns)
{
	return l->drawing && ts_ns <= l->to_ns;
}

int lanes__begin_drawing(struct lanes *l)
{
	int ret = 0;

	l->drawing = true;
	for (size_t i = 0; i < l->nr; i++) {
		for (unsigned k = 0; k < l->all[i]->nr && !ret; k++) {
			l->all[i]->open[k].drawn = true;
			ret = put(l, l->all[i], l->from_ns, SLICE_BEGIN, &l->all[i]->open[k]);
		}
	}
	return ret;
}

int lanes__end(struct lanes *l, uint64_t ts_ns)
{
	int ret = 0;

	for (size_t i = 0; i < l->nr; i++) {
		while (l->all[i]->nr && !ret)
			ret = lane__end(l, l->all[i], ts_ns);
	}
	return ret;
}

/* ---- slices ---- */

int lane__begin(struct lanes *l, struct lane *lane, uint64_t ts_ns, const struct lane_slice *slice)
{
	if (lane->nr >= LANE_DEPTH) {
		lane->too_deep++;
		l->left_out += draws(l, ts_ns);
		return 0;
	}
	if (ARRAY_GROW(lane->open, lane->room, lane->nr + 1))
		return -ENOMEM;
	lane->open[lane->nr] = *slice;
	lane->open[lane->nr++].drawn = draws(l, ts_ns);
	return draws(l, ts_ns) ? put(l, lane, at(l, lane, ts_ns), SLICE_BEGIN, slice) : 0;
}

int lane__end(struct lanes *l, struct lane *lane, uint64_t ts_ns)
{
	if (!lane->nr)
		return 0;
	lane->nr--;
	return lane->open[lane->nr].drawn ? tracks__end(l->tracks, at(l, lane, ts_ns), lane->track) : 0;
}

int lane__end_named(struct lanes *l, struct lane *lane, uint64_t ts_ns, const char *name)
{
	unsigned i = lane->nr;
	int ret = 0;

	if (lane->too_deep) {
		lane->too_deep--;
		return 0;
	}
	while (i && strcmp(lane->open[i - 1].name, name))
		i--;
	while (i && lane->nr >= i && !ret)
		ret = lane__end(l, lane, ts_ns);
	return ret;
}

int lane__set(struct lanes *l, struct lane *lane, uint64_t ts_ns, const struct lane_slice *slice)
{
	int ret = 0;

	while (lane->nr && !ret)
		ret = lane__end(l, lane, ts_ns);
	return ret || !slice ? ret : lane__begin(l, lane, ts_ns, slice);
}

int lane__instant(struct lanes *l, struct lane *lane, uint64_t ts_ns, const struct lane_slice *what)
{
	return draws(l, ts_ns) ? put(l, lane, at(l, lane, ts_ns), INSTANT, what) : 0;
}
