// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "gopattern.h"
#include "util.h"

const struct gopattern gopatterns[] = {
	/* both take sched.lock and no other */
	{ "runtime.sched", "runtime.stopm", "runtime.lock2", 19, 24, -0x18, 0, 0 },
	{ "runtime.sched", "runtime.stopm", "runtime.lock2", 25, INT_MAX, -0x20, 0, 0 },
	{ "runtime.sched", "runtime.handoffp", "runtime.lock2", 19, 24, -0x18, 0, 0 },
	{ "runtime.sched", "runtime.handoffp", "runtime.lock2", 25, INT_MAX, -0x20, 0, 0 },
	{ "runtime.sched.timeToRun", "runtime.casgstatus", "runtime.(*timeHistogram).record", 20, INT_MAX, 0, 0, 0 },
	{ "runtime.gcController", "runtime.(*mcache).refill", "runtime.(*gcControllerState).update", 19, INT_MAX, 0, 0,
	  0 },
	{ "runtime.memstats", "runtime.(*mcache).refill", "runtime.(*consistentHeapStats).acquire", 19, INT_MAX, 0, 0,
	  0 },
	{ "runtime.mheap_", "runtime.(*mcentral).grow", "runtime.(*mheap).alloc", 19, INT_MAX, 0, 0, 0 },
	{ "runtime.allp", "runtime.preemptall", NULL, 19, INT_MAX, 0, 0, 0 },
	{ "runtime.allm", "runtime.mcommoninit", "runtime.atomicwb", 19, INT_MAX, 0, 0, 0 },
	{ "runtime.work.cpuStats", "runtime.gcMarkTermination", "runtime.(*cpuStats).accumulate", 21, INT_MAX, 0, 0,
	  0 },
	/* it appends to the slice: its three words; lists of one word lie apart */
	{ "runtime.allgs", "runtime.allgadd", NULL, 19, INT_MAX, 0, 3, 0 },
	/* before there was accumulate(), it did all of that itself: to the 11 words at the end of work */
	{ "runtime.work.cpuStats", "runtime.gcMarkTermination", NULL, 20, 20, 0, 11, 0 },
	/* it adds up assistTime and backgroundTime, and two words of sched, which holds pointers and so lies lower */
	{ "runtime.scavenge", "runtime.(*cpuStats).accumulate", NULL, 21, INT_MAX, -0x10, 2, 0 },
	/* the heap profile: all that these load from a fixed place */
	{ "runtime.mbuckets", "runtime.mProf_FlushLocked", NULL, 19, INT_MAX, 0, 0, 0 },
	{ "runtime.mProfCycle", "runtime.mProf_Flush", NULL, 19, INT_MAX, 0, 0, 4 },
	{ "runtime.profMemActiveLock", "runtime.mProf_Flush", "runtime.lock2", 19, INT_MAX, 0, 0, 0 },
	{ NULL, NULL, NULL, 0, 0, 0, 0, 0 },
};

/* ---- what registers hold, if constant ---- */

struct constants {
	uint64_t value[32];
	uint32_t known;
};

static bool constants__get(const struct constants *c, uint8_t reg, uint64_t *value)
{
	if (reg >= 32 || !(c->known & 1u << reg))
		return false;
	*value = c->value[reg];
	return true;
}

/* The value that @in gives .reg. */
static bool constants__eval(const struct constants *c, const struct insn *in, uint64_t *value)
{
	uint64_t base;

	if (in->kind == INSN_ADDRESS) {
		*value = in->target;
		return true;
	}
	if (in->kind == INSN_MOV_IMM) {
		*value = in->imm;
		return in->size_bytes >= 4;
	}
	if (in->kind == INSN_MOV_PART) {
		if (!constants__get(c, in->reg, &base) || in->shift > 48)
			return false;
		*value = (base & ~(0xffffull << in->shift)) | (uint64_t)in->imm << in->shift;
		return true;
	}
	if ((in->kind != INSN_ADD && in->kind != INSN_MOV) || in->size_bytes != 8 ||
	    !constants__get(c, in->base, &base))
		return false;
	*value = in->kind == INSN_ADD ? base + in->imm : base;
	return true;
}

static void constants__step(struct constants *c, const struct insn *in)
{
	uint64_t value = 0;
	bool known = constants__eval(c, in, &value);

	/* what follows is reached from elsewhere, or after code that may have changed anything */
	if (in->kind == INSN_CALL || in->kind == INSN_CALL_INDIRECT || in->kind == INSN_JMP ||
	    in->kind == INSN_JMP_INDIRECT || in->kind == INSN_RET || in->kind == INSN_BAD)
		c->known = 0;
	if (in->kind != INSN_CMP) /* which the decoder reports as written */
		c->known &= ~in->writes;
	if (known && in->reg < 32) {
		c->value[in->reg] = value;
		c->known |= 1u << in->reg;
	}
}

/* The memory address that @in accesses, if constant. */
static bool constants__address(const struct constants *c, const struct insn *in, uint64_t *addr)
{
	if (!in->mem || in->tls || in->index != INSN_NO_REG)
		return false;
	if (in->pc_relative) {
		*addr = in->target;
		return true;
	}
	if (!constants__get(c, in->base, addr))
		return false;
	*addr += in->imm;
	return true;
}

/* ---- variables ---- */

struct found {
	uint64_t addr;
	uint32_t nr;
	bool differ;
};

static void found__add(struct found *f, uint64_t addr)
{
	f->differ |= f->nr && f->addr != addr;
	f->addr = addr;
	f->nr++;
}

/* Both ABIs pass the first argument in register 0: rax, x0. */
static void passed(struct constants *c, const struct insn *in, uint64_t callee, struct found *f)
{
	uint64_t addr;

	if (in->kind == INSN_CALL && in->target == callee && constants__get(c, 0, &addr))
		found__add(f, addr);
}

/*
 * A slice: its pointer and length are loaded, together or one after the other. Takes the lowest of all words loaded.
 */
static void loaded(struct constants *c, const struct insn *in, int bytes, struct found *f)
{
	uint64_t addr;

	if (in->kind != INSN_LOAD || in->size_bytes != bytes || !constants__address(c, in, &addr))
		return;
	if (!f->nr || addr < f->addr)
		f->addr = addr;
	f->nr++;
}

static int search(const struct code *code, uint64_t callee, int bytes, struct found *f)
{
	struct constants c = { .known = 0 };
	struct insn_iter it;
	struct insn in;
	int ret;

	ret = insn_iter__open(&it, code);
	if (ret)
		return ret;
	while ((ret = insn_iter__next(&it, &in)) > 0) {
		if (callee)
			passed(&c, &in, callee, f);
		else
			loaded(&c, &in, bytes, f);
		constants__step(&c, &in);
	}
	insn_iter__close(&it);
	return ret;
}

int gopattern__touched(const struct code *code, int (*visit)(uint64_t addr, void *ctx), void *ctx)
{
	struct constants c = { .known = 0 };
	struct insn_iter it;
	struct insn in;
	uint64_t addr;
	int ret, stop = 0;

	ret = insn_iter__open(&it, code);
	if (ret)
		return ret;
	while (!stop && (ret = insn_iter__next(&it, &in)) > 0) {
		if (constants__address(&c, &in, &addr))
			stop = visit(addr, ctx);
		constants__step(&c, &in);
	}
	insn_iter__close(&it);
	return stop ?: ret;
}

int gopattern__in(const struct code *code, uint64_t callee, int bytes, uint64_t *addr)
{
	struct found f = { .nr = 0 };
	int ret;

	ret = search(code, callee, bytes, &f);
	if (ret)
		return ret;
	if (!f.nr)
		return -ENOENT;
	*addr = f.addr;
	return f.differ ? -ENOTUNIQ : 0;
}

/* ---- several words in a row ---- */

enum { TOUCHED_MAX = 512 };

struct touched {
	uint64_t addr[TOUCHED_MAX];
	size_t nr;
};

static int touched__add(uint64_t addr, void *ctx)
{
	struct touched *t = ctx;

	if (t->nr == TOUCHED_MAX)
		return -E2BIG;
	t->addr[t->nr++] = addr;
	return 0;
}

static int by_address(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/*
 * The address of the last @words of a run of words: of the shortest that has so many; of equals, the highest. The
 * addresses are sorted.
 */
static int touched__run(const struct touched *t, size_t words, uint64_t *addr)
{
	size_t best = SIZE_MAX, run = 1;

	for (size_t i = 0; i < t->nr; i++) {
		uint64_t step = i + 1 < t->nr ? t->addr[i + 1] - t->addr[i] : UINT64_MAX;

		if (!step || step == 8) {
			run += !!step;
			continue;
		}
		if (run >= words && run <= best) {
			best = run;
			*addr = t->addr[i] - 8 * (words - 1);
		}
		run = 1;
	}
	return best == SIZE_MAX ? -ENOENT : 0;
}

int gopattern__words(const struct code *code, size_t words, uint64_t *addr)
{
	struct touched *t = calloc(1, sizeof(*t));
	int ret = t ? gopattern__touched(code, touched__add, t) : -ENOMEM;

	if (!ret) {
		qsort(t->addr, t->nr, sizeof(t->addr[0]), by_address);
		ret = touched__run(t, words, addr);
	}
	free(t);
	return ret;
}

static int gopattern__search(const struct gopattern *p, gopattern_lookup lookup, void *ctx, uint64_t *addr)
{
	struct code code, callee = { .addr = 0 };
	int ret;

	ret = lookup(ctx, p->function, &code);
	if (!ret && p->callee)
		ret = lookup(ctx, p->callee, &callee);
	if (!ret && p->callee && !callee.addr)
		ret = -ENOENT;
	if (!ret)
		ret = p->words ? gopattern__words(&code, p->words, addr) :
				 gopattern__in(&code, callee.addr, p->bytes ?: 8, addr);
	if (!ret)
		*addr += p->adjust;
	return ret;
}

int gopattern__find(const char *name, int minor, gopattern_lookup lookup, void *ctx, uint64_t *addr)
{
	int ret = -ENOENT;

	for (const struct gopattern *p = gopatterns; p->name && ret; p++) {
		if (!strcmp(p->name, name) && minor >= p->from && minor <= p->to)
			ret = gopattern__search(p, lookup, ctx, addr);
	}
	return ret;
}

/* ---- the thread-local word with g ---- */

const char *gotls__function(int arch)
{
	return arch == TARE_ARCH_X86_64 ? "runtime.stackcheck" : arch == TARE_ARCH_ARM64 ? "runtime.load_g" : NULL;
}

/* What is known of registers that may lead to g. */
struct tls_search {
	struct constants c;
	uint64_t slot[32];	/* the address each was loaded from; 0: none */
	uint8_t thread_pointer; /* arm64: the register that holds it */
};

/* A load from thread pointer + @reg + @offset: is the register's value known, or its origin? */
static int tls_search__resolve(const struct tls_search *s, uint8_t reg, int64_t offset, struct gotls *tls)
{
	uint64_t value = 0;

	tls->kind = GOTLS_OFFSET;
	tls->slot = 0;
	if (reg == INSN_NO_REG || constants__get(&s->c, reg, &value)) {
		tls->offset = value + offset;
		return 0;
	}
	if (reg >= 32 || !s->slot[reg])
		return -ENOENT;
	tls->kind = GOTLS_SLOT;
	tls->slot = s->slot[reg];
	tls->offset = offset;
	return 0;
}

/* Returns 1 if @in does not load g, else the final result. */
static int tls_search__step(struct tls_search *s, const struct insn *in, struct gotls *tls)
{
	uint64_t addr = 0;

	if (in->kind == INSN_LOAD && in->tls) {
		if (in->base != INSN_NO_REG && in->index != INSN_NO_REG)
			return -ENOENT;
		return tls_search__resolve(s, in->base != INSN_NO_REG ? in->base : in->index, in->imm, tls);
	}
	if (in->kind == INSN_LOAD && in->reg == ARM64_X28 && in->base != INSN_NO_REG && in->base == s->thread_pointer)
		return tls_search__resolve(s, in->index, in->imm, tls);
	if (in->kind == INSN_LOAD && constants__address(&s->c, in, &addr) && in->size_bytes == 1)
		tls->iscgo = addr;
	for (int i = 0; i < 32; i++) {
		if (in->writes & 1u << i)
			s->slot[i] = 0;
	}
	if (in->kind == INSN_THREAD_POINTER)
		s->thread_pointer = in->reg;
	else if (in->kind == INSN_LOAD && in->reg < 32 && in->size_bytes == 8)
		s->slot[in->reg] = addr;
	constants__step(&s->c, in);
	return in->kind == INSN_RET || in->kind == INSN_CALL ? -ENOENT : 1;
}

int gotls__decode(const struct code *code, struct gotls *tls)
{
	struct tls_search s = { .thread_pointer = INSN_NO_REG };
	struct insn_iter it;
	struct insn in;
	int ret, step = 1;

	*tls = (struct gotls){ .kind = GOTLS_OFFSET };
	ret = insn_iter__open(&it, code);
	if (ret)
		return ret;
	while (step == 1 && (ret = insn_iter__next(&it, &in)) > 0)
		step = tls_search__step(&s, &in, tls);
	insn_iter__close(&it);
	if (ret < 0)
		return ret;
	return step == 1 ? -ENOENT : step;
}
