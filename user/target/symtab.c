// SPDX-License-Identifier: BSD-2-Clause
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "image_impl.h"
#include "symtab.h"
#include "util.h"

#define MAX_BYTES (256u << 20) /* of a symbol table */
#define MAX_NAME  8192

#define MAX_SYMBOLS (4u << 20)

/* One function, sorted by address; .size_bytes 0: not told (assembly). */
struct function {
	uint64_t start, size_bytes;
	uint32_t name; /* offset in the strings */
	uint8_t binding;
};

struct collected {
	struct image *img;
	struct image_section strings;
	struct function *functions;
	size_t nr;
};

/* A table that says of all symbols who they are: the names of .dynsym are only those that others may use. */
struct symbol_table {
	const char *section, *strings;
	bool whole;
};

static int collect(struct collected *c, const struct symbol_table *table)
{
	struct image_section syms;
	const char *p;

	if (image__section(c->img, table->section, &syms) || image__section(c->img, table->strings, &c->strings) ||
	    syms.size_bytes > MAX_SYMBOLS * sizeof(Elf64_Sym))
		return -ENOENT;
	p = image__view(c->img, syms.offset, syms.size_bytes);
	c->functions = p ? malloc(syms.size_bytes / sizeof(Elf64_Sym) * sizeof(*c->functions) + 1) : NULL;
	if (!c->functions)
		return p ? -ENOMEM : -ENOENT;
	for (uint64_t at = 0; at + sizeof(Elf64_Sym) <= syms.size_bytes; at += sizeof(Elf64_Sym)) {
		Elf64_Sym sym;

		memcpy(&sym, p + at, sizeof(sym));
		/* one without a size goes on to the next: only known where all are told */
		if (ELF64_ST_TYPE(sym.st_info) != STT_FUNC || sym.st_shndx == SHN_UNDEF ||
		    sym.st_name >= c->strings.size_bytes || (!sym.st_size && !table->whole))
			continue;
		c->functions[c->nr++] =
			(struct function){ sym.st_value, sym.st_size, sym.st_name, ELF64_ST_BIND(sym.st_info) };
	}
	return c->nr ? 0 : -ENOENT;
}

static const char *name_of(struct image *img, const struct image_section *strings, uint32_t name)
{
	const char *text = image__string(img, strings->offset + name, MAX_NAME);

	return text ? text : "";
}

/* Which of two names for the same code comes first: "write" before "__write", both before what only one file sees. */
static int by_preference(const struct function *x, const struct function *y, struct collected *c)
{
	const char *a, *b;
	size_t deep_a, deep_b;

	if ((x->binding == STB_LOCAL) != (y->binding == STB_LOCAL))
		return x->binding == STB_LOCAL ? 1 : -1;
	a = name_of(c->img, &c->strings, x->name);
	b = name_of(c->img, &c->strings, y->name);
	if (!*a != !*b)
		return *a ? -1 : 1;
	deep_a = strspn(a, "_");
	deep_b = strspn(b, "_");
	if (deep_a != deep_b)
		return deep_a < deep_b ? -1 : 1;
	if (x->binding != y->binding) /* STB_GLOBAL is the lowest but for STB_LOCAL */
		return x->binding < y->binding ? -1 : 1;
	return strcmp(a, b);
}

static int by_address(const void *a, const void *b, void *ctx)
{
	const struct function *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	/* one with a size says where the others end */
	if (x->size_bytes != y->size_bytes)
		return x->size_bytes > y->size_bytes ? -1 : 1;
	return by_preference(x, y, ctx);
}

/* Where a function that does not tell its size ends at the latest: with its section. */
static uint64_t section_end(struct image *img, uint64_t start, struct image_section *last)
{
	if (start - last->addr >= last->size_bytes && image__section_at(img, start, last))
		*last = (struct image_section){ .addr = start };
	return last->addr + last->size_bytes;
}

static int add_functions(struct ranges *ranges, const struct collected *c)
{
	struct image_section code = { 0 };
	int ret = 0;

	for (size_t i = 0; i < c->nr && !ret; i++) {
		const struct function *f = &c->functions[i], *before = f - 1;
		struct range range = { f->start, f->start + f->size_bytes, f->name, 1 };
		size_t next = i + 1;

		/* another name for the same code */
		if (i && before->start == f->start && (before->size_bytes == f->size_bytes || !f->size_bytes))
			continue;
		if (range.end < range.start)
			range.end = UINT64_MAX;
		if (!f->size_bytes) {
			while (next < c->nr && c->functions[next].start == f->start)
				next++;
			range.end = section_end(c->img, f->start, &code);
			if (next < c->nr && c->functions[next].start < range.end)
				range.end = c->functions[next].start;
			range.rank = 0; /* a label within a function that does tell its own */
		}
		ret = ranges__add(ranges, &range);
	}
	return ret;
}

static int build(struct image *img, struct image_functions *f, const struct symbol_table *table)
{
	struct collected c = { .img = img };
	int ret = collect(&c, table);

	if (!ret) {
		qsort_r(c.functions, c.nr, sizeof(*c.functions), by_address, &c);
		ret = add_functions(&f->ranges, &c) ?: ranges__build(&f->ranges);
		f->strings = c.strings;
	}
	free(c.functions);
	return ret;
}

int symtab__function_at(struct image *img, uint64_t vaddr, const char **name, uint64_t *start)
{
	static const struct symbol_table tables[] = {
		{ ".symtab", ".strtab", true },
		{ ".dynsym", ".dynstr", false },
	};
	struct image_functions *f = &img->functions;
	uint32_t at;

	for (size_t i = 0; i < ARRAY_SIZE(tables) && !f->tried; i++)
		f->tried = build(img, f, &tables[i]) != -ENOENT;
	f->tried = true;
	at = ranges__at(&f->ranges, vaddr, start);
	if (at == RANGES_NONE)
		return -ENOENT;
	*name = name_of(img, &f->strings, at);
	return **name ? 0 : -ENOENT;
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
