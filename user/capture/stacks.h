/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stacks that the kernel side copied: made right where frame pointers are not, then stored once, as a STACKS frame
 * and a number. What a runtime knows of its code (struct runtime.code) proves each caller; where it knows nothing, the
 * frame pointers are believed but not called sure.
 */
#ifndef TARE_STACKS_H
#define TARE_STACKS_H

#include <stdint.h>

#include "format.h"
#include "runtime.h"
#include "table.h"
#include "unwinding.h"
#include "writer.h"

#define STACKS_MAX 65536  /* distinct ones; further ones are dropped */
#define CODE_MAX   262144 /* addresses whose code is remembered */

/* What it asks of its owner. */
struct stacks_opts {
	/* What is known of the code at @ip of process @pid at @ts_ns; leaves @code alone if nothing is. */
	void (*code)(uint32_t pid, uint64_t ip, uint64_t ts_ns, struct runtime_code *code, void *ctx);
	/* @ip is in a new stack, of @ts_ns. Those in the kernel have pid 0; of a call it is the return address minus
	 * one. */
	void (*note)(uint32_t pid, uint64_t ip, uint64_t ts_ns, void *ctx);
	void *ctx;
};

struct stacks {
	struct stacks_opts opts;
	struct table code;    /* by address: what is known of it, packed */
	struct table by_hash; /* to a stack's number */
	struct table told;    /* likewise, of those that runtimes told: they must not take the others' place */
	uint64_t *checks;     /* by number: another hash of the same stack */
	size_t room;
	uint32_t nr;
	unsigned char *pending; /* struct tare_call_stack with their addresses, not written yet */
	size_t pending_bytes, pending_room;
	uint32_t pending_pid;	     /* whose they are */
	uint64_t dropped;	     /* samples whose stack could not be kept */
	struct unwinding *unwinding; /* NULL: frame pointers and what runtimes know must do */
};

void stacks__init(struct stacks *s, const struct stacks_opts *opts);
void stacks__free(struct stacks *s);

/*
 * The number of the stack in a STACK record of @size bytes and @ts_ns; 0 if it cannot be kept. @program_ns: when the
 * program began that had it; that of another one is another stack. @w: where stacks not seen before are written.
 */
uint32_t stacks__number(struct stacks *s, const struct tare_stack *raw, size_t size, uint64_t ts_ns,
			uint64_t program_ns, struct writer *w);

/*
 * The number of a stack of process @pid that its runtime has kept: @nr return addresses, the innermost first, each of
 * one function. @ts_ns: when it was read. The rest is as above.
 */
uint32_t stacks__told(struct stacks *s, uint32_t pid, const uint64_t *returns, size_t nr, uint64_t ts_ns,
		      uint64_t program_ns, struct writer *w);

/*
 * Have the callers of native code found by its call frame information, in a thread: such a stack has its number at
 * once, and is written when it is found. Returns 0 or a negative errno.
 */
int stacks__unwind(struct stacks *s);

/* Process @pid runs another program, has ended, or has mapped more code. */
void stacks__changed(struct stacks *s, uint32_t pid);

/* No more will come: wait for what is still being looked for. */
void stacks__settle(struct stacks *s);

/* Write those seen since the last call. */
void stacks__write(struct stacks *s, struct writer *w);

#endif /* TARE_STACKS_H */
