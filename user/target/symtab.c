// SPDX-License-Identifier: BSD-2-Clause
#include <elf.h>
#include <errno.h>
#include <string.h>

#include "symtab.h"

#define MAX_BYTES	(256u << 20)	/* of a symbol table */
#define MAX_NAME	4096

/* In a table without sizes (assembly) a function goes on to the next one: take the nearest that begins before. */
static int search(struct image *img, const char *section, const char *strings, uint64_t vaddr, const char **name)
{
	struct image_section syms, strs;
	uint64_t best = 0, best_name = 0;
	bool inside = false;
	const char *p;

	if (image__section(img, section, &syms) || image__section(img, strings, &strs) || syms.size_bytes > MAX_BYTES)
		return -ENOENT;
	p = image__view(img, syms.offset, syms.size_bytes);
	if (!p)
		return -ENOENT;
	for (uint64_t at = 0; at + sizeof(Elf64_Sym) <= syms.size_bytes; at += sizeof(Elf64_Sym)) {
		Elf64_Sym sym;
		bool has;

		memcpy(&sym, p + at, sizeof(sym));
		if (ELF64_ST_TYPE(sym.st_info) != STT_FUNC || sym.st_shndx == SHN_UNDEF || sym.st_value > vaddr)
			continue;
		has = vaddr - sym.st_value < sym.st_size;
		if (has < inside || (has == inside && sym.st_value <= best) || (!has && sym.st_size))
			continue;
		inside = has;
		best = sym.st_value;
		best_name = sym.st_name;
	}
	if (!best || best_name >= strs.size_bytes)
		return -ENOENT;
	*name = image__string(img, strs.offset + best_name, MAX_NAME);
	return *name && **name ? 0 : -ENOENT;
}

int symtab__function_at(struct image *img, uint64_t vaddr, const char **name)
{
	int ret = search(img, ".symtab", ".strtab", vaddr, name);

	return ret ? search(img, ".dynsym", ".dynstr", vaddr, name) : 0;
}
