// SPDX-License-Identifier: BSD-2-Clause
/*
 * What is counted as a switch on a machine that this one is not: the runtime's own samples of how long goroutines
 * waited, as a faster one has them, are added to a process that rests.
 */
#include <sys/uio.h>

#include "golive_target.h"

static char dir[] = "/tmp/tare-goruns-XXXXXX";

enum { PERIOD = 8, ITS_OWN = 40 * PERIOD };

static uint64_t count(struct go_live *live)
{
	struct tare_counters c;

	assert_int_equal(go_live__counters(live, &c), 0);
	assert_true(c.goroutine_switches != TARE_UNKNOWN);
	return c.goroutine_switches;
}

/* What the runtime counted meanwhile. The samples are those of less than 64 ns, and of less than 128 ns. */
struct meanwhile {
	uint32_t samples[2];
	uint32_t created, slices, collections;
};

/* A number of @size bytes of the process. */
static void add(const struct go_target *t, uint64_t at, size_t size, uint64_t n)
{
	uint64_t value = 0;
	struct iovec here = { &value, size }, there = { (void *)(uintptr_t)at, size };

	assert_int_equal(process_vm_readv(t->pid, &here, 1, &there, 1, 0), size);
	value += n;
	assert_int_equal(process_vm_writev(t->pid, &here, 1, &there, 1, 0), size);
}

static uint64_t word(const struct go_target *t, uint64_t at)
{
	uint64_t value;
	struct iovec here = { &value, sizeof(value) }, there = { (void *)(uintptr_t)at, sizeof(value) };

	assert_int_equal(process_vm_readv(t->pid, &here, 1, &there, 1, 0), sizeof(value));
	return value;
}

static void pass(const struct go_target *t, const struct go_live *live, const struct meanwhile *m)
{
	const int32_t *at = live->layout.at;
	int32_t created = at[SCHED_GOROUTINESCREATED] >= 0 ? at[SCHED_GOROUTINESCREATED] : at[SCHED_GOIDGEN];

	for (int i = 0; i < 2; i++)
		add(t, live->at.sched + at[SCHED_TIMETORUN] + 8 * i, 8, m->samples[i]);
	add(t, live->at.sched + created, 8, m->created);
	add(t, live->at.memstats + at[MSTATS_NUMGC], 4, m->collections);
	/* of the first P */
	add(t, word(t, word(t, live->at.allp)) + at[P_SCHEDTICK], 4, m->slices);
}

static const struct {
	struct meanwhile m;
	uint64_t runs, or_more;
} cases[] = {
	/* nothing but runs can be so short */
	{ { .samples = { 0, 1000 } }, 8000, 0 },
	{ { .samples = { 1000, 0 } }, 8000, 0 },
	{ { .samples = { 400, 1000 } }, 11200, 0 },
	{ { .samples = { 3000, 1000 } }, 32000, 0 },
	{ { .samples = { 50000, 0 } }, 400000, 0 },
	/* the new goroutines' stacks may have been moved, 8 times each; and 7 of 64 ends are measured as a run */
	{ { .samples = { 1000, 1000 }, .created = 1000 }, 7125, 0 },
	{ { .samples = { 3000, 1000 }, .created = 1000 }, 23125, 0 },
	{ { .samples = { 50000, 0 }, .created = 1000 }, 391125, 0 },
	/* but each of them ran */
	{ { .samples = { 1000, 0 }, .created = 1000 }, 1000, 0 },
	/* and who got a time slice ran */
	{ { .samples = { 1000, 0 }, .created = 1000, .slices = 5000 }, 5000, 0 },
	{ { .samples = { 1000, 1000 }, .created = 1000, .slices = 5000 }, 7125, 0 },
	{ { .samples = { 0, 0 }, .slices = 5000 }, 5000, 0 },
	/* so little is chance in which runs are measured */
	{ { .samples = { 0, 1000 }, .slices = 8500 }, 8000, 0 },
	/* many had to help mark */
	{ { .samples = { 1000, 0 }, .collections = 1000 }, 0, 0 },
	{ { .samples = { 1000, 1000 }, .collections = 1000 }, 8000, 0 },
	{ { .samples = { 1000, 0 }, .collections = 1000, .slices = 8000 }, 8000, 0 },
	/* many more runs than that: how much there is to be marked is not known here, but it is little */
	{ { .samples = { 50000, 0 }, .collections = 1 }, 390000, 10000 },
};

static void expect(struct go_target *t, struct go_live *live, size_t nr)
{
	const struct meanwhile *m = &cases[nr].m;
	uint64_t before = count(live), got;

	pass(t, live, m);
	got = count(live) - before;
	if (got < cases[nr].runs || got > cases[nr].runs + cases[nr].or_more + ITS_OWN)
		fail_msg("case %zu, %u and %u samples: %" PRIu64 " switches, should be %" PRIu64, nr, m->samples[0],
			 m->samples[1], got, cases[nr].runs);
}

static void short_waits(void **state)
{
	struct go_variant v = { .toolchain = "local", .name = "plain", .flags = "" };
	struct go_live_input in = { 0 };
	struct go_live *live;
	struct go_target t;
	char path[128];

	go_target__build(dir, &v, path);
	go_target__start(&t, path);
	in.pid = t.pid;
	in.img = t.img;
	in.bias = t.bias;
	assert_int_equal(go_layout__by_version(&in.layout, t.version), 0);
	in.pattern = go_target__patterns(&t, in.layout.minor);
	assert_int_equal(go_live__open(&live, &in), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		expect(&t, live, i);
		/* what chance withheld is settled */
		pass(&t, live, &(struct meanwhile){ .samples = { 0, 1000 } });
		count(live);
	}
	go_live__close(live);
	go_target__stop(&t);
	unlink(path);
}

/* The Ps count to 2^32. */
static void slices_wrap(void **state)
{
	struct go_variant v = { .toolchain = "local", .name = "plain", .flags = "" };
	struct go_live_input in = { 0 };
	struct meanwhile m = { .slices = UINT32_MAX - 2500 };
	struct go_live *live;
	struct go_target t;
	uint64_t before, got;
	char path[128];

	go_target__build(dir, &v, path);
	go_target__start(&t, path);
	in.pid = t.pid;
	assert_int_equal(go_layout__by_version(&in.layout, t.version), 0);
	in.pattern = go_target__patterns(&t, in.layout.minor);
	assert_int_equal(go_live__open(&live, &in), 0);
	pass(&t, live, &m);
	before = count(live);
	m.slices = 5000;
	pass(&t, live, &m);
	got = count(live) - before;
	assert_true(got >= 5000 && got <= 5000 + ITS_OWN);
	go_live__close(live);
	go_target__stop(&t);
	unlink(path);
}

static int set_up(void **state)
{
	return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_waits),
		cmocka_unit_test(slices_wrap),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
