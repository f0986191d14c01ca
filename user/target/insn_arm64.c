// SPDX-License-Identifier: BSD-2-Clause
#include "insn_arch.h"
#include "util.h"

static uint8_t arm64_reg_of(unsigned int reg)
{
	if (reg >= ARM64_REG_X0 && reg <= ARM64_REG_X28)
		return reg - ARM64_REG_X0;
	if (reg >= ARM64_REG_W0 && reg <= ARM64_REG_W30)
		return reg - ARM64_REG_W0;
	if (reg == ARM64_REG_X29 || reg == ARM64_REG_X30)
		return reg == ARM64_REG_X29 ? 29 : 30;
	return reg == ARM64_REG_SP || reg == ARM64_REG_WSP ? ARM64_SP : INSN_NO_REG;
}

static bool arm64_is_wide(unsigned int reg)
{
	return (reg >= ARM64_REG_X0 && reg <= ARM64_REG_X28) || reg == ARM64_REG_X29 || reg == ARM64_REG_X30 ||
	       reg == ARM64_REG_SP || reg == ARM64_REG_XZR;
}

static int64_t arm64_imm(const cs_arm64_op *op)
{
	if (op->shift.type == ARM64_SFT_LSL && op->shift.value < 64)
		return (uint64_t)op->imm << op->shift.value;
	return op->imm;
}

static void arm64_branch(const cs_arm64 *a, struct insn *in)
{
	const cs_arm64_op *last = &a->operands[a->op_count - 1];

	if (last->type == ARM64_OP_IMM)
		in->target = last->imm;
	in->cond = in->kind != INSN_JCC || a->op_count > 1 ? COND_OTHER :
		   a->cc == ARM64_CC_LS			   ? COND_BELOW_EQUAL :
		   a->cc == ARM64_CC_LO			   ? COND_BELOW :
							     COND_OTHER;
}

static void arm64_memory(const cs_arm64 *a, struct insn *in)
{
	for (int i = 0; i < a->op_count; i++) {
		const cs_arm64_op *op = &a->operands[i];

		if (op->type != ARM64_OP_MEM)
			continue;
		in->mem = true;
		in->base = arm64_reg_of(op->mem.base);
		in->index = arm64_reg_of(op->mem.index);
		in->imm = op->mem.disp;
	}
	if (!in->mem && a->op_count && a->operands[a->op_count - 1].type == ARM64_OP_IMM) { /* a literal */
		in->mem = in->pc_relative = true;
		in->target = a->operands[a->op_count - 1].imm;
	}
}

/* Two registers and a third or an immediate: add, sub. */
static void arm64_arithmetic(const cs_insn *ci, const cs_arm64 *a, struct insn *in)
{
	const cs_arm64_op *last = &a->operands[a->op_count - 1];
	bool sub = ci->id == ARM64_INS_SUB; /* subs too */

	if (a->op_count == 3 && a->operands[1].type == ARM64_OP_REG)
		in->base = arm64_reg_of(a->operands[1].reg);
	if (last->type == ARM64_OP_IMM) {
		in->imm = sub ? 0 - (uint64_t)arm64_imm(last) : (uint64_t)arm64_imm(last);
		return;
	}
	in->kind = INSN_OTHER;
	if (a->op_count == 3 && sub) {
		in->kind = INSN_SUB_REG;
		in->index = arm64_reg_of(last->reg);
	}
}

static void arm64_move(const cs_insn *ci, const cs_arm64 *a, struct insn *in)
{
	const cs_arm64_op *last = &a->operands[a->op_count - 1];

	if (last->type == ARM64_OP_IMM) {
		in->kind = ci->id == ARM64_INS_MOVK ? INSN_MOV_PART : INSN_MOV_IMM;
		in->imm = ci->id == ARM64_INS_MOVK ? last->imm : arm64_imm(last);
		in->shift = last->shift.type == ARM64_SFT_LSL ? last->shift.value : 0;
		if (ci->id == ARM64_INS_MOVN)
			in->imm = ~in->imm;
	} else if (last->type == ARM64_OP_REG) {
		in->kind = INSN_MOV;
		in->base = arm64_reg_of(last->reg);
	}
}

/* By a constant; by a register it is something else. */
static void arm64_shift(const cs_arm64 *a, struct insn *in)
{
	const cs_arm64_op *op = a->operands;

	in->kind = INSN_OTHER;
	if (a->op_count < 2 || op[1].type != ARM64_OP_REG)
		return;
	if (a->op_count == 3 && op[2].type == ARM64_OP_IMM)
		in->imm = op[2].imm;
	else if (a->op_count == 2 && op[1].shift.type == ARM64_SFT_LSL)
		in->imm = op[1].shift.value;
	else
		return;
	in->kind = INSN_SHL;
	in->base = arm64_reg_of(op[1].reg);
}

static const struct {
	unsigned int id;
	uint8_t kind;
	uint8_t size_bytes; /* 0: by the first register */
} kinds[] = {
	{ ARM64_INS_NOP, INSN_NOP, 0 },	    { ARM64_INS_RET, INSN_RET, 0 },
	{ ARM64_INS_BL, INSN_CALL, 0 },	    { ARM64_INS_BLR, INSN_CALL_INDIRECT, 0 },
	{ ARM64_INS_B, INSN_JMP, 0 },	    { ARM64_INS_BR, INSN_JMP_INDIRECT, 0 },
	{ ARM64_INS_CBZ, INSN_JCC, 0 },	    { ARM64_INS_CBNZ, INSN_JCC, 0 },
	{ ARM64_INS_TBZ, INSN_JCC, 0 },	    { ARM64_INS_TBNZ, INSN_JCC, 0 },
	{ ARM64_INS_ADR, INSN_ADDRESS, 0 }, { ARM64_INS_ADRP, INSN_ADDRESS, 0 },
	{ ARM64_INS_ADD, INSN_ADD, 0 },	    { ARM64_INS_SUB, INSN_ADD, 0 },
	{ ARM64_INS_CMP, INSN_CMP, 0 },	    { ARM64_INS_MRS, INSN_THREAD_POINTER, 0 },
	{ ARM64_INS_MOV, INSN_MOV, 0 },	    { ARM64_INS_MOVZ, INSN_MOV, 0 },
	{ ARM64_INS_MOVN, INSN_MOV, 0 },    { ARM64_INS_MOVK, INSN_MOV, 0 },
	{ ARM64_INS_ORR, INSN_MOV, 0 },	    { ARM64_INS_LDR, INSN_LOAD, 0 },
	{ ARM64_INS_LDUR, INSN_LOAD, 0 },   { ARM64_INS_LDP, INSN_LOAD, 0 },
	{ ARM64_INS_LDRB, INSN_LOAD, 1 },   { ARM64_INS_LDRSB, INSN_LOAD, 1 },
	{ ARM64_INS_LDRH, INSN_LOAD, 2 },   { ARM64_INS_LDRSH, INSN_LOAD, 2 },
	{ ARM64_INS_LDRSW, INSN_LOAD, 4 },  { ARM64_INS_STR, INSN_STORE, 0 },
	{ ARM64_INS_STUR, INSN_STORE, 0 },  { ARM64_INS_STP, INSN_STORE, 0 },
	{ ARM64_INS_LDAR, INSN_LOAD, 0 },   { ARM64_INS_LSL, INSN_SHL, 0 },
};

static void arm64_decode(csh handle, const cs_insn *ci, struct insn *in)
{
	enum { TPIDR_EL0 = 0xde82 };
	const cs_arm64 *a = &ci->detail->arm64;
	const cs_arm64_op *op = a->operands;
	size_t i = 0;

	in->writes = insn_arch__writes(handle, ci, arm64_reg_of);
	while (i < ARRAY_SIZE(kinds) && kinds[i].id != ci->id)
		i++;
	if (i == ARRAY_SIZE(kinds))
		return;
	in->kind = kinds[i].kind;
	if (a->op_count == 0)
		return;
	if (op[0].type == ARM64_OP_REG) {
		in->reg = arm64_reg_of(op[0].reg);
		in->size_bytes = kinds[i].size_bytes ?: arm64_is_wide(op[0].reg) ? 8 : 4;
	}
	if (ci->id == ARM64_INS_B && a->cc != ARM64_CC_INVALID && a->cc != ARM64_CC_AL)
		in->kind = INSN_JCC;
	if (in->kind == INSN_CALL || in->kind == INSN_JMP || in->kind == INSN_JCC) {
		arm64_branch(a, in);
	} else if (in->kind == INSN_ADDRESS) {
		in->target = op[a->op_count - 1].imm;
	} else if (in->kind == INSN_LOAD || in->kind == INSN_STORE) {
		arm64_memory(a, in);
	} else if (ci->id == ARM64_INS_ORR) { /* how a mask is loaded: orr x1, xzr, #2 */
		if (a->op_count == 3 && (op[1].reg == ARM64_REG_XZR || op[1].reg == ARM64_REG_WZR))
			arm64_move(ci, a, in);
		else
			in->kind = INSN_OTHER;
	} else if (in->kind == INSN_SHL) {
		arm64_shift(a, in);
	} else if (in->kind == INSN_MOV) {
		arm64_move(ci, a, in);
	} else if (in->kind == INSN_ADD) {
		arm64_arithmetic(ci, a, in);
	} else if (in->kind == INSN_CMP) {
		if (op[a->op_count - 1].type == ARM64_OP_REG)
			in->base = arm64_reg_of(op[a->op_count - 1].reg);
	} else if (in->kind == INSN_THREAD_POINTER && op[a->op_count - 1].sys != TPIDR_EL0) {
		in->kind = INSN_OTHER;
	}
}

static enum probe_class arm64_probe_class(const struct insn *in)
{
	static const struct {
		uint32_t mask, value;
		enum probe_class class;
	} words[] = {
		{ 0x7c000000, 0x14000000, PROBE_EMULATED }, /* b, bl */
		{ 0xff000010, 0x54000000, PROBE_EMULATED }, /* b.cond */
		{ 0x7e000000, 0x34000000, PROBE_EMULATED }, /* cbz, cbnz */
		{ 0x7e000000, 0x36000000, PROBE_EMULATED }, /* tbz, tbnz */
		{ 0x1f000000, 0x10000000, PROBE_EMULATED }, /* adr, adrp */
		{ 0xbf000000, 0x18000000, PROBE_EMULATED }, /* ldr of a literal */
		{ 0xff000000, 0x98000000, PROBE_EMULATED }, /* ldrsw of a literal */
		{ 0xff9ffc1f, 0xd61f0000, PROBE_EMULATED }, /* br, blr, ret */
		{ 0xffffffff, 0xd503201f, PROBE_NOP },	    { 0xfffff01f, 0xd503201f, PROBE_REFUSED }, /* other hints */
		{ 0xff000000, 0xd4000000, PROBE_REFUSED }, /* brk, svc, hvc, ... */
	};
	uint32_t word;

	if (in->kind == INSN_BAD || in->len != 4)
		return PROBE_REFUSED;
	word = in->bytes[0] | in->bytes[1] << 8 | in->bytes[2] << 16 | (uint32_t)in->bytes[3] << 24;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if ((word & words[i].mask) == words[i].value)
			return words[i].class;
	}
	return PROBE_STEPPED;
}

const struct insn_arch insn_arm64 = { TARE_ARCH_ARM64, CS_ARCH_ARM64, CS_MODE_LITTLE_ENDIAN, arm64_decode,
				      arm64_probe_class };
