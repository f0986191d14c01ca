// SPDX-License-Identifier: BSD-2-Clause
#include <elf.h>
#include <errno.h>

#include "probe_site.h"
#include "util.h"

const char *probe_site_kind__name(enum probe_site_kind kind)
{
	static const char *const names[] = {
		[SITE_PUSH] = "push",
		[SITE_STACK_CHECK] = "stack check",
		[SITE_FIRST] = "first",
		[SITE_CALL] = "call",
	};

	return kind < ARRAY_SIZE(names) ? names[kind] : "unknown";
}

/*
 * The stack check of an architecture. Between the first instruction and the site only these registers may change: none
 * of them ever holds an argument.
 */
struct stack_check {
	int arch;
	uint32_t scratch; /* registers it may use */
	uint8_t sp, g;
	uint64_t flags_mask, flags_flip; /* to drop a hit that is about to take the "below or equal" branch */
	int return_at;
};

enum {
	G_STACKGUARD0 = 16,
	G_STACKGUARD1 = 24, /* in runtime.g, all versions */
	X86_CF = 1 << 0,
	X86_ZF = 1 << 6,
	ARM64_C = 1 << 29,
	ARM64_Z = 1 << 30,
};

static const struct stack_check stack_checks[] = {
	{ TARE_ARCH_X86_64, 1u << X86_R12, X86_RSP, X86_R14, X86_CF | X86_ZF, 0, 0 },
	/* lower or same: carry clear, or zero */
	{ TARE_ARCH_ARM64, 1u << ARM64_X16 | 1u << ARM64_X17 | 1u << ARM64_X27, ARM64_SP, ARM64_X28, ARM64_C | ARM64_Z,
	  ARM64_C, -1 },
};

/* Follows a function's first instructions. */
struct prologue {
	const struct stack_check *check;
	uint8_t g;	/* the register that holds the goroutine */
	uint32_t limit; /* registers that hold its limit (arm64) */
	uint32_t depth; /* registers that hold the stack pointer, or where it will be */
	bool compared;	/* the flags are those of that comparison */
};

static bool is_guard(const struct prologue *p, const struct insn *in)
{
	return in->mem && !in->tls && in->base == p->g && in->index == INSN_NO_REG && in->size_bytes == 8 &&
	       (in->imm == G_STACKGUARD0 || in->imm == G_STACKGUARD1);
}

static bool has(uint32_t set, uint8_t reg)
{
	return reg < 32 && (set & 1u << reg);
}

/* Is @in a part of the stack check that leaves all arguments alone? */
static bool prologue__step(struct prologue *p, const struct insn *in)
{
	uint32_t scratch = p->check->scratch;
	bool depth =
		has(p->depth, in->base) && (in->kind == INSN_ADD || in->kind == INSN_MOV || in->kind == INSN_SUB_REG);
	bool limit = in->kind == INSN_LOAD && is_guard(p, in);

	p->compared = false;
	if (in->kind == INSN_CMP) {
		p->compared = (has(p->depth, in->reg) && (is_guard(p, in) || (!in->mem && has(p->limit, in->base))));
		return p->compared;
	}
	if (in->kind == INSN_JCC) /* a frame so large that the stack pointer would wrap around */
		return in->cond == COND_BELOW && in->target > in->addr;
	/* called from C or by the old convention: the goroutine is fetched first */
	if (in->reg == p->g && (in->kind == INSN_MOV_IMM || (in->kind == INSN_LOAD && (in->tls || in->pc_relative))))
		return true;
	if (in->kind == INSN_NOP)
		return true;
	if (!has(scratch, in->reg) || (in->writes & ~scratch))
		return false;
	p->depth &= ~(1u << in->reg);
	p->limit &= ~(1u << in->reg);
	if (depth)
		p->depth |= 1u << in->reg;
	if (limit)
		p->limit |= 1u << in->reg;
	return depth || limit || in->kind == INSN_MOV_IMM || in->kind == INSN_MOV_PART;
}

static void site__set(struct probe_site *site, const struct insn *in, const struct stack_check *c,
		      enum probe_site_kind kind)
{
	*site = (struct probe_site){ .addr = in->addr,
				     .kind = kind,
				     .class = insn__probe_class(in, c->arch),
				     .exact = kind != SITE_FIRST,
				     .return_at = c->return_at };
	if (kind == SITE_STACK_CHECK) {
		site->flags_mask = c->flags_mask;
		site->flags_flip = c->flags_flip;
	}
}

/* Set @site to the first instruction, then to better ones. */
static int find_entry(struct insn_iter *it, const struct stack_check *c, struct probe_site *site)
{
	struct prologue p = { .check = c, .g = c->g, .depth = 1u << c->sp };
	struct insn in;
	int ret;

	ret = insn_iter__next(it, &in);
	if (ret <= 0)
		return -EILSEQ;
	site__set(site, &in, c, SITE_FIRST);
	do {
		if (in.kind == INSN_PUSH && in.reg == X86_RBP && c->arch == TARE_ARCH_X86_64) {
			site__set(site, &in, c, SITE_PUSH);
			break;
		}
		if (in.kind == INSN_JCC && in.cond == COND_BELOW_EQUAL && p.compared) {
			site__set(site, &in, c, SITE_STACK_CHECK);
			p.compared = false;
		} else if (site->kind == SITE_STACK_CHECK || !prologue__step(&p, &in)) {
			break;
		}
	} while (in.addr - it->code->addr < ENTRY_BYTES_MAX && insn_iter__next(it, &in) > 0);
	return site->class == PROBE_REFUSED ? -EILSEQ : 0;
}

static const struct stack_check *stack_check(int arch)
{
	for (size_t i = 0; i < ARRAY_SIZE(stack_checks); i++) {
		if (stack_checks[i].arch == arch)
			return &stack_checks[i];
	}
	return NULL;
}

/* Is there no jump from within the function back to its beginning? */
static bool entered_by_calls_alone(const struct code *code)
{
	struct insn_iter it;
	struct insn in;
	int ret;

	if (insn_iter__open(&it, code))
		return false;
	while ((ret = insn_iter__next(&it, &in)) > 0) {
		if ((in.kind == INSN_JMP || in.kind == INSN_JCC) && in.target == code->addr)
			break;
	}
	insn_iter__close(&it);
	return ret == 0;
}

int probe_site__entry(const struct code *code, struct probe_site *site)
{
	const struct stack_check *c = stack_check(code->arch);
	struct code head = *code;
	struct insn_iter it;
	int ret;

	if (!c)
		return -EINVAL;
	/* an instruction that begins within ENTRY_BYTES_MAX is decoded whole */
	if (head.len > ENTRY_BYTES_MAX + 15)
		head.len = ENTRY_BYTES_MAX + 15;
	ret = insn_iter__open(&it, &head);
	if (ret)
		return ret;
	ret = find_entry(&it, c, site);
	insn_iter__close(&it);
	if (!ret && site->kind == SITE_FIRST)
		site->exact = entered_by_calls_alone(code);
	return ret;
}

int probe_site__calls(const struct code *code, uint64_t callee, struct probe_site *sites, size_t max)
{
	bool inside = callee >= code->addr && callee - code->addr < code->len; /* a jump there is a loop */
	const struct stack_check *c = stack_check(code->arch);
	struct insn_iter it;
	struct insn in;
	size_t nr = 0;
	int ret;

	ret = insn_iter__open(&it, code);
	if (ret)
		return ret;
	while ((ret = insn_iter__next(&it, &in)) > 0) {
		if (in.target != callee || (in.kind != INSN_CALL && (in.kind != INSN_JMP || inside)))
			continue;
		if (nr < max)
			site__set(&sites[nr], &in, c, SITE_CALL);
		nr++;
	}
	insn_iter__close(&it);
	return ret ?: (int)nr;
}

int code__of_function(struct image *img, uint64_t entry, uint64_t end, struct code *code)
{
	unsigned int machine = image__machine(img);

	*code = (struct code){ .addr = entry, .len = end - entry };
	code->arch = machine == EM_X86_64 ? TARE_ARCH_X86_64 : machine == EM_AARCH64 ? TARE_ARCH_ARM64 : 0;
	if (!code->arch)
		return -EINVAL;
	if (end <= entry || code->len > CODE_BYTES_MAX)
		return -ENOENT;
	code->bytes = image__at(img, entry, code->len);
	return code->bytes ? 0 : -ENOENT;
}
