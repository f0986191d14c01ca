// SPDX-License-Identifier: BSD-2-Clause
/*
 * The events of Go's runtime and where they are probed, one line each. All are rare (a few per collection or stop of
 * the world), and none is at a function's return: a uretprobe would kill a Go program, whose stacks move.
 */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "go.h"
#include "probe_site.h"
#include "usdt.h"
#include "util.h"

#define MAX_CALLS 4
#define ANY	  99

/*
 * An argument: the n-th integer register of Go's calling convention (TIME: it holds nanotime()), or memory that it
 * points to.
 */
enum how { NONE, REG, TIME, FIELD, PREEMPTOFF, CONST };
struct arg {
	enum how how;
	uint8_t nr, bytes; /* CONST: .nr is the value */
	enum go_field field;
};

struct go_event {
	const char *function;
	const char *callee; /* at calls of it; "": before the return, at the last branch; NULL: at the entry */
	uint16_t event;
	uint8_t from, to; /* minor versions */
	bool required;
	struct arg args[TARE_RT_MAX_ARGS];
};

#define STOP   "runtime.stopTheWorldWithSema"
#define START  "runtime.startTheWorldWithSema"
#define RECORD "runtime.(*timeHistogram).record"
#define R(n, bytes)              \
	{                        \
		REG, n, bytes, 0 \
	}
#define T(n)                  \
	{                     \
		TIME, n, 8, 0 \
	}

/* runtime/proc.go, mgc.go and mgcpacer.go of each version */
static const struct go_event events[] = {
	{ STOP, NULL, TARE_RT_STW_REQUEST, 19, 20, true, { { PREEMPTOFF, 0, 8, 0 } } },
	{ STOP, NULL, TARE_RT_STW_REQUEST, 21, ANY, true, { R(0, 1) } },
	{ STOP, "", TARE_RT_STW_STOPPED, 19, 21, true, { { 0 } } },
	{ STOP, RECORD, TARE_RT_OWN_STOPPING, 22, ANY, true, { R(1, 8) } },
	{ START, NULL, TARE_RT_STW_RESTART, 19, 21, true, { { 0 } } },
	{ START, NULL, TARE_RT_STW_RESTART, 22, 22, true, { R(1, 1), T(2) } },
	{ START, NULL, TARE_RT_STW_RESTART, 23, ANY, true, { R(1, 1), T(2), T(3), R(4, 8) } },
	{ START, RECORD, TARE_RT_OWN_TOTAL, 22, ANY, false, { R(1, 8) } },
	{ START, "runtime.wakep", TARE_RT_STW_STARTED, 19, ANY, true, { { 0 } } },
	{ "runtime.stopTheWorld", NULL, TARE_RT_STW_WAIT, 21, ANY, false, { R(0, 1) } },
	{ "runtime.stopTheWorldGC", NULL, TARE_RT_STW_WAIT, 21, ANY, false, { R(0, 1) } },
	{ "runtime.(*gcControllerState).startCycle",
	  NULL,
	  TARE_RT_GC_START,
	  19,
	  ANY,
	  false,
	  { { 0 }, { FIELD, 0, 8, GC_HEAPLIVE } } },
	{ "runtime.gcMarkTermination", NULL, TARE_RT_GC_PHASE, 19, ANY, false, { { 0 }, { CONST, 2, 8, 0 } } },
	{ "runtime.(*gcControllerState).resetLive", NULL, TARE_RT_GC_END, 19, ANY, false, { { 0 }, R(1, 8) } },
	/*
	 * main's return, os.Exit and fatal errors all come here; assembly, so it is single-stepped, but only once per
	 * process
	 */
	{ "runtime.exit", NULL, TARE_RT_EXIT, 19, ANY, false, { { 0 } } },
};

/* Go's registers for integer arguments (cmd/compile/abi-internal.md), by the name of the kernel's pt_regs. */
static const char *arg_register(unsigned machine, unsigned nr)
{
	static const char *const x86[] = { "rax", "rbx", "rcx", "rdi", "rsi", "r8", "r9", "r10", "r11" };
	static const char *const arm64[] = { "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8" };

	if (nr >= ARRAY_SIZE(x86))
		return "";
	return machine == EM_AARCH64 ? arm64[nr] : x86[nr];
}

static int reg_offset(const struct go *go, const char *name)
{
	return pt_regs__offset(image__machine(go->prog->img), name, strlen(name));
}

static struct fetch fetch_of(const struct go *go, const struct arg *a)
{
	unsigned machine = image__machine(go->prog->img);
	struct fetch f = { .kind = FETCH_NONE, .bytes = a->bytes };

	switch (a->how) {
	case NONE:
		return f;
	case CONST:
		f.kind = FETCH_CONST;
		f.value = a->nr;
		return f;
	case FIELD:
		if (go->layout.at[a->field] < 0)
			return f;
		f.depth = 1;
		f.at[0] = go->layout.at[a->field];
		break;
	case PREEMPTOFF: /* g.m.preemptoff, a string */
		if (go->layout.at[G_M] < 0 || go->layout.at[M_PREEMPTOFF] < 0)
			return f;
		f.kind = FETCH_STRING;
		f.reg = reg_offset(go, machine == EM_AARCH64 ? "x28" : "r14");
		f.depth = 2;
		f.at[0] = go->layout.at[G_M];
		f.at[1] = go->layout.at[M_PREEMPTOFF];
		return f;
	case TIME:
		f.clock = 1;
		break;
	case REG:
		break;
	}
	f.kind = FETCH_REG;
	f.reg = reg_offset(go, arg_register(machine, a->nr));
	return f;
}

static int add_site(struct go *go, const struct go_event *e, const struct probe_site *ps, struct runtime_probes *list)
{
	struct runtime_probe probe = {
		.site = { .event = e->event, .flags_mask = ps->flags_mask, .flags_flip = ps->flags_flip }
	};

	if (image__offset(go->prog->img, ps->addr, &probe.offset))
		return -ENOENT;
	for (unsigned i = 0; i < TARE_RT_MAX_ARGS; i++) {
		probe.site.args[i] = fetch_of(go, &e->args[i]);
		if (probe.site.args[i].kind != FETCH_NONE)
			probe.site.nr_args = i + 1;
	}
	if (e->event == TARE_RT_EXIT)
		go->exit_site = ps->addr;
	else if (ps->class == PROBE_STEPPED)
		info("process %d: %s is probed at an instruction that the kernel single-steps", go->prog->pid,
		     e->function);
	return runtime_probes__add(list, &probe);
}

/*
 * The last branch, in address order, before the function returns: cold paths come after the return. In
 * stopTheWorldWithSema() it is the test for an impossible state, made once the world is stopped.
 */
static int last_branch(const struct code *code, struct probe_site *ps)
{
	struct insn_iter it;
	struct insn in;
	int ret = insn_iter__open(&it, code), found = -ENOENT;

	if (ret)
		return ret;
	while ((ret = insn_iter__next(&it, &in)) > 0 && in.kind != INSN_RET) {
		if (in.kind != INSN_JCC)
			continue;
		*ps = (struct probe_site){
			.addr = in.addr, .kind = SITE_CALL, .exact = true, .class = insn__probe_class(&in, code->arch)
		};
		found = 0;
	}
	insn_iter__close(&it);
	return ret < 0 ? ret : found;
}

static int add_event(struct go *go, const struct go_event *e, struct runtime_probes *list)
{
	struct probe_site sites[MAX_CALLS];
	const struct go_func *callee;
	struct code code;
	int ret = go__code(go, e->function, &code), nr = 1;

	if (ret)
		return ret;
	if (!e->callee) {
		ret = probe_site__entry(&code, &sites[0]);
	} else if (!e->callee[0]) {
		ret = last_branch(&code, &sites[0]);
	} else {
		callee = go__func(go, e->callee);
		nr = callee ? probe_site__calls(&code, callee->entry, sites, MAX_CALLS) : -ENOENT;
		ret = nr > 0 ? 0 : nr ?: -ENOENT;
	}
	for (int i = 0; i < nr && i < MAX_CALLS && !ret; i++)
		ret = add_site(go, e, &sites[i], list);
	return ret;
}

static bool is_for(const struct go *go, const struct go_event *e)
{
	return go->minor >= e->from && (go->minor <= e->to || e->to == ANY);
}

void go_probes__want(struct go *go)
{
	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		if (!is_for(go, &events[i]))
			continue;
		go__want(go, events[i].function);
		if (events[i].callee && events[i].callee[0])
			go__want(go, events[i].callee);
	}
}

int go_probes(struct go *go, struct runtime_probes *list)
{
	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		const struct go_event *e = &events[i];
		int ret = is_for(go, e) ? add_event(go, e, list) : 0;

		if (ret == -ENOMEM)
			return ret;
		if (ret && e->required)
			snprintf(go->prog->problem, sizeof(go->prog->problem), "there is no place to see %s in %s (%s)",
				 e->callee && e->callee[0] ? e->callee : "calls", e->function, strerror(-ret));
		else if (ret)
			info("process %d: nothing is told by %s: %s", go->prog->pid, e->function, strerror(-ret));
	}
	return 0;
}
