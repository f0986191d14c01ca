/* SPDX-License-Identifier: BSD-2-Clause */
/* Who had a CPU while a thread waited for it, piece by piece in order of time. */
#ifndef TARE_PAUSE_CPU_H
#define TARE_PAUSE_CPU_H

#include "pause.h"

void pause_cpus__free(struct pauses *ps);

/* A switch: remember who came and went. Returns 0 or -ENOMEM. */
int pause_cpus__switch(struct pauses *ps, const struct event *ev);

/*
 * Thread @tid waited for @cpu during [@from, @to]: append one segment for each who had it. While nobody had it, it is
 * `wakeup': the CPU was only late to notice. Where many took turns, the time of each is put together.
 */
void pause_cpus__wait(struct pauses *ps, uint16_t cpu, uint32_t tid, uint64_t from, uint64_t to, struct segs *out);

#endif /* TARE_PAUSE_CPU_H */
