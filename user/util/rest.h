/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Long work in short pieces. Who sleeps between two of them holds no lock, and
 * whoever wants the CPU has it at once, whatever the worker's priority, the
 * kernel's tick and the way that it preempts.
 */
#ifndef TARE_REST_H
#define TARE_REST_H

/*
 * Called between two pieces, by any thread for itself: after a millisecond of
 * CPU time or more since it slept last, it sleeps for as long as it worked,
 * ten milliseconds at most. Mostly it costs no system call.
 */
void rest__take(void);

#endif /* TARE_REST_H */
