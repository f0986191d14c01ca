// SPDX-License-Identifier: BSD-2-Clause
/* Any bytes as an executable with USDT notes and symbols. */
#include <stdlib.h>

#include "symtab.h"
#include "usdt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile size_t sink;

static void check(bool ok)
{
	if (!ok)
		abort();
}

struct seen {
	struct image *img;
	unsigned nr;
};

static int on_probe(const struct usdt *u, void *ctx)
{
	struct seen *seen = ctx;
	const char *name;

	sink += strlen(u->name);
	check(u->nr_args <= USDT_MAX_ARGS);
	for (unsigned i = 0; i < u->nr_args; i++) {
		const struct fetch *f = &u->args[i];

		if (f->kind == FETCH_NONE)
			continue;
		check(f->kind == FETCH_CONST || f->kind == FETCH_REG);
		check(f->bytes == 1 || f->bytes == 2 || f->bytes == 4 || f->bytes == 8);
		check(f->depth <= 1 && f->reg <= 31 * 8 && !(f->reg % 8));
		check(f->kind == FETCH_REG || (!f->depth && !f->reg));
	}
	/* each goes through all symbols */
	if (seen->nr++ < 8 && !symtab__function_at(seen->img, u->address, &name, NULL))
		sink += strlen(name);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1); /* of exactly that size */
	struct image_section sec;
	struct seen seen = { 0 };
	struct image *img;
	uint64_t at;
	const char *name;

	check(copy != NULL);
	memcpy(copy, data, size);
	if (!image__open_mem(copy, size, &img, NULL)) {
		seen.img = img;
		usdt__for_each(img, "weft", on_probe, &seen);
		at = image__entry(img);
		for (int i = 0; i < 8; i++, at += i) {
			if (!symtab__function_at(img, at, &name, NULL))
				sink += strlen(name);
			if (!image__section_at(img, at, &sec))
				check(at >= sec.addr && at - sec.addr < sec.size_bytes && sec.size_bytes <= size);
		}
		symtab__function_at(img, UINT64_MAX, &name, NULL);
		image__close(img);
	}
	free(copy);
	return 0;
}
