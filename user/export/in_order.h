/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Puts what is written in time order: a wake-up is only known at the switch that it leads to. So pieces wait until
 * there are many: those that come in order in a queue, the others in a heap by time.
 */
#ifndef TARE_IN_ORDER_H
#define TARE_IN_ORDER_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define IN_ORDER_LEAST 65536	 /* pieces held back */
#define IN_ORDER_MOST  (1 << 20) /* where threads waited for longer: some 150 MB of events */

struct piece {
	uint64_t ts_ns, seq; /* at the same time, in order of arrival */
	uint32_t slot;
};

struct piece_slot {
	void *data;
	size_t len, room;
};

struct in_order {
	FILE *to;
	uint64_t window_ns;	    /* how late a piece may come */
	struct piece *heap, *queue; /* .room of each; the queue goes round */
	struct piece_slot *slots;   /* what the pieces are */
	uint32_t room, in_heap, in_queue, first;
	uint64_t seq, last_ns;
	uint64_t late; /* pieces that came when later ones were written already: these are out of order */
};

/*
 * Writes to @to, which belongs to the caller; a piece may come @window_ns behind others, as far as there is room for
 * what comes in that time. Returns 0 or -ENOMEM; free it in any case.
 */
int in_order__init(struct in_order *o, FILE *to, uint64_t window_ns);
void in_order__free(struct in_order *o);

/* @len bytes at @data, which are copied, belong at @ts_ns. Returns 0 or a negative errno. */
int in_order__add(struct in_order *o, uint64_t ts_ns, const void *data, size_t len);
/* Write all that waits; nothing is added after that. Returns 0 or a negative errno. */
int in_order__flush(struct in_order *o);

#endif /* TARE_IN_ORDER_H */
