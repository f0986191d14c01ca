// SPDX-License-Identifier: BSD-2-Clause
/* Any bytes as an executable: its headers, sections, symbols, relocations, and Go's build information. */
#include <elf.h>
#include <stdlib.h>

#include "gobuild.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile size_t sink;

static void read_all(const char *s)
{
	sink += strlen(s);
}

static int visit(uint64_t vaddr, uint64_t value, void *ctx)
{
	uint64_t word;

	return image__words(ctx, vaddr, &word, 1) ? 1 : 0;
}

static void look_around(struct image *img, size_t size)
{
	static const char *const names[] = { ".gopclntab", ".symtab", ".shstrtab", "", ".go.buildinfo" };
	uint64_t addr, offset, bytes;
	struct image_section sec;
	struct image_segment seg;
	const struct image_segment *segs;
	size_t nr;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!image__section(img, names[i], &sec) && (sec.offset > size || sec.size_bytes > size - sec.offset))
			abort();
	}
	if (!image__header(img, PT_DYNAMIC, &seg) && !image__view(img, seg.offset, seg.file_bytes))
		abort();
	segs = image__segments(img, &nr);
	for (size_t i = 0; i < nr; i++) {
		if (segs[i].file_bytes && (image__offset(img, segs[i].vaddr, &offset) || offset >= size ||
					   image__vaddr(img, segs[i].offset, &addr)))
			abort();
		image__bias(img, 0x7f0000000000, segs[i].offset & -4096ull, segs[i].flags & PF_X, &addr);
	}
	image__symbol(img, "runtime.text", &addr, &bytes);
	image__symbol(img, "go:func.*", &addr, NULL);
	image__string(img, image__entry(img), 4096);
	if (size < 4096) /* each visit goes through all of them */
		image__for_each_reloc(img, visit, img);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1); /* of exactly that size */
	struct gobuild build;
	struct image *img;
	const char *why;

	if (!copy)
		abort();
	memcpy(copy, data, size);
	if (image__open_mem(copy, size, &img, &why)) {
		read_all(why);
		free(copy);
		return 0;
	}
	look_around(img, size);
	gobuild__read(img, &build);
	read_all(build.version);
	read_all(build.experiments);
	read_all(build.path);
	read_all(build.module);
	read_all(build.module_version);
	for (size_t i = 0; i < build.nr_settings; i++) {
		read_all(build.settings[i].key);
		read_all(build.settings[i].value);
	}
	gobuild__setting(&build, "CGO_ENABLED");
	if (build.minor < 0 || build.minor > 999)
		abort();
	gobuild__free(&build);
	image__close(img);
	free(copy);
	return 0;
}
