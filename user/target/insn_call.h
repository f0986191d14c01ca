/* SPDX-License-Identifier: BSD-2-Clause */
/* Is an address the return address of a call? */
#ifndef TARE_INSN_CALL_H
#define TARE_INSN_CALL_H

#include "image.h"

/*
 * Does a call instruction end right before @addr, an address of the file? Bytes that merely look like one count too.
 */
bool insn__follows_call(struct image *img, uint64_t addr);

#endif /* TARE_INSN_CALL_H */
