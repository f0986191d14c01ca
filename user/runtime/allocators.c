// SPDX-License-Identifier: BSD-2-Clause
/*
 * The allocators of C, C++ and Rust: those of the C library, and others that a program is linked with. C++'s and Rust's
 * own functions end in one of these, in most programs in malloc().
 */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>

#include "allocators.h"
#include "array.h"
#include "format.h"
#include "insn.h"
#include "symtab.h"

#define FIRST_BYTES 16 /* more than any instruction has */

static const struct {
	const char *name;
	enum alloc_shape shape;
	bool beside_malloc; /* only where malloc() is defined too: elsewhere it is a wrapper */
} native[] = {
	{ "malloc", ALLOC_FIRST, false },
	{ "calloc", ALLOC_FIRST_BY_SECOND, true },
	{ "realloc", ALLOC_SECOND_IF_FIRST, true },
	{ "memalign", ALLOC_SECOND, true },
	{ "aligned_alloc", ALLOC_SECOND, true },
	{ "posix_memalign", ALLOC_THIRD, true },
	{ "valloc", ALLOC_FIRST, true },
	{ "pvalloc", ALLOC_FIRST, true },

	/* tcmalloc, jemalloc and mimalloc define C++'s operators too, next to malloc() and not above it */
	{ "_Znwm", ALLOC_FIRST, true },
	{ "_Znam", ALLOC_FIRST, true },
	{ "_ZnwmRKSt9nothrow_t", ALLOC_FIRST, true },
	{ "_ZnamRKSt9nothrow_t", ALLOC_FIRST, true },
	{ "_ZnwmSt11align_val_t", ALLOC_FIRST, true },
	{ "_ZnamSt11align_val_t", ALLOC_FIRST, true },

	/* jemalloc with a prefix: by itself, and as the crate tikv-jemallocator builds it */
	{ "je_malloc", ALLOC_FIRST, false },
	{ "je_calloc", ALLOC_FIRST_BY_SECOND, false },
	{ "je_realloc", ALLOC_SECOND_IF_FIRST, false },
	{ "je_aligned_alloc", ALLOC_SECOND, false },
	{ "je_posix_memalign", ALLOC_THIRD, false },
	{ "je_mallocx", ALLOC_FIRST, false },
	{ "je_rallocx", ALLOC_SECOND, false },
	{ "mallocx", ALLOC_FIRST, false },
	{ "rallocx", ALLOC_SECOND, false },
	{ "_rjem_malloc", ALLOC_FIRST, false },
	{ "_rjem_calloc", ALLOC_FIRST_BY_SECOND, false },
	{ "_rjem_realloc", ALLOC_SECOND_IF_FIRST, false },
	{ "_rjem_mallocx", ALLOC_FIRST, false },
	{ "_rjem_rallocx", ALLOC_SECOND, false },

	/* mimalloc, without what calls these */
	{ "mi_malloc", ALLOC_FIRST, false },
	{ "mi_zalloc", ALLOC_FIRST, false },
	{ "mi_calloc", ALLOC_FIRST_BY_SECOND, false },
	{ "mi_realloc", ALLOC_SECOND_IF_FIRST, false },
	{ "mi_malloc_aligned", ALLOC_FIRST, false },
	{ "mi_zalloc_aligned", ALLOC_FIRST, false },
	{ "mi_realloc_aligned", ALLOC_SECOND_IF_FIRST, false },
};

static bool is_stepped(struct image *img, uint64_t addr)
{
	struct code code = { .addr = addr, .len = FIRST_BYTES };
	struct insn_iter it;
	struct insn in;
	bool stepped = false;

	code.arch = image__machine(img) == EM_AARCH64 ? TARE_ARCH_ARM64 : TARE_ARCH_X86_64;
	code.bytes = image__at(img, addr, FIRST_BYTES);
	if (!code.bytes || insn_iter__open(&it, &code))
		return false;
	if (insn_iter__next(&it, &in) == 1)
		stepped = insn__probe_class(&in, code.arch) >= PROBE_NOP;
	insn_iter__close(&it);
	return stepped;
}

int allocators__add(struct allocators *list, struct image *img, uint64_t addr, uint64_t cookie)
{
	uint64_t offset;
	int ret = image__offset(img, addr, &offset);

	if (ret)
		return ret;
	for (size_t i = 0; i < list->nr; i++)
		if (list->all[i].offset == offset)
			return 0;
	if (ARRAY_GROW(list->all, list->room, list->nr + 1))
		return -ENOMEM;
	if (is_stepped(img, addr))
		cookie |= ALLOC_COOKIE_STEPPED;
	list->all[list->nr++] = (struct allocator){ offset, cookie };
	return 0;
}

static bool defines(struct image *img, const char *name, uint64_t *addr)
{
	return !symtab__dynamic(img, name, addr) || !image__symbol(img, name, addr, NULL);
}

int allocators__native(struct allocators *list, struct image *img)
{
	uint64_t addr;
	bool has_malloc = defines(img, "malloc", &addr);

	for (size_t i = 0; i < sizeof(native) / sizeof(native[0]); i++) {
		if (native[i].beside_malloc && !has_malloc)
			continue;
		if (defines(img, native[i].name, &addr) && allocators__add(list, img, addr, native[i].shape) == -ENOMEM)
			return -ENOMEM;
	}
	return 0;
}

void allocators__free(struct allocators *list)
{
	free(list->all);
	*list = (struct allocators){ 0 };
}
