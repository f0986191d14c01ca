/* SPDX-License-Identifier: BSD-2-Clause */
/* What the two halves of the flight buffer share: flight_buffer.c holds, flight_buffer_write.c gives out. */
#ifndef TARE_FLIGHT_BUFFER_IMPL_H
#define TARE_FLIGHT_BUFFER_IMPL_H

#include "flight_buffer.h"

struct held {
	struct held *next;
	uint64_t self_cpu_ns; /* of a mark */
	bool is_mark;	      /* the payload is tasks without a struct tare_array before them */
	bool once;	      /* for one writing only */
	struct tare_frame head;
	unsigned char payload[];
};

struct list {
	struct held *first, *last;
};

struct flight_buffer {
	struct list described;	    /* before the begin: header, info, processes, modules .. */
	struct list symbols;	    /* .. and symbols, of processes that were there when it began */
	struct list frames;	    /* since; the first is a mark once something was let go */
	struct held *probes, *loss; /* the last totals before the begin, or NULL */
	uint64_t span_ns, max_bytes, bytes;
	uint64_t mark_ns, mark_bytes; /* of the last mark: when, and how much came since */
	uint64_t lost_bytes;	      /* that there was no room for since the last mark */
	bool is_short, writing, once;
};

/* Free those of @l for which @is_unwanted says so. */
void flight_buffer__purge(struct flight_buffer *s, struct list *l,
			  bool (*is_unwanted)(const struct held *h, const void *ctx), const void *ctx);

#endif /* TARE_FLIGHT_BUFFER_IMPL_H */
