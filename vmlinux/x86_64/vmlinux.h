/* SPDX-License-Identifier: GPL-2.0-only */
/* x86-64's own types; see ../common.h for how this came about. */
#ifndef __VMLINUX_X86_64_H__
#define __VMLINUX_X86_64_H__

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct pt_regs {
	unsigned long orig_ax, ip, sp, bp, flags, cs;
	unsigned long di, si, dx, cx; /* bpf_tracing.h names these and the next */
	unsigned long r8, r9, r10, r11, r12, r13, r14, r15, ax, bx;
};


struct thread_struct {
	unsigned long fsbase;
};

struct thread_info {
	unsigned int status;
	unsigned int cpu; /* since 5.16 */
};

#pragma clang attribute pop

/* What perf_event programs see is an interface (arch/x86/include/uapi/asm/ptrace.h), read in whole words: no CO-RE. */
struct bpf_perf_event_data {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
	unsigned long long sample_period, addr;
};

#include "../common.h"

#endif
