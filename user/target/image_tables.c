// SPDX-License-Identifier: BSD-2-Clause
/* The tables of an ELF file that may be missing: sections, relocations, symbols. */
#include <errno.h>
#include <stdlib.h>

#include "image_impl.h"

#define SECTIONS_MAX	 (1u << 18)
#define SYMBOLS_MAX	 (8u << 20)
#define HASHED_BYTES_MAX 256 /* of a symbol's name: bounds the cost of names that are tails of one another */

/* ---- sections ---- */

/* Header @i as in the file. */
static bool section__raw(struct image *img, uint64_t i, Elf64_Shdr *sh)
{
	const void *p;

	if (img->eh.e_shentsize != sizeof(*sh) || !img->eh.e_shoff || img->eh.e_shoff > img->size)
		return false;
	p = image__view(img, img->eh.e_shoff + i * sizeof(*sh), sizeof(*sh));
	if (p)
		memcpy(sh, p, sizeof(*sh));
	return p;
}

static bool section__get(struct image *img, uint64_t i, struct image_section *sec, uint32_t *name)
{
	Elf64_Shdr sh;

	if (!section__raw(img, i, &sh) || sh.sh_type == SHT_NOBITS || sh.sh_offset > img->size ||
	    sh.sh_size > img->size - sh.sh_offset)
		return false;
	*sec = (struct image_section){ sh.sh_addr, sh.sh_offset, sh.sh_size, sh.sh_type, sh.sh_link, sh.sh_flags };
	*name = sh.sh_name;
	return true;
}

/* The number of sections, at most what the file has room for. */
static uint32_t section__nr(struct image *img)
{
	uint64_t nr = img->eh.e_shnum, room;
	Elf64_Shdr first;

	if (!section__raw(img, 0, &first))
		return 0;
	/* more than 65279 sections: the first one holds their number */
	nr = nr ? nr : first.sh_size < SECTIONS_MAX ? first.sh_size : 0;
	room = (img->size - img->eh.e_shoff) / sizeof(first);
	return nr < room ? nr : room;
}

int image__section(struct image *img, const char *name, struct image_section *sec)
{
	uint32_t nr = section__nr(img), strings = img->eh.e_shstrndx, at;
	size_t len = strlen(name) + 1;
	struct image_section names;
	Elf64_Shdr first;

	if (strings == SHN_XINDEX && section__raw(img, 0, &first))
		strings = first.sh_link;
	if (!section__get(img, strings, &names, &at))
		return -ENOENT;
	for (uint32_t i = 1; i < nr; i++) {
		const char *p;

		if (!section__get(img, i, sec, &at) || at >= names.size_bytes || len > names.size_bytes - at)
			continue;
		p = image__view(img, names.offset + at, len);
		if (p && !memcmp(p, name, len))
			return 0;
	}
	return -ENOENT;
}

int image__section_at(struct image *img, uint64_t vaddr, struct image_section *sec)
{
	uint32_t nr = section__nr(img), name;

	for (uint32_t i = 1; i < nr; i++) {
		if (section__get(img, i, sec, &name) && sec->flags & SHF_ALLOC && vaddr >= sec->addr &&
		    vaddr - sec->addr < sec->size_bytes)
			return 0;
	}
	return -ENOENT;
}

/* ---- relocations ---- */

/* The table that the loader uses. It needs no section headers. */
static const uint8_t *find_rela(struct image *img, size_t *nr)
{
	uint64_t addr = 0, size = 0;
	struct image_segment dyn;
	const uint8_t *p;

	*nr = 0;
	if (image__header(img, PT_DYNAMIC, &dyn))
		return NULL;
	p = image__view(img, dyn.offset, dyn.file_bytes);
	for (; p && dyn.file_bytes >= sizeof(Elf64_Dyn); p += sizeof(Elf64_Dyn), dyn.file_bytes -= sizeof(Elf64_Dyn)) {
		uint64_t tag = image__u64(p), value = image__u64(p + 8);

		if (tag == DT_NULL)
			break;
		if (tag == DT_RELA)
			addr = value;
		if (tag == DT_RELASZ)
			size = value;
	}
	p = size ? image__at(img, addr, size) : NULL;
	*nr = p ? size / sizeof(Elf64_Rela) : 0;
	return p;
}

int image__for_each_reloc(struct image *img, int (*visit)(uint64_t vaddr, uint64_t value, void *ctx), void *ctx)
{
	const uint32_t relative = img->eh.e_machine == EM_X86_64 ? R_X86_64_RELATIVE : R_AARCH64_RELATIVE;
	const uint8_t *p;
	size_t nr;
	int ret = 0;

	for (p = find_rela(img, &nr); nr && !ret; nr--, p += sizeof(Elf64_Rela)) {
		if (image__u32(p + offsetof(Elf64_Rela, r_info)) == relative)
			ret = visit(image__u64(p), image__u64(p + offsetof(Elf64_Rela, r_addend)), ctx);
	}
	return ret;
}

struct words {
	uint64_t vaddr, *words;
	size_t nr;
};

static int relocate(uint64_t vaddr, uint64_t value, void *ctx)
{
	struct words *w = ctx;

	if (vaddr >= w->vaddr && (vaddr - w->vaddr) / 8 < w->nr && !((vaddr - w->vaddr) % 8))
		w->words[(vaddr - w->vaddr) / 8] = value;
	return 0;
}

int image__words(struct image *img, uint64_t vaddr, uint64_t *words, size_t nr)
{
	struct words w = { vaddr, words, nr };

	if (image__read(img, vaddr, words, nr * sizeof(*words)))
		return -EFAULT;
	return image__for_each_reloc(img, relocate, &w);
}

/* ---- symbols ---- */

static uint32_t hash(const char *s, size_t max)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < max && i < HASHED_BYTES_MAX && s[i]; i++)
		h = (h ^ (uint8_t)s[i]) * 16777619u;
	return h;
}

/* The name of symbol @i, if it has one and an address; *@max: bytes of strings from there on. */
static const char *symbol__name(const uint8_t *table, const char *strings, uint64_t strings_bytes, uint32_t i,
				size_t *max)
{
	const uint8_t *sym = table + (uint64_t)i * sizeof(Elf64_Sym);
	uint32_t name = image__u32(sym);
	uint16_t section;
	uint8_t type;

	memcpy(&section, sym + offsetof(Elf64_Sym, st_shndx), sizeof(section));
	type = ELF64_ST_TYPE(sym[offsetof(Elf64_Sym, st_info)]);
	if (!name || name >= strings_bytes || section == SHN_UNDEF || type > STT_FUNC)
		return NULL;
	*max = strings_bytes - name;
	return strings + name;
}

static int symbols__build(struct image *img, struct image_symbols *s)
{
	const uint8_t *table;
	const char *strings;
	uint32_t nr, unused;

	if (image__section(img, ".symtab", &s->table) || s->table.type != SHT_SYMTAB ||
	    !section__get(img, s->table.link, &s->strings, &unused))
		return -ENOENT;
	nr = s->table.size_bytes / sizeof(Elf64_Sym);
	if (nr > SYMBOLS_MAX)
		nr = SYMBOLS_MAX;
	table = image__view(img, s->table.offset, s->table.size_bytes);
	strings = image__view(img, s->strings.offset, s->strings.size_bytes);
	if (!table || !strings)
		return -ENOENT;
	for (s->mask = 1; s->mask < nr;)
		s->mask *= 2;
	/* chains and not probing: with identical names throughout, probing would be quadratic */
	s->heads = calloc(s->mask, sizeof(*s->heads));
	s->next = calloc(nr + 1, sizeof(*s->next));
	if (!s->heads || !s->next)
		return -ENOMEM;
	s->mask--;
	/* backwards, so that the first of several with one name comes first in its chain */
	for (uint32_t i = nr; i-- > 1;) {
		size_t max;
		const char *name = symbol__name(table, strings, s->strings.size_bytes, i, &max);
		uint32_t at;

		if (!name)
			continue;
		at = hash(name, max) & s->mask;
		s->next[i] = s->heads[at];
		s->heads[at] = i;
	}
	return 0;
}

int image__symbol(struct image *img, const char *name, uint64_t *addr, uint64_t *size)
{
	struct image_symbols *s = &img->symbols;
	size_t len = strlen(name) + 1, max;
	const uint8_t *table, *sym;
	const char *strings, *have;

	if (!s->tried) {
		s->tried = true;
		s->result = symbols__build(img, s);
	}
	if (s->result)
		return s->result;
	table = image__view(img, s->table.offset, s->table.size_bytes);
	strings = image__view(img, s->strings.offset, s->strings.size_bytes);
	for (uint32_t i = s->heads[hash(name, len) & s->mask]; table && strings && i; i = s->next[i]) {
		have = symbol__name(table, strings, s->strings.size_bytes, i, &max);
		if (!have || len > max || memcmp(have, name, len))
			continue;
		sym = table + (uint64_t)i * sizeof(Elf64_Sym);
		*addr = image__u64(sym + offsetof(Elf64_Sym, st_value));
		if (size)
			*size = image__u64(sym + offsetof(Elf64_Sym, st_size));
		return 0;
	}
	return -ENOENT;
}
