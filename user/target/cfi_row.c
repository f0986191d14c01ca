// SPDX-License-Identifier: BSD-2-Clause
/* The program of a function, run up to one address. */
#include <dwarf.h>
#include <errno.h>

#include "cfi_impl.h"
#include "util.h"

#define PROGRAM_BYTES_MAX    (1u << 18) /* large compilers have one of 12,000 */
#define SHORTEST_INSTRUCTION (CFI_PC == 32 ? 4 : 1)
#define REMEMBERED_MAX	     16

struct rules {
	struct cfi_rule cfa;
	struct cfi_rule regs[CFI_REGS];
};

struct run {
	const struct cfi_section *s;
	const struct cfi_cie *cie;
	struct cfi_cursor c;
	uint64_t loc; /* the rules are for addresses from here on */
	struct rules now, first, kept[REMEMBERED_MAX];
	unsigned nr_kept;
	bool bad;
};

static void set(struct cfi_rule *rule, struct run *r, enum cfi_kind kind, uint64_t reg, int64_t off)
{
	if (off != (int32_t)off || reg > UINT8_MAX)
		r->bad = true;
	*rule = (struct cfi_rule){ .kind = kind, .reg = reg, .off = off };
}

/* Rules of registers that are not followed, such as vectors, have no effect. */
static void set_reg(struct run *r, uint64_t reg, enum cfi_kind kind, uint64_t from, int64_t off)
{
	if (reg < CFI_REGS)
		set(&r->now.regs[reg], r, kind, from, off);
}

static void set_cfa(struct run *r, enum cfi_kind kind, uint64_t reg, int64_t off)
{
	if (reg >= CFI_REGS)
		r->bad = true;
	set(&r->now.cfa, r, kind, reg, off);
}

static void do_nothing(struct run *r, uint64_t a, uint64_t b)
{
}

static void do_goto(struct run *r, uint64_t a, uint64_t b)
{
	r->loc = a;
}

static void do_advance(struct run *r, uint64_t a, uint64_t b)
{
	r->loc += a * r->cie->code_align;
}

static void do_offset(struct run *r, uint64_t a, uint64_t b)
{
	set_reg(r, a, CFI_AT_CFA, 0, b);
}

static void do_negative_offset(struct run *r, uint64_t a, uint64_t b)
{
	set_reg(r, a, CFI_AT_CFA, 0, -b);
}

static void do_val_offset(struct run *r, uint64_t a, uint64_t b)
{
	set_reg(r, a, CFI_IS_CFA, 0, b);
}

static void do_restore(struct run *r, uint64_t a, uint64_t b)
{
	if (a < CFI_REGS)
		r->now.regs[a] = r->first.regs[a];
}

static void do_undefined(struct run *r, uint64_t a, uint64_t b)
{
	set_reg(r, a, CFI_UNDEFINED, 0, 0);
}

static void do_same(struct run *r, uint64_t a, uint64_t b)
{
	set_reg(r, a, CFI_SAME, 0, 0);
}

static void do_register(struct run *r, uint64_t a, uint64_t b)
{
	if (b < CFI_REGS)
		set_reg(r, a, CFI_IN, b, 0);
	else
		set_reg(r, a, CFI_UNDEFINED, 0, 0);
}

static void do_remember(struct run *r, uint64_t a, uint64_t b)
{
	if (r->nr_kept == REMEMBERED_MAX)
		r->bad = true;
	else
		r->kept[r->nr_kept++] = r->now;
}

static void do_restore_state(struct run *r, uint64_t a, uint64_t b)
{
	if (!r->nr_kept)
		r->bad = true;
	else
		r->now = r->kept[--r->nr_kept];
}

static void do_cfa(struct run *r, uint64_t a, uint64_t b)
{
	set_cfa(r, CFI_IN, a, b);
}

static void do_cfa_register(struct run *r, uint64_t a, uint64_t b)
{
	set_cfa(r, CFI_IN, a, r->now.cfa.kind == CFI_IN ? r->now.cfa.off : 0);
}

static void do_cfa_offset(struct run *r, uint64_t a, uint64_t b)
{
	if (r->now.cfa.kind != CFI_IN)
		r->bad = true;
	set_cfa(r, CFI_IN, r->now.cfa.reg, a);
}

static void do_cfa_expression(struct run *r, uint64_t a, uint64_t b)
{
	set_cfa(r, CFI_IS_EXPRESSION, 0, a);
}

static void do_expression(struct run *r, uint64_t a, uint64_t b)
{
	set_reg(r, a, CFI_AT_EXPRESSION, 0, b);
}

static void do_val_expression(struct run *r, uint64_t a, uint64_t b)
{
	set_reg(r, a, CFI_IS_EXPRESSION, 0, b);
}

/* How an operand is written; BLOCK is passed as the place of the expression in the section. */
enum operand { NONE, BYTES_1, BYTES_2, BYTES_4, BYTES_8, POINTER, NUMBER, FACTORED, SIGNED_FACTORED, BLOCK };

static const struct operation {
	void (*run)(struct run *r, uint64_t a, uint64_t b);
	enum operand a, b;
} operations[0x40] = {
	[DW_CFA_nop] = { do_nothing, NONE, NONE },
	[DW_CFA_set_loc] = { do_goto, POINTER, NONE },
	[DW_CFA_advance_loc1] = { do_advance, BYTES_1, NONE },
	[DW_CFA_advance_loc2] = { do_advance, BYTES_2, NONE },
	[DW_CFA_advance_loc4] = { do_advance, BYTES_4, NONE },
	[DW_CFA_offset_extended] = { do_offset, NUMBER, FACTORED },
	[DW_CFA_restore_extended] = { do_restore, NUMBER, NONE },
	[DW_CFA_undefined] = { do_undefined, NUMBER, NONE },
	[DW_CFA_same_value] = { do_same, NUMBER, NONE },
	[DW_CFA_register] = { do_register, NUMBER, NUMBER },
	[DW_CFA_remember_state] = { do_remember, NONE, NONE },
	[DW_CFA_restore_state] = { do_restore_state, NONE, NONE },
	[DW_CFA_def_cfa] = { do_cfa, NUMBER, NUMBER },
	[DW_CFA_def_cfa_register] = { do_cfa_register, NUMBER, NONE },
	[DW_CFA_def_cfa_offset] = { do_cfa_offset, NUMBER, NONE },
	[DW_CFA_def_cfa_expression] = { do_cfa_expression, BLOCK, NONE },
	[DW_CFA_expression] = { do_expression, NUMBER, BLOCK },
	[DW_CFA_offset_extended_sf] = { do_offset, NUMBER, SIGNED_FACTORED },
	[DW_CFA_def_cfa_sf] = { do_cfa, NUMBER, SIGNED_FACTORED },
	[DW_CFA_def_cfa_offset_sf] = { do_cfa_offset, SIGNED_FACTORED, NONE },
	[DW_CFA_val_offset] = { do_val_offset, NUMBER, FACTORED },
	[DW_CFA_val_offset_sf] = { do_val_offset, NUMBER, SIGNED_FACTORED },
	[DW_CFA_val_expression] = { do_val_expression, NUMBER, BLOCK },
	[DW_CFA_MIPS_advance_loc8] = { do_advance, BYTES_8, NONE },
	/* arm64: whether the return address is signed; the signature is cut off anyway */
	[0x2c] = { do_nothing, NONE, NONE },
	[0x2d] = { do_nothing, NONE, NONE },
	[DW_CFA_GNU_args_size] = { do_nothing, NUMBER, NONE },
	[DW_CFA_GNU_negative_offset_extended] = { do_negative_offset, NUMBER, FACTORED },
};

static uint64_t read_operand(struct run *r, enum operand kind)
{
	struct cfi_cursor *c = &r->c;
	uint64_t at;

	switch (kind) {
	case BYTES_1:
	case BYTES_2:
	case BYTES_4:
	case BYTES_8:
		return cursor__fixed(c, 1u << (kind - BYTES_1));
	case POINTER:
		return cfi__pointer(r->s, c, r->cie->encoding);
	case NUMBER:
		return cursor__leb(c, false);
	case FACTORED:
		return cursor__leb(c, false) * r->cie->data_align;
	case SIGNED_FACTORED:
		return cursor__leb(c, true) * r->cie->data_align;
	case BLOCK:
		at = c->p - r->s->bytes;
		cursor__skip(c, cursor__leb(c, false));
		return at;
	case NONE:
		break;
	}
	return 0;
}

static void run_one(struct run *r)
{
	uint8_t code = cursor__fixed(&r->c, 1);
	const struct operation *op = &operations[code & 0x3f];
	uint64_t a, b;

	switch (code & 0xc0) { /* the three most frequent ones hold their first operand themselves */
	case DW_CFA_advance_loc:
		do_advance(r, code & 0x3f, 0);
		return;
	case DW_CFA_offset:
		do_offset(r, code & 0x3f, read_operand(r, FACTORED));
		return;
	case DW_CFA_restore:
		do_restore(r, code & 0x3f, 0);
		return;
	}
	if (!op->run) {
		r->bad = true;
		return;
	}
	a = read_operand(r, op->a);
	b = read_operand(r, op->b);
	op->run(r, a, b);
}

/* Run @program as far as it is about @pc: what moves on changes no rule. */
static bool run(struct run *r, struct cfi_cursor program, uint64_t pc)
{
	r->c = program;
	while (r->c.p < r->c.end && !r->bad && !r->c.bad && r->loc <= pc)
		run_one(r);
	return !r->bad && !r->c.bad;
}

int cfi__row(const struct cfi_section *s, uint64_t pc, struct cfi_row *row)
{
	const struct cfi_fde *fde = cfi__find(s, pc);
	struct cfi_cursor program;
	struct cfi_cie cie;
	struct run r;
	int ret;

	if (!fde)
		return -ENOENT;
	ret = cfi__programs(s, fde->at, &cie, &program);
	if (ret)
		return ret;
	if (program.end - program.p > PROGRAM_BYTES_MAX || cie.program.end - cie.program.p > PROGRAM_BYTES_MAX)
		return -EINVAL;
	r.s = s;
	r.cie = &cie;
	r.nr_kept = 0;
	r.bad = false;
	r.loc = fde->start;
	memset(&r.now, 0, sizeof(r.now));
	r.first = r.now;
	if (!run(&r, cie.program, UINT64_MAX))
		return -EINVAL;
	r.first = r.now;
	r.loc = fde->start;
	if (!run(&r, program, pc) || r.now.cfa.kind == CFI_SAME)
		return -EINVAL;
	row->cfa = r.now.cfa;
	memcpy(row->regs, r.now.regs, sizeof(row->regs));
	row->ra = cie.ra;
	row->signal = cie.signal;
	row->first = pc - fde->start < SHORTEST_INSTRUCTION;
	cfi__simplify(s, &row->cfa);
	row->changed = 0;
	for (unsigned i = 0; i < CFI_REGS; i++) {
		cfi__simplify(s, &row->regs[i]);
		row->changed |= (uint64_t)(row->regs[i].kind != CFI_SAME) << i;
	}
	return 0;
}
