// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>

#include "insn_arch.h"
#include "util.h"

static const struct insn_arch *const arches[] = { &insn_x86, &insn_arm64 };

static const struct insn_arch *insn_arch(int arch)
{
	for (size_t i = 0; i < ARRAY_SIZE(arches); i++) {
		if (arches[i]->arch == arch)
			return arches[i];
	}
	return NULL;
}

uint32_t insn_arch__writes(csh handle, const cs_insn *ci, uint8_t (*reg_of)(unsigned int))
{
	cs_regs read, written;
	uint8_t nr_read, nr_written, reg;
	uint32_t mask = 0;

	if (cs_regs_access(handle, ci, read, &nr_read, written, &nr_written))
		return ~0u;
	for (int i = 0; i < nr_written; i++) {
		reg = reg_of(written[i]);
		if (reg != INSN_NO_REG)
			mask |= 1u << reg;
	}
	return mask;
}

enum probe_class insn__probe_class(const struct insn *in, int arch)
{
	const struct insn_arch *a = insn_arch(arch);

	return a ? a->probe_class(in) : PROBE_REFUSED;
}

const char *probe_class__name(enum probe_class class)
{
	static const char *const names[] = {
		[PROBE_EMULATED] = "emulated",	    [PROBE_NOP5] = "nop5",	 [PROBE_NOP] = "nop",
		[PROBE_STEPPED] = "single-stepped", [PROBE_REFUSED] = "refused",
	};

	return class < ARRAY_SIZE(names) ? names[class] : "unknown";
}

int insn_iter__open(struct insn_iter *it, const struct code *code)
{
	const struct insn_arch *arch = insn_arch(code->arch);

	if (!arch)
		return -EINVAL;
	if (code->len > CODE_BYTES_MAX)
		return -E2BIG;
	*it = (struct insn_iter){ .code = code };
	if (cs_open(arch->cs, arch->mode, &it->handle))
		return -ENOMEM;
	it->scratch = cs_option(it->handle, CS_OPT_DETAIL, CS_OPT_ON) ? NULL : cs_malloc(it->handle);
	if (!it->scratch) {
		cs_close(&it->handle);
		return -ENOMEM;
	}
	return 0;
}

void insn_iter__close(struct insn_iter *it)
{
	cs_free(it->scratch, 1);
	cs_close(&it->handle);
}

int insn_iter__next(struct insn_iter *it, struct insn *in)
{
	const uint8_t *next = it->code->bytes + it->at;
	size_t left = it->code->len - it->at;
	uint64_t addr = it->code->addr + it->at;

	*in = (struct insn){ .addr = addr,
			     .bytes = next,
			     .kind = INSN_OTHER,
			     .writes = ~0u,
			     .reg = INSN_NO_REG,
			     .base = INSN_NO_REG,
			     .index = INSN_NO_REG };
	if (!left)
		return 0;
	if (cs_disasm_iter(it->handle, &next, &left, &addr, it->scratch)) {
		in->len = it->scratch->size;
		insn_arch(it->code->arch)->decode(it->handle, it->scratch, in);
	} else if (it->code->arch == TARE_ARCH_ARM64) { /* a literal, padding, or newer than the decoder */
		in->kind = INSN_BAD;
		in->len = left < 4 ? left : 4;
	} else {
		return -EILSEQ;
	}
	it->at += in->len;
	return 1;
}
