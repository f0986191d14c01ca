// SPDX-License-Identifier: BSD-2-Clause
/* Goroutines counted by state and place, and what two looks have in common. */
#include "goroutine_groups.h"
#include "records.h"

static const char waiting[] = "waiting", running[] = "running", receive[] = "chan receive", chosen[] = "select";

static void add(struct goroutines *all, struct goroutine g)
{
	assert_int_equal(goroutines__add(all, &g), 0);
}

/* One that waits to receive. */
static struct goroutine waits(uint64_t id, uint32_t stack, uint8_t runs)
{
	return (struct goroutine){ .id = id,
				   .state = waiting,
				   .reason = receive,
				   .stack = stack,
				   .parked = true,
				   .counts_runs = true,
				   .runs = runs,
				   .created_at = 0x100 };
}

static void stacks_are_kept_once(void **state)
{
	struct goroutine_stacks s;
	uint64_t a[] = { 1, 2, 3 }, b[] = { 1, 2, 4 };

	goroutine_stacks__init(&s);
	assert_int_equal(goroutine_stacks__number(&s, a, 3, true), 0);
	assert_int_equal(goroutine_stacks__number(&s, b, 3, true), 1);
	assert_int_equal(goroutine_stacks__number(&s, a, 3, true), 0);
	assert_int_equal(goroutine_stacks__number(&s, a, 3, false), 2);
	assert_int_equal(goroutine_stacks__number(&s, a, 2, true), 3);
	assert_int_equal(goroutine_stacks__number(&s, a, 0, false), 4);
	assert_int_equal(s.nr, 5);
	assert_memory_equal(s.addresses + s.stacks[1].first, b, sizeof(b));
	goroutine_stacks__free(&s);
}

static void groups_of_one_look(void **state)
{
	struct goroutines now = { .begin_ns = 10000, .end_ns = 11000 };
	struct goroutine_groups gg;
	struct goroutine g;

	for (uint64_t i = 1; i <= 10; i++) {
		g = waits(i, 0, 0);
		g.since_ns = i < 4 ? 1000 * i : 0;
		add(&now, g);
	}
	g = waits(11, 0, 0);
	g.created_at = 0x200;
	add(&now, g);
	g = waits(12, 0, 0);
	g.reason = chosen;
	add(&now, g);
	add(&now, (struct goroutine){ .id = 13, .state = running, .stack = GOROUTINE_NO_STACK });
	g = waits(14, 1, 0);
	g.system = true;
	g.since_ns = 1;
	add(&now, g);
	add(&now, (struct goroutine){ .id = 15, .state = "changing", .torn = true, .stack = GOROUTINE_NO_STACK });
	assert_int_equal(goroutine_groups__of(&gg, NULL, &now, 2), 0);
	assert_int_equal(gg.nr, 6);
	assert_int_equal(gg.counted, 14);
	assert_int_equal(gg.system, 1);
	assert_int_equal(gg.groups[0].count, 10);
	assert_int_equal(gg.groups[0].known, 3);
	assert_int_equal(gg.groups[0].longest_ns, 9000);
	assert_int_equal(gg.groups[0].examples[2], 3);
	assert_true(gg.groups[5].system);
	/* the program's only */
	assert_int_equal(gg.nr_longest, 2);
	assert_int_equal(gg.longest[0].g->id, 1);
	assert_int_equal(gg.longest[1].g->id, 2);
	assert_int_equal(gg.longest[1].at_least_ns, 8000);
	assert_int_equal(gg.longest[1].group, 0);
	goroutine_groups__free(&gg);
	goroutines__free(&now);
}

/* 1 stays, 2 has run, 3 waits elsewhere, 4 ends, 5 begins, 6 is in a system call, of which runs are not counted. */
static void two_looks(void **state)
{
	struct goroutines first = { .begin_ns = 1000, .end_ns = 2000 }, now = { .begin_ns = 7000, .end_ns = 8000 };
	struct goroutine_groups gg;
	struct goroutine g;

	for (uint64_t i = 1; i <= 4; i++)
		add(&first, waits(i, 0, 5));
	g = waits(6, 0, 5);
	g.counts_runs = false;
	add(&first, g);
	add(&now, g);
	add(&now, waits(1, 0, 5));
	add(&now, waits(2, 0, 6));
	add(&now, waits(3, 1, 5));
	add(&now, waits(5, 0, 5));
	assert_int_equal(goroutine_groups__of(&gg, &first, &now, 10), 0);
	assert_int_equal(gg.counted_before, 5);
	assert_int_equal(gg.counted, 5);
	assert_int_equal(gg.created, 1);
	assert_int_equal(gg.ended, 1);
	assert_int_equal(gg.stayed, 1);
	assert_int_equal(gg.nr, 2);
	assert_int_equal(gg.groups[0].count, 4);
	assert_int_equal(gg.groups[0].before, 5);
	assert_int_equal(gg.groups[0].stayed, 1);
	assert_int_equal(gg.groups[1].before, 0);
	/* it is known to have waited between the looks */
	assert_int_equal(gg.nr_longest, 1);
	assert_int_equal(gg.longest[0].at_least_ns, 5000);
	goroutine_groups__free(&gg);
	goroutines__free(&first);
	goroutines__free(&now);
}

/* A look in the middle: one that ran 256 times until the last looks as if it had not. */
static void in_the_middle(void **state)
{
	struct goroutines first = { 0 }, middle = { 0 }, now = { .begin_ns = 10 };
	struct goroutine_groups gg;

	for (uint64_t i = 1; i <= 3; i++)
		add(&first, waits(i, 0, 5));
	add(&middle, waits(1, 0, 5));
	add(&middle, waits(2, 0, 77));
	for (uint64_t i = 1; i <= 3; i++)
		add(&now, waits(i, 0, 5));
	assert_int_equal(goroutines__narrow(&first, &middle), 0);
	assert_int_equal(goroutine_groups__of(&gg, &first, &now, 0), 0);
	assert_int_equal(gg.stayed, 1);
	assert_int_equal(gg.created, 0);
	assert_int_equal(gg.nr_longest, 0);
	goroutine_groups__free(&gg);
	goroutines__free(&first);
	goroutines__free(&middle);
	goroutines__free(&now);
}

/* Of many, the longest are kept, whatever their order; nothing at all is a result too. */
static void many_and_none(void **state)
{
	struct goroutines now = { .begin_ns = 1000000 };
	struct goroutine_groups gg;

	assert_int_equal(goroutine_groups__of(&gg, &now, &now, 5), 0);
	assert_int_equal(gg.nr, 0);
	goroutine_groups__free(&gg);
	for (uint64_t i = 1; i <= 1000; i++) {
		struct goroutine g = waits(i, i * 7919 % 100, 0);

		g.since_ns = i * 7919 % 1000 + 1;
		add(&now, g);
	}
	assert_int_equal(goroutine_groups__of(&gg, NULL, &now, 10), 0);
	assert_int_equal(gg.nr, 100);
	assert_int_equal(gg.nr_longest, 10);
	for (size_t i = 0; i < 10; i++) {
		assert_int_equal(gg.longest[i].at_least_ns, 1000000 - i - 1);
		assert_int_equal(gg.groups[gg.longest[i].group].stack, gg.longest[i].g->stack);
	}
	goroutine_groups__free(&gg);
	goroutines__free(&now);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stacks_are_kept_once),
		cmocka_unit_test(groups_of_one_look),
		cmocka_unit_test(two_looks),
		cmocka_unit_test(in_the_middle),
		cmocka_unit_test(many_and_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
