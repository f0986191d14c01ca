/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the parts of the reader of call frame information only. */
#ifndef TARE_CFI_IMPL_H
#define TARE_CFI_IMPL_H

#include <string.h>

#include "cfi.h"

/* Reads bytes of a section in order. Past @end it reads zeros, and .bad says so. */
struct cfi_cursor {
	const uint8_t *p, *end;
	bool bad;
};

static inline uint64_t cursor__fixed(struct cfi_cursor *c, size_t bytes)
{
	uint64_t v = 0;

	if ((size_t)(c->end - c->p) < bytes) {
		c->bad = true;
		c->p = c->end;
		return 0;
	}
	memcpy(&v, c->p, bytes);
	c->p += bytes;
	return v;
}

static inline int64_t cursor__signed(struct cfi_cursor *c, size_t bytes)
{
	unsigned drop = 64 - 8 * bytes;

	return (int64_t)(cursor__fixed(c, bytes) << drop) >> drop;
}

/* LEB128; of a number longer than 64 bits, the low ones. @sign: extend the last byte's. */
static inline uint64_t cursor__leb(struct cfi_cursor *c, bool sign)
{
	unsigned shift = 0;
	uint64_t v = 0;
	uint8_t byte;

	do {
		byte = cursor__fixed(c, 1);
		if (shift < 64)
			v |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	return sign && byte & 0x40 && shift < 64 ? v | ~0ull << shift : v;
}

static inline void cursor__skip(struct cfi_cursor *c, uint64_t bytes)
{
	if (bytes > (size_t)(c->end - c->p)) {
		c->bad = true;
		bytes = c->end - c->p;
	}
	c->p += bytes;
}

/* What many functions have in common. */
struct cfi_cie {
	uint64_t code_align;
	int64_t data_align;
	uint8_t ra;
	uint8_t encoding; /* of addresses: DW_EH_PE_* */
	bool signal, augmented;
	struct cfi_cursor program;
};

/* The function whose entry is at offset @at: its program, and that which all with its CIE begin with. */
int cfi__programs(const struct cfi_section *s, uint32_t at, struct cfi_cie *cie, struct cfi_cursor *program);

/* The function with @pc, or NULL. */
const struct cfi_fde *cfi__find(const struct cfi_section *s, uint64_t pc);

struct cfi_fde {
	uint64_t start;
	uint32_t len, at;
};

/* A pointer in encoding @encoding. */
uint64_t cfi__pointer(const struct cfi_section *s, struct cfi_cursor *c, uint8_t encoding);

/* @rule with its expression turned into a plain rule, if it is one of the two usual ones. */
void cfi__simplify(const struct cfi_section *s, struct cfi_rule *rule);

#endif /* TARE_CFI_IMPL_H */
