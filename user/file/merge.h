/* SPDX-License-Identifier: BSD-2-Clause */
/* Merges the records of many CPUs, each nearly sorted, by time. Holds records until the rounds allow returning them. */
#ifndef TARE_MERGE_H
#define TARE_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stream;

struct merge {
	struct stream *streams; /* by CPU */
	unsigned nr_streams, room_streams, room_heap;
	unsigned *heap, heap_len; /* CPUs with records; the one with the oldest record first */
	uint64_t bytes;		  /* held */
	uint64_t last_ns, late;	  /* last returned; records that came after a later one was returned */
};

/*
 * Add the records of one EVENTS frame. Returns 0, -EBADMSG if the payload is not a sequence of records (those before
 * the error are kept), or -ENOMEM.
 */
int merge__add(struct merge *m, unsigned cpu, uint64_t base_ns, const void *payload, size_t len);

/*
 * The oldest record, if not younger than @until_ns. Returns false if there is none. *@rec is valid until the next
 * merge__add().
 */
bool merge__pop(struct merge *m, uint64_t until_ns, uint64_t *ts_ns, unsigned *cpu, const void **rec, size_t *len);

void merge__free(struct merge *m);

#endif /* TARE_MERGE_H */
