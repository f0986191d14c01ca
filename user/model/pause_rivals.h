/* SPDX-License-Identifier: BSD-2-Clause */
/* Who had the CPU while a thread waited for it, as segments of the thread's timeline. */
#ifndef TARE_PAUSE_RIVALS_H
#define TARE_PAUSE_RIVALS_H

#include "pause.h"

/*
 * Append the part of @wait from @begin_ns on to @out: one segment per task that had the CPU. Time on an idle CPU is
 * `wakeup': it was just slow to respond. With many turns, times are summed per task, but separately before and after
 * @cut_ns.
 */
void pause_rivals__wait(const struct pauses *ps, const struct cpu_wait *wait, uint64_t begin_ns, uint64_t cut_ns,
			struct segs *out);

#endif /* TARE_PAUSE_RIVALS_H */
