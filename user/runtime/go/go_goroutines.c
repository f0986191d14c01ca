// SPDX-License-Identifier: BSD-2-Clause
/* Goroutines as struct runtime's .goroutines tells them: stacks followed, the runtime's own ones marked. */
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "go.h"
#include "golive.h"
#include "golive_goroutines.h"
#include "gonames.h"
#include "goroutines.h"
#include "insn_call.h"
#include "util.h"

#define CODE_KEPT 1000000 /* addresses whose code is remembered */

struct look {
	struct go *go;
	struct goroutines *all;
	struct table code;   /* address to what is known of it: struct place, packed */
	struct table starts; /* a goroutine's first function: 1: the program's, 2: the runtime's */
	struct go_collections collections;
	bool by_tables; /* return addresses are where pclntab says: x86-64 */
};

/* What following a stack must know of the code at an address. */
struct place {
	bool known, is_call, outermost;
	bool injected; /* made to look called: its caller's address is that of an instruction which was not over */
	bool switched; /* stands for a change of stacks: no call is before it */
	int bytes;     /* on the stack, up to the return address */
};

static struct place place_look(const struct look *l, uint64_t addr)
{
	static const char *const injected[] = { "runtime.sigpanic", "runtime.asyncPreempt", "runtime.debugCallV2" };
	struct pclntab *t = l->go->pclntab;
	struct place p = { .bytes = pclntab__frame_bytes(t, addr) };
	struct go_func func;

	if (p.bytes < 0 || p.bytes > INT16_MAX * 8 || pclntab__func_at(t, addr, &func))
		return (struct place){ 0 };
	p.known = true;
	p.is_call = insn__follows_call(l->go->prog->img, addr + 1);
	p.outermost = !strcmp(func.name, "runtime.goexit");
	p.switched = !strcmp(func.name, "runtime.systemstack_switch");
	for (size_t i = 0; i < ARRAY_SIZE(injected); i++)
		p.injected |= !strcmp(func.name, injected[i]);
	return p;
}

static struct place place_at(struct look *l, uint64_t addr)
{
	uint64_t *slot = table__add(&l->code, addr & ~(1ull << 63));
	struct place p;

	if (slot && *slot)
		return (struct place){ *slot & 2, *slot & 4, *slot & 8, *slot & 16, *slot & 32, *slot >> 8 };
	p = place_look(l, addr);
	if (slot)
		*slot = 1 | p.known << 1 | p.is_call << 2 | p.outermost << 3 | p.injected << 4 | p.switched << 5 |
			(uint64_t)p.bytes << 8;
	return p;
}

/* From the process's address to the file's. */
static uint64_t in_file(const struct look *l, uint64_t pc)
{
	return pc - l->go->prog->bias;
}

static bool is_entry(const struct look *l, uint64_t pc)
{
	struct go_func func;

	return !pclntab__func_at(l->go->pclntab, in_file(l, pc), &func) && func.entry == in_file(l, pc);
}

static bool is_caller(const struct place *p)
{
	return p->known && (p->is_call || p->outermost || p->switched);
}

/*
 * Follow the stack by the sizes of frames, as the runtime does itself (runtime/traceback.go). What no call is before is
 * no caller: the stack ends there, and is not whole.
 */
static uint32_t walk(struct look *l, const struct go_g *g, const uint64_t *words, size_t nr_words)
{
	uint64_t addresses[GOROUTINE_FRAMES_MAX], pc = g->pc;
	/* one that has not run yet is at its first instruction */
	bool exact = is_entry(l, pc), whole = false;
	size_t at = 0;
	unsigned nr = 0;

	while (pc && nr < GOROUTINE_FRAMES_MAX) {
		uint64_t addr = in_file(l, pc) - !exact;
		struct place p = place_at(l, addr);

		if (nr && !exact && !is_caller(&p)) {
			/* until Go 1.20, a change of stacks is shown by that function's very beginning */
			p = place_at(l, ++addr);
			if (!p.switched)
				break;
		}
		if (!p.known)
			break;
		addresses[nr++] = addr;
		whole = p.outermost;
		at += p.bytes / 8;
		if (whole || p.bytes % 8 || !l->by_tables || at >= nr_words)
			break;
		pc = words[at++];
		exact = p.injected;
	}
	return goroutine_stacks__number(l->all->stacks, addresses, nr, whole);
}

/*
 * By its first function, as isSystemGoroutine() in runtime/traceback.go when the goroutine is created: those are left
 * out of runtime.NumGoroutine().
 */
static bool is_system(struct look *l, uint64_t start_pc)
{
	static const char *const programs[] = { "runtime.main", "runtime.corostart", "runtime.handleAsyncEvent" };
	uint64_t *slot = table__add(&l->starts, start_pc & ~(1ull << 63));
	struct go_func func;
	bool system;

	if (slot && *slot)
		return *slot == 2;
	system = !pclntab__func_at(l->go->pclntab, in_file(l, start_pc), &func) &&
		 !strncmp(func.name, "runtime.", strlen("runtime."));
	for (size_t i = 0; system && i < ARRAY_SIZE(programs); i++)
		system = strcmp(func.name, programs[i]);
	if (slot)
		*slot = 1 + system;
	return system;
}

/* By now_ns(); 0: unknown. */
static uint64_t since(const struct go_collections *c, uint64_t waitsince)
{
	uint64_t seen = go_collections__seen(c, waitsince);

	return seen ? seen - c->ahead_ns : 0;
}

static int visit(const struct go_g *g, const uint64_t *words, size_t nr_words, void *ctx)
{
	struct look *l = ctx;
	const char *reason = go_wait_reason(l->go->minor, g->reason);
	struct goroutine to = {
		.id = g->id,
		.stack = GOROUTINE_NO_STACK,
		.system = is_system(l, g->start_pc),
		.torn = g->torn,
		.state = "changing",
	};

	/* the first one was created by the startup code */
	if (g->created_pc && g->id != 1)
		to.created_at = in_file(l, g->created_pc) - 1;
	l->all->torn += g->torn;
	if (g->torn)
		return goroutines__add(l->all, &to);
	to.parent = g->parent;
	to.runs = g->runs;
	to.counts_runs = strcmp(go_status(g->status), "in a system call") != 0; /* not there from Go 1.26 on */
	to.state = go_status(g->status);
	to.parked = g->parked;
	/* both are only of those that wait; the latter may be left over from before */
	if (g->parked && strcmp(to.state, "runnable") != 0) {
		to.since_ns = since(&l->collections, g->waitsince);
		to.reason = strcmp(to.state, "in a system call") != 0 && reason && reason[0] ? reason : NULL;
	}
	if (g->parked)
		to.stack = walk(l, g, words, nr_words);
	return goroutines__add(l->all, &to);
}

static void explain(struct goroutines *all, struct go *go, int err)
{
	const char *problem = go->live ? go_live__problem(go->live, 0) : NULL;

	if (problem && err == -EINVAL)
		snprintf(all->problem, sizeof(all->problem), "%s", problem);
	else if (err == -ENOENT)
		snprintf(all->problem, sizeof(all->problem),
			 "where its list of goroutines is is not known: "
			 "its code is not as this version's usually is");
}

int go__goroutines(void *self, struct goroutines *all)
{
	struct go *go = self;
	struct look l = { .go = go, .all = all, .by_tables = image__machine(go->prog->img) == EM_X86_64 };
	int err = go__live(go);

	table__init(&l.code, CODE_KEPT);
	table__init(&l.starts, CODE_KEPT);
	/* before the goroutines: a later one may not have seen them */
	if (!err)
		go_live__collections(go->live, &l.collections);
	all->begin_ns = now_ns();
	if (!err)
		err = go_live__goroutines(go->live, visit, &l, &all->dead);
	all->end_ns = now_ns();
	if (err)
		explain(all, go, err);
	table__free(&l.code);
	table__free(&l.starts);
	return err;
}
