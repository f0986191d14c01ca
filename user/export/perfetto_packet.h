/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes Perfetto's TracePackets, in CLOCK_BOOTTIME. The packet being written is in .pb. Descriptions of tracks are a
 * sequence of their own: readers take the last thread described in a sequence for the thread of all its events.
 */
#ifndef TARE_PERFETTO_PACKET_H
#define TARE_PERFETTO_PACKET_H

#include <stdbool.h>
#include <stdio.h>

#include "event.h"
#include "pb.h"
#include "table.h"
#include "tracks.h"

enum packet_field {
	PACKET_FTRACE_EVENTS = 1,
	PACKET_PROCESS_TREE = 2,
	PACKET_CLOCK_SNAPSHOT = 6,
	PACKET_TIMESTAMP = 8,
	PACKET_SEQUENCE_ID = 10,
	PACKET_TRACK_EVENT = 11,
	PACKET_INTERNED_DATA = 12,
	PACKET_SEQUENCE_FLAGS = 13,
	PACKET_DROPPED_BEFORE = 42,
	PACKET_SYSTEM_INFO = 45,
	PACKET_DEFAULTS = 59,
	PACKET_TRACK_DESCRIPTOR = 60,
	PACKET_STACK_SAMPLE = 135,
};

/* Each has its own state: see PACKET_DEFAULTS and PACKET_INTERNED_DATA. */
enum packet_sequence { SEQUENCE_EVENTS = 1, SEQUENCE_TRACKS, SEQUENCE_CPU, SEQUENCE_OFF_CPU, NR_SEQUENCES };

/* Fields of InternedData: texts that a sequence's packets refer to by number. Numbers are never used again. */
enum packet_text { TEXT_CATEGORY = 1, TEXT_NAME = 2, TEXT_ANNOTATION = 3 };

struct packets {
	FILE *to;
	struct pb pb;
	size_t outer, inner;	 /* of the packet being written */
	uint64_t boot_offset_ns; /* CLOCK_BOOTTIME minus CLOCK_MONOTONIC */
	bool begun[NR_SEQUENCES];
	bool dropped;		 /* something was lost before the next packet */
	struct table texts;	 /* of SEQUENCE_EVENTS, by kind and hash to their numbers */
	uint64_t last_text;	 /* newest number */
	struct pb texts_to_tell; /* those that the packet being written is the first to use */
};

void packets__init(struct packets *p, FILE *to);
void packets__free(struct packets *p);

static inline uint64_t packets__boottime(const struct packets *p, uint64_t mono_ns)
{
	return mono_ns + p->boot_offset_ns;
}

/* Start a packet with body @field; @ts_ns (CLOCK_MONOTONIC) is 0 for what has no single time. */
void packets__open(struct packets *p, uint64_t ts_ns, enum packet_field field);
/* Write it out. Returns 0 or a negative errno. */
int packets__close(struct packets *p);

/* The number of @text in the packet being written, which is of SEQUENCE_EVENTS; 0 if out of memory. */
uint64_t packets__text(struct packets *p, enum packet_text kind, const char *text);

/* Likewise, a packet of any fields in .pb, which the caller opens and closes. Returns whether it is @sequence's first.
 */
bool packets__begin(struct packets *p, uint64_t ts_ns, enum packet_sequence sequence);
int packets__end(struct packets *p);

/* perfetto_track.c: writes to a struct packets. */
extern const struct track_writer perfetto_tracks;

#endif /* TARE_PERFETTO_PACKET_H */
