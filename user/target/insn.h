/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instructions of x86-64 and arm64, reduced to what is needed to place a probe and to find a variable. The bytes come
 * from a target's file and may be anything: nothing outside them is read, each step consumes at least one, and what
 * cannot be decoded is reported, not guessed.
 */
#ifndef TARE_INSN_H
#define TARE_INSN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format.h" /* enum tare_arch */

#define CODE_BYTES_MAX (256u << 10) /* no function of a runtime is longer */

/* Code in memory or in a file: @len bytes at address @addr. The bytes stay the owner's. */
struct code {
	const uint8_t *bytes;
	size_t len;
	uint64_t addr;
	int arch; /* enum tare_arch */
};

/*
 * General registers are numbered as in the processor's manual: x86-64 rax 0, rcx 1, rdx 2, rbx 3, rsp 4, rbp 5, ...
 * r15 15; arm64 x0 to x30, sp 31. A part of a register counts as the whole.
 */
enum insn_reg {
	X86_RAX = 0,
	X86_RCX = 1,
	X86_RDX = 2,
	X86_RSP = 4,
	X86_RBP = 5,
	X86_R11 = 11,
	X86_R12 = 12,
	X86_R14 = 14,
	ARM64_X0 = 0,
	ARM64_X16 = 16,
	ARM64_X17 = 17,
	ARM64_X27 = 27,
	ARM64_X28 = 28,
	ARM64_SP = 31,
	INSN_NO_REG = 0xff, /* none, arm64's xzr, or not a general one */
};

enum insn_kind {
	INSN_OTHER, /* only .writes is known */
	INSN_BAD,   /* arm64 only: not decoded; what follows still can be */
	INSN_PUSH,  /* .reg */
	INSN_NOP,
	INSN_RET,
	INSN_CALL, /* to .target */
	INSN_CALL_INDIRECT,
	INSN_JMP, /* to .target */
	INSN_JMP_INDIRECT,
	INSN_JCC,	     /* to .target, if .cond */
	INSN_CMP,	     /* .reg with memory, or with .base where .mem is false */
	INSN_ADDRESS,	     /* .reg = .target: lea X(%rip); adr, adrp (then the page) */
	INSN_ADD,	     /* .reg = .base + .imm: lea X(.base); add and sub with an immediate */
	INSN_SUB_REG,	     /* .reg = .base - .index */
	INSN_MOV,	     /* .reg = .base */
	INSN_SHL,	     /* .reg = .base << .imm */
	INSN_MOV_IMM,	     /* .reg = .imm */
	INSN_MOV_PART,	     /* .reg = .reg with 16 bits from bit .shift replaced by .imm: movk */
	INSN_LOAD,	     /* .reg = memory, no wider than that; of a pair the first */
	INSN_STORE,	     /* memory = .reg, or something else where that is INSN_NO_REG */
	INSN_THREAD_POINTER, /* .reg = tpidr_el0 */
};

enum insn_cond {
	COND_OTHER,
	COND_BELOW,	  /* unsigned: jb, b.lo */
	COND_BELOW_EQUAL, /* unsigned: jbe, b.ls */
};

/* A memory operand, if .mem: at .base + .index + .imm, or at .target if .pc_relative; .tls: relative to fs. */
struct insn {
	uint64_t addr, target;
	int64_t imm;
	const uint8_t *bytes; /* in the code it was decoded from */
	uint32_t writes;      /* bit n: register n may be changed by it (not by what it calls) */
	uint8_t len, kind, cond;
	uint8_t reg, base, index;
	uint8_t size_bytes; /* of what is moved, added or compared */
	uint8_t shift;
	bool mem, pc_relative, tls;
};

/* What a uprobe costs at an instruction (arch/x86/kernel/uprobes.c, arch/arm64/kernel/probes/decode-insn.c). */
enum probe_class {
	PROBE_EMULATED, /* the kernel emulates the instruction: no single step */
	PROBE_NOP5,	/* x86 `nopl 0(%rax,%rax,1)` within a page: a call from 6.18 on, else as below */
	PROBE_NOP,	/* other long nops of x86, nop of arm64: older kernels single-step */
	PROBE_STEPPED,	/* executed out of line with a single step: three to forty times the cost */
	PROBE_REFUSED,	/* some or all kernels refuse it, `66 90` among them: never to be chosen */
};

enum probe_class insn__probe_class(const struct insn *in, int arch);
const char *probe_class__name(enum probe_class class);

struct insn_iter {
	const struct code *code;
	size_t handle; /* the disassembler's */
	struct cs_insn *scratch;
	size_t at; /* offset of the next instruction */
};

/* Iterate from the first byte on. Returns 0, -EINVAL (architecture), -E2BIG (CODE_BYTES_MAX), -ENOMEM. */
int insn_iter__open(struct insn_iter *it, const struct code *code);
/* Returns 1; 0 at the end; or -EILSEQ: these x86 bytes are no instruction, or the end cuts it off. */
int insn_iter__next(struct insn_iter *it, struct insn *in);
void insn_iter__close(struct insn_iter *it);

#endif /* TARE_INSN_H */
