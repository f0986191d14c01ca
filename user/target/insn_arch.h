/* SPDX-License-Identifier: BSD-2-Clause */
/* Between insn.c and its architectures only. */
#ifndef TARE_INSN_ARCH_H
#define TARE_INSN_ARCH_H

#include <capstone/capstone.h>

#include "insn.h"

struct insn_arch {
	int arch;
	cs_arch cs;
	cs_mode mode;
	/* @in has .addr, .bytes and .len set, the rest as for INSN_OTHER. */
	void (*decode)(csh handle, const cs_insn *ci, struct insn *in);
	enum probe_class (*probe_class)(const struct insn *in);
};

extern const struct insn_arch insn_x86, insn_arm64;

/* The mask of registers that @ci writes; @reg_of maps the disassembler's numbers to ours. */
uint32_t insn_arch__writes(csh handle, const cs_insn *ci, uint8_t (*reg_of)(unsigned int reg));

#endif /* TARE_INSN_ARCH_H */
