/* SPDX-License-Identifier: GPL-2.0-only */
/* What runtimes want copied when a process ends: one line each. */
#ifndef TARE_LAST_WORDS_BPF_H
#define TARE_LAST_WORDS_BPF_H

#include "runtime/go_exit.bpf.h"

/* The runtime of the current process is ending, as the probe at @ip reports. */
static __always_inline void runtimes__last_words(__u64 ip)
{
	go_exits__tell(ip);
}

#endif /* TARE_LAST_WORDS_BPF_H */
