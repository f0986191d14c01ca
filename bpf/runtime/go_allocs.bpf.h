/* SPDX-License-Identifier: GPL-2.0-only */
/* How many bytes a Go program takes, by the arguments of its runtime's allocators: go_allocators.c in user/. */
#ifndef TARE_GO_ALLOCS_BPF_H
#define TARE_GO_ALLOCS_BPF_H

#include "tare.bpf.h"
#include "runtime/go_allocs.h"

/* Go's own convention: https://go.dev/s/regabi */
#if defined(__TARGET_ARCH_arm64)
#define GO_SECOND(ctx) PT_REGS_PARM2(ctx)
#define GO_FIRST(ctx)  PT_REGS_PARM1(ctx)
#else
#define GO_SECOND(ctx) ((ctx)->bx)
#define GO_FIRST(ctx)  ((ctx)->ax)
#endif

static __always_inline __u64 go_alloc__block(struct pt_regs *ctx, __u64 cookie)
{
	__u64 block = peek(GO_FIRST(ctx) + GO_ALLOC_TABLE(cookie) + 8ull * (__u8)GO_SECOND(ctx));
	__u16 now = 0, before = 0;

	if (!block || bpf_probe_read_user(&now, sizeof(now), (void *)(block + GO_ALLOC_NOW(cookie))) ||
	    bpf_probe_read_user(&before, sizeof(before), (void *)(block + GO_ALLOC_BEFORE(cookie))))
		return 0;
	return (__u16)(now - before) * peek(block + GO_ALLOC_SIZE(cookie));
}

static __always_inline __u64 go_alloc__large(struct pt_regs *ctx)
{
	return GO_SECOND(ctx);
}

#endif /* TARE_GO_ALLOCS_BPF_H */
