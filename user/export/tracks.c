// SPDX-License-Identifier: BSD-2-Clause
#include <stddef.h>

#include "format.h"
#include "tracks.h"

static int describe(struct tracks *t, struct track_description d, uint64_t *track)
{
	d.track = *track = ++t->last;
	return t->writer->describe(t->to, &d);
}

int tracks__process(struct tracks *t, uint32_t pid, uint64_t *track)
{
	return describe(t, (struct track_description){ .pid = pid }, track);
}

int tracks__thread(struct tracks *t, uint32_t pid, uint32_t tid, uint64_t *track)
{
	return describe(t, (struct track_description){ .pid = pid, .tid = tid }, track);
}

int tracks__child(struct tracks *t, uint64_t parent, const char *name, uint64_t *track)
{
	return describe(t, (struct track_description){ .parent = parent, .name = name }, track);
}

int tracks__counter(struct tracks *t, uint64_t parent, const char *name, enum track_unit unit, uint64_t *track)
{
	return describe(t, (struct track_description){ .parent = parent, .name = name, .unit = unit }, track);
}

void track_event__open(struct tracks *t, uint64_t ts_ns, enum track_event_type type, uint64_t track,
		       const char *category, const char *name)
{
	t->writer->open(t->to, ts_ns, type, track, category, name);
}

void track_event__int(struct tracks *t, const char *name, uint64_t value)
{
	t->writer->number(t->to, name, ARG_NUMBER, value);
}

void track_event__known(struct tracks *t, const char *name, uint64_t value)
{
	if (value != TARE_UNKNOWN)
		track_event__int(t, name, value);
}

void track_event__address(struct tracks *t, const char *name, uint64_t value)
{
	t->writer->number(t->to, name, ARG_ADDRESS, value);
}

void track_event__bool(struct tracks *t, const char *name, bool value)
{
	t->writer->number(t->to, name, ARG_BOOL, value);
}

void track_event__text(struct tracks *t, const char *name, const char *value)
{
	t->writer->text(t->to, name, value);
}

void track_event__flow(struct tracks *t, uint64_t flow, bool last)
{
	t->writer->flow(t->to, flow, last);
}

int track_event__close(struct tracks *t)
{
	return t->writer->close(t->to);
}

int tracks__end(struct tracks *t, uint64_t ts_ns, uint64_t track)
{
	track_event__open(t, ts_ns, SLICE_END, track, NULL, NULL);
	return track_event__close(t);
}

int tracks__count(struct tracks *t, uint64_t ts_ns, uint64_t track, uint64_t value)
{
	track_event__open(t, ts_ns, COUNTER, track, NULL, NULL);
	t->writer->count(t->to, value);
	return track_event__close(t);
}
