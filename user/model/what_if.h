/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What Go's collector would cost, and how large the heap would get, with other settings: an estimate, by the model for
 * a steady state of go.dev/doc/gc-guide. A collection marks the same in any case, and costs the same; the settings
 * decide how much is allocated between two of them.
 */
#ifndef TARE_WHAT_IF_H
#define TARE_WHAT_IF_H

#include <stdbool.h>
#include <stdint.h>

/* What was measured. */
struct what_if_now {
	uint64_t mark_ns; /* CPU time of marking that keeps others from running: by workers, and by who allocates */
	uint64_t idle_mark_ns; /* and by workers that only took what CPU time was free */
	uint64_t cycles;       /* collections */
	uint64_t alloc_bytes;  /* allocated meanwhile */
	uint64_t live_bytes;   /* what a collection finds */
	uint64_t root_bytes;   /* stacks and globals that it reads */
	uint64_t beside_bytes; /* of the runtime's memory, what is no object: counts against a limit */
	uint64_t gc_percent;   /* GOGC; TARE_NONE: off; TARE_UNKNOWN */
	uint64_t limit_bytes;  /* GOMEMLIMIT; TARE_NONE; TARE_UNKNOWN */
};

struct what_if {
	uint64_t gc_percent;			/* TARE_NONE: off */
	uint64_t limit_bytes;			/* TARE_NONE: none */
	uint64_t cycles, mark_ns, idle_mark_ns; /* in the time that was measured */
	uint64_t peak_bytes;			/* of the heap */
};

/* The heap's peak as things are. */
uint64_t what_if__peak(const struct what_if_now *now);

/* The limit, with GOGC off, at which the heap gets as large as @peak_bytes. */
uint64_t what_if__limit_for(const struct what_if_now *now, uint64_t peak_bytes);

/*
 * Estimate for .gc_percent and .limit_bytes of @to. False: no collection was measured, or the limit is so low that the
 * collector would run all the time.
 */
bool what_if__estimate(const struct what_if_now *now, struct what_if *to);

#endif /* TARE_WHAT_IF_H */
