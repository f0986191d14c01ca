// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>

#include "perfetto_packet.h"

#define TRACE_PACKET  1 /* field of Trace */
#define STATE_CLEARED 1
#define NEEDS_STATE   2

bool packets__begin(struct packets *p, uint64_t ts_ns, enum packet_sequence sequence)
{
	bool first = !p->begun[sequence], dropped = p->dropped && sequence == SEQUENCE_EVENTS;

	pb__reset(&p->pb);
	p->outer = pb__open(&p->pb, TRACE_PACKET);
	if (ts_ns)
		pb__int(&p->pb, PACKET_TIMESTAMP, packets__boottime(p, ts_ns));
	pb__int(&p->pb, PACKET_SEQUENCE_ID, sequence);
	if (dropped)
		pb__int(&p->pb, PACKET_DROPPED_BEFORE, 1);
	/* after a gap a reader distrusts the sequence's state; there is none, so declare it cleared */
	pb__int(&p->pb, PACKET_SEQUENCE_FLAGS, NEEDS_STATE | (first || dropped ? STATE_CLEARED : 0));
	p->begun[sequence] = true;
	p->dropped &= !dropped;
	return first;
}

int packets__end(struct packets *p)
{
	pb__close(&p->pb, p->outer);
	if (pb__error(&p->pb))
		return pb__error(&p->pb);
	errno = EIO;
	return fwrite(p->pb.data, p->pb.len, 1, p->to) == 1 ? 0 : -errno;
}

void packets__open(struct packets *p, uint64_t ts_ns, enum packet_field field)
{
	packets__begin(p, ts_ns, field == PACKET_TRACK_DESCRIPTOR ? SEQUENCE_TRACKS : SEQUENCE_EVENTS);
	p->inner = pb__open(&p->pb, field);
}

int packets__close(struct packets *p)
{
	pb__close(&p->pb, p->inner);
	return packets__end(p);
}
