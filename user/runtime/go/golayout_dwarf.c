// SPDX-License-Identifier: BSD-2-Clause
/*
 * Offsets from debug information. Large programs have a lot of it, mostly compressed, and attaching must be quick. So
 * libdw gets an ELF file with just .debug_info and .debug_abbrev (Go keeps its strings in the former), and the search
 * is given up when its time is over.
 *
 * The file may be anything. The target's own ELF headers never reach libelf, and libdw is only asked to move forward:
 * no attribute is followed to another DIE (dwarf_diename() does), which could lead in a circle or to a file.
 */
#include <dwarf.h>
#include <elf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "golayout.h"
#include "image.h"
#include "util.h"

enum {
	BYTES_MAX = 96 << 20,	    /* of .debug_info when expanded */
	ABBREV_BYTES_MAX = 8 << 20, /* libdw allocates memory for each one that it passes */
	UNITS_MAX = 1 << 17,	    /* and for each unit */
	CHUNK = 1 << 20,
	STRUCTS_DEEP = 4,
};

static const char too_large[] = "debug information is too large";
static const char too_slow[] = "reading debug information takes too long";
static const char none[] = "no debug information";
static const char damaged[] = "debug information is damaged";
static const char foreign[] = "debug information does not describe the runtime";

struct part {
	const uint8_t *data;
	uint8_t *own; /* to be freed; NULL: the data is the image's */
	size_t size;
};

struct dwarf_reader {
	uint64_t deadline_ns;
	const char *why;
	struct part info, abbrev;
};

/* Inflate @len bytes at @from to exactly @size bytes. */
static int part__inflate(struct dwarf_reader *r, struct part *to, const uint8_t *from, size_t len, uint64_t size)
{
	z_stream z = { .next_in = (Bytef *)from, .avail_in = len };
	int ret = Z_OK;

	/* zlib expands a byte to at most 1032: a larger size is a lie, and must not cost memory */
	if (size / 1032 > len) {
		r->why = damaged;
		return -ENOENT;
	}
	to->data = to->own = malloc(size ? size : 1);
	if (!to->own || inflateInit(&z) != Z_OK)
		return -ENOMEM;
	while (ret == Z_OK && z.total_out < size) {
		if (now_ns() > r->deadline_ns) {
			r->why = too_slow;
			break;
		}
		z.next_out = to->own + z.total_out;
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

static int part__load(struct dwarf_reader *r, struct part *to, struct image *img, const char *name, uint64_t max)
{
	struct image_section sec;
	Elf64_Chdr head;

	if (image__section(img, name, &sec) || !sec.size_bytes) {
		r->why = none;
		return -ENOENT;
	}
	if (sec.size_bytes > max) {
		r->why = too_large;
		return -ENOENT;
	}
	to->data = image__view(img, sec.offset, sec.size_bytes);
	to->size = sec.size_bytes;
	if (to->data && !(sec.flags & SHF_COMPRESSED))
		return 0;
	if (!to->data || to->size < sizeof(head)) {
		r->why = damaged;
		return -ENOENT;
	}
	memcpy(&head, to->data, sizeof(head));
	if (head.ch_type != ELFCOMPRESS_ZLIB || head.ch_size > max) {
		r->why = head.ch_type == ELFCOMPRESS_ZLIB ? too_large : damaged;
		return -ENOENT;
	}
	return part__inflate(r, to, to->data + sizeof(head), to->size - sizeof(head), head.ch_size);
}

static int dwarf_reader__load(struct dwarf_reader *r, struct image *img)
{
	int err = part__load(r, &r->info, img, ".debug_info", BYTES_MAX);

	return err ? err : part__load(r, &r->abbrev, img, ".debug_abbrev", ABBREV_BYTES_MAX);
}

/* An ELF file in memory with the two sections, each followed by a NUL: libdw does not check where a string ends. */
static char *make_elf(const struct dwarf_reader *r, size_t *size)
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

	*size = headers + sizeof(names) + r->info.size + r->abbrev.size + ARRAY_SIZE(parts);
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
		at += parts[i].size + 1;
	}
	return mem;
}

static bool die__number(Dwarf_Die *die, unsigned attr, int64_t *value)
{
	Dwarf_Attribute a;
	Dwarf_Word w;

	if (!dwarf_attr(die, attr, &a) || dwarf_formudata(&a, &w) || w > INT32_MAX)
		return false;
	*value = w;
	return true;
}

static const char *die__name(Dwarf_Die *die)
{
	Dwarf_Attribute a;

	return dwarf_attr(die, DW_AT_name, &a) ? dwarf_formstring(&a) : NULL;
}

/* Is the time over? Asked now and then. */
static bool late(struct dwarf_reader *r, unsigned n)
{
	if (!r->why && !(n & 255) && now_ns() > r->deadline_ns)
		r->why = too_slow;
	return r->why == too_slow;
}

/* The member of struct @die named @name, which has @len bytes. */
static bool die__member(struct dwarf_reader *r, Dwarf_Die *die, const char *name, size_t len, Dwarf_Die *member)
{
	unsigned n = 0;
	const char *s;

	if (dwarf_child(die, member))
		return false;
	do {
		if (late(r, n++))
			return false;
		s = dwarf_tag(member) == DW_TAG_member ? die__name(member) : NULL;
		if (s && strlen(s) == len && !memcmp(s, name, len))
			return true;
	} while (!dwarf_siblingof(member, member));
	return false;
}

/* The type of @die, typedefs resolved. */
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

/* The offset in @die of the member at @path, which has @len bytes; -1: none. */
static int32_t die__offset(struct dwarf_reader *r, const Dwarf_Die *die, const char *path, size_t len)
{
	Dwarf_Die in = *die, member, type;
	int64_t sum = 0, at;

	for (;;) {
		const char *dot = memchr(path, '.', len);
		size_t n = dot ? (size_t)(dot - path) : len;

		if (!die__member(r, &in, path, n, &member) || !die__number(&member, DW_AT_data_member_location, &at))
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

static void layout__fill(struct go_layout *l, struct dwarf_reader *r, enum go_struct of, const Dwarf_Die *die)
{
	for (enum go_field f = 0; f < GO_NR_FIELDS; f++) {
		const char *path = go_fields[f].path;
		int64_t size;

		if (go_fields[f].of != of)
			continue;
		if (!*path && die__number((Dwarf_Die *)die, DW_AT_byte_size, &size))
			l->at[f] = size;
		while (*path && l->at[f] < 0) {
			size_t n = strcspn(path, "|");

			l->at[f] = die__offset(r, die, path, n);
			path += n + (path[n] == '|');
		}
	}
}

/* Go puts every type into the unit of package runtime, among its functions. */
static int layout__from_unit(struct go_layout *l, struct dwarf_reader *r, Dwarf_Die *unit)
{
	unsigned found = 0, wanted = (1u << GO_NR_STRUCTS) - 1, n = 0;
	Dwarf_Die die;
	const char *s;

	if (dwarf_child(unit, &die))
		return -ENOENT;
	do {
		if (late(r, n++))
			return -ENOENT;
		if (dwarf_tag(&die) != DW_TAG_structure_type || !(s = die__name(&die)) || strncmp(s, "runtime.", 8))
			continue;
		for (enum go_struct i = 0; i < GO_NR_STRUCTS; i++) {
			if (!(found & 1u << i) && !strcmp(s, go_struct_names[i])) {
				layout__fill(l, r, i, &die);
				found |= 1u << i;
			}
		}
	} while (found != wanted && !dwarf_siblingof(&die, &die));
	/* runtime.workType and runtime.timeHistogram may have no DIE of their own; without the rest nothing works */
	wanted = 1u << GO_G | 1u << GO_M | 1u << GO_P | 1u << GO_SCHED;
	return (found & wanted) == wanted && !late(r, 0) ? 0 : -ENOENT;
}

static int layout__walk(struct go_layout *l, struct dwarf_reader *r, Dwarf *dw)
{
	unsigned nr = 0;
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit;
	int64_t lang;
	uint8_t type;
	const char *s;

	while (nr++ < UNITS_MAX && !late(r, 0) && !dwarf_get_units(dw, cu, &cu, NULL, &type, &unit, NULL)) {
		s = type == DW_UT_compile ? die__name(&unit) : NULL;
		/* assembly files have units of that name, too: they hold no types */
		if (s && !strcmp(s, "runtime") && die__number(&unit, DW_AT_language, &lang) && lang == DW_LANG_Go &&
		    !layout__from_unit(l, r, &unit))
			return 0;
	}
	if (!r->why)
		r->why = foreign;
	return -ENOENT;
}

int go_layout__by_dwarf(struct go_layout *l, int fd, uint64_t budget_ns, const char **why)
{
	struct dwarf_reader r = { .deadline_ns = now_ns() + budget_ns };
	struct go_layout found = *l;
	struct image *img = NULL;
	char *mem = NULL;
	Dwarf *dw = NULL;
	Elf *elf = NULL;
	size_t size;
	int err;

	elf_version(EV_CURRENT);
	for (enum go_field f = 0; f < GO_NR_FIELDS; f++)
		found.at[f] = -1;
	err = image__open(fd, &img, NULL);
	if (err) {
		img = NULL;
		r.why = none;
		err = err == -ENOMEM ? err : -ENOENT;
		goto cleanup;
	}
	err = dwarf_reader__load(&r, img);
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
	free(r.info.own);
	free(r.abbrev.own);
	image__close(img);
	return err;
}
