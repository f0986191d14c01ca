// SPDX-License-Identifier: BSD-2-Clause
/* One frame further, by the rules for its address: reads registers and the copied stack, nothing else. */
#include <dwarf.h>
#include <errno.h>

#include "cfi_impl.h"
#include "util.h"

#define VALUES_MAX     32
#define OPERATIONS_MAX 1000 /* there are jumps backwards */
#define BIT(reg)       (1ull << (reg))

int cfi__load(const struct cfi_stack *stack, uint64_t addr, uint64_t *value)
{
	if (addr < stack->at)
		return -EFAULT;
	if (addr - stack->at > stack->size_bytes || stack->size_bytes - (addr - stack->at) < sizeof(*value))
		return -ERANGE;
	memcpy(value, (const char *)stack->bytes + (addr - stack->at), sizeof(*value));
	return 0;
}

/* ---- expressions ---- */

struct machine {
	const struct cfi_section *s;
	const struct cfi_stack *stack;
	const struct cfi_regs *regs;
	struct cfi_cursor c;
	const uint8_t *begin;
	uint64_t values[VALUES_MAX];
	unsigned nr;
	int error;
};

static uint64_t pop(struct machine *m)
{
	if (!m->nr) {
		m->error = -EINVAL;
		return 0;
	}
	return m->values[--m->nr];
}

static void push(struct machine *m, uint64_t value)
{
	if (m->nr == VALUES_MAX)
		m->error = -EINVAL;
	else
		m->values[m->nr++] = value;
}

/* The value @depth below the top one. */
static void pick(struct machine *m, uint64_t depth)
{
	if (depth >= m->nr)
		m->error = -EINVAL;
	else
		push(m, m->values[m->nr - 1 - depth]);
}

static void deref(struct machine *m, uint64_t bytes)
{
	uint64_t addr = pop(m), value = 0;
	int ret = m->error ?: cfi__load(m->stack, addr, &value);

	if (ret || !bytes || bytes > 8)
		m->error = ret ?: -EINVAL;
	else
		push(m, bytes == 8 ? value : value & (BIT(bytes * 8) - 1));
}

static void push_register(struct machine *m, uint64_t reg, int64_t off)
{
	if (reg >= CFI_REGS || !(m->regs->known & BIT(reg)))
		m->error = -EINVAL;
	else
		push(m, m->regs->r[reg] + off);
}

static void jump(struct machine *m, int64_t by)
{
	if (by < m->begin - m->c.p || by > m->c.end - m->c.p)
		m->error = -EINVAL;
	else
		m->c.p += by;
}

static void constant(struct machine *m, uint8_t op)
{
	unsigned bytes = 1u << (op - DW_OP_const1u) / 2;

	push(m, (op - DW_OP_const1u) % 2 ? (uint64_t)cursor__signed(&m->c, bytes) : cursor__fixed(&m->c, bytes));
}

static void rotate(struct machine *m)
{
	uint64_t a = pop(m), b = pop(m), c = pop(m);

	push(m, a);
	push(m, c);
	push(m, b);
}

static void unary(struct machine *m, uint8_t op)
{
	uint64_t a = pop(m);

	if (op == DW_OP_abs)
		push(m, (int64_t)a < 0 ? -a : a);
	else
		push(m, op == DW_OP_neg ? -a : ~a);
}

/* @a was pushed before @b. */
static uint64_t binary(struct machine *m, uint8_t op, uint64_t a, uint64_t b)
{
	int64_t x = a, y = b;

	switch (op) {
	case DW_OP_and:
		return a & b;
	case DW_OP_or:
		return a | b;
	case DW_OP_xor:
		return a ^ b;
	case DW_OP_plus:
		return a + b;
	case DW_OP_minus:
		return a - b;
	case DW_OP_mul:
		return a * b;
	case DW_OP_div: /* by -1 it may overflow */
		return y == -1 ? -a : y ? (uint64_t)(x / y) : (m->error = -EINVAL, 0);
	case DW_OP_mod:
		return b ? a % b : (m->error = -EINVAL, 0);
	case DW_OP_shl:
		return b < 64 ? a << b : 0;
	case DW_OP_shr:
		return b < 64 ? a >> b : 0;
	case DW_OP_shra:
		return x >> (b < 64 ? b : 63);
	case DW_OP_eq:
		return x == y;
	case DW_OP_ne:
		return x != y;
	case DW_OP_ge:
		return x >= y;
	case DW_OP_gt:
		return x > y;
	case DW_OP_le:
		return x <= y;
	case DW_OP_lt:
		return x < y;
	}
	m->error = -EINVAL; /* none that can be in call frame information */
	return 0;
}

static void operate(struct machine *m)
{
	uint8_t op = cursor__fixed(&m->c, 1);
	uint64_t a, b;

	if (op >= DW_OP_lit0 && op <= DW_OP_lit31) {
		push(m, op - DW_OP_lit0);
		return;
	}
	if (op >= DW_OP_breg0 && op <= DW_OP_breg31) {
		push_register(m, op - DW_OP_breg0, cursor__leb(&m->c, true));
		return;
	}
	if (op >= DW_OP_const1u && op <= DW_OP_const8s) {
		constant(m, op);
		return;
	}
	switch (op) {
	case DW_OP_nop:
		break;
	case DW_OP_deref:
		deref(m, 8);
		break;
	case DW_OP_deref_size:
		deref(m, cursor__fixed(&m->c, 1));
		break;
	case DW_OP_constu:
		push(m, cursor__leb(&m->c, false));
		break;
	case DW_OP_consts:
		push(m, cursor__leb(&m->c, true));
		break;
	case DW_OP_bregx:
		a = cursor__leb(&m->c, false);
		push_register(m, a, cursor__leb(&m->c, true));
		break;
	case DW_OP_dup:
		pick(m, 0);
		break;
	case DW_OP_over:
		pick(m, 1);
		break;
	case DW_OP_pick:
		pick(m, cursor__fixed(&m->c, 1));
		break;
	case DW_OP_drop:
		pop(m);
		break;
	case DW_OP_swap:
		a = pop(m);
		b = pop(m);
		push(m, a);
		push(m, b);
		break;
	case DW_OP_rot:
		rotate(m);
		break;
	case DW_OP_abs:
	case DW_OP_neg:
	case DW_OP_not:
		unary(m, op);
		break;
	case DW_OP_plus_uconst:
		push(m, pop(m) + cursor__leb(&m->c, false));
		break;
	case DW_OP_skip:
		jump(m, cursor__signed(&m->c, 2));
		break;
	case DW_OP_bra:
		a = cursor__signed(&m->c, 2);
		if (pop(m))
			jump(m, a);
		break;
	default:
		b = pop(m);
		a = pop(m);
		push(m, binary(m, op, a, b));
	}
}

/* The bytes of the expression at @off in @s. */
static struct cfi_cursor expression(const struct cfi_section *s, int32_t off)
{
	struct cfi_cursor c = { s->bytes + off, s->bytes + s->size_bytes, false };
	uint64_t len = cursor__leb(&c, false);

	if (len <= (size_t)(c.end - c.p))
		c.end = c.p + len;
	else
		c.bad = true;
	return c;
}

/* @cfa is what the expression begins with, NULL: nothing. */
static int evaluate(const struct cfi_section *s, int32_t off, const struct cfi_stack *stack,
		    const struct cfi_regs *regs, const uint64_t *cfa, uint64_t *value)
{
	struct machine m = { .s = s, .stack = stack, .regs = regs, .c = expression(s, off) };
	unsigned left = OPERATIONS_MAX;

	m.begin = m.c.p;
	if (cfa)
		push(&m, *cfa);
	while (!m.error && !m.c.bad && m.c.p < m.c.end && left)
		left -= (operate(&m), 1);
	*value = pop(&m);
	return m.error ?: m.c.bad || !left ? -EINVAL : 0;
}

/* "register + offset", and in memory there: for signal frames, and where the stack is realigned. */
void cfi__simplify(const struct cfi_section *s, struct cfi_rule *rule)
{
	struct cfi_cursor c;
	bool at = rule->kind == CFI_AT_EXPRESSION;
	int64_t off;
	uint8_t op;

	if (rule->kind != CFI_AT_EXPRESSION && rule->kind != CFI_IS_EXPRESSION)
		return;
	c = expression(s, rule->off);
	op = cursor__fixed(&c, 1);
	off = cursor__leb(&c, true);
	if (!at && c.p < c.end && *c.p == DW_OP_deref) {
		at = true;
		c.p++;
	}
	if (c.bad || c.p != c.end || op < DW_OP_breg0 || op >= DW_OP_breg0 + CFI_REGS || op > DW_OP_breg31 ||
	    off != (int32_t)off)
		return;
	*rule = (struct cfi_rule){ .kind = at ? CFI_AT : CFI_IN, .reg = op - DW_OP_breg0, .off = off };
}

/* ---- rules ---- */

/* @cfa is NULL while that is what is asked for. */
static int follow(const struct cfi_section *s, const struct cfi_rule *rule, const struct cfi_stack *stack,
		  const struct cfi_regs *regs, const uint64_t *cfa, uint64_t *value)
{
	int ret;

	switch (rule->kind) {
	case CFI_AT_CFA:
		return cfa ? cfi__load(stack, *cfa + rule->off, value) : -EINVAL;
	case CFI_IS_CFA:
		if (!cfa)
			return -EINVAL;
		*value = *cfa + rule->off;
		return 0;
	case CFI_IN:
	case CFI_AT:
		if (!(regs->known & BIT(rule->reg)))
			return -EINVAL;
		*value = regs->r[rule->reg] + rule->off;
		return rule->kind == CFI_AT ? cfi__load(stack, *value, value) : 0;
	case CFI_AT_EXPRESSION:
	case CFI_IS_EXPRESSION:
		ret = s ? evaluate(s, rule->off, stack, regs, cfa, value) : -EINVAL;
		return ret || rule->kind == CFI_IS_EXPRESSION ? ret : cfi__load(stack, *value, value);
	}
	return -EINVAL;
}

int cfi__step(const struct cfi_section *s, const struct cfi_row *row, const struct cfi_stack *stack,
	      struct cfi_regs *regs)
{
	struct cfi_regs next = *regs;
	uint64_t cfa, value;
	int ret;

	if (row->regs[row->ra].kind == CFI_UNDEFINED)
		return -ENOENT;
	ret = follow(s, &row->cfa, stack, regs, NULL, &cfa);
	if (ret)
		return ret;
	next.r[CFI_SP] = cfa;
	next.known |= BIT(CFI_SP);
	for (uint64_t left = row->changed; left; left &= left - 1) {
		unsigned reg = __builtin_ctzll(left);

		ret = row->regs[reg].kind == CFI_UNDEFINED ? -ENOENT :
							     follow(s, &row->regs[reg], stack, regs, &cfa, &value);
		if (!ret) {
			next.r[reg] = value;
			next.known |= BIT(reg);
			continue;
		}
		if (reg == row->ra || reg == CFI_SP)
			return ret;
		/*
		 * A function's end takes registers off the stack one by one, and compilers do not say so: what is below
		 * the stack is in its register again. Of the others, only what is needed later must be there.
		 */
		if (ret != -EFAULT)
			next.known &= ~BIT(reg);
	}
	if (!(next.known & BIT(row->ra)) || (row->ra == CFI_PC && !(row->changed & BIT(CFI_PC))))
		return -EINVAL;
	next.r[CFI_PC] = next.r[row->ra];
	next.known |= BIT(CFI_PC);
	*regs = next;
	return 0;
}
