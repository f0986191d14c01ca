/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the runtime tells of itself: each event is a USDT probe (provider "weft", the name in lower case below) with a
 * semaphore, and, with WEFT_TRACE=FILE, a line of a log kept in memory and written when weft_main() returns. Both carry
 * the same: the goroutine that it concerns (0: none) and up to three numbers.
 */
#ifndef WEFT_EVENT_H
#define WEFT_EVENT_H

#include <stdint.h>

/*
 *	 name		goroutine	numbers
 * Reasons of a stop are enum weft_stop_reason, phases enum weft_phase, of a park enum weft_wait.
 */
/* clang-format off */
#define WEFT_EVENTS(X)                                                                                              \
	X(stw_request)		/* who asks		reason, Ps that run */                                      \
	X(p_stopped)		/* what ran there	P, how: enum weft_stop; once for each P that was waited for */ \
	X(stw_stopped)		/* who asked		reason, Ps that were waited for */                          \
	X(stw_restart)		/* who asked		reason; the Ps are about to be told to go on */             \
	X(stw_started)		/* who asked		reason, threads woken; all have been told */                \
	X(gc_start)		/* who began it		cycle, heap bytes, goal bytes */                            \
	X(gc_phase)		/* who began it		cycle, phase */                                             \
	X(gc_end)		/* who ended it		cycle, heap bytes that lived, next goal */                  \
	X(g_create)		/* the new one		its creator (0: the runtime), address of its function */     \
	X(g_run)		/* it			P */                                                        \
	X(g_park)		/* it			enum weft_wait */                                           \
	X(g_ready)		/* it			who readied it (0: the runtime) */                           \
	X(g_exit)		/* it */                                                                             \
	X(preempt_request)	/* who runs there or 0	P, thread id */                                             \
	X(preempt_taken)	/* it			P, 1: by signal, 0: at a call */                             \
	X(steal)		/* 0			P that took, P it took from, how many */                     \
	X(handoff)		/* who is in the call	P */                                                        \
	X(span_refill)		/* who allocates	size class, bytes of its blocks */                           \
	X(large_alloc)		/* who allocates	bytes */                                                    \
	X(assist)		/* who must help	bytes marked, ns */                                          \
	X(sweep_end)		/* 0			cycle, bytes freed */                                        \
	X(exit)			/* 0			address of struct weft_totals, Ps that still run */
/* clang-format on */

enum weft_event {
#define X(name) WEFT_EVENT_##name,
	WEFT_EVENTS(X)
#undef X
		WEFT_N_EVENTS
};

/* As Go's stwReason where the meaning is the same */
enum weft_stop_reason {
	WEFT_STOP_UNKNOWN = 0,
	WEFT_STOP_MARK_TERMINATION = 1,
	WEFT_STOP_SWEEP_TERMINATION = 2,
	WEFT_STOP_READ_STATS = 7,
	WEFT_STOP_TEST = 12,
};
/* How a P came to stand */
enum weft_stop { WEFT_STOP_IN_SCHEDULER, WEFT_STOP_AT_CALL, WEFT_STOP_BY_SIGNAL, WEFT_STOP_IN_SYSCALL };
enum weft_phase { WEFT_PHASE_OFF, WEFT_PHASE_MARK, WEFT_PHASE_MARK_TERMINATION, WEFT_PHASE_SWEEP };
enum weft_wait {
	WEFT_WAIT_OTHER,
	WEFT_WAIT_CHAN_SEND,
	WEFT_WAIT_CHAN_RECV,
	WEFT_WAIT_SELECT,
	WEFT_WAIT_MUTEX,
	WEFT_WAIT_GROUP,
	WEFT_WAIT_SLEEP,
	WEFT_WAIT_NETWORK,
	WEFT_WAIT_GC,
};

#endif
