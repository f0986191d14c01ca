// SPDX-License-Identifier: BSD-2-Clause
#include <string.h>

#include "proc.h"
#include "unwind_code.h"
#include "util.h"

#define BEFORE 7 /* the longest call without a segment's prefix, of which an address's last byte is the last one */
#define AFTER  10

#if defined(__x86_64__)
/* mov $__NR_rt_sigreturn, %rax; syscall */
static const uint8_t signal_return[] = { 0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05 };
enum { SYSCALL_AT = 7 };

/* How long the call through an operand at @p is, if it is one: FF /2. @have bytes are there, two or more. */
static size_t indirect_call(const uint8_t *p, size_t have)
{
	uint8_t mod = p[1] >> 6, rm = p[1] & 7;
	size_t len = 2;

	if ((p[1] >> 3 & 7) != 2)
		return 0;
	if (mod != 3 && rm == 4) {
		len++;
		if (!mod && have > 2 && (p[2] & 7) == 5)
			len += 4;
	}
	if (!mod && rm == 5)
		len += 4;
	return len + (mod == 1 ? 1 : mod == 2 ? 4 : 0);
}

/* @end is after the call, @have bytes may be looked at. A probe puts a breakpoint (cc) in the place of the first byte.
 */
static bool follows_call(const uint8_t *end, size_t have)
{
	if (have >= 5 && (end[-5] == 0xe8 || end[-5] == 0xcc))
		return true;
	for (size_t len = 2; len <= 7 && len <= have; len++) {
		const uint8_t *p = end - len;

		/* where it is in the place of a prefix, what follows is enough */
		if ((p[0] == 0xff || p[0] == 0xcc) && indirect_call(p, len) == len)
			return true;
	}
	return false;
}

/* @p is the next instruction, after @before bytes that may be looked at, and before @after. */
static void find_prologue(const uint8_t *p, size_t before, size_t after, struct code_place *place)
{
	static const uint8_t set_pointer[] = { 0x48, 0x89, 0xe5 }, landing[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	enum { PUSH_RBP = 0x55, RET = 0xc3 };

	place->on_top = after && (*p == PUSH_RBP || *p == RET || (after >= 4 && !memcmp(p, landing, 4)));
	place->below_pointer = before && p[-1] == PUSH_RBP && after >= 3 && !memcmp(p, set_pointer, 3);
}

void code__prologue_row(const struct code_place *place, struct cfi_row *row)
{
	memset(row, 0, sizeof(*row));
	row->ra = CFI_PC;
	row->cfa = (struct cfi_rule){ .kind = CFI_IN, .reg = CFI_SP, .off = place->on_top ? 8 : 16 };
	row->regs[CFI_PC] = (struct cfi_rule){ .kind = CFI_AT_CFA, .off = -8 };
	row->changed = 1ull << CFI_PC;
	if (place->below_pointer) {
		row->regs[CFI_FP] = (struct cfi_rule){ .kind = CFI_AT_CFA, .off = -16 };
		row->changed |= 1ull << CFI_FP;
	}
}

void code__signal_row(struct cfi_row *row)
{
	/* the order of the kernel's struct sigcontext_64, which is 40 bytes into struct ucontext, at the stack pointer
	 */
	static const uint8_t order[] = { 8, 9, 10, 11, 12, 13, 14, 15, 5, 4, 6, 3, 1, 0, 2, 7, 16 };

	memset(row, 0, sizeof(*row));
	row->signal = true;
	row->ra = CFI_PC;
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		row->regs[order[i]] = (struct cfi_rule){ .kind = CFI_AT, .reg = CFI_SP, .off = 40 + 8 * i };
		row->changed |= 1ull << order[i];
	}
	row->cfa = row->regs[CFI_SP];
}

uint64_t code__without_signature(uint64_t pc)
{
	return pc;
}
#elif defined(__aarch64__)
/* mov x8, #__NR_rt_sigreturn; svc #0 */
static const uint8_t signal_return[] = { 0x68, 0x11, 0x80, 0xd2, 0x01, 0, 0, 0xd4 };
enum { SYSCALL_AT = 4 };

static bool follows_call(const uint8_t *end, size_t have)
{
	uint32_t code;

	if (have < sizeof(code))
		return false;
	memcpy(&code, end - sizeof(code), sizeof(code));
	/* bl; blr, blraa and the like; brk, which a probe puts in its place */
	return code >> 26 == 0x25 || (code & 0xfefff000) == 0xd63f0000 || (code & 0xffe0001f) == 0xd4200000;
}

/* The next instruction is stp x29, x30, [sp, #...]!, or ret: the return address is still, or again, in x30. */
static void find_prologue(const uint8_t *p, size_t before, size_t after, struct code_place *place)
{
	uint32_t code = 0;

	if (after >= sizeof(code))
		memcpy(&code, p, sizeof(code));
	place->on_top = (code & 0xffc07fff) == 0xa9807bfd || code == 0xd65f03c0;
	place->below_pointer = false;
}

void code__prologue_row(const struct code_place *place, struct cfi_row *row)
{
	memset(row, 0, sizeof(*row));
	row->ra = 30;
	row->cfa = (struct cfi_rule){ .kind = CFI_IN, .reg = CFI_SP };
}

void code__signal_row(struct cfi_row *row)
{
	/* struct rt_sigframe: 128 bytes of siginfo, then of struct ucontext 176 and the fault's address */
	enum { REGISTERS_AT = 128 + 176 + 8 };

	memset(row, 0, sizeof(*row));
	row->signal = true;
	row->ra = CFI_PC;
	for (unsigned i = 0; i < CFI_REGS; i++) {
		row->regs[i] = (struct cfi_rule){ .kind = CFI_AT, .reg = CFI_SP, .off = REGISTERS_AT + 8 * i };
		row->changed |= 1ull << i;
	}
	row->cfa = row->regs[CFI_SP];
}

uint64_t code__without_signature(uint64_t pc)
{
	return pc & ((1ull << 48) - 1);
}
#endif

static bool is_signal_return(const uint8_t *bytes, size_t have, size_t at)
{
	return at <= have && have - at >= sizeof(signal_return) &&
	       !memcmp(bytes + at, signal_return, sizeof(signal_return));
}

void code__look(pid_t pid, uint64_t start, uint64_t end, uint64_t at, struct code_place *place)
{
	uint64_t first = at - start > BEFORE ? at - BEFORE : start, last = end - at > AFTER ? at + AFTER : end;
	uint8_t bytes[BEFORE + AFTER];
	size_t have = last - first, here = at - first;

	*place = (struct code_place){ .before = CODE_UNREADABLE };
	if (proc__peek(pid, first, bytes, have))
		return;
	place->before = follows_call(bytes + here + 1, here + 1) ? CODE_CALL : CODE_NO_CALL;
	find_prologue(bytes + here, here, have - here, place);
	/* returned to, or interrupted before the first or the second instruction */
	place->signal_return = is_signal_return(bytes, have, here + 1) || is_signal_return(bytes, have, here) ||
			       (here >= SYSCALL_AT && is_signal_return(bytes, have, here - SYSCALL_AT));
}
