// SPDX-License-Identifier: BSD-2-Clause
#include <string.h>

#include "insn_arch.h"
#include "util.h"

static const uint8_t x86_regs[X86_REG_ENDING] = {
/* one more than the number */
#define X86_LEGACY(n, x) [X86_REG_R##x] = n + 1, [X86_REG_E##x] = n + 1, [X86_REG_##x] = n + 1
#define X86_HALVES(n, c) [X86_REG_##c##L] = n + 1, [X86_REG_##c##H] = n + 1
#define X86_NEW(n) \
	[X86_REG_R##n] = n + 1, [X86_REG_R##n##D] = n + 1, [X86_REG_R##n##W] = n + 1, [X86_REG_R##n##B] = n + 1
	X86_LEGACY(0, AX), X86_HALVES(0, A),  X86_LEGACY(1, CX), X86_HALVES(1, C),  X86_LEGACY(2, DX),
	X86_HALVES(2, D),  X86_LEGACY(3, BX), X86_HALVES(3, B),	 X86_LEGACY(4, SP), [X86_REG_SPL] = 5,
	X86_LEGACY(5, BP), [X86_REG_BPL] = 6, X86_LEGACY(6, SI), [X86_REG_SIL] = 7, X86_LEGACY(7, DI),
	[X86_REG_DIL] = 8, X86_NEW(8),	      X86_NEW(9),	 X86_NEW(10),	    X86_NEW(11),
	X86_NEW(12),	   X86_NEW(13),	      X86_NEW(14),	 X86_NEW(15),
};

static uint8_t x86_reg_of(unsigned int reg)
{
	return reg < ARRAY_SIZE(x86_regs) && x86_regs[reg] ? x86_regs[reg] - 1 : INSN_NO_REG;
}

static uint8_t x86_op_reg(const cs_x86_op *op)
{
	return op->type == X86_OP_REG ? x86_reg_of(op->reg) : INSN_NO_REG;
}

static void x86_mem(const cs_insn *ci, const cs_x86_op *op, struct insn *in)
{
	in->mem = true;
	in->tls = op->mem.segment == X86_REG_FS;
	in->base = x86_reg_of(op->mem.base);
	in->index = x86_reg_of(op->mem.index);
	in->imm = op->mem.disp;
	in->pc_relative = op->mem.base == X86_REG_RIP;
	if (in->pc_relative)
		in->target = ci->address + ci->size + op->mem.disp;
}

static void x86_branch(const cs_x86_op *op, struct insn *in, int direct, int indirect)
{
	in->kind = op->type == X86_OP_IMM ? direct : indirect;
	if (op->type == X86_OP_IMM)
		in->target = op->imm;
}

static void x86_mov(const cs_insn *ci, const cs_x86_op *op, struct insn *in)
{
	if (op[0].type == X86_OP_MEM) {
		in->kind = INSN_STORE;
		in->reg = x86_op_reg(&op[1]);
		x86_mem(ci, &op[0], in);
		return;
	}
	in->reg = x86_op_reg(&op[0]);
	if (in->reg == INSN_NO_REG)
		return;
	if (op[1].type == X86_OP_MEM) {
		in->kind = INSN_LOAD;
		x86_mem(ci, &op[1], in);
	} else if (op[1].type == X86_OP_IMM) {
		in->kind = INSN_MOV_IMM;
		in->imm = op[0].size == 4 ? (uint32_t)op[1].imm : op[1].imm;
	} else {
		in->kind = INSN_MOV;
		in->base = x86_op_reg(&op[1]);
	}
}

static void x86_lea(const cs_insn *ci, const cs_x86_op *op, struct insn *in)
{
	in->reg = x86_op_reg(&op[0]);
	x86_mem(ci, &op[1], in);
	in->mem = false;
	if (in->pc_relative)
		in->kind = INSN_ADDRESS;
	else if (in->base != INSN_NO_REG && op[1].mem.index == X86_REG_INVALID)
		in->kind = INSN_ADD;
}

static void x86_add(const cs_insn *ci, const cs_x86_op *op, struct insn *in)
{
	if (op[0].type == X86_OP_MEM) {
		in->kind = INSN_STORE;
		x86_mem(ci, &op[0], in);
		return;
	}
	in->reg = in->base = x86_op_reg(&op[0]);
	if (in->reg == INSN_NO_REG || op[1].type != X86_OP_IMM)
		return;
	in->kind = INSN_ADD;
	in->imm = ci->id == X86_INS_SUB ? 0 - (uint64_t)op[1].imm : (uint64_t)op[1].imm;
}

static void x86_shl(const cs_x86_op *op, struct insn *in)
{
	if (op[0].type != X86_OP_REG || op[1].type != X86_OP_IMM)
		return;
	in->kind = INSN_SHL;
	in->reg = in->base = x86_op_reg(&op[0]);
	in->imm = op[1].imm;
}

static void x86_cmp(const cs_insn *ci, const cs_x86_op *op, struct insn *in)
{
	in->kind = INSN_CMP;
	in->reg = x86_op_reg(op[0].type == X86_OP_MEM ? &op[1] : &op[0]);
	if (op[0].type == X86_OP_MEM || op[1].type == X86_OP_MEM)
		x86_mem(ci, op[0].type == X86_OP_MEM ? &op[0] : &op[1], in);
	else
		in->base = x86_op_reg(&op[1]);
}

static void x86_jcc(const cs_insn *ci, const cs_x86_op *op, struct insn *in)
{
	x86_branch(op, in, INSN_JCC, INSN_OTHER);
	in->cond = ci->id == X86_INS_JBE ? COND_BELOW_EQUAL : ci->id == X86_INS_JB ? COND_BELOW : COND_OTHER;
}

/* Registers that an instruction writes without naming them, where the disassembler omits them. */
static uint32_t x86_unnamed_writes(unsigned int id)
{
	if (id == X86_INS_CMPXCHG)
		return 1u << X86_RAX;
	if (id == X86_INS_SYSCALL)
		return 1u << X86_RAX | 1u << X86_RCX | 1u << X86_R11;
	return id == X86_INS_CMPXCHG8B || id == X86_INS_CMPXCHG16B ? 1u << X86_RAX | 1u << X86_RDX : 0;
}

static void x86_decode(csh handle, const cs_insn *ci, struct insn *in)
{
	const cs_x86 *x = &ci->detail->x86;
	const cs_x86_op *op = x->operands;

	in->writes = insn_arch__writes(handle, ci, x86_reg_of) | x86_unnamed_writes(ci->id);
	in->size_bytes = x->op_count ? op[0].size : 0;
	if (ci->id == X86_INS_NOP) {
		in->kind = INSN_NOP;
	} else if (ci->id == X86_INS_RET) {
		in->kind = INSN_RET;
	} else if (x->op_count == 1 && ci->id == X86_INS_PUSH) {
		in->kind = INSN_PUSH;
		in->reg = x86_op_reg(op);
	} else if (x->op_count == 1 && ci->id == X86_INS_CALL) {
		x86_branch(op, in, INSN_CALL, INSN_CALL_INDIRECT);
	} else if (x->op_count == 1 && ci->id == X86_INS_JMP) {
		x86_branch(op, in, INSN_JMP, INSN_JMP_INDIRECT);
	} else if (x->op_count == 1 && cs_insn_group(handle, ci, X86_GRP_JUMP)) {
		x86_jcc(ci, op, in);
	} else if (x->op_count == 2 && (ci->id == X86_INS_MOV || ci->id == X86_INS_MOVABS)) {
		x86_mov(ci, op, in);
	} else if (x->op_count == 2 && ci->id == X86_INS_LEA) {
		x86_lea(ci, op, in);
	} else if (x->op_count == 2 && (ci->id == X86_INS_ADD || ci->id == X86_INS_SUB)) {
		x86_add(ci, op, in);
	} else if (x->op_count == 2 && (ci->id == X86_INS_SHL || ci->id == X86_INS_SAL)) {
		x86_shl(op, in);
	} else if (x->op_count == 2 && ci->id == X86_INS_CMP) {
		x86_cmp(ci, op, in);
	}
}

/* ---- what a uprobe does with it ---- */

/* One-byte opcodes that the kernel refuses to execute out of line: I/O, interrupts, privileged ones. */
static const uint8_t x86_refused[] = { 0x6c, 0x6d, 0x6e, 0x6f, 0xcc, 0xcd, 0xcf, 0xe4, 0xe5, 0xe6,
				       0xe7, 0xec, 0xed, 0xee, 0xef, 0xf1, 0xf4, 0xfa, 0xfb };

struct x86_prefixes {
	bool bad;    /* lock, or a meaningless segment prefix: refused whatever follows */
	bool narrow; /* 0x66 */
	uint8_t nr, rex;
};

static struct x86_prefixes x86_prefixes(const struct insn *in)
{
	struct x86_prefixes p = { 0 };

	for (; p.nr < in->len && strchr("\x26\x2e\x36\x3e\x64\x65\x66\x67\xf0\xf2\xf3", in->bytes[p.nr]) &&
	       in->bytes[p.nr];
	     p.nr++) {
		p.narrow |= in->bytes[p.nr] == 0x66;
		p.bad |= strchr("\x26\x2e\x36\x3e\xf0", in->bytes[p.nr]) != NULL;
	}
	if (p.nr < in->len && (in->bytes[p.nr] & 0xf0) == 0x40)
		p.rex = in->bytes[p.nr++];
	return p;
}

static enum probe_class x86_probe_class(const struct insn *in)
{
	static const uint8_t nop5[] = { 0x0f, 0x1f, 0x44, 0x00, 0x00 };
	struct x86_prefixes p = x86_prefixes(in);
	const uint8_t *op = in->bytes + p.nr;
	int left = in->len - p.nr;
	bool jump;

	if (left < 1 || p.bad || memchr(x86_refused, op[0], sizeof(x86_refused)))
		return PROBE_REFUSED;
	if (in->len == sizeof(nop5) && !memcmp(in->bytes, nop5, sizeof(nop5)))
		return (in->addr & 4095) <= 4096 - sizeof(nop5) ? PROBE_NOP5 : PROBE_NOP;
	if (left > 1 && op[0] == 0x0f && op[1] == 0x1f)
		return PROBE_NOP;
	if ((op[0] & 0xf8) == 0x50)
		return p.nr == 0 || (p.nr == 1 && p.rex == 0x41) ? PROBE_EMULATED : PROBE_STEPPED;
	jump = op[0] == 0xe8 || op[0] == 0xe9 || op[0] == 0xeb || (op[0] & 0xf0) == 0x70 ||
	       (left > 1 && op[0] == 0x0f && (op[1] & 0xf0) == 0x80);
	if (!jump && op[0] != 0x90)
		return PROBE_STEPPED;
	/* 0x90 with REX.B is xchg, not nop: older kernels mistook it */
	return p.narrow || (op[0] == 0x90 && p.rex) ? PROBE_REFUSED : PROBE_EMULATED;
}

const struct insn_arch insn_x86 = { TARE_ARCH_X86_64, CS_ARCH_X86, CS_MODE_64, x86_decode, x86_probe_class };
