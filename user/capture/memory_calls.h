/* SPDX-License-Identifier: BSD-2-Clause */
/* System calls by which targets get and return memory: when to look for them, and MEMORY_CALLS frames. */
#ifndef TARE_MEMORY_CALLS_H
#define TARE_MEMORY_CALLS_H

#include <stdbool.h>

#include "bpf.h"
#include "table.h"
#include "writer.h"

struct memory_calls {
	struct bpf *bpf;	    /* NULL: not begun, or this kernel cannot */
	bool on;		    /* the probes are in */
	uint64_t begin_ns, seen_ns; /* of the current stretch; what was seen before .since_ns */
	uint64_t all;		    /* system calls seen in it, likewise */
	uint64_t since_ns, hits;    /* .on: not accounted from there on, and the probe's hits then */
	double rate;		    /* of these, in a second, when it was looked at last; -1: not yet */
	uint64_t spent, next_ns;    /* hits since the budget was new; when it will be again */
	struct table known;	    /* by process and call: index of .sums */
	struct call_sums *sums;	    /* as read last */
	size_t nr, room;
	uint32_t *unused; /* of .sums */
	size_t nr_unused, room_unused;
};

/*
 * Begin to look. Stretches end whole seconds after @start_ns, which is when programs are timed. Nothing happens where
 * the kernel has no tracepoints for it.
 */
void memory_calls__begin(struct memory_calls *c, struct bpf *bpf, uint64_t start_ns);

/* For each round: probes are taken out while they are hit too often; a frame each second. */
void memory_calls__tick(struct memory_calls *c, struct writer *w);

/* In so many ms the budget may be used up: then memory_calls__tick() is due. UINT_MAX: whenever. */
unsigned memory_calls__soon_ms(const struct memory_calls *c);

/* Write what was seen until now, and begin anew. */
void memory_calls__write(struct memory_calls *c, struct writer *w);

void memory_calls__free(struct memory_calls *c);

#endif /* TARE_MEMORY_CALLS_H */
