// SPDX-License-Identifier: BSD-2-Clause
#include <elf.h>
#include <errno.h>

#include "gomodule.h"

#define CANDIDATES_MAX 16

/* Words of a moduledata, unchanged from Go 1.16 to 1.27 at least. */
enum {
	WORD_PCHEADER = 0,
	WORD_NAMES = 1,
	WORD_TEXT = 22,
	WORD_NOPTRDATA = 24, /* and its end, then likewise data, bss, noptrbss */
	WORD_TAIL = 32,
};

int gomodule__decode(const uint64_t words[GOMODULE_WORDS], uint64_t pclntab, struct gomodule *mod)
{
	const uint64_t *pair = words + WORD_NOPTRDATA;

	if (words[WORD_PCHEADER] != pclntab || words[WORD_TEXT] >= words[WORD_TEXT + 1])
		return -EINVAL;
	for (int i = 0; i < 8; i += 2) {
		if (pair[i] > pair[i + 1])
			return -EINVAL;
	}
	*mod = (struct gomodule){
		.pclntab = pclntab,
		.text = words[WORD_TEXT],
		.etext = words[WORD_TEXT + 1],
		.noptrdata = pair[0],
		.enoptrdata = pair[1],
		.data = pair[2],
		.edata = pair[3],
		.bss = pair[4],
		.ebss = pair[5],
		.noptrbss = pair[6],
		.enoptrbss = pair[7],
	};
	memcpy(mod->tail, words + WORD_TAIL, sizeof(mod->tail));
	return 0;
}

struct search {
	struct image *img;
	uint64_t pclntab, names;
	struct gomodule *mod;
	uint64_t found[CANDIDATES_MAX]; /* by relocations: words that point at the header */
	int nr;
};

static int try_at(struct search *s, uint64_t addr)
{
	uint64_t words[GOMODULE_WORDS];

	if (image__words(s->img, addr, words, GOMODULE_WORDS) || words[WORD_NAMES] != s->names ||
	    gomodule__decode(words, s->pclntab, s->mod))
		return -ENOENT;
	s->mod->addr = addr;
	return 0;
}

/* A linker that leaves relocations to the loader may write zeros in their place. */
static int by_reloc(uint64_t vaddr, uint64_t value, void *ctx)
{
	struct search *s = ctx;

	if (value == s->pclntab && s->nr < CANDIDATES_MAX)
		s->found[s->nr++] = vaddr;
	return 0;
}

static int by_content(struct search *s, const struct image_segment *seg)
{
	const uint8_t *p = image__view(s->img, seg->offset, seg->file_bytes);
	int tries = CANDIDATES_MAX;

	for (uint64_t at = -seg->vaddr & 7; p && tries && at + GOMODULE_WORDS * 8 <= seg->file_bytes; at += 8) {
		if (image__u64(p + at) != s->pclntab || image__u64(p + at + 8) != s->names)
			continue;
		if (!try_at(s, seg->vaddr + at))
			return 0;
		tries--;
	}
	return -ENOENT;
}

int gomodule__find(struct image *img, uint64_t pclntab, uint64_t names, struct gomodule *mod)
{
	struct search s = { .img = img, .pclntab = pclntab, .names = names, .mod = mod };
	const struct image_segment *segs;
	struct image_section sec;
	size_t nr;

	if (!image__section(img, ".go.module", &sec) && !try_at(&s, sec.addr))
		return 0;
	segs = image__segments(img, &nr);
	for (size_t i = 0; i < nr; i++) {
		if ((segs[i].flags & PF_W) && !by_content(&s, &segs[i]))
			return 0;
	}
	image__for_each_reloc(img, by_reloc, &s);
	for (int i = 0; i < s.nr; i++) {
		if (!try_at(&s, s.found[i]))
			return 0;
	}
	return -ENOENT;
}
