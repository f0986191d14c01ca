// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who allocates: uprobes at the entry of allocators, in bursts (struct alloc_burst). They may be hit ten million times
 * a second, so they are only there for some hundred microseconds, and of what comes then only a part is told.
 *
 * Like a runtime's probes these run in the target's context and may be preempted.
 */
#include "tare.bpf.h"
#include "kernel.bpf.h"
#include "runtime/allocs.bpf.h"
#include "stack.bpf.h"

struct alloc_burst alloc_burst = { 0 };

static __always_inline __u64 bytes_asked(struct pt_regs *ctx, __u64 cookie)
{
	switch (ALLOC_COOKIE_SHAPE(cookie)) {
	case ALLOC_FIRST:
		return PT_REGS_PARM1(ctx);
	case ALLOC_FIRST_BY_SECOND:
		return PT_REGS_PARM1(ctx) * PT_REGS_PARM2(ctx);
	case ALLOC_SECOND:
		return PT_REGS_PARM2(ctx);
	case ALLOC_SECOND_IF_FIRST:
		return PT_REGS_PARM1(ctx) ? PT_REGS_PARM2(ctx) : 0;
	case ALLOC_THIRD:
		return PT_REGS_PARM3(ctx);
	case ALLOC_FIELD:
		return peek(PT_REGS_PARM1(ctx) + (__u16)(cookie >> 8));
	case ALLOC_FIELD_BY_SECOND:
		return peek(PT_REGS_PARM1(ctx) + (__u16)(cookie >> 8)) * PT_REGS_PARM2(ctx);
	case ALLOC_RUNTIME_LARGE:
	case ALLOC_RUNTIME_BLOCK:
		return runtimes__alloc_bytes(ctx, cookie);
	}
	return 0;
}

/* How many of its kind this one is to stand for, in 1/65536; 0: it is not told. */
static __always_inline __u64 chosen(__u64 bytes)
{
	__u64 chance = alloc_burst.least;

	/* no overflow: the recorder keeps .per_byte under 2^32 */
	chance += bytes < 1ull << 31 ? bytes * alloc_burst.per_byte : 1ull << 32;
	if (chance >= 1ull << 32)
		return 1 << 16;
	if (!chance || bpf_get_prandom_u32() >= chance)
		return 0;
	return (1ull << 48) / chance;
}

static __always_inline void tell_alloc(struct cpu_state *c, struct pt_regs *ctx, __u64 cookie, __u64 bytes,
				       __u64 stands_for, __u64 now)
{
	struct tare_alloc_sample r = { .rec.kind = TARE_REC_ALLOC_SAMPLE };
	struct task_struct *p = bpf_get_current_task_btf();

	r.rec.flags = (cookie & ~ALLOC_COOKIE_STEPPED) >> 60;
	r.tid = p->pid;
	r.tgid = p->tgid;
	r.burst = c->alloc.number;
	r.bytes = bytes;
	r.stands_for_q16 = stands_for;
	tell_stack(c, ctx, p, STACK_OF_ALLOC, STACK_CALLER | STACK_MEMORY, now);
	EMIT_EVIDENCE(c, now, &r);
	c->alloc.told++;
	c->alloc.told_hits_q16 += stands_for;
	c->alloc.told_bytes += bytes < 1ull << 31 ? bytes * stands_for >> 16 : bytes;
}

static __always_inline void begin_burst(struct alloc_yield *y, __u32 number)
{
	*y = (struct alloc_yield){ .number = number };
}

/* Time for which the target was kept from its CPU is not its own; while it sleeps it is. */
static __always_inline void note_gap(struct alloc_yield *y, const struct task_state *t, __u64 now)
{
	if (y->left_ns && t->in_ts > y->left_ns && t->out_state == TARE_STATE_RUNNING)
		y->apart_ns += now - y->left_ns;
}

static __always_inline void look(struct cpu_state *c, struct pt_regs *ctx, const struct task_state *t, __u64 now)
{
	__u64 cookie = bpf_get_attach_cookie(ctx), bytes, stands_for;
	struct alloc_yield *y = &c->alloc;

	note_gap(y, t, now);
	y->stepped += !!(cookie & ALLOC_COOKIE_STEPPED);
	c->hits_stepped += !!(cookie & ALLOC_COOKIE_STEPPED);
	c->hits_looked++;
	if (y->skipped < alloc_burst.skip) {
		y->skipped++;
		y->left_ns = bpf_ktime_get_ns();
		return;
	}
	bytes = bytes_asked(ctx, cookie);
	y->bytes += bytes;
	stands_for = bytes && y->told < alloc_burst.max_told ? chosen(bytes) : 0;
	if (stands_for)
		tell_alloc(c, ctx, cookie, bytes, stands_for, now);
	y->hits++;
	if (y->hits == alloc_burst.max_hits) {
		y->end_ns = now;
		alloc_burst.over = 1;
	}
	y->left_ns = bpf_ktime_get_ns();
	y->programs_ns += y->left_ns - now;
}

#define UPROBE_HANDLER_REMOVE 1 /* include/linux/uprobes.h */

/*
 * The recorder takes probes out, too, but in the kernel that waits for a grace period of RCU: some ten ms, in which
 * they would be hit a ten thousand times.
 */
SEC("?uprobe")
int alloc_site(struct pt_regs *ctx)
{
	struct task_state *t = target(bpf_get_current_task_btf());
	__u32 number = alloc_burst.number;
	struct cpu_state *c = this_cpu();

	if (alloc_burst.over)
		return UPROBE_HANDLER_REMOVE;
	if (!c || !active || !t)
		return 0;
	__sync_fetch_and_add(&c->hits[PROG_alloc_site], 1);
	if (!number || c->alloc_busy)
		return 0;
	c->alloc_busy = 1;
	if (c->alloc.number != number)
		begin_burst(&c->alloc, number);
	if (!c->alloc.end_ns)
		look(c, ctx, t, bpf_ktime_get_ns());
	c->alloc_busy = 0;
	return 0;
}
