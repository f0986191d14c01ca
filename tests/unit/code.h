/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests: code as a disassembler shows it, "49 3b 66 10 76 5e", in memory of exactly that size. */
#ifndef TARE_TEST_CODE_H
#define TARE_TEST_CODE_H

#include "insn.h"
#include "records.h"

/* free() .bytes, cast. */
static inline struct code code_of(int arch, uint64_t addr, const char *hex)
{
	uint8_t *bytes = malloc(strlen(hex) / 2 + 1), *exact;
	struct code code = { .addr = addr, .arch = arch };
	unsigned int byte;
	int used;

	assert_non_null(bytes);
	for (; sscanf(hex, " %2x%n", &byte, &used) == 1; hex += used)
		bytes[code.len++] = byte;
	assert_int_equal(hex[strspn(hex, " ")], '\0');
	exact = realloc(bytes, code.len ? code.len : 1); /* for the sanitizer */
	assert_non_null(exact);
	code.bytes = exact;
	return code;
}

static inline void code__free(struct code *code)
{
	free((void *)code->bytes);
}

/* Pseudo-random bytes, the same in each run, of a kind that often forms instructions. */
static inline struct code code_of_chance(int arch, uint64_t *seed, size_t len)
{
	uint8_t *bytes = malloc(len ? len : 1);

	assert_non_null(bytes);
	for (size_t i = 0; i < len; i++) {
		*seed = *seed * 6364136223846793005u + 1442695040888963407u;
		bytes[i] = *seed >> 56;
	}
	return (struct code){ .bytes = bytes, .len = len, .addr = *seed, .arch = arch };
}

#endif /* TARE_TEST_CODE_H */
