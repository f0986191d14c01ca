/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tracks, and what is drawn on them: nested slices, instants, counters. A track is a number; 0 is none. Names and texts
 * are UTF-8. How they are written is the format's: a struct track_writer.
 */
#ifndef TARE_TRACKS_H
#define TARE_TRACKS_H

#include <stdbool.h>
#include <stdint.h>

enum track_unit { UNIT_NS = 1, UNIT_COUNT = 2, UNIT_BYTES = 3 };
enum track_event_type { SLICE_BEGIN = 1, SLICE_END, INSTANT, COUNTER };
enum track_arg { ARG_NUMBER, ARG_BOOL, ARG_ADDRESS };

/* A new track: of a process, a thread, or below another one. */
struct track_description {
	uint64_t track, parent; /* .parent 0: none */
	uint32_t pid, tid;	/* where there is no parent; .tid 0: of the process */
	const char *name;	/* where there is a parent */
	enum track_unit unit;	/* 0: no counter */
};

/* All but the first two belong to an event between .open and .close. These return 0 or a negative errno. */
struct track_writer {
	int (*describe)(void *to, const struct track_description *d);
	void (*open)(void *to, uint64_t ts_ns, enum track_event_type type, uint64_t track, const char *category,
		     const char *name);
	void (*number)(void *to, const char *name, enum track_arg kind, uint64_t value);
	void (*text)(void *to, const char *name, const char *value);
	void (*flow)(void *to, uint64_t flow, bool last);
	void (*count)(void *to, uint64_t value);
	int (*close)(void *to);
};

struct tracks {
	const struct track_writer *writer;
	void *to;      /* its own */
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

#endif /* TARE_TRACKS_H */
