/* SPDX-License-Identifier: GPL-2.0-only */
/* x86-64's own types; see ../common.h for how this came about. */
#ifndef __VMLINUX_X86_64_H__
#define __VMLINUX_X86_64_H__

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct pt_regs {
	unsigned long orig_ax, ip, sp, bp;
};

struct thread_info {
	unsigned int status;
	unsigned int cpu; /* since 5.16 */
};

#pragma clang attribute pop

#include "../common.h"

#endif
