// SPDX-License-Identifier: BSD-2-Clause
/*
 * What is counted as a switch on a machine that this one is not: the runtime's own samples of how long goroutines waited,
 * as a faster one has them, are added to a process that rests.
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

/* Two buckets follow each other: what waited less than 64 ns, and less than 128 ns. */
static void add_samples(const struct go_target *t, const struct go_live *live, const uint64_t n[2])
{
	uint64_t counts[2];
	struct iovec here = { counts, sizeof(counts) },
		     there = { (void *)(uintptr_t)(live->at.sched + live->layout.at[SCHED_TIMETORUN]), sizeof(counts) };

	assert_int_equal(process_vm_readv(t->pid, &here, 1, &there, 1, 0), sizeof(counts));
	for (int i = 0; i < 2; i++)
		counts[i] += n[i];
	assert_int_equal(process_vm_writev(t->pid, &here, 1, &there, 1, 0), sizeof(counts));
}

static void short_waits(void **state)
{
	static const struct {
		uint64_t samples[2], runs;
	} cases[] = {
		{ { 0, 1000 }, 1000 },
		{ { 1000, 0 }, 0 },		/* moved stacks, and marking */
		{ { 10, 1000 }, 1010 },
		{ { 400, 1000 }, 1400 },	/* one in four was so short */
		{ { 1000, 1000 }, 2000 },
		{ { 1010, 1000 }, 2000 },	/* no cliff where it is no more certain */
		{ { 3000, 1000 }, 2000 },
	};
	struct go_variant v = { .toolchain = "local", .name = "plain", .flags = "" };
	struct go_live_input in = { 0 };
	struct go_live *live;
	struct go_target t;
	char path[128];
	uint64_t before, got, want;

	go_target__build(dir, &v, path);
	go_target__start(&t, path);
	in.pid = t.pid;
	assert_int_equal(go_layout__by_version(&in.layout, t.version), 0);
	in.pattern = go_target__patterns(&t, in.layout.minor);
	assert_int_equal(go_live__open(&live, &in), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		before = count(live);
		add_samples(&t, live, cases[i].samples);
		got = count(live) - before;
		want = PERIOD * cases[i].runs;
		if (got < want || got > want + ITS_OWN)
			fail_msg("%" PRIu64 " and %" PRIu64 " samples: %" PRIu64 " switches, should be %" PRIu64,
				 cases[i].samples[0], cases[i].samples[1], got, want);
	}
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
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
