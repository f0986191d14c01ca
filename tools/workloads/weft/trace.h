/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Telling what happens (see event.h), inside weft. Where nobody looks EVENT() costs a load and a branch that is not
 * taken, and does not work out its arguments. It may stand wherever the runtime's code may; the goroutine and the three
 * numbers are converted to 64 bits.
 *
 * Who adds an event that a counter of stats.h counts as well puts the two side by side: what is counted and what is
 * told is then the same when the world stands.
 */
#ifndef WEFT_TRACE_H
#define WEFT_TRACE_H

#include <stdatomic.h>
#include <stdint.h>

#include "event.h"

/* For each event: the lower 16 bits are the probe's semaphore, which the kernel counts; the upper say that we log */
extern _Atomic uint32_t trace__wanted[WEFT_N_EVENTS] __attribute__((visibility("hidden")));

#define X(name) void trace__##name(uint64_t goroutine, uint64_t a, uint64_t b, uint64_t c);
WEFT_EVENTS(X)
#undef X

#define EVENT(name, goroutine, a, b, c)                                                                             \
	do {                                                                                                        \
		if (__builtin_expect(                                                                               \
			    atomic_load_explicit(&trace__wanted[WEFT_EVENT_##name], memory_order_relaxed) != 0, 0)) \
			trace__##name(goroutine, a, b, c);                                                          \
	} while (0)

/* Opens the log, where the environment asks for one. Before the first event */
void trace__start(void);
/*
 * The calling thread may tell events. What it needs for that is had now: in the middle of a stop it would wait for
 * others who map memory.
 */
void trace__thread(void);
/*
 * From now on only the calling thread's events are told, and all that others have begun to tell are told. For the last
 * event of all.
 */
void trace__only_me(void);
/* Nobody's any more; writes the log, where there is one */
void trace__end(void);

#endif
