/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sums of a live model that the views need, as they were at one moment. Two of them tell the rates between: memory
 * is for the threads and processes there are, not for the time that has passed.
 */
#ifndef TARE_TOP_SUMS_H
#define TARE_TOP_SUMS_H

#include "model.h"

/* Times in ns. Those up to TOP_COUNT only grow. TARE_UNKNOWN: not known. */
enum top_figure {
	TOP_CPU,
	TOP_SWITCHES,
	TOP_RUN_QUEUE,
	TOP_THROTTLED,
	TOP_PAUSES,
	TOP_WORLD, /* time in pauses */
	TOP_ALLOC_BYTES,
	TOP_ALLOC_OBJECTS,
	TOP_COLLECTIONS,
	TOP_MINOR_FAULTS,
	TOP_MAJOR_FAULTS,
	TOP_COUNTED, /* time in which the runtime's counters were read: three figures above; a reading may be old */
	TOP_CHECKED, /* likewise the page faults */
	TOP_TIME,    /* rivals and waits: that their threads waited */
	TOP_COUNT,   /* rivals and waits: how often; goroutines: how many there are */
	TOP_THREADS,
	TOP_HEAP_BYTES,
	TOP_GOAL_BYTES,
	TOP_RSS_BYTES,
	TOP_LONGEST, /* goroutines: they wait this long at least */
	NR_TOP_FIGURES
};

struct top_item {
	uint64_t key, born_ns; /* together they tell it from others in its list */
	uint32_t id;	       /* thread or process */
	char name[72];	       /* safe to print, UTF-8 */
	char note[72];	       /* threads: where it is */
	bool ended;
	uint64_t v[NR_TOP_FIGURES];
};

struct top_list {
	struct top_item *items;
	size_t nr, room;
};

enum top_list_id { TOP_LIST_THREADS, TOP_LIST_PROCESSES, TOP_LIST_RIVALS, TOP_LIST_WAITS, NR_TOP_LISTS };

struct top_sums {
	uint64_t begin_ns, at_ns; /* of the recording, and of these sums */
	struct top_list lists[NR_TOP_LISTS];
	struct top_item all;	      /* over all processes */
	char target[72], runtime[72]; /* safe to print; .runtime "": not known */
	uint64_t lost;		      /* events */
	uint64_t probes_ns;	      /* TARE_UNKNOWN: none was timed yet */
	uint64_t self_cpu_ns;	      /* of tare itself */
	unsigned cpus;
	bool tells_pauses;
	unsigned end_reason; /* enum tare_end_reason; 0: it goes on */
};

/* The sums of @m at @at_ns, up to which it has all events. Returns 0, or -ENOMEM; top_sums__free() in any case. */
int top_sums__take(struct top_sums *s, const struct model *m, uint64_t at_ns);
void top_sums__free(struct top_sums *s);

/* A new item of @l, of no figures; NULL: no memory. Valid until the next one. */
struct top_item *top_list__add(struct top_list *l);
void top_list__free(struct top_list *l);

#endif /* TARE_TOP_SUMS_H */
