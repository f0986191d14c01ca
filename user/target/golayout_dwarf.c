// SPDX-License-Identifier: BSD-2-Clause
/*
 * Offsets from debug information. Large programs have a lot of it, mostly
 * compressed, and an attach has no time for it: so libdw is shown an ELF file
 * that holds just .debug_info and .debug_abbrev (Go keeps its strings in the
 * former), and all is given up when the time is over.
 */
#include <dwarf.h>
#include <elf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "golayout.h"
#include "util.h"

enum {
	BYTES_MAX = 96 << 20,		/* of .debug_info as it is once expanded */
	CHUNK = 1 << 20,
	STRUCTS_DEEP = 4,
};

static const char too_large[] = "debug information is too large";
static const char too_slow[] = "reading debug information takes too long";
static const char none[] = "no debug information";
static const char damaged[] = "debug information is damaged";
static const char foreign[] = "debug information does not describe the runtime";

struct part {
	uint8_t *data;
	size_t size;
};

struct reader {
	uint64_t deadline_ns;
	const char *why;
	struct part info, abbrev;
};

/* @from, @len bytes of zlib's, to exactly @size bytes. */
static int part__inflate(struct reader *r, struct part *to, const uint8_t *from, size_t len, uint64_t size)
{
	z_stream z = { .next_in = (Bytef *)from, .avail_in = len };
	int ret = Z_OK;

	/* zlib makes at most 1032 bytes of one: more is a lie, which must not cost memory */
	if (size > BYTES_MAX || size / 1032 > len) {
		r->why = size > BYTES_MAX ? too_large : damaged;
		return -ENOENT;
	}
	to->data = malloc(size ? size : 1);
	if (!to->data || inflateInit(&z) != Z_OK)
		return -ENOMEM;
	while (ret == Z_OK && z.total_out < size) {
		if (now_ns() > r->deadline_ns) {
			r->why = too_slow;
			break;
		}
		z.next_out = to->data + z.total_out;
		z.avail_out = size - z.total_out < CHUNK ? size - z.total_out : CHUNK;
		ret = inflate(&z, Z_NO_FLUSH);
	}
	to->size = z.total_out;
	inflateEnd(&z);
	if (to->size == size)
		return 0;
	if (!r->why)
		r->why = damaged;
	return -ENOENT;
}

static int part__load(struct reader *r, struct part *to, Elf_Scn *scn, const GElf_Shdr *shdr)
{
	GElf_Chdr chdr;
	Elf_Data *data;

	if (to->data || shdr->sh_type == SHT_NOBITS)
		return 0;
	if (shdr->sh_size > BYTES_MAX) {
		r->why = too_large;
		return -ENOENT;
	}
	data = elf_rawdata(scn, NULL);
	if (!data || !data->d_buf || data->d_size != shdr->sh_size) {
		r->why = damaged;
		return -ENOENT;
	}
	if (shdr->sh_flags & SHF_COMPRESSED) {
		if (!gelf_getchdr(scn, &chdr) || chdr.ch_type != ELFCOMPRESS_ZLIB || data->d_size < sizeof(Elf64_Chdr)) {
			r->why = damaged;
			return -ENOENT;
		}
		return part__inflate(r, to, (uint8_t *)data->d_buf + sizeof(Elf64_Chdr), data->d_size - sizeof(Elf64_Chdr),
				     chdr.ch_size);
	}
	to->data = malloc(data->d_size ? data->d_size : 1);
	if (!to->data)
		return -ENOMEM;
	memcpy(to->data, data->d_buf, data->d_size);
	to->size = data->d_size;
	return 0;
}

static int reader__load(struct reader *r, int fd)
{
	Elf *elf = elf_begin(fd, ELF_C_READ, NULL); /* read, not mapped: the file may be cut short meanwhile */
	Elf_Scn *scn = NULL;
	GElf_Shdr shdr;
	const char *name;
	int err = 0;
	size_t names;

	if (!elf || elf_kind(elf) != ELF_K_ELF || gelf_getclass(elf) != ELFCLASS64 || elf_getshdrstrndx(elf, &names))
		err = -ENOENT;
	while (!err && (scn = elf_nextscn(elf, scn))) {
		name = gelf_getshdr(scn, &shdr) ? elf_strptr(elf, names, shdr.sh_name) : NULL;
		if (name && !strcmp(name, ".debug_info"))
			err = part__load(r, &r->info, scn, &shdr);
		else if (name && !strcmp(name, ".debug_abbrev"))
			err = part__load(r, &r->abbrev, scn, &shdr);
	}
	if (elf)
		elf_end(elf);
	if (!err && (!r->info.size || !r->abbrev.size))
		err = -ENOENT;
	if (err == -ENOENT && !r->why)
		r->why = none;
	return err;
}

/* An ELF file in memory of the two sections. */
static char *make_elf(const struct reader *r, size_t *size)
{
	static const char names[] = "\0.shstrtab\0.debug_info\0.debug_abbrev";
	struct {
		uint32_t name, type;
		const void *data;
		size_t size;
	} parts[] = {
		{ 1, SHT_STRTAB, names, sizeof(names) },
		{ 11, SHT_PROGBITS, r->info.data, r->info.size },
		{ 23, SHT_PROGBITS, r->abbrev.data, r->abbrev.size },
	};
	size_t headers = sizeof(Elf64_Ehdr) + (1 + ARRAY_SIZE(parts)) * sizeof(Elf64_Shdr), at = headers;
	Elf64_Ehdr *e;
	Elf64_Shdr *s;
	char *mem;

	*size = headers + sizeof(names) + r->info.size + r->abbrev.size;
	mem = calloc(1, *size);
	if (!mem)
		return NULL;
	e = (Elf64_Ehdr *)mem;
	memcpy(e->e_ident, ELFMAG, SELFMAG);
	e->e_ident[EI_CLASS] = ELFCLASS64;
	e->e_ident[EI_DATA] = ELFDATA2LSB;
	e->e_ident[EI_VERSION] = EV_CURRENT;
	e->e_type = ET_EXEC;
	e->e_machine = EM_X86_64; /* nothing that is read here depends on it */
	e->e_version = EV_CURRENT;
	e->e_ehsize = sizeof(*e);
	e->e_shentsize = sizeof(*s);
	e->e_shoff = sizeof(*e);
	e->e_shnum = 1 + ARRAY_SIZE(parts);
	e->e_shstrndx = 1;
	s = (Elf64_Shdr *)(mem + sizeof(*e)) + 1;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++, s++) {
		s->sh_name = parts[i].name;
		s->sh_type = parts[i].type;
		s->sh_offset = at;
		s->sh_size = parts[i].size;
		s->sh_addralign = 1;
		memcpy(mem + at, parts[i].data, parts[i].size);
		at += parts[i].size;
	}
	return mem;
}

static const char *const struct_names[] = {
#define NAME(id, name) [id] = name,
	GO_STRUCTS(NAME)
};

static const struct {
	enum go_struct of;
	const char *path;
} fields[] = {
#define FIELD(id, of, path) [id] = { of, path },
	GO_FIELDS(FIELD)
};

static bool die__number(Dwarf_Die *die, unsigned attr, int64_t *value)
{
	Dwarf_Attribute a;
	Dwarf_Word w;

	if (!dwarf_attr(die, attr, &a) || dwarf_formudata(&a, &w) || w > INT32_MAX)
		return false;
	*value = w;
	return true;
}

/* The member of struct @die that @name, @len bytes, names. */
static bool die__member(Dwarf_Die *die, const char *name, size_t len, Dwarf_Die *member)
{
	const char *s;

	if (dwarf_child(die, member))
		return false;
	do {
		s = dwarf_tag(member) == DW_TAG_member ? dwarf_diename(member) : NULL;
		if (s && strlen(s) == len && !memcmp(s, name, len))
			return true;
	} while (!dwarf_siblingof(member, member));
	return false;
}

/* The type of @die, without the names that stand for it. */
static bool die__type(Dwarf_Die *die, Dwarf_Die *type)
{
	Dwarf_Attribute a;

	for (int i = 0; i < STRUCTS_DEEP; i++) {
		if (!dwarf_attr(die, DW_AT_type, &a) || !dwarf_formref_die(&a, type))
			return false;
		if (dwarf_tag(type) != DW_TAG_typedef)
			return true;
		die = type;
	}
	return false;
}

/* Where the member at @path, @len bytes of it, is in @die; -1: nowhere. */
static int32_t die__offset(const Dwarf_Die *die, const char *path, size_t len)
{
	Dwarf_Die in = *die, member, type;
	int64_t sum = 0, at;

	for (;;) {
		const char *dot = memchr(path, '.', len);
		size_t n = dot ? dot - path : len;

		if (!die__member(&in, path, n, &member) || !die__number(&member, DW_AT_data_member_location, &at))
			return -1;
		sum += at;
		if (sum > INT32_MAX)
			return -1;
		if (!dot)
			return sum;
		if (!die__type(&member, &type))
			return -1;
		in = type;
		path += n + 1;
		len -= n + 1;
	}
}

static void layout__fill(struct go_layout *l, enum go_struct of, const Dwarf_Die *die)
{
	for (enum go_field f = 0; f < GO_NR_FIELDS; f++) {
		const char *path = fields[f].path;
		int64_t size;

		if (fields[f].of != of)
			continue;
		if (!*path && die__number((Dwarf_Die *)die, DW_AT_byte_size, &size))
			l->at[f] = size;
		while (*path && l->at[f] < 0) {
			size_t n = strcspn(path, "|");

			l->at[f] = die__offset(die, path, n);
			path += n + (path[n] == '|');
		}
	}
}

/* Go puts every type into the unit of package runtime, among its functions. */
static int layout__from_unit(struct go_layout *l, struct reader *r, Dwarf_Die *unit)
{
	unsigned found = 0, wanted = (1u << GO_NR_STRUCTS) - 1, n = 0;
	Dwarf_Die die;
	const char *s;

	if (dwarf_child(unit, &die))
		return -ENOENT;
	do {
		if (!(n++ & 255) && now_ns() > r->deadline_ns) {
			r->why = too_slow;
			return -ENOENT;
		}
		if (dwarf_tag(&die) != DW_TAG_structure_type || !(s = dwarf_diename(&die)) || strncmp(s, "runtime.", 8))
			continue;
		for (enum go_struct i = 0; i < GO_NR_STRUCTS; i++) {
			if (!(found & 1u << i) && !strcmp(s, struct_names[i])) {
				layout__fill(l, i, &die);
				found |= 1u << i;
			}
		}
	} while (found != wanted && !dwarf_siblingof(&die, &die));
	/* runtime.workType and runtime.timeHistogram may have no DIE of their own; without the rest nothing works */
	wanted = 1u << GO_G | 1u << GO_M | 1u << GO_P | 1u << GO_SCHED;
	if ((found & wanted) == wanted)
		return 0;
	r->why = foreign;
	return -ENOENT;
}

static int layout__walk(struct go_layout *l, struct reader *r, Dwarf *dw)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit;
	uint8_t type;
	const char *s;

	while (!dwarf_get_units(dw, cu, &cu, NULL, &type, &unit, NULL)) {
		if (now_ns() > r->deadline_ns) {
			r->why = too_slow;
			return -ENOENT;
		}
		s = type == DW_UT_compile ? dwarf_diename(&unit) : NULL;
		/* assembly files have units of that name, too: they hold no types */
		if (s && !strcmp(s, "runtime") && dwarf_srclang(&unit) == DW_LANG_Go && !layout__from_unit(l, r, &unit))
			return 0;
		if (r->why == too_slow)
			return -ENOENT;
	}
	r->why = foreign;
	return -ENOENT;
}

int go_layout__by_dwarf(struct go_layout *l, int fd, uint64_t budget_ns, const char **why)
{
	struct reader r = { .deadline_ns = now_ns() + budget_ns };
	struct go_layout found = *l;
	char *mem = NULL;
	Dwarf *dw = NULL;
	Elf *elf = NULL;
	size_t size;
	int err;

	elf_version(EV_CURRENT);
	for (enum go_field f = 0; f < GO_NR_FIELDS; f++)
		found.at[f] = -1;
	err = reader__load(&r, fd);
	if (err)
		goto cleanup;
	mem = make_elf(&r, &size);
	if (!mem) {
		err = -ENOMEM;
		goto cleanup;
	}
	elf = elf_memory(mem, size);
	dw = elf ? dwarf_begin_elf(elf, DWARF_C_READ, NULL) : NULL;
	if (!dw) {
		r.why = damaged;
		err = -ENOENT;
		goto cleanup;
	}
	err = layout__walk(&found, &r, dw);
	if (!err) {
		found.source = GO_LAYOUT_DWARF;
		*l = found;
		r.why = NULL;
	}
cleanup:
	if (err == -ENOMEM) {
		r.why = "no memory for the debug information";
		err = -ENOENT;
	}
	*why = r.why;
	dwarf_end(dw);
	if (elf)
		elf_end(elf);
	free(mem);
	free(r.info.data);
	free(r.abbrev.data);
	return err;
}
