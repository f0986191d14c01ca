/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Long work in short pieces. A thread that sleeps between two of them holds no lock, and others get the CPU at once,
 * whatever the worker's priority, the kernel's tick and its preemption model.
 */
#ifndef TARE_REST_H
#define TARE_REST_H

/*
 * Called between two pieces, by any thread for itself: after a millisecond or more of CPU time since its last sleep, it
 * sleeps for as long as it worked, ten milliseconds at most. Usually costs no system call.
 */
void rest__take(void);

#endif /* TARE_REST_H */
