// SPDX-License-Identifier: BSD-2-Clause
/*
 * Entries of a section. The search table of .eh_frame_hdr is not used: it may be missing or wrong, .debug_frame has
 * none, and reading all entries once takes milliseconds even for the largest programs.
 */
#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>

#include "array.h"
#include "cfi_impl.h"

/* Of an augmentation. Real ones have five, and a long one read for each function would take forever. */
#define LETTERS_MAX 8

struct entry {
	struct cfi_cursor body; /* after the id */
	uint64_t cie_at;	/* of a function */
	size_t next;
	bool is_cie;
};

/* The entry at @at. False at the end: its terminator, or one that does not fit in. */
static bool entry__read(const struct cfi_section *s, size_t at, struct entry *e)
{
	struct cfi_cursor c = { s->bytes + at, s->bytes + s->size_bytes, false };
	uint64_t len = cursor__fixed(&c, 4), id, id_at;
	bool wide = len == 0xffffffff;

	if (wide)
		len = cursor__fixed(&c, 8);
	if (c.bad || !len || len > (size_t)(c.end - c.p))
		return false;
	c.end = c.p + len;
	e->next = c.end - s->bytes;
	id_at = c.p - s->bytes;
	/* .eh_frame has 4 bytes even in a wide entry */
	id = cursor__fixed(&c, wide && !s->eh ? 8 : 4);
	e->is_cie = s->eh ? !id : id == (wide ? UINT64_MAX : UINT32_MAX);
	e->cie_at = s->eh ? id_at - id : id;
	e->body = c;
	return true;
}

uint64_t cfi__pointer(const struct cfi_section *s, struct cfi_cursor *c, uint8_t encoding)
{
	uint64_t base = (encoding & 0x70) == DW_EH_PE_pcrel ? s->vaddr + (c->p - s->bytes) : 0;

	/* relative to something else, or a place where the pointer is: never for code, and the target's memory is not
	 * here */
	if ((encoding & 0x70) > DW_EH_PE_pcrel || encoding & DW_EH_PE_indirect)
		c->bad = true;
	switch (encoding & 0x0f) {
	case DW_EH_PE_absptr:
	case DW_EH_PE_udata8:
	case DW_EH_PE_sdata8:
		return base + cursor__fixed(c, 8);
	case DW_EH_PE_udata4:
		return base + cursor__fixed(c, 4);
	case DW_EH_PE_sdata4:
		return base + cursor__signed(c, 4);
	case DW_EH_PE_udata2:
		return base + cursor__fixed(c, 2);
	case DW_EH_PE_sdata2:
		return base + cursor__signed(c, 2);
	case DW_EH_PE_uleb128:
	case DW_EH_PE_sleb128:
		return base + cursor__leb(c, (encoding & 0x0f) == DW_EH_PE_sleb128);
	}
	c->bad = true;
	return 0;
}

/* Pointers to code that is not for us, such as exception handlers, are only skipped. */
static void skip_pointer(const struct cfi_section *s, struct cfi_cursor *c, uint8_t encoding)
{
	cfi__pointer(s, c, encoding & 0x0f);
}

static bool augmentation__read(const struct cfi_section *s, const char *letters, struct cfi_cursor *c,
			       struct cfi_cie *cie)
{
	struct cfi_cursor data = *c;
	uint64_t len;

	if (!*letters)
		return true;
	if (*letters++ != 'z')
		return false;
	len = cursor__leb(c, false);
	data.p = c->p;
	cursor__skip(c, len);
	data.end = c->p;
	cie->augmented = true;
	for (; *letters; letters++) {
		switch (*letters) {
		case 'R':
			cie->encoding = cursor__fixed(&data, 1);
			break;
		case 'P':
			skip_pointer(s, &data, cursor__fixed(&data, 1));
			break;
		case 'L':
			cursor__fixed(&data, 1);
			break;
		case 'S':
			cie->signal = true;
			break;
		case 'B': /* arm64: which key signs return addresses */
		case 'G': /* arm64: the stack is tagged */
			break;
		default:
			return false;
		}
	}
	return !data.bad;
}

static bool cie__read(const struct cfi_section *s, uint64_t at, struct cfi_cie *cie)
{
	struct entry e;
	struct cfi_cursor c;
	const char *letters;
	uint8_t version;
	uint64_t ra;

	*cie = (struct cfi_cie){ .encoding = DW_EH_PE_absptr };
	if (at >= s->size_bytes || !entry__read(s, at, &e) || !e.is_cie)
		return false;
	c = e.body;
	version = cursor__fixed(&c, 1);
	letters = (const char *)c.p;
	if (!memchr(letters, '\0', c.end - c.p < LETTERS_MAX ? c.end - c.p : LETTERS_MAX))
		return false;
	cursor__skip(&c, strlen(letters) + 1);
	if (version != 1 && version != 3 && version != 4)
		return false;
	/* the sizes of an address and of a segment's number */
	if (version == 4 && cursor__fixed(&c, 2) != sizeof(uint64_t))
		return false;
	cie->code_align = cursor__leb(&c, false);
	cie->data_align = cursor__leb(&c, true);
	ra = version == 1 ? cursor__fixed(&c, 1) : cursor__leb(&c, false);
	if (ra >= CFI_REGS || !augmentation__read(s, letters, &c, cie) || c.bad)
		return false;
	cie->ra = ra;
	cie->program = c;
	return true;
}

/* What a function's entry says before its program. */
static bool fde__read(const struct cfi_section *s, const struct cfi_cie *cie, struct cfi_cursor *c, uint64_t *start,
		      uint64_t *len)
{
	*start = cfi__pointer(s, c, cie->encoding);
	*len = cfi__pointer(s, c, cie->encoding & 0x0f);
	if (cie->augmented)
		cursor__skip(c, cursor__leb(c, false));
	return !c->bad;
}

int cfi__programs(const struct cfi_section *s, uint32_t at, struct cfi_cie *cie, struct cfi_cursor *program)
{
	uint64_t start, len;
	struct entry e;

	if (!entry__read(s, at, &e) || !cie__read(s, e.cie_at, cie) || !fde__read(s, cie, &e.body, &start, &len))
		return -EINVAL;
	*program = e.body;
	return 0;
}

static int by_start(const void *a, const void *b)
{
	const struct cfi_fde *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

int cfi__index(struct cfi_section *s)
{
	uint64_t start, len, cie_at = UINT64_MAX;
	bool sorted = true, good = false;
	size_t at = 0, room = 0;
	struct cfi_cie cie;
	struct entry e;

	s->index = NULL;
	s->nr = 0;
	for (; at < s->size_bytes && entry__read(s, at, &e); at = e.next) {
		if (e.is_cie)
			continue;
		if (e.cie_at != cie_at) {
			cie_at = e.cie_at;
			good = cie__read(s, cie_at, &cie);
		}
		/* at 0: what the linker leaves of a function that it dropped */
		if (!good || !fde__read(s, &cie, &e.body, &start, &len) || !len || (!start && !s->eh))
			continue;
		if (ARRAY_GROW(s->index, room, s->nr + 1)) {
			free(s->index);
			s->index = NULL;
			s->nr = 0;
			return -ENOMEM;
		}
		if (s->nr && s->index[s->nr - 1].start > start)
			sorted = false;
		s->index[s->nr++] =
			(struct cfi_fde){ .start = start, .len = len > UINT32_MAX ? UINT32_MAX : len, .at = at };
	}
	s->size_bytes = at;
	if (!sorted)
		qsort(s->index, s->nr, sizeof(*s->index), by_start);
	if (s->nr)
		s->index = realloc(s->index, cfi__index_bytes(s)) ?: s->index;
	return 0;
}

size_t cfi__index_bytes(const struct cfi_section *s)
{
	return s->nr * sizeof(*s->index);
}

const struct cfi_fde *cfi__find(const struct cfi_section *s, uint64_t pc)
{
	size_t low = ARRAY_FIRST_NOT(s->nr, i, s->index[i].start <= pc);

	if (!low || pc - s->index[low - 1].start >= s->index[low - 1].len)
		return NULL;
	return &s->index[low - 1];
}
