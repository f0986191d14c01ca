/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Perfetto's tracks, and what is drawn on them: nested slices, instants, counters. A track is a number; 0 is none.
 * Names and texts are UTF-8.
 */
#ifndef TARE_PERFETTO_TRACK_H
#define TARE_PERFETTO_TRACK_H

#include "perfetto_packet.h"

enum track_unit { UNIT_NS = 1, UNIT_COUNT = 2, UNIT_BYTES = 3 };
enum track_event_type { SLICE_BEGIN = 1, SLICE_END, INSTANT, COUNTER };

struct tracks {
	struct packets *packets;
	uint64_t last; /* newest number */
};

/* Each describes a new track and sets *@track. Returns 0 or a negative errno. */
int tracks__process(struct tracks *t, uint32_t pid, uint64_t *track);
int tracks__thread(struct tracks *t, uint32_t pid, uint32_t tid, uint64_t *track);
/* Tracks of the same name under one process are drawn as one. */
int tracks__child(struct tracks *t, uint64_t parent, const char *name, uint64_t *track);
int tracks__counter(struct tracks *t, uint64_t parent, const char *name, enum track_unit unit, uint64_t *track);

/* An event on a track: open, arguments, close. @category and @name may be NULL, and are for SLICE_END. */
void track_event__open(struct tracks *t, uint64_t ts_ns, enum track_event_type type, uint64_t track,
		       const char *category, const char *name);
void track_event__int(struct tracks *t, const char *name, uint64_t value);
/* As track_event__int(), but does nothing if @value is TARE_UNKNOWN. */
void track_event__known(struct tracks *t, const char *name, uint64_t value);
void track_event__address(struct tracks *t, const char *name, uint64_t value);
void track_event__bool(struct tracks *t, const char *name, bool value);
void track_event__text(struct tracks *t, const char *name, const char *value);
/* An arrow, from each event with that number to the next; @last: it ends here. */
void track_event__flow(struct tracks *t, uint64_t flow, bool last);
/* Returns 0 or a negative errno. */
int track_event__close(struct tracks *t);

/* A complete slice end, without arguments. */
int tracks__end(struct tracks *t, uint64_t ts_ns, uint64_t track);
int tracks__count(struct tracks *t, uint64_t ts_ns, uint64_t track, uint64_t value);

#endif /* TARE_PERFETTO_TRACK_H */
