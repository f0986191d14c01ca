// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the target's language runtime reports, by uprobes at addresses that the
 * recorder chose: its own USDT probes, or instructions in it. Which event a hit
 * means, and where its numbers are, is data.
 *
 * Unlike the scheduler's programs, these run in the target's context and may be
 * preempted: they count with atomic operations.
 */
#include "tare.bpf.h"
#include "goroutine.bpf.h"
#include "kernel.bpf.h"
#include "memory.bpf.h"
#include "runtime/last_words.bpf.h"
#include "stopping.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_SITES);
	__type(key, __u32);
	__type(value, struct site);
} sites SEC(".maps");

static __always_inline struct cpu_state *enter_preemptible(enum tare_prog prog)
{
	struct cpu_state *c = this_cpu();

	if (!c || !active || !target(bpf_get_current_task_btf()))
		return NULL;
	__sync_fetch_and_add(&c->hits[prog], 1);
	return c;
}

static __always_inline void tell(struct cpu_state *c, struct tare_runtime *r, __u16 event, __u32 nr_args, __u64 now)
{
	struct task_struct *p = bpf_get_current_task_btf();

	r->rec.kind = TARE_REC_RUNTIME;
	r->rec.flags = event;
	r->tid = p->pid;
	r->tgid = p->tgid;
	if (nr_args > TARE_RT_MAX_ARGS)
		nr_args = TARE_RT_MAX_ARGS;
	if (emit(c, now, &r->rec, __builtin_offsetof(struct tare_runtime, args) + nr_args * sizeof(r->args[0])))
		__sync_fetch_and_add(&c->lost[TARE_LOST_RUNTIME], 1);
	if (event == TARE_RT_STW_REQUEST)
		stopping__begin(p->tgid);
	else if (event == TARE_RT_STW_STARTED)
		stopping__end(p->tgid);
}

/* Verified apart: there are as many paths to it as a site has arguments. Argument and result are numbers only. */
APART __s64 clock_shift(void)
{
	return namespace_ns(bpf_get_current_task_btf(), false);
}

static __always_inline __u64 fetch(struct pt_regs *ctx, const struct fetch *f)
{
	__u64 room[2] = {}, value = f->value; /* the verifier assumes that .bytes reach this far */
	bool string = f->kind == FETCH_STRING;
	void *at = NULL;
	__u8 first = 0;

	if (f->kind == FETCH_NONE)
		return TARE_UNKNOWN;
	if (f->kind != FETCH_CONST)
		bpf_probe_read_kernel(&value, sizeof(value), (void *)ctx + f->reg);
	for (int i = 0; i < FETCH_MAX_DEPTH && i < f->depth; i++) {
		at = (void *)value + f->at[i];
		room[0] = 0;
		if (bpf_probe_read_user(room, i + 1 == f->depth ? f->bytes & 15 : sizeof(value), at))
			return TARE_UNKNOWN;
		value = room[0];
	}
	if (string) { /* a pointer, already read, followed by the length */
		__u64 len = peek((__u64)at + 8);

		if (len)
			bpf_probe_read_user(&first, sizeof(first), (void *)value);
		return STRING_KEY(len, first);
	}
	if (f->clock && value) /* 0: the program has not read the clock */
		value -= clock_shift();
	return f->bytes && f->bytes < 8 ? value & ((1ull << (f->bytes * 8)) - 1) : value;
}

/* The recorder must look at once: what the library does until then goes unseen. */
static __always_inline int tell_mapped(struct cpu_state *c, __u64 now)
{
	struct task_struct *p = bpf_get_current_task_btf();
	struct tare_mapped r = { .rec.kind = TARE_REC_MAPPED, .tid = p->pid, .tgid = p->tgid };

	if (emit_with(c, now, &r.rec, sizeof(r), BPF_RB_FORCE_WAKEUP))
		__sync_fetch_and_add(&c->lost[TARE_LOST_TASK], 1);
	return 0;
}

static __always_inline int hit(struct pt_regs *ctx)
{
	struct cpu_state *c = enter_preemptible(PROG_runtime_uprobe);
	__u64 now = bpf_ktime_get_ns();
	__u32 at = bpf_get_attach_cookie(ctx);
	struct tare_runtime r = {};
	struct site *s;

	if (!c)
		return 0;
	s = bpf_map_lookup_elem(&sites, &at);
	if (s && s->nop5)
		__sync_fetch_and_add(&c->hits_nop5, 1);
	if (!s || ((user_flags(ctx) ^ s->flags_flip) & s->flags_mask))
		return 0;
	if (s->mapped)
		return tell_mapped(c, now);
	r.goroutine = s->goroutine.kind == FETCH_NONE ? current_goroutine(bpf_get_current_task_btf()) :
							fetch(ctx, &s->goroutine);
	for (int i = 0; i < TARE_RT_MAX_ARGS; i++)
		r.args[i] = i < s->nr_args ? fetch(ctx, &s->args[i]) : TARE_UNKNOWN;
	tell(c, &r, s->event, s->nr_args, now);
	if (s->copy_bytes)
		copy(s->event, r.args[0], s->copy_bytes);
	else if (s->event == TARE_RT_EXIT)
		runtimes__last_words(PT_REGS_IP(ctx));
	return 0;
}

/* The recorder loads one of these two: all probes of a process in one link, or one link for each (before Linux 6.6). */
SEC("?uprobe")
int runtime_uprobe_multi(struct pt_regs *ctx)
{
	return hit(ctx);
}

SEC("?uprobe")
int runtime_uprobe(struct pt_regs *ctx)
{
	return hit(ctx);
}
