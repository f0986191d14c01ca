// SPDX-License-Identifier: BSD-2-Clause
/*
 * libdw finds the unit of an address by .debug_aranges, which not all compilers write, and what is inlined there by
 * going through all of the unit. Here the units' ranges are sorted once, and the functions of a unit when it is first
 * asked for.
 */
#include <dwarf.h>
#include <elf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "array.h"
#include "dwarf_lines.h"
#include "ranges.h"
#include "util.h"

#define BYTES_MAX     (1ull << 40) /* of a section: sums do not overflow */
#define UNITS_MAX     (1u << 18)
#define FUNCTIONS_MAX (1u << 22) /* of a unit */
#define DEEP	      64	 /* what stands within one another */

struct unit {
	Dwarf_Die die;
	bool tried;
	Dwarf_Die *functions;
	size_t nr, room;
	struct ranges ranges; /* of numbers of functions */
	Dwarf_Files *files;
};

struct dwarf_lines {
	int fd, shared_fd;
	Elf *elf, *shared_elf;
	Dwarf *dwarf, *shared;
	struct unit *units;
	size_t nr, room;
	struct ranges ranges; /* of numbers of units */
};

/* ---- opening ---- */

/* Memory that libdw will take for it. A compressed section says itself how large it is. */
static uint64_t dwarf_bytes(struct image *img)
{
	static const char *const names[] = { "info",	 "abbrev", "line",     "str",	  "line_str",	 "ranges",
					     "rnglists", "loc",	   "loclists", "addr",	  "str_offsets", "aranges",
					     "types",	 "frame",  "macro",    "macinfo", "pubnames",	 "pubtypes" };
	struct image_section sec;
	uint64_t sum = 0, size;
	Elf64_Chdr head;
	const void *p;
	char name[32];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(name, sizeof(name), ".debug_%s", names[i]);
		if (image__section(img, name, &sec))
			continue;
		size = sec.size_bytes;
		if (sec.flags & SHF_COMPRESSED) {
			p = image__view(img, sec.offset, sizeof(head));
			if (!p)
				return UINT64_MAX;
			memcpy(&head, p, sizeof(head));
			size = head.ch_size;
		}
		if (size > BYTES_MAX)
			return UINT64_MAX;
		sum += size;
	}
	return sum;
}

static Dwarf *read_dwarf(int fd, Elf **elf)
{
	elf_version(EV_CURRENT);
	*elf = elf_begin(fd, ELF_C_READ, NULL);
	return *elf ? dwarf_begin_elf(*elf, DWARF_C_READ, NULL) : NULL;
}

/*
 * What it shares with other files of a package (dwz). libdw would open any path that is written there, so it must have
 * been given the file before.
 */
static int open_shared(struct dwarf_lines *l, const struct debug_places *places)
{
	const char *path = NULL;
	const void *id = NULL;
	ssize_t len = dwelf_dwarf_gnu_debugaltlink(l->dwarf, &path, &id);

	if (!len)
		return 0;
	if (len < 0 || len > TARE_BUILD_ID_MAX)
		return -EINVAL;
	l->shared_fd = debug_file__open_shared(places, id, len, path);
	if (l->shared_fd < 0)
		return -ENOENT;
	l->shared = read_dwarf(l->shared_fd, &l->shared_elf);
	if (!l->shared)
		return -EINVAL;
	dwarf_setalt(l->dwarf, l->shared);
	return 0;
}

static int add_ranges(struct ranges *ranges, Dwarf_Die *die, uint32_t value)
{
	Dwarf_Addr base, start, end;
	ptrdiff_t at = 0;
	int ret = 0;

	/* 0 is where functions are put that the linker left out */
	while (!ret && (at = dwarf_ranges(die, at, &base, &start, &end)) > 0)
		if (start)
			ret = ranges__add(ranges, &(struct range){ start, end, value, 0 });
	return ret;
}

static int find_units(struct dwarf_lines *l)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die die;
	uint8_t type;
	int ret = 0;

	while (!ret && l->nr < UNITS_MAX && !dwarf_get_units(l->dwarf, cu, &cu, NULL, &type, &die, NULL)) {
		/* the other half of a split one (DW_UT_skeleton) would be in a file of any name */
		if (type != DW_UT_compile || dwarf_tag(&die) != DW_TAG_compile_unit)
			continue;
		if (ARRAY_GROW(l->units, l->room, l->nr + 1))
			return -ENOMEM;
		ret = add_ranges(&l->ranges, &die, l->nr);
		l->units[l->nr++] = (struct unit){ .die = die };
	}
	return ret ? ret : ranges__build(&l->ranges);
}

int dwarf_lines__open(int fd, struct image *img, const struct debug_places *places, uint64_t max_bytes,
		      struct dwarf_lines **lines, uint64_t *bytes)
{
	struct image_section sec;
	struct dwarf_lines *l;
	int ret;

	*bytes = dwarf_bytes(img);
	if (*bytes > max_bytes)
		return -EFBIG;
	if (!*bytes || image__section(img, ".debug_info", &sec))
		return -ENOENT;
	l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	l->shared_fd = -1;
	l->fd = dup(fd);
	l->dwarf = l->fd < 0 ? NULL : read_dwarf(l->fd, &l->elf);
	ret = l->dwarf ? open_shared(l, places) : -EINVAL;
	ret = ret ? ret : find_units(l);
	if (ret)
		dwarf_lines__close(l);
	else
		*lines = l;
	return ret;
}

void dwarf_lines__close(struct dwarf_lines *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->nr; i++) {
		free(l->units[i].functions);
		ranges__free(&l->units[i].ranges);
	}
	free(l->units);
	ranges__free(&l->ranges);
	dwarf_end(l->dwarf);
	elf_end(l->elf);
	dwarf_end(l->shared);
	elf_end(l->shared_elf);
	if (l->fd >= 0)
		close(l->fd);
	if (l->shared_fd >= 0)
		close(l->shared_fd);
	free(l);
}

/* ---- the functions of a unit ---- */

static int add_functions(struct unit *u, Dwarf_Die *parent, int depth)
{
	Dwarf_Die die;
	int ret = 0;

	if (depth == DEEP || dwarf_child(parent, &die))
		return 0;
	do {
		if (dwarf_tag(&die) == DW_TAG_subprogram && u->nr < FUNCTIONS_MAX) {
			if (ARRAY_GROW(u->functions, u->room, u->nr + 1))
				return -ENOMEM;
			ret = add_ranges(&u->ranges, &die, u->nr);
			u->functions[u->nr++] = die;
		}
		if (!ret && dwarf_haschildren(&die))
			ret = add_functions(u, &die, depth + 1);
	} while (!ret && !dwarf_siblingof(&die, &die));
	return ret;
}

static struct unit *unit_at(struct dwarf_lines *l, uint64_t vaddr)
{
	uint32_t at = ranges__at(&l->ranges, vaddr, NULL);
	struct unit *u = at == RANGES_NONE ? NULL : &l->units[at];
	size_t nr;

	if (u && !u->tried) {
		u->tried = true;
		if (add_functions(u, &u->die, 0) || ranges__build(&u->ranges))
			ranges__free(&u->ranges);
		dwarf_getsrcfiles(&u->die, &u->files, &nr);
	}
	return u;
}

/* ---- one address ---- */

/* The inlined call at @vaddr directly within @die; blocks do not count. Returns false if there is none. */
static bool inlined_at(Dwarf_Die *parent, uint64_t vaddr, Dwarf_Die *found, int depth)
{
	Dwarf_Die die;

	if (depth == DEEP || dwarf_child(parent, &die))
		return false;
	do {
		int tag = dwarf_tag(&die);

		if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_lexical_block && tag != DW_TAG_try_block &&
		    tag != DW_TAG_catch_block)
			continue;
		if (dwarf_haspc(&die, vaddr) <= 0)
			continue;
		if (tag == DW_TAG_inlined_subroutine) {
			*found = die;
			return true;
		}
		if (inlined_at(&die, vaddr, found, depth + 1))
			return true;
	} while (!dwarf_siblingof(&die, &die));
	return false;
}

static const char *name_of(Dwarf_Die *die)
{
	static const unsigned names[] = { DW_AT_linkage_name, DW_AT_MIPS_linkage_name, DW_AT_name };
	const char *name = NULL;
	Dwarf_Attribute attr;

	for (size_t i = 0; i < ARRAY_SIZE(names) && !name; i++)
		name = dwarf_formstring(dwarf_attr_integrate(die, names[i], &attr));
	return name;
}

static uint32_t number_of(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attr;
	Dwarf_Word value = 0;

	return dwarf_formudata(dwarf_attr(die, name, &attr), &value) || value > INT32_MAX ? 0 : value;
}

int dwarf_lines__frames_at(struct dwarf_lines *l, uint64_t vaddr, struct code_frame *frames, int max)
{
	struct unit *u = unit_at(l, vaddr);
	uint32_t at = u ? ranges__at(&u->ranges, vaddr, NULL) : RANGES_NONE;
	Dwarf_Die calls[DEEP];
	Dwarf_Line *line;
	int nr = 1, first, row = 0;

	if (at == RANGES_NONE)
		return -ENOENT;
	calls[0] = u->functions[at];
	while (nr < DEEP && inlined_at(&calls[nr - 1], vaddr, &calls[nr], 0))
		nr++;
	/* the outer ones are those that matter most */
	first = nr > max ? max - 1 : nr - 1;
	for (int i = first; i >= 0; i--)
		frames[first - i] = (struct code_frame){ .name = name_of(&calls[i]) };
	line = first == nr - 1 ? dwarf_getsrc_die(&u->die, vaddr) : NULL;
	if (line) {
		frames[0].file = dwarf_linesrc(line, NULL, NULL);
		frames[0].line = dwarf_lineno(line, &row) || row < 0 ? 0 : row;
	}
	for (int i = first; i > 0; i--) {
		struct code_frame *caller = &frames[first - i + 1];

		caller->line = number_of(&calls[i], DW_AT_call_line);
		if (u->files && caller->line)
			caller->file = dwarf_filesrc(u->files, number_of(&calls[i], DW_AT_call_file), NULL, NULL);
	}
	return first + 1;
}
