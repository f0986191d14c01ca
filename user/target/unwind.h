/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Call stacks of native code without frame pointers: from a thread's registers and a copy of its stack, by the call
 * frame information of the files that its process has mapped. Code that has none (JIT, stripped programs) is passed by
 * its frame pointer, if that makes sense. A return address that no call is before ends the stack: none is better than a
 * wrong one. For one thread at a time.
 */
#ifndef TARE_UNWIND_H
#define TARE_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cfi.h"

#define UNWIND_REGS CFI_REGS /* x86-64: rax, rdx, ... rip = 16; arm64: x0 to x30, sp, pc = 32 */

struct unwind_sample {
	pid_t pid, tid;
	uint64_t regs[UNWIND_REGS]; /* by DWARF number */
	/*
	 * The address that .stack was copied from: the stack pointer, or better, on x86-64, 128 bytes below: there a
	 * function that calls none may keep registers.
	 */
	uint64_t stack_at;
	const void *stack;
	size_t stack_bytes;
};

/* Why a stack ends where it does. */
enum unwind_end {
	UNWIND_OUTERMOST, /* it is complete */
	UNWIND_FULL,	  /* there are more frames than asked for */
	UNWIND_CUT,	  /* it goes on beyond the copy */
	UNWIND_UNKNOWN,	  /* at code that nothing is known of */
	UNWIND_DAMAGED,	  /* what the tables say leads nowhere */
};

struct unwinder;

/*
 * @bytes_max: of tables, for all processes together. @refused (may be NULL) is called once for each file whose tables
 * cannot be used, although it may have some. NULL: out of memory.
 */
struct unwinder *unwinder__new(size_t bytes_max, void (*refused)(const char *path, const char *why, void *ctx),
			       void *ctx);
void unwinder__free(struct unwinder *u);

/*
 * The frames of @s, innermost first: the pc, then return addresses. What a signal interrupted did not call: of such a
 * frame this is its pc + 1, so that one less is in the function, always. Returns how many, @max at most, and why no
 * more. The process should still exist: what it has mapped is read when it is first seen and when it has new code, at
 * most ten times a second.
 */
int unwinder__frames(struct unwinder *u, const struct unwind_sample *s, uint64_t *frames, int max,
		     enum unwind_end *end);

/* Process @pid has mapped or unmapped code. */
void unwinder__mapped(struct unwinder *u, pid_t pid);
/* It runs another program from now on, or has ended. */
void unwinder__forget(struct unwinder *u, pid_t pid);

/* What the tables take, of @bytes_max. */
size_t unwinder__bytes(const struct unwinder *u);

#endif /* TARE_UNWIND_H */
