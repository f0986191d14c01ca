// SPDX-License-Identifier: BSD-2-Clause
#include <elf.h>
#include <errno.h>
#include <stdlib.h>

#include "pclntab_impl.h"
#include "util.h"

#define MAGIC_GO12     0xfffffffbu
#define NAME_BYTES_MAX (32u << 10) /* instantiated generics have long ones */
#define FUNCS_MAX      (1u << 24)
#define CANDIDATES_MAX 256 /* for a header, in one segment */

static const struct pclntab_format formats[] = {
	{ 0xfffffff1, 20, .tables = 32, .word = 4, .name = 4, .func_id = 40, .inlined = 16, .inlined_name = 4,
	  .inlined_parent = 8, .start_line = true },
	{ 0xfffffff0, 18, .tables = 32, .word = 4, .name = 4, .func_id = 36, .inlined = 20, .inlined_name = 12,
	  .inlined_func_id = 2, .inlined_parent = 16 },
	/* its funcdata are addresses, which the loader may relocate: not followed */
	{ 0xfffffffa, 16, .tables = 24, .word = 8, .name = 8, .func_id = 40 },
};

/* ---- bytes and strings ---- */

const void *pclntab__view(struct pclntab *t, uint64_t at, uint64_t len)
{
	return at > t->bytes || len > t->bytes - at ? NULL : image__view(t->img, t->offset + at, len);
}

const char *pclntab__string(struct pclntab *t, uint64_t at, uint64_t end)
{
	if (at >= end || end > t->bytes)
		return NULL;
	return image__string(t->img, t->offset + at, end - at < NAME_BYTES_MAX ? end - at : NAME_BYTES_MAX);
}

static uint64_t load_word(const struct pclntab *t, const uint8_t *p)
{
	return t->format->word == 8 ? image__u64(p) : image__u32(p);
}

/* Entry @index of functab: where the function begins, and its _func. Entry .nr has only the former. */
static int functab(struct pclntab *t, uint64_t index, uint64_t *entry, uint64_t *func)
{
	unsigned word = t->format->word, words = index < t->nr ? 2 : 1;
	const uint8_t *p = pclntab__view(t, t->funcs + index * 2 * word, words * word);

	if (!p || index > t->nr)
		return -EINVAL;
	*entry = load_word(t, p) + (word == 8 ? 0 : t->text);
	*func = words == 2 ? load_word(t, p + word) : 0;
	return 0;
}

int pclntab__raw(struct pclntab *t, uint32_t index, struct raw_func *raw)
{
	const struct pclntab_format *f = t->format;
	uint64_t entry, func;
	const uint8_t *p;

	if (index >= t->nr || functab(t, index, &entry, &func) || func > t->bytes)
		return -EINVAL;
	raw->at = t->funcs + func;
	p = pclntab__view(t, raw->at, f->func_id + 4);
	if (!p)
		return -EINVAL;
	raw->name = image__u32(p + f->name);
	raw->pcsp = image__u32(p + f->name + 12);
	raw->pcfile = image__u32(p + f->name + 16);
	raw->pcln = image__u32(p + f->name + 20);
	raw->npcdata = image__u32(p + f->name + 24);
	raw->unit = image__u32(p + f->name + 28);
	raw->start_line = f->start_line ? image__u32(p + f->func_id - 4) : 0;
	raw->func_id = p[f->func_id];
	raw->nfuncdata = p[f->func_id + 3];
	return 0;
}

/* ---- finding it ---- */

static bool is_magic(uint32_t magic)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		if (magic == formats[i].magic)
			return true;
	}
	return magic == MAGIC_GO12;
}

/* By @format, if the magic is that one or none of Go's: some builds hide the table behind another magic. */
static bool pclntab__parse_header(struct pclntab *t, const struct pclntab_format *format)
{
	const uint8_t *p = pclntab__view(t, 0, 72);
	uint64_t *tables[] = { &t->names, &t->units, &t->files, &t->pctab, &t->funcs }, before;

	if (!p || p[4] || p[5] || (p[6] != 1 && p[6] != 4) || p[7] != 8)
		return false;
	t->format = format;
	t->hidden = image__u32(p) != format->magic;
	if (t->hidden && (is_magic(image__u32(p)) || format->word != 4))
		return false;
	t->min_lc = p[6];
	t->nr = image__u64(p + 8);
	before = t->format->tables + sizeof(uint64_t) * ARRAY_SIZE(tables);
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		*tables[i] = image__u64(p + t->format->tables + 8 * i);
		if (*tables[i] < before || *tables[i] > t->bytes)
			return false;
		before = *tables[i];
	}
	return t->nr && t->nr <= FUNCS_MAX && (t->nr * 2 + 1) * t->format->word <= t->bytes - t->funcs;
}

/* The linker writes _funcs back to back, rounded up to 8 bytes: only in the right format do they follow each other. */
static bool pclntab__follows(struct pclntab *t, uint64_t index, const struct raw_func *raw)
{
	uint64_t end = raw->at + t->format->func_id + 4 + 4ull * (raw->npcdata + raw->nfuncdata);
	struct raw_func next;

	return index + 1 >= t->nr || (!pclntab__raw(t, index + 1, &next) && next.at >= end && next.at - end < 8);
}

/* Is what looks like a header followed by a table of @format? Some functions are looked at, from first to last. */
static bool pclntab__try_format(struct pclntab *t, const struct pclntab_format *format)
{
	uint64_t before = 0, entry, func;
	struct raw_func raw;

	if (!pclntab__parse_header(t, format))
		return false;
	for (uint64_t i = 0; i < 32; i++) {
		uint64_t index = i * (t->nr - 1) / 31;

		if (pclntab__raw(t, index, &raw) || functab(t, index, &entry, &func) || entry < before ||
		    !pclntab__string(t, t->names + raw.name, t->units) ||
		    (t->hidden && !pclntab__follows(t, index, &raw)))
			return false;
		before = entry;
	}
	return true;
}

static bool pclntab__try(struct pclntab *t, uint64_t addr, uint64_t offset, uint64_t bytes)
{
	t->addr = addr;
	t->offset = offset;
	t->bytes = bytes;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		if (pclntab__try_format(t, &formats[i]))
			return true;
	}
	return false;
}

static bool pclntab__try_section(struct pclntab *t, const char *name)
{
	struct image_section sec;
	struct image_segment const *segs;
	size_t nr;

	if (image__section(t->img, name, &sec))
		return false;
	segs = image__segments(t->img, &nr);
	for (size_t i = 0; i < nr; i++) {
		uint64_t in = sec.addr - segs[i].vaddr;

		if (sec.addr >= segs[i].vaddr && in < segs[i].file_bytes)
			return pclntab__try(t, sec.addr, segs[i].offset + in, segs[i].file_bytes - in);
	}
	return false;
}

/* Search a segment. *@old: a table too old to be read was seen. */
static bool pclntab__scan(struct pclntab *t, const struct image_segment *s, bool *old)
{
	const uint8_t *p = image__view(t->img, s->offset, s->file_bytes);
	int tries = CANDIDATES_MAX;

	for (uint64_t at = -s->vaddr & 7; p && tries && at + 8 <= s->file_bytes; at += 8) {
		uint64_t head = image__u64(p + at);

		/* magic, which may be hidden, two zeros, quantum, and the size of a pointer */
		if (head >> 32 != 0x08010000 && head >> 32 != 0x08040000)
			continue;
		if ((uint32_t)head == MAGIC_GO12)
			*old = true;
		else if (pclntab__try(t, s->vaddr + at, s->offset + at, s->file_bytes - at))
			return true;
		tries -= is_magic(head);
	}
	return false;
}

static int pclntab__find(struct pclntab *t, const char **why)
{
	const struct image_segment *segs;
	bool old = false;
	size_t nr;

	if (pclntab__try_section(t, ".gopclntab") || pclntab__try_section(t, ".data.rel.ro.gopclntab"))
		return 0;
	segs = image__segments(t->img, &nr);
	/* code last: the table is there only if a linker put everything read-only into one segment */
	for (unsigned exec = 0; exec <= PF_X; exec += PF_X) {
		for (size_t i = 0; i < nr; i++) {
			if ((segs[i].flags & PF_X) == exec && pclntab__scan(t, &segs[i], &old))
				return 0;
		}
	}
	*why = old ? "its function table is of Go 1.15 or older" : "no Go function table in it";
	return old ? -EOPNOTSUPP : -ENOENT;
}

/* ---- opening ---- */

static bool is_code(const struct image *img, uint64_t addr)
{
	size_t nr;
	const struct image_segment *segs = image__segments(img, &nr);

	for (size_t i = 0; i < nr; i++) {
		if ((segs[i].flags & PF_X) && addr >= segs[i].vaddr && addr - segs[i].vaddr < segs[i].mem_bytes)
			return true;
	}
	return false;
}

/*
 * What functions are relative to: by the module, since the header lacks it from Go 1.26 on, and the file does if the
 * loader relocates it.
 */
static int pclntab__find_text(struct pclntab *t, uint64_t text, const char **why)
{
	uint64_t header = 0, func;

	t->has_module = !gomodule__find(t->img, t->addr, t->addr + t->names, &t->module);
	if (t->format->word == 8) {
		/* absolute addresses: the first one, which is 0 if the loader relocates them */
		if (functab(t, 0, &t->text, &func))
			t->text = 0;
	} else {
		image__words(t->img, t->addr + 24, &header, 1);
		t->text = text ? text : t->has_module ? t->module.text : header;
	}
	if (is_code(t->img, t->text))
		return 0;
	*why = "where its Go code begins is not in the file";
	return -EINVAL;
}

int pclntab__open(struct image *img, uint64_t text, struct pclntab **table, const char **why)
{
	struct pclntab *t = calloc(1, sizeof(*t));
	const char *unused;
	int ret;

	why = why ? why : &unused;
	*why = "out of memory";
	if (!t)
		return -ENOMEM;
	t->img = img;
	ret = pclntab__find(t, why);
	if (!ret)
		ret = pclntab__find_text(t, text, why);
	if (ret) {
		free(t);
		return ret;
	}
	if (t->has_module && t->format->inlined)
		pclntab__find_gofunc(t);
	*table = t;
	return 0;
}

void pclntab__close(struct pclntab *t)
{
	free(t);
}

uint64_t pclntab__text(const struct pclntab *t)
{
	return t->text;
}

size_t pclntab__nr(const struct pclntab *t)
{
	return t->nr;
}

int pclntab__minor(const struct pclntab *t)
{
	return t->format->minor;
}

const struct gomodule *pclntab__module(const struct pclntab *t)
{
	return t->has_module ? &t->module : NULL;
}

/* ---- functions ---- */

int pclntab__fill(struct pclntab *t, uint32_t index, const struct raw_func *raw, const char *name, struct go_func *func)
{
	uint64_t entry, end, unused;

	if (functab(t, index, &entry, &unused) || functab(t, index + 1ull, &end, &unused) || end < entry)
		return -EINVAL;
	*func = (struct go_func){ .name = name,
				  .entry = entry,
				  .end = end,
				  .func_id = raw->func_id,
				  .start_line = raw->start_line,
				  .index = index };
	return 0;
}

int pclntab__func(struct pclntab *t, uint32_t index, struct go_func *func)
{
	struct raw_func raw;
	const char *name;

	if (index >= t->nr)
		return -ENOENT;
	if (pclntab__raw(t, index, &raw))
		return -EINVAL;
	name = pclntab__string(t, t->names + raw.name, t->units);
	return name ? pclntab__fill(t, index, &raw, name, func) : -EINVAL;
}

int pclntab__func_at(struct pclntab *t, uint64_t pc, struct go_func *func)
{
	uint64_t low = 0, high = t->nr, entry, unused;

	while (low < high) {
		uint64_t mid = low + (high - low) / 2;

		if (functab(t, mid, &entry, &unused))
			return -ENOENT;
		if (entry <= pc)
			low = mid + 1;
		else
			high = mid;
	}
	if (!low || pclntab__func(t, low - 1, func) || pc < func->entry || pc >= func->end)
		return -ENOENT;
	return 0;
}
