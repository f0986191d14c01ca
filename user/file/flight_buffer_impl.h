/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the two halves of the flight buffer: flight_buffer.c stores, flight_buffer_write.c writes. */
#ifndef TARE_FLIGHT_BUFFER_IMPL_H
#define TARE_FLIGHT_BUFFER_IMPL_H

#include "flight_buffer.h"

struct held {
	struct held *next;
	uint64_t self_cpu_ns; /* of a mark */
	bool is_mark;	      /* the payload is tasks without a leading struct tare_array */
	bool once;	      /* for one write only */
	struct tare_frame head;
	unsigned char payload[];
};

struct list {
	struct held *first, *last;
};

struct flight_buffer {
	struct list described;	    /* before the begin: header, info, processes, modules */
	struct list symbols;	    /* before the begin: symbols of processes that existed then */
	struct list frames;	    /* since the begin; the first is a mark once something was dropped */
	struct held *probes, *loss; /* latest totals before the begin, or NULL */
	uint64_t span_ns, max_bytes, bytes;
	uint64_t mark_ns, mark_bytes; /* last mark: its time, and the bytes since */
	uint64_t lost_bytes;	      /* that did not fit since the last mark */
	bool is_short, writing, once;
};

/* Free the frames of @l that @is_unwanted selects. */
void flight_buffer__purge(struct flight_buffer *s, struct list *l,
			  bool (*is_unwanted)(const struct held *h, const void *ctx), const void *ctx);

#endif /* TARE_FLIGHT_BUFFER_IMPL_H */
