/* SPDX-License-Identifier: GPL-2.0-only */
/* The stack of the current task, as a STACK record. */
#ifndef TARE_STACK_BPF_H
#define TARE_STACK_BPF_H

#include "goroutine.bpf.h"
#include "kernel.bpf.h"
#include "tare.bpf.h"

/* One per program: the clock may interrupt another one while its record is being built. */
enum { STACK_OF_SIGNAL, STACK_OF_CLOCK, STACK_OF_WAIT, STACK_OF_FAULT, STACK_OF_ALLOC, NR_STACKS };

enum {
	STACK_KERNEL = 1, /* flag: it is in the kernel, whose part is wanted too */
	STACK_MEMORY = 4, /* of who asks for memory, mostly without frame pointers */
	STACK_CALLER = 2, /* it is at a function's first instruction: the stack is the caller's, in its call */
};

#define STACK_MAX_USER	 128 /* powers of two, for the verifier */
#define STACK_MAX_KERNEL 64
#define STACK_MAX_PARKED 64

/* Room for the longest record, and for the verifier's idea of it. */
struct stack_scratch {
	__u64 room[sizeof(struct tare_stack) / 8 + STACK_MAX_USER + STACK_MAX_KERNEL + STACK_MAX_PARKED +
		   TARE_STACK_WORDS_MAX + TARE_STACK_REGS];
};

struct stacks_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, NR_STACKS);
	__type(key, __u32);
	__type(value, struct stack_scratch);
};
extern struct stacks_map stacks SEC(".maps");

/* Copy registers, and that many words of the stack, for a recorder that knows its layout; 0: do not. */
extern const volatile __u32 unwind_words;
/* Likewise, only for STACK_MEMORY. */
extern const volatile __u32 memory_unwind_words;

/* Frame pointers that lead to no more addresses than this may lead nowhere. */
#define STACK_FEW 4

/* How many addresses are in @bytes, as bpf_get_stack() returned them: none after an error. */
static __always_inline __u32 addresses(long bytes, __u32 max)
{
	return bytes <= 0 ? 0 : (bytes / 8) & (2 * max - 1) & (max - 1);
}

/* Copy the memory from the stack pointer upwards, where it is as deep as that. Returns how many words. */
static __always_inline __u32 copy_words(void *to, __u64 sp, __u32 nr)
{
	return bpf_probe_read_user(to, nr * 8, (void *)sp) ? 0 : nr;
}

/* The two below are APART, so they take numbers only: scratch @which, and the place in it, .at[@at]. */

static __always_inline __u64 *stack_place(__u32 which, __u32 at)
{
	struct tare_stack *s = bpf_map_lookup_elem(&stacks, &which);

	if (!s || at >= STACK_MAX_USER + STACK_MAX_KERNEL + STACK_MAX_PARKED)
		return NULL;
	asm volatile("" : "+r"(s)); /* or the compiler adds to it before the check */
	return &s->at[at];
}

/*
 * If the current task is on a stack of the runtime's own: where its goroutine left its own one, the word on top of
 * that, and the return addresses that its frame pointers lead to. Returns how many words in all.
 */
APART __u32 stack__copy_parked(__u32 which, __u32 at)
{
	struct task_struct *p = bpf_get_current_task_btf();
	const struct goroutine_path *path = goroutine_path(p);
	__u64 noted, thread, g, frame[2], *to = stack_place(which, at);
	__u32 nr;

	if (!to || !path || path->pc < 0)
		return 0;
	noted = peek(thread_pointer(p) + path->noted_at);
	thread = noted ? peek(noted + path->thread) : 0;
	g = thread && peek(thread + path->own) == noted ? peek(thread + path->current) : 0;
	to[0] = g ? peek(g + path->pc) : 0;
	if (!to[0])
		return 0;
	to[1] = peek(peek(g + path->sp));
	frame[0] = peek(g + path->bp);
	for (nr = 2; nr < STACK_MAX_PARKED; nr++) {
		if (!frame[0] || bpf_probe_read_user(frame, sizeof(frame), (void *)frame[0]) || !frame[1])
			break;
		to[nr] = frame[1];
	}
	return nr;
}

#define COPY_PIECE 128 /* words: nothing is above a stack's end, and then all of a read fails */

/* Copy @max words of the stack from @sp on, or as many as can be read. Returns how many. */
APART __u32 stack__copy_memory(__u32 which, __u32 at, __u64 sp, __u32 max)
{
	__u64 *to = stack_place(which, at);
	__u32 nr = 0, rest;

	if (!to)
		return 0;
	for (int i = 0; i < TARE_STACK_WORDS_MAX / COPY_PIECE && nr < max; i++, nr += COPY_PIECE)
		if (!copy_words(to + i * COPY_PIECE, sp + nr * 8, COPY_PIECE))
			break;
	if (nr >= max)
		return nr;
	/* up to the end of the page, which may be the last one */
	nr &= TARE_STACK_WORDS_MAX - COPY_PIECE;
	rest = -(sp + nr * 8) / 8 & (COPY_PIECE - 1);
	return nr + copy_words(to + nr, sp + nr * 8, rest);
}

/* What they returned is at most @max; the verifier does not know. */
static __always_inline __u32 at_most(__u32 nr, __u32 max)
{
	return nr > max ? max : nr;
}

/* Where the return address is at a function's first instruction, and where the stack was before the call. */
static __always_inline __u64 return_address(struct task_struct *p, __u64 sp, __u64 *before)
{
#if defined(__TARGET_ARCH_arm64)
	*before = sp;
	return user_link(p);
#else
	*before = sp + 8;
	return peek(sp);
#endif
}

/*
 * Emit the stack of the current task @p, before the record that it belongs to. @ctx: the program's own. Where the frame
 * pointers are broken, more memory is copied, from which the recorder finds the callers.
 */
static __always_inline void tell_stack(struct cpu_state *c, void *ctx, struct task_struct *p, __u32 which, __u32 flags,
				       __u64 now)
{
	struct tare_stack *s = bpf_map_lookup_elem(&stacks, &which);
	__u32 user, kernel = 0, nr, words, wanted;

	if (!s)
		return;
	user = addresses(bpf_get_stack(ctx, s->at, (STACK_MAX_USER - 1) * 8, BPF_F_USER_STACK), STACK_MAX_USER);
	if (flags & STACK_KERNEL)
		kernel = addresses(bpf_get_stack(ctx, &s->at[user], (STACK_MAX_KERNEL - 1) * 8, 0), STACK_MAX_KERNEL);
	nr = user + kernel;
	if (!nr)
		return;
	s->rec.kind = TARE_REC_STACK;
	s->rec.flags = 0;
	s->tid = p->pid;
	s->tgid = p->tgid;
	s->nr_user = user;
	s->nr_kernel = kernel;
	s->nr_parked = at_most(stack__copy_parked(which, nr), STACK_MAX_PARKED);
	nr += s->nr_parked;
	s->sp = user_sp(p);
	if (flags & STACK_CALLER)
		s->at[0] = return_address(p, s->sp, &s->sp) - 1;
	s->nr_below = 0;
	s->nr_regs = 0;
	wanted = unwind_words;
	if (!wanted && flags & STACK_MEMORY)
		wanted = memory_unwind_words;
	if (wanted) {
		s->nr_below = TARE_STACK_BELOW;
		words = stack__copy_memory(which, nr, s->sp - TARE_STACK_BELOW * 8, wanted);
		if (words <= TARE_STACK_BELOW) {
			/* the page below may never have been touched: then nobody keeps anything there */
			s->nr_below = 0;
			words = stack__copy_memory(which, nr, s->sp, wanted);
		}
		words = at_most(words, TARE_STACK_WORDS_MAX);
		s->nr_words = words;
		nr += words;
		s->nr_regs = user_registers(p, &s->at[nr]);
		if (flags & STACK_CALLER) {
			s->at[nr + REGISTER_SP] = s->sp;
			s->at[nr + REGISTER_IP] = s->at[0];
		}
		nr += s->nr_regs;
		goto emit;
	}
	words = user <= STACK_FEW ? stack__copy_memory(which, nr, s->sp, TARE_STACK_WORDS_BROKEN) : 0;
	words = at_most(words, TARE_STACK_WORDS_BROKEN);
	if (!words)
		words = copy_words(&s->at[nr], s->sp, TARE_STACK_WORDS);
	if (!words)
		words = copy_words(&s->at[nr], s->sp, TARE_STACK_WORDS / 4);
	s->nr_words = words;
	nr += words;
emit:
	if (emit(c, now, &s->rec, sizeof(*s) + nr * 8))
		__sync_fetch_and_add(&c->lost[TARE_LOST_EVIDENCE], 1);
}

#endif /* TARE_STACK_BPF_H */
