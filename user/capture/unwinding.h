/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --call-graph dwarf: a thread that finds the callers of native code from copies of registers and stacks, beside the
 * one that empties the rings.
 */
#ifndef TARE_UNWINDING_H
#define TARE_UNWINDING_H

#include <stdbool.h>
#include <stdint.h>

#include "format.h"
#include "unwind.h"

#define UNWINDING_FRAMES 192

/* One stack: asked for, then found. */
struct unwound {
	struct unwound *next;
	uint32_t number; /* the caller's */
	size_t bytes;	 /* that it takes */
	uint64_t ts_ns, program_ns;
	uint64_t frames[UNWINDING_FRAMES]; /* as unwinder__frames() has them */
	int nr;
	enum unwind_end end;
	struct tare_stack raw; /* as the kernel side wrote it, with all that follows */
};

struct unwinding;

/* Returns 0 and sets *@out, or a negative errno. */
int unwinding__start(struct unwinding **out);

/*
 * Find the callers of the stack in record @raw of @bytes. Returns false if too many are waiting already: then nothing
 * will come of it.
 */
bool unwinding__add(struct unwinding *u, const struct tare_stack *raw, size_t bytes, const struct unwound *like);

/* From here on process @pid has other code: what was learnt of its is forgotten. */
void unwinding__changed(struct unwinding *u, uint32_t pid);

/* Those found since the last call, in the order in which they were asked for; the caller frees each. NULL: none. */
struct unwound *unwinding__take(struct unwinding *u);

/* Wait until all are found, @timeout_ms at most. */
void unwinding__settle(struct unwinding *u, int timeout_ms);

/* Does nothing if @u is NULL. */
void unwinding__stop(struct unwinding *u);

#endif /* TARE_UNWINDING_H */
