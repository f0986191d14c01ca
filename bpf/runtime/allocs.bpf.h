/* SPDX-License-Identifier: GPL-2.0-only */
/* How many bytes a language runtime's own allocators take; one line for each language that has some. */
#ifndef TARE_RUNTIME_ALLOCS_BPF_H
#define TARE_RUNTIME_ALLOCS_BPF_H

#include "runtime/go_allocs.bpf.h"

static __always_inline __u64 runtimes__alloc_bytes(struct pt_regs *ctx, __u64 cookie)
{
	return ALLOC_COOKIE_SHAPE(cookie) == ALLOC_RUNTIME_LARGE ? go_alloc__large(ctx) : go_alloc__block(ctx, cookie);
}

#endif /* TARE_RUNTIME_ALLOCS_BPF_H */
