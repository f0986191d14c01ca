// SPDX-License-Identifier: BSD-2-Clause
#include <elf.h>
#include <errno.h>
#include <string.h>

#include "symtab.h"

#define MAX_BYTES (256u << 20) /* of a symbol table */
#define MAX_NAME  4096

/*
 * The function that contains @vaddr; else, if the nearest one before it has no size (assembly), that one: it extends
 * to the next function, but not into another section.
 */
static int search(struct image *img, const char *section, const char *strings, uint64_t vaddr, const char **name)
{
	struct image_section syms, strs, code;
	uint64_t best = 0, best_name = 0;
	bool any = false, inside = false, sized = false;
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
		if (any && (has < inside || (has == inside && sym.st_value < best)))
			continue;
		/* of several that begin there, the first name wins; but one with a size says where it ends */
		if (any && has == inside && sym.st_value == best) {
			sized |= sym.st_size != 0;
			continue;
		}
		any = true;
		inside = has;
		sized = sym.st_size != 0;
		best = sym.st_value;
		best_name = sym.st_name;
	}
	if (!any || (!inside && (sized || image__section_at(img, vaddr, &code) || best < code.addr)) ||
	    best_name >= strs.size_bytes)
		return -ENOENT;
	*name = image__string(img, strs.offset + best_name, MAX_NAME);
	return *name && **name ? 0 : -ENOENT;
}

int symtab__function_at(struct image *img, uint64_t vaddr, const char **name)
{
	int ret = search(img, ".symtab", ".strtab", vaddr, name);

	return ret ? search(img, ".dynsym", ".dynstr", vaddr, name) : 0;
}

int symtab__dynamic(struct image *img, const char *name, uint64_t *vaddr)
{
	struct image_section syms, strs;
	const char *p;

	if (image__section(img, ".dynsym", &syms) || image__section(img, ".dynstr", &strs) ||
	    syms.size_bytes > MAX_BYTES)
		return -ENOENT;
	p = image__view(img, syms.offset, syms.size_bytes);
	for (uint64_t at = 0; p && at + sizeof(Elf64_Sym) <= syms.size_bytes; at += sizeof(Elf64_Sym)) {
		const char *have;
		Elf64_Sym sym;

		memcpy(&sym, p + at, sizeof(sym));
		if (ELF64_ST_TYPE(sym.st_info) != STT_FUNC || sym.st_shndx == SHN_UNDEF ||
		    sym.st_name >= strs.size_bytes)
			continue;
		have = image__string(img, strs.offset + sym.st_name, MAX_NAME);
		if (!have || strcmp(have, name))
			continue;
		*vaddr = sym.st_value;
		return 0;
	}
	return -ENOENT;
}
