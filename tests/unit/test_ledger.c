// SPDX-License-Identifier: BSD-2-Clause
/* The ledger: which class a stack belongs to, and gross = tare + probes + net to the nanosecond, whatever comes. */
#include <errno.h>

#include "ledger.h"
#include "model_events.h"

#define MS     1000000ull
#define TGID   100
#define KERNEL 0xffffffff81000000ull

/* One function at each multiple of 16, of the user (or of the kernel: from KERNEL on). */
#define MAIN	 0x1000ull
#define MALLOC	 0x1010ull
#define REFILL	 0x1020ull
#define CLEAR	 0x1030ull
#define ASSIST	 0x1040ull
#define SCHEDULE 0x1050ull
#define FAULT	 (KERNEL + 0x10)
#define IRQ	 (KERNEL + 0x20)
#define READ_	 (KERNEL + 0x30)
#define BPF	 (KERNEL + 0x40)
#define TRAP	 (KERNEL + 0x50)

static void symbol(uint64_t ip, enum tare_cost cost, uint32_t flags)
{
	struct tare_symbol head = { .pid = ip >= KERNEL ? 0 : TGID, .name_len = 1 };
	struct event ev = { .kind = EVENT_SYMBOL, .symbol = { .head = &head, .name = "f", .file = "" } };

	ev.symbol.more.flags = (uint32_t)cost << TARE_SYMBOL_COST_SHIFT | flags;
	/* where the thread was, and a call in it */
	for (unsigned i = 0; i < 16; i++) {
		head.ip = ip + i;
		fold(&ev);
	}
}

static void symbols(void)
{
	symbol(MAIN, TARE_COST_NONE, 0);
	symbol(MALLOC, TARE_COST_ALLOC_FAST, 0);
	symbol(REFILL, TARE_COST_ALLOC_SLOW, TARE_SYMBOL_COST_WITHIN);
	symbol(CLEAR, TARE_COST_ALLOC_ZERO, TARE_SYMBOL_COST_WITHIN);
	symbol(ASSIST, TARE_COST_GC_MARK_ASSIST, TARE_SYMBOL_COST_ALWAYS);
	symbol(SCHEDULE, TARE_COST_SCHED_SWITCH, 0);
	symbol(FAULT, TARE_COST_KERNEL_FAULT, 0);
	symbol(IRQ, TARE_COST_KERNEL_IRQ, TARE_SYMBOL_COST_ALWAYS);
	symbol(READ_, TARE_COST_NONE, 0);
	symbol(BPF, TARE_COST_PROBES, TARE_SYMBOL_COST_ALWAYS);
	symbol(TRAP, TARE_COST_PROBES_AROUND, TARE_SYMBOL_COST_ALWAYS);
}

/* Addresses innermost first, the kernel's before the user's. */
static void stack(uint32_t number, const uint64_t *at, unsigned nr)
{
	struct tare_call_stack head = { .pid = TGID, .number = number, .flags = TARE_STACK_WHOLE };
	struct event ev = { .kind = EVENT_CALL_STACK, .call_stack = { &head, at, NULL } };

	while (head.nr_kernel < nr && at[head.nr_kernel] >= KERNEL)
		head.nr_kernel++;
	head.nr_user = nr - head.nr_kernel;
	ev.call_stack.user = at + head.nr_kernel;
	fold(&ev);
}

static void samples(uint32_t number, unsigned nr)
{
	struct event of = { .kind = EVENT_STACKED, .ts_ns = 3 * MS, .stacked = { 101, number } };
	struct event ev = { .kind = EVENT_SAMPLE, .ts_ns = 3 * MS, .sample = { .tid = 101, .tgid = TGID } };

	while (nr--) {
		fold(&of);
		fold(&ev);
	}
}

/* Those in the kernel, in system call @nr. */
static void samples_in_call(uint32_t number, uint16_t nr, unsigned n)
{
	struct event of = { .kind = EVENT_STACKED, .ts_ns = 3 * MS, .stacked = { 101, number } };
	struct event ev = { .kind = EVENT_SAMPLE, .ts_ns = 3 * MS, .sample = { 101, TGID, nr, .kernel = true } };

	while (n--) {
		fold(&of);
		fold(&ev);
	}
}

/* Thread 101 runs from 1 ms to @end_ns. */
static void runs_to(uint64_t end_ns)
{
	out(end_ns, 0, 101, 0, 0);
	end(end_ns);
}

static void begins(void)
{
	symbols();
	task(0, 1 * MS, 101, 0, TARE_STATE_RUNNING, TARE_NO_SYSCALL, NULL);
}

static void probe_entered(const char *name, uint64_t hits, uint64_t each_ns, int64_t entry_ns)
{
	struct tare_probe p = {
		.hits = hits, .timed_hits = each_ns ? 10 : 0, .timed_ns = 10 * each_ns, .entry_ns = entry_ns
	};
	struct event ev = { .kind = EVENT_PROBE, .ts_ns = 3 * MS, .probe = &p };

	strncpy(p.name, name, sizeof(p.name) - 1);
	fold(&ev);
}

static void probe(const char *name, uint64_t hits, uint64_t each_ns)
{
	probe_entered(name, hits, each_ns, 0);
}

static void sums(const struct ledger *l)
{
	uint64_t tare = 0;

	for (unsigned i = 1; i < TARE_NR_COSTS; i++) {
		tare += l->classes[i].ns;
		assert_true(l->classes[i].low_ns <= l->classes[i].ns + 1 &&
			    l->classes[i].ns <= l->classes[i].high_ns + 1);
	}
	assert_int_equal(tare, l->tare_ns);
	assert_int_equal(l->gross_ns, l->tare_ns + l->probes_ns + l->net_ns);
}

static void is_of(enum tare_cost cost, const uint64_t *at, unsigned nr)
{
	const struct model_stack *st;
	static uint32_t number;

	stack(++number, at, nr);
	st = model_stacks__find(&m->profile.stacks, number);
	assert_non_null(st);
	assert_string_equal(ledger__name(ledger__cost_of(m, st)), ledger__name(cost));
}
#define IS_OF(cost, ...) \
	is_of(cost, (const uint64_t[]){ __VA_ARGS__ }, sizeof((uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t))

/* Innermost first: each address but the first is a return address, so it is one beyond a call. */
static void classes(void **state)
{
	symbols();
	IS_OF(TARE_COST_NONE, MAIN);
	IS_OF(TARE_COST_NONE, CLEAR, MAIN + 5);
	IS_OF(TARE_COST_ALLOC_FAST, MALLOC, MAIN + 5);
	IS_OF(TARE_COST_ALLOC_ZERO, CLEAR, MALLOC + 5, MAIN + 5);
	IS_OF(TARE_COST_ALLOC_ZERO, CLEAR, REFILL + 5, MALLOC + 5, MAIN + 5);
	IS_OF(TARE_COST_ALLOC_SLOW, REFILL, MALLOC + 5, MAIN + 5);
	IS_OF(TARE_COST_GC_MARK_ASSIST, ASSIST, MALLOC + 5, MAIN + 5);
	/* what the outermost one does is its own */
	IS_OF(TARE_COST_GC_MARK_ASSIST, CLEAR, ASSIST + 5, MALLOC + 5, MAIN + 5);
	IS_OF(TARE_COST_ALLOC_FAST, SCHEDULE, MALLOC + 5, MAIN + 5);
	IS_OF(TARE_COST_SCHED_SWITCH, MALLOC, SCHEDULE + 5);
	/* zeroing outside of allocation */
	IS_OF(TARE_COST_SCHED_SWITCH, CLEAR, SCHEDULE + 5);
	/* the kernel's classes come first, other calls are whose they are */
	IS_OF(TARE_COST_KERNEL_FAULT, FAULT, MALLOC, MAIN + 5);
	IS_OF(TARE_COST_NONE, READ_, MAIN);
	IS_OF(TARE_COST_ALLOC_FAST, READ_, MALLOC, MAIN + 5);
	IS_OF(TARE_COST_KERNEL_IRQ, IRQ, FAULT + 5, MAIN);
	IS_OF(TARE_COST_KERNEL_IRQ, IRQ, READ_ + 5, MALLOC, MAIN + 5);
	IS_OF(TARE_COST_PROBES, BPF, READ_ + 5, MAIN);
	/* a return address at a function's very end is of the caller, not of what follows it */
	IS_OF(TARE_COST_ALLOC_FAST, REFILL + 0x30, MALLOC + 0x10, MAIN + 5);
}

static void divided_by_samples(void **state)
{
	struct ledger l;

	begins();
	stack(901, (const uint64_t[]){ MAIN }, 1);
	stack(902, (const uint64_t[]){ MALLOC, MAIN + 5 }, 2);
	stack(903, (const uint64_t[]){ FAULT, MAIN }, 2);
	samples(901, 50);
	samples(902, 30);
	samples(903, 20);
	runs_to(101 * MS);
	assert_int_equal(ledger__of(m, &l), 0);
	assert_int_equal(l.gross_ns, 100 * MS);
	assert_int_equal(l.samples, 100);
	assert_int_equal(l.classes[TARE_COST_ALLOC_FAST].ns, 30 * MS);
	assert_int_equal(l.classes[TARE_COST_KERNEL_FAULT].ns, 20 * MS);
	assert_int_equal(l.net_ns, 50 * MS);
	/* Wilson's interval of 30 in 100: 21.9 to 39.6 % */
	assert_in_range(l.classes[TARE_COST_ALLOC_FAST].low_ns, 218 * MS / 10, 220 * MS / 10);
	assert_in_range(l.classes[TARE_COST_ALLOC_FAST].high_ns, 395 * MS / 10, 397 * MS / 10);
	/* none in 100: at most 3.7 % */
	assert_int_equal(l.classes[TARE_COST_GC_SWEEP].low_ns, 0);
	assert_in_range(l.classes[TARE_COST_GC_SWEEP].high_ns, 36 * MS / 10, 38 * MS / 10);
	sums(&l);
}

/* Sevenths of a prime: nothing divides. */
static void sum_is_exact(void **state)
{
	struct ledger l;

	begins();
	stack(901, (const uint64_t[]){ MAIN }, 1);
	stack(902, (const uint64_t[]){ MALLOC, MAIN + 5 }, 2);
	stack(903, (const uint64_t[]){ FAULT, MAIN }, 2);
	samples(901, 1);
	samples(902, 3);
	samples(903, 3);
	probe("runtime_uprobe", 1001, 17);
	runs_to(1 * MS + 999999937);
	assert_int_equal(ledger__of(m, &l), 0);
	assert_int_equal(l.gross_ns, 999999937);
	assert_int_equal(l.probes_ns, 17017);
	sums(&l);
}

/* On the way into a call for memory no function of the kernel says so; that of a read is whose the read is. */
static void memory_calls(void **state)
{
	struct ledger l;

	begins();
	m->header.arch = TARE_ARCH_X86_64;
	stack(901, (const uint64_t[]){ READ_, MALLOC, MAIN + 5 }, 3);
	stack(902, (const uint64_t[]){ FAULT, MAIN }, 2);
	samples_in_call(901, 28, 30); /* madvise */
	samples_in_call(901, 0, 50);  /* read */
	samples_in_call(902, 28, 20);
	runs_to(101 * MS);
	assert_int_equal(ledger__of(m, &l), 0);
	assert_int_equal(l.classes[TARE_COST_KERNEL_MEMORY].ns, 30 * MS);
	assert_int_equal(l.classes[TARE_COST_ALLOC_FAST].ns, 50 * MS);
	assert_int_equal(l.classes[TARE_COST_KERNEL_FAULT].ns, 20 * MS);
	sums(&l);
}

/* The clock ticks between a wait's stack and the wait. */
static void each_its_stack(void **state)
{
	struct event wait = { .kind = EVENT_STACKED, .ts_ns = 2 * MS, .stacked = { 101, 901 } };
	struct event end = { .kind = EVENT_OFF_CPU, .ts_ns = 2 * MS, .off_cpu = { .tid = 101, .tgid = TGID, .ns = 7 } };

	begins();
	stack(901, (const uint64_t[]){ MAIN }, 1);
	stack(902, (const uint64_t[]){ MALLOC, MAIN + 5 }, 2);
	fold(&wait);
	samples(902, 1);
	fold(&end);
	assert_int_equal(m->profile.rows[901].samples, 0);
	assert_int_equal(m->profile.rows[901].off_ns, 7);
	assert_int_equal(m->profile.rows[902].samples, 1);
	assert_int_equal(m->profile.rows[902].waits, 0);
}

/* Samples in tare's own programs are neither net nor tare: that time is counted. */
static void own_probes(void **state)
{
	struct ledger l;

	begins();
	stack(901, (const uint64_t[]){ MAIN }, 1);
	stack(902, (const uint64_t[]){ BPF, MAIN }, 2);
	samples(901, 10);
	samples(902, 10);
	probe("runtime_uprobe", 1000, 5000);
	runs_to(101 * MS);
	assert_int_equal(ledger__of(m, &l), 0);
	assert_int_equal(l.samples, 10);
	assert_int_equal(l.probes_ns, 5 * MS);
	assert_int_equal(l.net_ns, 95 * MS);
	sums(&l);
}

/* Getting into a probe is of its cost; where it is less than nothing, the run time as told is too much. */
static void entries(void **state)
{
	struct ledger l;
	uint64_t ns;

	begins();
	stack(901, (const uint64_t[]){ MAIN }, 1);
	samples(901, 10);
	probe_entered("runtime_uprobe", 1000, 5000, 1000);
	probe_entered("task_rename", 1000, 5000, -1000);
	probe_entered("page_fault", 1000, 0, 2000); /* none was timed */
	probe_entered("page_fault_end", 1000, 10, -20);
	runs_to(101 * MS);
	assert_int_equal(ledger__of(m, &l), 0);
	assert_int_equal(l.probes_ns, 6 * MS + 4 * MS + 2 * MS);
	assert_int_equal(model__probe_cost(m, &ns), 4000);
	assert_int_equal(ns, l.probes_ns);
	sums(&l);
}

/* What is around a program, such as a trap, nothing has counted: it is known by samples. */
static void around_probes(void **state)
{
	struct ledger l;

	begins();
	stack(901, (const uint64_t[]){ MAIN }, 1);
	stack(902, (const uint64_t[]){ BPF, TRAP + 5, MAIN }, 3);
	stack(903, (const uint64_t[]){ TRAP, MAIN }, 2);
	samples(901, 70);
	samples(902, 10);
	samples(903, 20);
	probe("runtime_uprobe", 1000, 5000);
	runs_to(101 * MS);
	assert_int_equal(ledger__of(m, &l), 0);
	assert_int_equal(l.samples, 70);
	assert_int_equal(l.probes_ns, 25 * MS);
	assert_int_equal(l.net_ns, 75 * MS);
	sums(&l);
}

/* A program that runs with interrupts off is sampled as what it runs in. */
static void hidden_probes(void **state)
{
	struct ledger l;

	begins();
	stack(901, (const uint64_t[]){ MAIN }, 1);
	stack(902, (const uint64_t[]){ FAULT, MAIN }, 2);
	samples(901, 50);
	samples(902, 50);
	probe("page_fault_user", 1000, 20000);
	runs_to(101 * MS);
	assert_int_equal(ledger__of(m, &l), 0);
	assert_int_equal(l.probes_ns, 20 * MS);
	assert_int_equal(l.classes[TARE_COST_KERNEL_FAULT].samples, 30);
	assert_int_equal(l.classes[TARE_COST_KERNEL_FAULT].ns, 30 * MS);
	assert_int_equal(l.net_ns, 50 * MS);
	sums(&l);
}

/* As a fault returns, interrupts are off: the tick comes at the instruction that had it. */
static void returns_of_faults(void **state)
{
	struct event of = { .kind = EVENT_STACKED, .ts_ns = 3 * MS, .stacked = { 101, 901 } };
	struct event ev = { .kind = EVENT_FAULT_SAMPLE, .ts_ns = 3 * MS };
	struct ledger l;

	begins();
	stack(901, (const uint64_t[]){ MAIN }, 1);
	stack(902, (const uint64_t[]){ MALLOC }, 1);
	samples(901, 50);
	samples(902, 50);
	ev.fault_sample.tid = 101;
	ev.fault_sample.tgid = TGID;
	ev.fault_sample.period = 100000; /* of 140 ns: 14 samples of 1 ms */
	fold(&of);
	fold(&ev);
	runs_to(101 * MS);
	assert_int_equal(ledger__of(m, &l), 0);
	assert_int_equal(l.classes[TARE_COST_KERNEL_FAULT].samples, 14);
	assert_int_equal(l.net.samples, 36);
	/* there are no more than that */
	ev.fault_sample.period = 100000000;
	fold(&of);
	fold(&ev);
	assert_int_equal(ledger__of(m, &l), 0);
	assert_int_equal(l.classes[TARE_COST_KERNEL_FAULT].samples, 50);
	sums(&l);
}

/* Others' page faults hit the probes too, but in their own time. */
static void others_faults(void **state)
{
	struct kernel_counters none = { 0 },
			       last = { .nvcsw = 1, .exec_ns = 100 * MS, .minor_faults = 240, .major_faults = 10 };
	struct ledger l;

	symbols();
	task(0, 1 * MS, 101, 0, TARE_STATE_RUNNING, TARE_NO_SYSCALL, &none);
	stack(901, (const uint64_t[]){ MAIN }, 1);
	samples(901, 10);
	probe_entered("page_fault_user", 1000, 500, 300);
	probe_entered("page_fault_end", 100, 500, 300); /* fewer than its page faults: all are its own */
	out(101 * MS, 0, 101, 0, 0);
	task(1, 101 * MS, 101, -1, 0, TARE_NO_SYSCALL, &last);
	end(101 * MS);
	assert_int_equal(ledger__of(m, &l), 0);
	assert_int_equal(l.probes_ns, 250 * 800 + 100 * 800);
	sums(&l);
}

/* They cannot have taken more than there was. */
static void probes_beyond_gross(void **state)
{
	struct ledger l;

	begins();
	stack(901, (const uint64_t[]){ MAIN }, 1);
	samples(901, 10);
	probe("runtime_uprobe", UINT64_MAX / 2, 1000000);
	runs_to(101 * MS);
	assert_int_equal(ledger__of(m, &l), 0);
	assert_int_equal(l.probes_ns, l.gross_ns);
	assert_int_equal(l.net_ns, 0);
	sums(&l);
}

static void without_samples(void **state)
{
	struct ledger l;

	begins();
	runs_to(101 * MS);
	assert_int_equal(ledger__of(m, &l), -ENODATA);
	assert_int_equal(l.gross_ns, 100 * MS);
}

/* Without a stack, or with one that was cut: net, and said. */
static void not_seen(void **state)
{
	struct ledger l;

	begins();
	stack(901, (const uint64_t[]){ MAIN }, 1);
	samples(901, 6);
	samples(0, 3);
	samples(77, 1);
	runs_to(101 * MS);
	assert_int_equal(ledger__of(m, &l), 0);
	assert_int_equal(l.samples, 10);
	assert_int_equal(l.unseen, 4);
	assert_int_equal(l.net_ns, 100 * MS);
}

/* One that was found to equal another. */
static void same_as(void **state)
{
	struct tare_call_stack head = { .pid = TGID, .number = 950, .same_as = 902 };
	struct event ev = { .kind = EVENT_CALL_STACK, .call_stack = { &head, &head, &head } };
	struct ledger l;

	begins();
	stack(901, (const uint64_t[]){ MAIN }, 1);
	stack(902, (const uint64_t[]){ MALLOC, MAIN + 5 }, 2);
	samples(950, 5);
	samples(901, 5);
	fold(&ev);
	head.number = 951;
	head.same_as = 951; /* itself, which is nothing */
	fold(&ev);
	runs_to(101 * MS);
	assert_int_equal(ledger__of(m, &l), 0);
	assert_int_equal(l.classes[TARE_COST_ALLOC_FAST].samples, 5);
	assert_int_equal(m->profile.rows[902].samples, 5);
	assert_int_equal(m->profile.rows[950].samples, 0);
	sums(&l);
}

int main(void)
{
#define T_(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T_(classes),	   T_(divided_by_samples), T_(sum_is_exact),	    T_(own_probes), T_(around_probes),
		T_(hidden_probes), T_(returns_of_faults),  T_(probes_beyond_gross), T_(entries),    T_(others_faults),
		T_(memory_calls),  T_(each_its_stack),	   T_(without_samples),	    T_(not_seen),   T_(same_as),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
