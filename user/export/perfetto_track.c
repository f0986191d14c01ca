// SPDX-License-Identifier: BSD-2-Clause
/* Field numbers are from protos/perfetto/trace/track_event/ in Perfetto's sources. */
#include "perfetto_packet.h"
#include "tracks.h"

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

       EVENT_CATEGORY_IIDS = 3,
       EVENT_ANNOTATIONS = 4,
       EVENT_TYPE = 9,
       EVENT_NAME_IID = 10,
       EVENT_TRACK = 11,
       EVENT_COUNTER_VALUE = 30,
       EVENT_FLOWS = 47,
       EVENT_LAST_FLOWS = 48,

       ANNOTATION_NAME_IID = 1,
       ANNOTATION_BOOL = 2,
       ANNOTATION_UINT = 3,
       ANNOTATION_STRING = 6,
       ANNOTATION_POINTER = 7,
};

static void put_owner(struct pb *pb, const struct track_description *d)
{
	size_t in = pb__open(pb, d->tid ? TRACK_THREAD : TRACK_PROCESS);

	pb__int(pb, d->tid ? THREAD_PID : PROCESS_PID, d->pid);
	if (d->tid)
		pb__int(pb, THREAD_TID, d->tid);
	pb__close(pb, in);
}

static int write_description(void *to, const struct track_description *d)
{
	struct packets *p = to;
	size_t in;

	packets__open(p, 0, PACKET_TRACK_DESCRIPTOR);
	pb__int(&p->pb, TRACK_UUID, d->track);
	if (d->name)
		pb__string(&p->pb, TRACK_NAME, d->name);
	if (d->parent)
		pb__int(&p->pb, TRACK_PARENT, d->parent);
	else
		put_owner(&p->pb, d);
	if (d->unit) {
		in = pb__open(&p->pb, TRACK_COUNTER);
		pb__int(&p->pb, COUNTER_UNIT, d->unit);
		pb__close(&p->pb, in);
	}
	return packets__close(p);
}

static void open_event(void *to, uint64_t ts_ns, enum track_event_type type, uint64_t track, const char *category,
		       const char *name)
{
	struct packets *p = to;

	packets__open(p, ts_ns, PACKET_TRACK_EVENT);
	pb__int(&p->pb, EVENT_TYPE, type);
	pb__int(&p->pb, EVENT_TRACK, track);
	if (category)
		pb__int(&p->pb, EVENT_CATEGORY_IIDS, packets__text(p, TEXT_CATEGORY, category));
	if (name)
		pb__int(&p->pb, EVENT_NAME_IID, packets__text(p, TEXT_NAME, name));
}

static void put_number(void *to, const char *name, enum track_arg kind, uint64_t value)
{
	static const int fields[] = {
		[ARG_NUMBER] = ANNOTATION_UINT,
		[ARG_BOOL] = ANNOTATION_BOOL,
		[ARG_ADDRESS] = ANNOTATION_POINTER,
	};
	struct packets *p = to;
	size_t in = pb__open(&p->pb, EVENT_ANNOTATIONS);

	pb__int(&p->pb, ANNOTATION_NAME_IID, packets__text(p, TEXT_ANNOTATION, name));
	pb__int(&p->pb, fields[kind], value);
	pb__close(&p->pb, in);
}

static void put_text(void *to, const char *name, const char *value)
{
	struct packets *p = to;
	size_t in = pb__open(&p->pb, EVENT_ANNOTATIONS);

	pb__int(&p->pb, ANNOTATION_NAME_IID, packets__text(p, TEXT_ANNOTATION, name));
	pb__string(&p->pb, ANNOTATION_STRING, value);
	pb__close(&p->pb, in);
}

static void put_flow(void *to, uint64_t flow, bool last)
{
	struct packets *p = to;

	pb__fixed64(&p->pb, last ? EVENT_LAST_FLOWS : EVENT_FLOWS, flow);
}

static void put_count(void *to, uint64_t value)
{
	struct packets *p = to;

	pb__int(&p->pb, EVENT_COUNTER_VALUE, value);
}

static int close_event(void *to)
{
	return packets__close(to);
}

const struct track_writer perfetto_tracks = {
	.describe = write_description,
	.open = open_event,
	.number = put_number,
	.text = put_text,
	.flow = put_flow,
	.count = put_count,
	.close = close_event,
};
