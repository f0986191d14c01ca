// SPDX-License-Identifier: BSD-2-Clause
/* Field numbers are from protos/perfetto/trace/track_event/ in Perfetto's sources. */
#include "perfetto_track.h"

enum { /* by message */
       TRACK_UUID = 1,
       TRACK_NAME = 2,
       TRACK_PROCESS = 3,
       TRACK_THREAD = 4,
       TRACK_PARENT = 5,
       TRACK_COUNTER = 8,
       PROCESS_PID = 1,
       THREAD_PID = 1,
       THREAD_TID = 2,
       COUNTER_UNIT = 3,

       EVENT_ANNOTATIONS = 4,
       EVENT_TYPE = 9,
       EVENT_TRACK = 11,
       EVENT_CATEGORIES = 22,
       EVENT_NAME_FIELD = 23,
       EVENT_COUNTER_VALUE = 30,
       EVENT_FLOWS = 47,
       EVENT_LAST_FLOWS = 48,

       ANNOTATION_BOOL = 2,
       ANNOTATION_UINT = 3,
       ANNOTATION_STRING = 6,
       ANNOTATION_POINTER = 7,
       ANNOTATION_NAME = 10,
};

/* ---- tracks ---- */

static struct pb *tracks__open(struct tracks *t, uint64_t *track)
{
	packets__open(t->packets, 0, PACKET_TRACK_DESCRIPTOR);
	*track = ++t->last;
	pb__int(&t->packets->pb, TRACK_UUID, *track);
	return &t->packets->pb;
}

int tracks__process(struct tracks *t, uint32_t pid, uint64_t *track)
{
	struct pb *pb = tracks__open(t, track);
	size_t in = pb__open(pb, TRACK_PROCESS);

	pb__int(pb, PROCESS_PID, pid);
	pb__close(pb, in);
	return packets__close(t->packets);
}

int tracks__thread(struct tracks *t, uint32_t pid, uint32_t tid, uint64_t *track)
{
	struct pb *pb = tracks__open(t, track);
	size_t in = pb__open(pb, TRACK_THREAD);

	pb__int(pb, THREAD_PID, pid);
	pb__int(pb, THREAD_TID, tid);
	pb__close(pb, in);
	return packets__close(t->packets);
}

int tracks__child(struct tracks *t, uint64_t parent, const char *name, uint64_t *track)
{
	struct pb *pb = tracks__open(t, track);

	pb__string(pb, TRACK_NAME, name);
	pb__int(pb, TRACK_PARENT, parent);
	return packets__close(t->packets);
}

int tracks__counter(struct tracks *t, uint64_t parent, const char *name, enum track_unit unit, uint64_t *track)
{
	struct pb *pb = tracks__open(t, track);
	size_t in;

	pb__string(pb, TRACK_NAME, name);
	pb__int(pb, TRACK_PARENT, parent);
	in = pb__open(pb, TRACK_COUNTER);
	pb__int(pb, COUNTER_UNIT, unit);
	pb__close(pb, in);
	return packets__close(t->packets);
}

/* ---- events ---- */

void track_event__open(struct tracks *t, uint64_t ts_ns, enum track_event_type type, uint64_t track,
		       const char *category, const char *name)
{
	struct pb *pb = &t->packets->pb;

	packets__open(t->packets, ts_ns, PACKET_TRACK_EVENT);
	pb__int(pb, EVENT_TYPE, type);
	pb__int(pb, EVENT_TRACK, track);
	if (category)
		pb__string(pb, EVENT_CATEGORIES, category);
	if (name)
		pb__string(pb, EVENT_NAME_FIELD, name);
}

static void put_number(struct tracks *t, const char *name, int field, uint64_t value)
{
	struct pb *pb = &t->packets->pb;
	size_t in = pb__open(pb, EVENT_ANNOTATIONS);

	pb__string(pb, ANNOTATION_NAME, name);
	pb__int(pb, field, value);
	pb__close(pb, in);
}

void track_event__int(struct tracks *t, const char *name, uint64_t value)
{
	put_number(t, name, ANNOTATION_UINT, value);
}

void track_event__known(struct tracks *t, const char *name, uint64_t value)
{
	if (value != TARE_UNKNOWN)
		put_number(t, name, ANNOTATION_UINT, value);
}

void track_event__address(struct tracks *t, const char *name, uint64_t value)
{
	put_number(t, name, ANNOTATION_POINTER, value);
}

void track_event__bool(struct tracks *t, const char *name, bool value)
{
	put_number(t, name, ANNOTATION_BOOL, value);
}

void track_event__text(struct tracks *t, const char *name, const char *value)
{
	struct pb *pb = &t->packets->pb;
	size_t in = pb__open(pb, EVENT_ANNOTATIONS);

	pb__string(pb, ANNOTATION_NAME, name);
	pb__string(pb, ANNOTATION_STRING, value);
	pb__close(pb, in);
}

void track_event__flow(struct tracks *t, uint64_t flow, bool last)
{
	pb__fixed64(&t->packets->pb, last ? EVENT_LAST_FLOWS : EVENT_FLOWS, flow);
}

int track_event__close(struct tracks *t)
{
	return packets__close(t->packets);
}

int tracks__end(struct tracks *t, uint64_t ts_ns, uint64_t track)
{
	track_event__open(t, ts_ns, SLICE_END, track, NULL, NULL);
	return track_event__close(t);
}

int tracks__count(struct tracks *t, uint64_t ts_ns, uint64_t track, uint64_t value)
{
	track_event__open(t, ts_ns, COUNTER, track, NULL, NULL);
	pb__int(&t->packets->pb, EVENT_COUNTER_VALUE, value);
	return track_event__close(t);
}
