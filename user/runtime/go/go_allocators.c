// SPDX-License-Identifier: BSD-2-Clause
/*
 * Where a Go program asks its runtime for more: a P's cache has given out a whole block of objects of one size, or a
 * large object is wanted (runtime/mcache.go). That is rare, and whoever comes then has allocated for the others too.
 */
#include <errno.h>

#include "go.h"
#include "probe_site.h"
#include "runtime/go_allocs.h"

#define REFILL "runtime.(*mcache).refill"
#define LARGE  "runtime.(*mcache).allocLarge"

void go_allocators__want(struct go *go)
{
	go__want(go, REFILL);
	go__want(go, LARGE);
}

/* Where the arguments are in their registers and the return address is on top of the stack, or in its register. */
static uint64_t site_of(const struct code *code)
{
	struct probe_site site;

	if (!probe_site__entry(code, &site) && site.kind == SITE_PUSH && site.return_at <= 0)
		return site.addr;
	return code->addr;
}

static int add(struct go *go, struct allocators *list, const char *function, uint64_t cookie)
{
	struct code code;
	int ret = go__code(go, function, &code);

	return ret ?: allocators__add(list, go->prog->img, site_of(&code), cookie);
}

int go__allocators(void *self, struct allocators *list)
{
	static const enum go_field fields[] = { MCACHE_ALLOC, MSPAN_ALLOCCOUNT, MSPAN_BEFORECACHE, MSPAN_ELEMSIZE };
	struct go *go = self;
	const int32_t *at = go->layout.at;
	int ret;

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (at[fields[i]] < 0 || at[fields[i]] > GO_ALLOC_OFFSET_MAX)
			return -ENOENT;
	ret = add(go, list, REFILL,
		  GO_ALLOC_COOKIE(at[MCACHE_ALLOC], at[MSPAN_ALLOCCOUNT], at[MSPAN_BEFORECACHE], at[MSPAN_ELEMSIZE]));
	return ret ?: add(go, list, LARGE, ALLOC_RUNTIME_LARGE | ALLOC_COOKIE_FLAGS(TARE_ALLOC_RUNTIME));
}
