// SPDX-License-Identifier: BSD-2-Clause
/* Any bytes as call frame information: the first says which kind, then 16 bytes of stack, then the section. */
#include <stdlib.h>

#include "cfi_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STACK_AT = 0x7000, STACK_BYTES = 16, HEAD = 1 + STACK_BYTES };

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void try(const struct cfi_section *s, uint64_t pc, const struct cfi_stack *stack)
{
	struct cfi_regs regs = { .known = (1ull << CFI_REGS) - 1 };
	struct cfi_row row;

	if (cfi__row(s, pc, &row))
		return;
	check(row.ra < CFI_REGS && row.cfa.reg < CFI_REGS);
	for (int i = 0; i < CFI_REGS; i++)
		regs.r[i] = STACK_AT + i;
	/* a few frames by the same row */
	for (int i = 0; i < 4 && !cfi__step(s, &row, stack, &regs); i++)
		check(regs.known & 1ull << CFI_SP && regs.known & 1ull << CFI_PC);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cfi_section s = { 0 };
	struct cfi_stack stack = { .at = STACK_AT, .size_bytes = STACK_BYTES };
	uint8_t *copy, *room;

	if (size < HEAD)
		return 0;
	/* of exactly these sizes */
	copy = malloc(size - HEAD + 1);
	room = malloc(STACK_BYTES);
	check(copy && room);
	memcpy(room, data + 1, STACK_BYTES);
	memcpy(copy, data + HEAD, size - HEAD);
	copy = realloc(copy, size > HEAD ? size - HEAD : 1);
	stack.bytes = room;
	s.bytes = copy;
	s.size_bytes = size - HEAD;
	s.vaddr = 0x10000;
	s.eh = data[0] & 1;
	check(!cfi__index(&s));
	check(s.size_bytes <= size - HEAD && s.nr <= size / 8);
	/* each address of a damaged section may take as long as the section's size */
	for (size_t i = 0; i < s.nr && i < 32; i++) {
		for (uint64_t off = 0; off < s.index[i].len && off < 64; off++)
			try(&s, s.index[i].start + off, &stack);
		try(&s, s.index[i].start + s.index[i].len - 1, &stack);
	}
	try(&s, UINT64_MAX, &stack);
	try(&s, 0, &stack);
	free(s.index);
	free(copy);
	free(room);
	return 0;
}
