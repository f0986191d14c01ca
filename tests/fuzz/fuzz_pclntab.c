// SPDX-License-Identifier: BSD-2-Clause
/* Any bytes as a Go executable: its functions by number, name and address, with their lines and inlined calls. */
#include <errno.h>
#include <stdlib.h>

#include "pclntab.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile size_t sink;

static void frames_of(struct pclntab *t, uint64_t pc)
{
	struct go_frame frames[16];
	int n = pclntab__frames_at(t, pc, frames, 16);

	if (n == 0 || n > 16)
		abort();
	for (int i = 0; i < n; i++)
		sink += strlen(frames[i].name) + strlen(frames[i].file) + frames[i].line;
	if (n > 0 && n < 16 && frames[n - 1].inlined)
		abort(); /* the last one has a frame */
}

static void use(struct pclntab *t)
{
	struct go_wanted wanted[] = {
		{ .name = "main.main" },
		{ .name = "runtime.mallocgc" },
		{ .name = "runtime.mallocgc" },
		{ .name = "" },
	};
	size_t nr = pclntab__nr(t) < 64 ? pclntab__nr(t) : 64;
	struct go_func f, at;

	for (size_t i = 0; i < nr; i++) {
		if (pclntab__func(t, i, &f))
			continue;
		if (f.end < f.entry)
			abort();
		sink += strlen(f.name);
		frames_of(t, f.entry);
		frames_of(t, f.entry + (f.end - f.entry) / 2);
		if (!pclntab__func_at(t, f.entry, &at) && (at.entry > f.entry || at.end <= f.entry))
			abort();
	}
	if (pclntab__func(t, pclntab__nr(t), &f) != -ENOENT)
		abort();
	pclntab__find_funcs(t, wanted, sizeof(wanted) / sizeof(wanted[0]));
	if (wanted[1].matches != wanted[2].matches)
		abort();
	if (wanted[0].matches && strcmp(wanted[0].func.name, "main.main"))
		abort();
	pclntab__is_inlined(t, "main.small");
	if (pclntab__module(t))
		sink += pclntab__module(t)->text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1); /* of exactly that size */
	struct pclntab *t;
	struct image *img;
	const char *why;

	if (!copy)
		abort();
	memcpy(copy, data, size);
	if (!image__open_mem(copy, size, &img, &why)) {
		if (!pclntab__open(img, 0, &t, &why)) {
			use(t);
			pclntab__close(t);
		} else {
			sink += strlen(why);
		}
		image__close(img);
	}
	free(copy);
	return 0;
}
