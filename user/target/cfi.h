/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Call frame information (.eh_frame, .debug_frame): for each address of the code, where the caller's registers are.
 * Read from memory of ours, never from a mapped file. Anything in a section may be a lie: no call reads outside it, and
 * time and memory are in proportion to its size.
 *
 * libdw is not used for this: its cache of what it read has no limit, and a register's number in a damaged file makes
 * it allocate gigabytes.
 */
#ifndef TARE_CFI_H
#define TARE_CFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Registers by their DWARF numbers, of the architecture that tare runs on. */
#if defined(__x86_64__)
enum { CFI_FP = 6, CFI_SP = 7, CFI_PC = 16, CFI_REGS = 17 };
#elif defined(__aarch64__)
enum { CFI_FP = 29, CFI_SP = 31, CFI_PC = 32, CFI_REGS = 33 };
#else
#error "no DWARF numbers of registers for this architecture"
#endif

struct cfi_fde;

/* One section. The caller fills the first four members, before cfi__index(), and owns .bytes. */
struct cfi_section {
	const uint8_t *bytes;
	size_t size_bytes; /* INT32_MAX or less */
	uint64_t vaddr;
	bool eh;	       /* .eh_frame; else .debug_frame */
	struct cfi_fde *index; /* free() it */
	size_t nr;
};

/*
 * Find all functions that @s describes. Afterwards .size_bytes is how much of the section is in use: less than before
 * at its terminator, or where it is damaged. .bytes may be moved elsewhere as long as they stay the same. Returns 0 or
 * -ENOMEM.
 */
int cfi__index(struct cfi_section *s);
/* What the index takes. */
size_t cfi__index_bytes(const struct cfi_section *s);

/* Where a register's value in the caller is. */
enum cfi_kind {
	CFI_SAME,	   /* still in the register */
	CFI_UNDEFINED,	   /* lost; as return address: there is no caller */
	CFI_AT_CFA,	   /* in memory at the CFA + .off */
	CFI_IS_CFA,	   /* it is the CFA + .off */
	CFI_IN,		   /* register .reg + .off */
	CFI_AT,		   /* in memory at register .reg + .off */
	CFI_AT_EXPRESSION, /* in memory where the expression at .off in the section says */
	CFI_IS_EXPRESSION,
};

struct cfi_rule {
	uint8_t kind, reg;
	int32_t off;
};

/* Every register's rule at one address. The CFA is the caller's stack pointer. */
struct cfi_row {
	uint64_t changed; /* a bit for each register whose rule is not CFI_SAME */
	struct cfi_rule cfa;
	struct cfi_rule regs[CFI_REGS];
	uint8_t ra;  /* which register the return address is in, once the rules are applied */
	bool signal; /* the caller was interrupted, it did not call */
	bool first;  /* the address is in the function's first instruction, as short as one can be */
};

/* The row for @pc, an address as in the file. Returns 0, -ENOENT: @s says nothing of it, or -EINVAL: it is damaged. */
int cfi__row(const struct cfi_section *s, uint64_t pc, struct cfi_row *row);

/* A copy of the upper part of a stack. */
struct cfi_stack {
	uint64_t at;
	const void *bytes;
	size_t size_bytes;
};

/* 8 bytes at @addr. Returns 0, -ERANGE: beyond the copy's end, or -EFAULT: before it. */
int cfi__load(const struct cfi_stack *stack, uint64_t addr, uint64_t *value);

struct cfi_regs {
	uint64_t r[CFI_REGS];
	uint64_t known; /* a bit for each */
};

/*
 * The caller's registers, from those of the callee in @regs. @s is the section that @row is from, or NULL if it has no
 * expression. Returns 0, -ENOENT: there is no caller, -ERANGE: it is beyond the copy of the stack, -EINVAL: the rules
 * make no sense; @regs is unchanged then.
 */
int cfi__step(const struct cfi_section *s, const struct cfi_row *row, const struct cfi_stack *stack,
	      struct cfi_regs *regs);

#endif /* TARE_CFI_H */
