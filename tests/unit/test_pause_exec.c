// SPDX-License-Identifier: BSD-2-Clause
/* A process becomes another program, by its first thread or by another that takes its number. */
#include "pause_events.h"

static void exec_by(uint64_t ts, uint32_t tid)
{
	struct event ev = { .kind = EVENT_EXEC,
			    .ts_ns = ts,
			    .exec = { .tid = TGID, .old_tid = tid, .comm = "another" } };

	fold(&ev);
}

/* Another thread of the new program stops the world, and waits for the first one. */
static void stops(void)
{
	forked(6 * MS, 103);
	in(7 * MS, 2, 0, 103, 0);
	rt_args(T, 103, TARE_RT_STW_REQUEST, 7, 2, 1, 2, 0);
	p_stopped(T + 9 * MS, TGID, 1);
	rt(T + 9 * MS, 103, TARE_RT_STW_STOPPED);
	rt(T + 9 * MS, 103, TARE_RT_STW_RESTART);
	rt(T + 9 * MS, 103, TARE_RT_STW_STARTED);
	end(T + 100 * MS);
}

/*
 * The first thread was asleep when another called exec: its state says nothing of the new owner of that number, which
 * has a CPU.
 */
static void test_number_changes_hands(void **state)
{
	in(3 * MS, 2, 0, TGID, 0);
	out(4 * MS, 2, TGID, 0, FUTEX);
	exec_by(5 * MS, 102);
	stops();
	assert_int_equal(only_pause()->cause_ns[PAUSE_UNEXPLAINED], 0);
	assert_main(PAUSE_USER, 9 * MS);
}

/* A stop of the old program's world has no end. */
static void test_within_a_pause(void **state)
{
	rt_args(4 * MS, 101, TARE_RT_STW_REQUEST, 7, 2, 1, 2, 0);
	exec_by(5 * MS, 102);
	stops();
	assert_int_equal(m->pauses.unfinished, 1);
	assert_main(PAUSE_USER, 9 * MS);
}

/* A pause that was over counts, and no thread of the new program is late in it. */
static void test_after_a_pause(void **state)
{
	request();
	rt(T + 1 * MS, 101, TARE_RT_STW_STOPPED);
	rt(T + 2 * MS, 101, TARE_RT_STW_RESTART);
	rt(T + 2 * MS, 101, TARE_RT_STW_STARTED);
	exec_by(T + 3 * MS, 102);
	out(T + 4 * MS, 1, TGID, 0, FUTEX);
	in_woken(T + 9 * MS, 1, 0, TGID, 0, 0, 101);
	end(T + 100 * MS);
	assert_int_equal(pause__world_ns(only_pause()), 2 * MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup_two, teardown)
		TEST(test_number_changes_hands),
		TEST(test_within_a_pause),
		TEST(test_after_a_pause),
	};

	return cmocka_run_group_tests_name("pause_exec", tests, NULL, NULL);
}
