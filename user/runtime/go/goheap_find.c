// SPDX-License-Identifier: BSD-2-Clause
/* Where a program's heap profile is, and whether it has any. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "go.h"
#include "goheap.h"
#include "gopattern.h"
#include "proc.h"
#include "util.h"

/* The code that takes a record's cycle by its number: what the number is shifted by tells how large a cycle is. */
#define INDEXES "runtime.mProf_FlushLocked"

/* What loads the rate; besides, it loads the address of the allocator's cache. */
#define LOADS_RATE "runtime.profilealloc"
#define RATE_MAX   (1ll << 40) /* above, it is an address */

/* What reads the profile for the program itself: without it the linker leaves the profile out (cmd/link, deadcode.go).
 */
static const char *const readers[] = { "runtime.MemProfile", "runtime.memProfileInternal" };

void go_heap__want(struct go *go)
{
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++)
		go__want(go, readers[i]);
	go__want(go, LOADS_RATE);
}

static int peek(void *ctx, uint64_t addr, void *buf, size_t len)
{
	const struct go *go = ctx;

	return proc__peek(go->prog->pid, addr, buf, len);
}

/* A global's address in the process, by a symbol or by the code; 0: unknown. */
static uint64_t find(struct go *go, const char *name)
{
	uint64_t addr;

	if (image__symbol(go->prog->img, name, &addr, NULL))
		addr = go__by_pattern(go, name);
	return addr ? addr + go->prog->bias : 0;
}

/* The bytes of one cycle of a record, by the code; 0: it does not say. */
static unsigned cycle_bytes_by_code(struct go *go)
{
	struct insn_iter it;
	struct code code;
	struct insn in;
	unsigned bytes = 0;

	if (go__code(go, INDEXES, &code) || insn_iter__open(&it, &code))
		return 0;
	while (insn_iter__next(&it, &in) > 0) {
		if (in.kind == INSN_SHL && (in.imm == 4 || in.imm == 5))
			bytes = bytes && bytes != 1u << in.imm ? 0 : 1u << in.imm;
	}
	insn_iter__close(&it);
	return bytes;
}

struct rate {
	struct go *go;
	bool found;
	int64_t value;
};

/* A word that the code loads: 0, a rate, or an address. */
static int try_rate(uint64_t addr, void *ctx)
{
	struct rate *r = ctx;
	int64_t value;
	int ret = peek(r->go, addr + r->go->prog->bias, &value, sizeof(value));

	if (ret || value < 0 || value >= RATE_MAX)
		return ret;
	r->found = true;
	r->value = value;
	return value > 0;
}

/* runtime.MemProfileRate. Returns 0, -ENOENT or another negative errno. */
static int read_rate(struct go *go, int64_t *value)
{
	struct rate r = { .go = go };
	struct code code;
	uint64_t addr;
	int ret;

	if (!image__symbol(go->prog->img, "runtime.MemProfileRate", &addr, NULL))
		return peek(go, addr + go->prog->bias, value, sizeof(*value));
	ret = go__code(go, LOADS_RATE, &code) ?: gopattern__touched(&code, try_rate, &r);
	*value = r.value;
	return ret < 0 ? ret : r.found ? 0 : -ENOENT;
}

/* Returns 0; -ENODATA; or -ENOENT, -EFAULT and others. */
static int find_rate(struct go *go, struct heap_profile *heap)
{
	bool linked_in = false;
	int64_t rate;
	int ret = read_rate(go, &rate);

	if (ret)
		return ret;
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++)
		linked_in |= !!go__func(go, readers[i]);
	heap->rate_bytes = rate;
	if (rate > 0)
		return 0;
	snprintf(heap->problem, sizeof(heap->problem), "%s",
		 linked_in ? "it samples no allocations: it has set runtime.MemProfileRate to 0" :
			     "it samples no allocations: nothing in it reads a heap profile, as runtime/pprof and "
			     "net/http/pprof do, so Go's linker has left it out");
	return -ENODATA;
}

static int cannot_find(struct heap_profile *heap, const char *what, int ret)
{
	if (!heap->problem[0])
		snprintf(heap->problem, sizeof(heap->problem), "%s cannot be found in it, by symbols or by its code",
			 what);
	return ret;
}

int go__heap(void *self, struct heap_profile *heap)
{
	struct go *go = self;
	struct go_heap_memory mem = { peek, go };
	struct go_heap_place at;
	int ret;

	if (!go->prog->placed)
		return -ESRCH;
	ret = find_rate(go, heap);
	if (ret == -ESRCH || ret == -EPERM || ret == -ENODATA)
		return ret;
	if (ret)
		return cannot_find(heap, "runtime.MemProfileRate", ret);
	at = (struct go_heap_place){ .buckets = find(go, "runtime.mbuckets"),
				     .cycle = find(go, "runtime.mProfCycle"),
				     .lock = find(go, "runtime.profMemActiveLock"),
				     .cycle_bytes = cycle_bytes_by_code(go) };
	if (!at.buckets || !at.cycle)
		return cannot_find(heap, at.buckets ? "runtime.mProfCycle" : "runtime.mbuckets", -ENOENT);
	if (!at.cycle_bytes)
		at.cycle_bytes = go->minor >= 27 ? 16 : 32;
	return go_heap__read(&mem, &at, heap);
}
