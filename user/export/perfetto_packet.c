// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <string.h>

#include "hash.h"
#include "perfetto_packet.h"

#define TRACE_PACKET  1 /* field of Trace */
#define STATE_CLEARED 1
#define NEEDS_STATE   2

#define TEXTS_TO_FORGET 4096	   /* names of goroutines are endless: then the state is cleared */
#define TEXTS_MAX	(1u << 20) /* a packet adds few */

void packets__init(struct packets *p, FILE *to)
{
	*p = (struct packets){ .to = to };
	table__init(&p->texts, TEXTS_MAX);
}

void packets__free(struct packets *p)
{
	table__free(&p->texts);
	pb__free(&p->texts_to_tell);
	pb__free(&p->pb);
}

bool packets__begin(struct packets *p, uint64_t ts_ns, enum packet_sequence sequence)
{
	bool dropped = p->dropped && sequence == SEQUENCE_EVENTS;
	bool full = p->texts.count >= TEXTS_TO_FORGET && sequence == SEQUENCE_EVENTS;
	bool first = !p->begun[sequence], clear = first || dropped || full;

	pb__reset(&p->pb);
	p->outer = pb__open(&p->pb, TRACE_PACKET);
	if (ts_ns)
		pb__int(&p->pb, PACKET_TIMESTAMP, packets__boottime(p, ts_ns));
	pb__int(&p->pb, PACKET_SEQUENCE_ID, sequence);
	if (dropped)
		pb__int(&p->pb, PACKET_DROPPED_BEFORE, 1);
	/* after a gap a reader distrusts the sequence's state */
	pb__int(&p->pb, PACKET_SEQUENCE_FLAGS, NEEDS_STATE | (clear ? STATE_CLEARED : 0));
	if (clear && sequence == SEQUENCE_EVENTS)
		table__free(&p->texts);
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
	if (p->texts_to_tell.len)
		pb__bytes(&p->pb, PACKET_INTERNED_DATA, p->texts_to_tell.data, p->texts_to_tell.len);
	pb__reset(&p->texts_to_tell);
	return packets__end(p);
}

uint64_t packets__text(struct packets *p, enum packet_text kind, const char *text)
{
	enum { IID = 1, TEXT = 2 };
	uint64_t hash = hash__add(HASH_BEGIN + kind, text, strlen(text)) >> 1; /* never TABLE_NO_KEY */
	uint64_t *number = table__add(&p->texts, hash);
	size_t at;

	if (!number || *number)
		return number ? *number : 0;
	*number = ++p->last_text;
	at = pb__open(&p->texts_to_tell, kind);
	pb__int(&p->texts_to_tell, IID, *number);
	pb__string(&p->texts_to_tell, TEXT, text);
	pb__close(&p->texts_to_tell, at);
	return *number;
}
