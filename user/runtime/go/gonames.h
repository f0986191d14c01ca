/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of the numbers in Go's runtime, by minor version. Static text; NULL if a version has no such number. */
#ifndef TARE_GONAMES_H
#define TARE_GONAMES_H

/* g.waitreason: "chan receive". Later versions get the newest names known. */
const char *go_wait_reason(int minor, unsigned nr);
/* stwReason, Go 1.21 and later: "GC mark termination" */
const char *go_stop_reason(unsigned nr);
/*
 * The number of a reason that Go 1.20 and older give in words, "" being GC sweep termination; 0 (unknown) for others.
 */
unsigned go_stop_reason_of(const char *words);
/* g.atomicstatus without its scan bit: "waiting" */
const char *go_status(unsigned nr);
/* gcphase: "off", "mark", "mark termination" */
const char *go_gc_phase(unsigned nr);

enum { G_IDLE, G_RUNNABLE, G_RUNNING, G_SYSCALL, G_WAITING, G_DEAD = 6, G_PREEMPTED = 9, G_LEAKED, G_DEADEXTRA };
enum { GO_STATUS_SCAN = 0x1000 };

#endif /* TARE_GONAMES_H */
