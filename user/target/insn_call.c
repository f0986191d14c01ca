// SPDX-License-Identifier: BSD-2-Clause
#include <elf.h>

#include "insn.h"
#include "insn_call.h"

/* Is @code exactly one instruction, and a call? */
static bool is_one_call(const struct code *code)
{
	struct insn_iter it;
	struct insn in;
	bool yes;

	if (insn_iter__open(&it, code))
		return false;
	yes = insn_iter__next(&it, &in) == 1 && in.len == code->len &&
	      (in.kind == INSN_CALL || in.kind == INSN_CALL_INDIRECT);
	insn_iter__close(&it);
	return yes;
}

bool insn__follows_call(struct image *img, uint64_t addr)
{
	bool arm64 = image__machine(img) == EM_AARCH64;
	/* a call through a register takes 2 bytes; one through memory, with index, displacement and prefix, takes 8 */
	unsigned shortest = arm64 ? 4 : 2, longest = arm64 ? 4 : 8;

	for (unsigned len = shortest; len <= longest && len <= addr; len++) {
		struct code code = { .len = len,
				     .addr = addr - len,
				     .arch = arm64 ? TARE_ARCH_ARM64 : TARE_ARCH_X86_64 };

		code.bytes = image__at(img, code.addr, len);
		/* only these begin a call: no need to disassemble the others */
		if (code.bytes && (arm64 || code.bytes[0] == 0xe8 || code.bytes[0] == 0xff || code.bytes[1] == 0xff) &&
		    is_one_call(&code))
			return true;
	}
	return false;
}
