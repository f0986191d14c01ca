/* SPDX-License-Identifier: BSD-2-Clause */
/* Symbols as a recording has them. */
#ifndef TARE_SYMBOL_BYTES_H
#define TARE_SYMBOL_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format.h"

#define SYMBOL_TEXT_MAX	 8191u /* of a function's or a file's name; the rest is left out */
#define SYMBOL_BYTES_MAX (sizeof(struct tare_symbol) + sizeof(struct tare_symbol_more) + 4 * SYMBOL_TEXT_MAX + 24)

struct symbol_text {
	const char *name, *file; /* "": not known */
	uint32_t line;
	enum tare_owner owner;
	uint32_t cost;	/* further flags, as struct tare_symbol_more has them */
	bool inlined;	/* the next one is its caller */
	uint64_t start; /* where the one that is not inlined begins; 0: not known */
	/* the program's own code that it was inlined into; NULL: none */
	const char *own_name, *own_file;
	uint32_t own_line;
};

/* Write a struct tare_symbol with all that follows it to @to, SYMBOL_BYTES_MAX at most. Returns its size. */
size_t symbol_bytes(void *to, uint32_t pid, uint64_t ip, const struct symbol_text *text);

/* Is @sym, with at most @room bytes in all, such a one? */
bool symbol_is_sane(const struct tare_symbol *sym, size_t room);

/* Set more flags (struct tare_symbol_more) in one. */
void symbol_add_flags(void *symbol, uint32_t flags);

#endif /* TARE_SYMBOL_BYTES_H */
