/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sums by set of labels. All processes with the same labels share a series, so that a counter goes on when one of
 * several workers is replaced. Their number is limited: what finds no room is added up as process="other".
 */
#ifndef TARE_SERIES_H
#define TARE_SERIES_H

#include "buckets.h"
#include "event.h"
#include "pause.h"
#include "table.h"
#include "thread.h"

#define SERIES_MAX_REASONS 32 /* for stops of the world; further ones count as "other" */

/* What the series is called. All are safe to print; "" where it is not known. */
struct labels {
	char process[64], cgroup[256], container[80];
	const char *runtime; /* a name of the table of runtimes */
	uint32_t pid;	     /* 0: not a label */
};

struct series_reason {
	char name[64];
	struct buckets pauses;
};

/* Who is told the figures, each in its own time: the one they are pushed to, and those who scrape. */
enum { AUDIENCE_PUSH, AUDIENCE_SCRAPERS, AUDIENCES_MAX = AUDIENCE_SCRAPERS + 8 };

struct scraper {
	uint64_t id, asked_ns; /* 0: there is none */
};

struct series {
	struct labels labels;
	uint64_t since_ns;     /* when it began to count */
	unsigned told_to;      /* bits of the audiences that were told since .ended_ns */
	uint64_t nr_processes; /* that are alive, and have these labels now */
	uint64_t ended_ns;     /* when the last of them was found gone; 0: one is alive */

	/* these only grow */
	struct accounts acc;
	uint64_t minor_faults, major_faults;
	uint64_t collections, alloc_bytes, alloc_objects, goroutines_created, goroutine_switches;
	struct buckets run_queue;
	struct series_reason *reasons;
	unsigned nr_reasons, room_reasons;
	uint64_t cause_ns[PAUSE_NR_CAUSES];
	bool counts; /* a runtime has told its counters */

	/* sums over the living, as of the last look */
	uint64_t threads, heap_bytes, resident_bytes;
	/* what has begun and not ended: on a CPU, waiting for one, throttled; ns */
	uint64_t open_ns, open_wait_ns, open_throttled_ns;
	/* as told last: a counter never goes back, though a wait may turn out to have begun earlier */
	uint64_t told_cpu_ns, told_run_queue_ns, told_throttled_ns;
};

struct all_series {
	struct series **at;
	uint32_t nr, room, limit;
	struct table by_labels;
	struct series other;
	unsigned audiences;			/* bits of those that there are */
	struct scraper scrapers[AUDIENCES_MAX]; /* by audience; that of AUDIENCE_PUSH is none */
};

void all_series__init(struct all_series *all, uint32_t limit);
void all_series__free(struct all_series *all);

/* The series of @labels, a new one if need be: .other if there is no room, or no memory. */
struct series *all_series__get(struct all_series *all, const struct labels *labels);

/*
 * The audience that @id is, who asks at @now_ns; 0: AUDIENCE_PUSH. For those who have not asked for five minutes
 * nothing is kept; of more than eight, the one who has not asked for longest has to go.
 */
unsigned all_series__audience(struct all_series *all, uint64_t id, uint64_t now_ns);

/* @s has one process less. Its sums stay until they have been told once more. */
void series__leave(struct series *s, uint64_t now_ns);

/* Is there something in @s that @audience has not been told? */
bool series__is_told(const struct series *s, unsigned audience);

/* All were told to @audience: forget those without processes that each audience was told. */
void all_series__told(struct all_series *all, unsigned audience);

/* A stop of the world in a process of @s. */
void series__pause(struct series *s, const struct pause *p);

#endif /* TARE_SERIES_H */
