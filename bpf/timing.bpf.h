/* SPDX-License-Identifier: GPL-2.0-only */
/* What a switch takes in the kernel: from __schedule()'s entry, see sched_entry, to its end on the thread that came. */
#ifndef TARE_TIMING_BPF_H
#define TARE_TIMING_BPF_H

#include "tare.bpf.h"

/* __schedule() ends. */
static __always_inline void time_switch(struct cpu_state *c, bool is_switch)
{
	__u64 began = c->entry_ts;

	if (!began)
		return;
	c->entry_ts = 0;
	if (!c->recorded || !is_switch)
		return;
	c->recorded = 0;
	if ((__u32)bpf_get_current_pid_tgid() != c->last_next) /* the end of another switch: that one's was not seen */
		return;
	c->cost = bpf_ktime_get_ns() - began;
}

#endif /* TARE_TIMING_BPF_H */
