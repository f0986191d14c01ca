/* SPDX-License-Identifier: BSD-2-Clause */
/* Records of many CPUs, each nearly in order, into one order by time. Holds what rounds do not yet allow to be given
 * out. */
#ifndef TARE_MERGE_H
#define TARE_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stream;

struct merge {
	struct stream *streams; /* by CPU */
	unsigned nr_streams, room_streams, room_heap;
	unsigned *heap, heap_len; /* CPUs that have records, the one with the oldest first */
	uint64_t bytes;		  /* held */
	uint64_t last_ns, late;	  /* given out last; records that came after a later one had been given out */
};

/*
 * Add the records of one EVENTS frame. Returns 0, -EBADMSG where the payload is
 * no sequence of records (those before the fault are kept) or -ENOMEM.
 */
int merge__add(struct merge *m, unsigned cpu, uint64_t base_ns, const void *payload, size_t len);

/*
 * The oldest record if it is not younger than @until_ns. Returns false where
 * there is none. *@rec is valid until the next merge__add().
 */
bool merge__pop(struct merge *m, uint64_t until_ns, uint64_t *ts_ns, unsigned *cpu, const void **rec, size_t *len);

void merge__free(struct merge *m);

#endif /* TARE_MERGE_H */
