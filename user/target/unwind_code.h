/* SPDX-License-Identifier: BSD-2-Clause */
/* What the machine code at a return address says about it. For the unwinder only. */
#ifndef TARE_UNWIND_CODE_H
#define TARE_UNWIND_CODE_H

#include <sys/types.h>

#include "cfi.h"

enum code_before { CODE_NO_CALL, CODE_CALL, CODE_UNREADABLE };

struct code_place {
	enum code_before before;
	bool signal_return; /* the code that ends a signal handler is here */
	/*
	 * For code with frame pointers: the next instruction is one before which the return address is on top of the
	 * stack, or right below the caller's frame pointer.
	 */
	bool on_top, below_pointer;
};

/*
 * Look at process @pid's code about @at, the last byte before a return address, or where the next instruction to run
 * is, in the mapping from @start to @end. A breakpoint where a call may begin counts as one.
 */
void code__look(pid_t pid, uint64_t start, uint64_t end, uint64_t at, struct code_place *place);

/* The rules at the code that ends a signal handler: the kernel has left all registers on the stack. */
void code__signal_row(struct cfi_row *row);

/* The rules at the places of .on_top and .below_pointer. */
void code__prologue_row(const struct code_place *place, struct cfi_row *row);

/* arm64 may sign return addresses, in bits that no address of a program has. */
uint64_t code__without_signature(uint64_t pc);

#endif /* TARE_UNWIND_CODE_H */
