/* SPDX-License-Identifier: BSD-2-Clause */
/* Who had the CPU while a thread waited for it, as segments of its timeline. */
#ifndef TARE_PAUSE_RIVALS_H
#define TARE_PAUSE_RIVALS_H

#include "pause.h"

/*
 * Append to @out the part of @wait from @begin_ns on: one segment for each who had the CPU. While nobody else had it,
 * it is `wakeup': the CPU was only late to notice. Where many took turns, the time of each is put together; but never
 * what was before @cut_ns with what came after.
 */
void pause_rivals__wait(const struct pauses *ps, const struct cpu_wait *wait, uint64_t begin_ns, uint64_t cut_ns,
			struct segs *out);

#endif /* TARE_PAUSE_RIVALS_H */
