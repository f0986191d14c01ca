// SPDX-License-Identifier: BSD-2-Clause
/* Which functions belong to a cost: how a table is searched, and what holds for each of the tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "go.h"
#include "kernel_costs.h"
#include "util.h"
#include "weft_costs.h"

#define COST(name, flags) ((uint32_t)TARE_COST_##name << TARE_SYMBOL_COST_SHIFT | (flags))
#define WITHIN		  TARE_SYMBOL_COST_WITHIN
#define ALWAYS		  TARE_SYMBOL_COST_ALWAYS

static void search(void **unused)
{
	static const struct runtime_cost costs[] = {
		{ "grow.self", TARE_COST_NONE, 0 },    { "grow", TARE_COST_ALLOC_SLOW, WITHIN },
		{ "grow.*", TARE_COST_ALLOC_FAST, 0 }, { "grow.late", TARE_COST_GC_STOP, 0 },
		{ "mark", TARE_COST_GC_MARK, ALWAYS }, { 0 },
	};

	assert_int_equal(runtime_cost__find(NULL, "grow"), 0);
	assert_int_equal(runtime_cost__find(costs, ""), 0);
	assert_int_equal(runtime_cost__find(costs, "gro"), 0);
	assert_int_equal(runtime_cost__find(costs, "growth"), 0);
	assert_int_equal(runtime_cost__find(costs, "Mark"), 0);
	assert_int_equal(runtime_cost__find(costs, "grow"), COST(ALLOC_SLOW, WITHIN));
	assert_int_equal(runtime_cost__find(costs, "mark"), COST(GC_MARK, ALWAYS));
	assert_int_equal(runtime_cost__find(costs, "grow."), COST(ALLOC_FAST, 0));
	assert_int_equal(runtime_cost__find(costs, "grow.func1"), COST(ALLOC_FAST, 0));
	/* the first that fits */
	assert_int_equal(runtime_cost__find(costs, "grow.late"), COST(ALLOC_FAST, 0));
	assert_int_equal(runtime_cost__find(costs, "grow.self"), 0);
}

#define GROUP(cost, group, ...) [TARE_COST_##cost] = TARE_COSTS_##group,
static const enum tare_cost_group groups[] = { TARE_COSTS(GROUP) };

#define GROUP_BIT(group) (1u << TARE_COSTS_##group)
#define OF_A_RUNTIME	 (GROUP_BIT(GC) | GROUP_BIT(ALLOC) | GROUP_BIT(SCHED) | GROUP_BIT(STACK))

static const struct {
	const char *name;
	const struct runtime_cost *costs;
	unsigned groups; /* all those that it has */
} tables[] = {
	{ "go", go_costs, OF_A_RUNTIME | GROUP_BIT(KERNEL) },
	{ "weft", weft_costs, OF_A_RUNTIME },
	{ "native", native_costs, GROUP_BIT(ALLOC) | GROUP_BIT(KERNEL) },
	{ "kernel", kernel_costs, GROUP_BIT(KERNEL) | GROUP_BIT(PROBES) },
};

/* Does @a take all that @b would, from before it? */
static bool hides(const struct runtime_cost *a, const struct runtime_cost *b)
{
	size_t len = strlen(a->function);

	if (a->function[len - 1] == '*')
		return !strncmp(a->function, b->function, len - 1);
	return !strcmp(a->function, b->function);
}

/* Some function of the group counts by itself, or one within it never would. */
static bool counts_alone(const struct runtime_cost *costs, enum tare_cost_group group)
{
	for (const struct runtime_cost *c = costs; c->function; c++)
		if (groups[c->cost] == group && !(c->flags & WITHIN))
			return true;
	return false;
}

static void consistent(void **unused)
{
	for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
		const struct runtime_cost *costs = tables[t].costs;
		unsigned seen = 0;

		for (const struct runtime_cost *c = costs; c->function; c++) {
			if (c->cost <= TARE_COST_NONE || c->cost >= TARE_NR_COSTS ||
			    (c->flags != 0 && c->flags != WITHIN && c->flags != ALWAYS))
				fail_msg("%s: %s has cost %d, flags %x", tables[t].name, c->function, c->cost,
					 c->flags);
			for (const struct runtime_cost *first = costs; first < c; first++)
				if (hides(first, c))
					fail_msg("%s: %s never counts, for %s comes before it", tables[t].name,
						 c->function, first->function);
			if (c->flags & WITHIN && !counts_alone(costs, groups[c->cost]))
				fail_msg("%s: %s is within nothing", tables[t].name, c->function);
			seen |= 1u << groups[c->cost];
		}
		if (seen != tables[t].groups)
			fail_msg("%s has costs of groups %x, not %x", tables[t].name, seen, tables[t].groups);
	}
}

/* What is for the runtime, and what that looks like it is the program's. */
static void decisions(void **unused)
{
	static const struct {
		const struct runtime_cost *costs;
		const char *function;
		uint32_t want;
	} all[] = {
		{ go_costs, "runtime.mallocgcSmallScanNoHeaderSC7", COST(ALLOC_FAST, 0) },
		{ go_costs, "runtime.mallocgcLarge", COST(ALLOC_SLOW, ALWAYS) },
		{ go_costs, "runtime.(*mheap).alloc.func1", COST(ALLOC_SLOW, WITHIN) },
		{ go_costs, "runtime.memclrNoHeapPointers", COST(ALLOC_ZERO, WITHIN) },
		{ go_costs, "runtime.gcBgMarkWorker.func2", COST(GC_MARK, ALWAYS) },
		{ go_costs, "runtime.gcAssistAlloc.func2", COST(GC_MARK_ASSIST, ALWAYS) },
		{ go_costs, "runtime.findRunnable", COST(SCHED_STEAL, ALWAYS) },
		{ go_costs, "runtime.netpollblock", 0 },
		/* where every stack begins */
		{ go_costs, "runtime.goexit", 0 },
		{ go_costs, "runtime.main", 0 },
		{ go_costs, "runtime.mstart", 0 },
		{ go_costs, "runtime.systemstack", 0 },
		/* the program's own */
		{ go_costs, "runtime.chansend1", 0 },
		{ go_costs, "runtime.mapassign_fast64", 0 },
		{ go_costs, "runtime.memmove", 0 },
		{ go_costs, "runtime.makeslicecopy", 0 },
		{ go_costs, "runtime.gcd", 0 },
		{ go_costs, "main.mallocgc", 0 },
		{ native_costs, "malloc", COST(ALLOC_FAST, 0) },
		{ native_costs, "malloc_usable_size", 0 },
		{ native_costs, "mallocator", 0 },
		{ native_costs, "free", COST(ALLOC_FREE, 0) },
		{ native_costs, "freeze", 0 },
		{ native_costs, "_Znwm", COST(ALLOC_FAST, 0) },
		{ native_costs, "_ZnamRKSt9nothrow_t", COST(ALLOC_FAST, 0) },
		{ native_costs, "operator new(unsigned long, std::align_val_t)", COST(ALLOC_FAST, 0) },
		{ native_costs, "operator new[](unsigned long)", COST(ALLOC_FAST, 0) },
		{ native_costs, "operator delete[](void*)", COST(ALLOC_FREE, 0) },
		{ native_costs, "_ZdlPvm", COST(ALLOC_FREE, 0) },
		{ native_costs, "pool::operator new(unsigned long)", 0 },
		{ native_costs, "__rust_alloc_zeroed", COST(ALLOC_FAST, 0) },
		{ native_costs, "__rustc::__rust_dealloc", COST(ALLOC_FREE, 0) },
		{ native_costs, "__rdl_dealloc", COST(ALLOC_FREE, 0) },
		{ native_costs, "alloc::raw_vec::finish_grow", COST(ALLOC_FAST, 0) },
		{ native_costs, "alloc::vec::Vec<T,A>::push", 0 },
		{ native_costs, "je_free_default", COST(ALLOC_FREE, 0) },
		{ native_costs, "je_malloc", COST(ALLOC_FAST, 0) },
		{ native_costs, "_mi_malloc_generic", COST(ALLOC_SLOW, WITHIN) },
		{ weft_costs, "span__sweep_one", COST(GC_SWEEP, ALWAYS) },
		{ weft_costs, "g__main", 0 },
		{ weft_costs, "weft_send", 0 },
		{ kernel_costs, "__schedule", COST(KERNEL_SWITCH, ALWAYS) },
		{ kernel_costs, "schedule_work", 0 },
		{ kernel_costs, "__x64_sys_mmap", COST(KERNEL_MEMORY, 0) },
		{ kernel_costs, "__x64_sys_read", 0 },
		{ kernel_costs, "bpf_prog_6deef7357e7b4530_on_switch", COST(PROBES, ALWAYS) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (runtime_cost__find(all[i].costs, all[i].function) != all[i].want)
			fail_msg("%s: %x, not %x", all[i].function, runtime_cost__find(all[i].costs, all[i].function),
				 all[i].want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(search),
		cmocka_unit_test(consistent),
		cmocka_unit_test(decisions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
