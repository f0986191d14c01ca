/* SPDX-License-Identifier: GPL-2.0-only */
/* arm64's own types; see ../common.h for how this came about. */
#ifndef __VMLINUX_ARM64_H__
#define __VMLINUX_ARM64_H__

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct user_pt_regs {
	unsigned long long regs[31], sp, pc, pstate;
};

struct pt_regs {
	int syscallno;
	unsigned long long sp, pc, pstate;
};


struct thread_struct {
	struct {
		unsigned long tp_value;
	} uw;
};

struct thread_info {
	unsigned long flags;
	unsigned int cpu; /* since 5.16 */
	struct {
		unsigned int count;
	} preempt;
};

#pragma clang attribute pop

/* What perf_event programs see is an interface (arch/arm64/include/uapi/asm/ptrace.h), read in whole words: no CO-RE. */
struct bpf_perf_event_data {
	unsigned long long regs[31], sp, pc, pstate;
	unsigned long long sample_period, addr;
};

#include "../common.h"

#endif
