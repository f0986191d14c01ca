/* SPDX-License-Identifier: BSD-2-Clause */
/* Internals of an image: for image.c, image_tables.c and symtab.c only. */
#ifndef TARE_IMAGE_IMPL_H
#define TARE_IMAGE_IMPL_H

#include <elf.h>

#include "image.h"
#include "ranges.h"

#define IMAGE_HEADERS_MAX 128 /* program headers: a linker writes a dozen */

/* Symbols by name, built on first use. */
struct image_symbols {
	bool tried;
	int result; /* of building it: 0 or a negative errno */
	struct image_section table, strings;
	uint32_t *heads, *next; /* hash chains of symbols; 0 ends one: symbol 0 has no name */
	uint32_t mask;
};

/* Functions by address, built on first use by symtab.c. */
struct image_functions {
	bool tried;
	struct image_section strings;
	struct ranges ranges; /* of offsets in the strings */
};

struct image {
	int fd; /* -1: in memory from the start */
	uint8_t *bytes;
	uint64_t size;
	uint8_t *loaded; /* one bit per chunk; NULL: all is there */
	Elf64_Ehdr eh;
	struct image_segment headers[IMAGE_HEADERS_MAX];
	uint32_t types[IMAGE_HEADERS_MAX];
	size_t nr_headers;
	struct image_segment segments[IMAGE_HEADERS_MAX];
	size_t nr_segments;

	struct image_symbols symbols;
	struct image_functions functions;
};

#endif /* TARE_IMAGE_IMPL_H */
