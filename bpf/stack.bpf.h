/* SPDX-License-Identifier: GPL-2.0-only */
/* The callers of the code in which the current task left user space. */
#ifndef TARE_STACK_BPF_H
#define TARE_STACK_BPF_H

#include "kernel.bpf.h"
#include "tare.bpf.h"

/* One per program: the clock may interrupt the other one while its record is being built. */
enum { STACK_OF_SIGNAL, STACK_OF_CLOCK, NR_STACKS };

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, NR_STACKS);
	__type(key, __u32);
	__type(value, struct tare_stack);
} stacks SEC(".maps");

/* Emit the stack of the current task @p, before the record that it belongs to. @ctx: the program's own. */
static __always_inline void tell_stack(struct cpu_state *c, void *ctx, struct task_struct *p, __u32 which, __u64 now)
{
	struct tare_stack *r = bpf_map_lookup_elem(&stacks, &which);
	long bytes;

	if (!r)
		return;
	bytes = bpf_get_stack(ctx, r->frames, sizeof(r->frames), BPF_F_USER_STACK);
	if (bytes <= 0)
		return;
	if (bytes > (long)sizeof(r->frames))
		bytes = sizeof(r->frames);
	r->rec.kind = TARE_REC_STACK;
	r->tid = p->pid;
	r->tgid = p->tgid;
	r->sp = user_sp(p);
	r->rec.flags = TARE_STACK_WORDS;
	if (!r->sp || bpf_probe_read_user(r->words, sizeof(r->words), (void *)r->sp))
		r->rec.flags = 0;
	if (emit(c, now, &r->rec, offsetof(struct tare_stack, frames) + bytes))
		__sync_fetch_and_add(&c->lost[TARE_LOST_EVIDENCE], 1);
}

#endif /* TARE_STACK_BPF_H */
