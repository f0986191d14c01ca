// SPDX-License-Identifier: BSD-2-Clause
/*
 * The dynamic linker of glibc and of musl. It calls an empty function, meant for debuggers, whenever it maps or unmaps
 * libraries: a hit says that the process may now have another runtime. Rare: twice per dlopen().
 */
#include <elf.h>
#include <errno.h>

#include "runtime.h"
#include "symtab.h"

#define HOOK "_dl_debug_state" /* what r_debug.r_brk points to; elf/dl-debug.c, ldso/dynlink.c */

static int recognise(struct image *img, char *version, size_t size)
{
	uint64_t addr;

	return img && image__type(img) == ET_DYN && !symtab__dynamic(img, HOOK, &addr);
}

static int loader__open(struct program *prog, void **self)
{
	*self = prog;
	return 0;
}

static int loader__probes(void *self, struct runtime_probes *list)
{
	struct runtime_probe probe = { .site.mapped = 1 };
	struct program *prog = self;
	uint64_t addr;
	int ret = symtab__dynamic(prog->img, HOOK, &addr);

	if (!ret)
		ret = image__offset(prog->img, addr, &probe.offset);
	return ret ?: runtime_probes__add(list, &probe);
}

const struct runtime runtime_loader = {
	.name = "dynamic linker",
	.tells_nothing = true,
	.recognise = recognise,
	.open = loader__open,
	.probes = loader__probes,
};
