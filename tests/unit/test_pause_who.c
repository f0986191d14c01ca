// SPDX-License-Identifier: BSD-2-Clause
/* Which thread was waited for: the straggler, as reported, by who woke it, or guessed; or the initiator itself. */
#include "pause_events.h"

static void test_initiator_off_cpu(void **state)
{
	struct pause_verdict v;

	request();
	out(T + 10 * US, 0, 101, 900, -1);
	in(T + 5 * MS, 0, 900, 101, 5 * MS - 10 * US);
	signal_at(T + 5 * MS + 2 * US, 102, TARE_SIGNAL_SENT, 0);
	signal_at(T + 5 * MS + 4 * US, 102, TARE_SIGNAL_DELIVERED, 0x1000);
	rest(T + 5 * MS + 10 * US);
	v = assert_main(PAUSE_RUNQUEUE, 5 * MS - 10 * US);
	assert_int_equal(v.top.seg.tid, 101);
	assert_int_equal(v.top.seg.other, 900);
}

/* Woken once all stood, but its CPU was taken: the straggler is not to blame. */
static void test_initiator_wakes_late(void **state)
{
	struct pause_verdict v;

	request();
	signal_at(T + 1 * US, 102, TARE_SIGNAL_SENT, 0);
	out(T + 10 * US, 0, 101, 900, FUTEX);
	signal_at(T + 12 * US, 102, TARE_SIGNAL_DELIVERED, 0x1000);
	p_stopped(T + 20 * US, 102, 18);
	out(T + 30 * US, 1, 102, 0, FUTEX);
	in_woken(T + 4 * MS, 0, 900, 101, 4 * MS - 25 * US, 3 * US, 102);
	rt(T + 4 * MS + 1 * US, 101, TARE_RT_STW_STOPPED);
	rt(T + 4 * MS + 2 * US, 101, TARE_RT_STW_RESTART);
	rt(T + 4 * MS + 3 * US, 101, TARE_RT_STW_STARTED);
	end(T + 100 * MS);
	v = assert_main(PAUSE_RUNQUEUE, 4 * MS - 25 * US);
	assert_int_equal(v.top.seg.tid, 101);
	assert_int_equal(only_pause()->cause_ns[PAUSE_WAKEUP], 3 * US);
	assert_int_equal(only_pause()->cause_ns[PAUSE_UNEXPLAINED], 0);
}

/* A runtime that does not say who stopped: who woke the initiator did. */
static void test_straggler_by_wake(void **state)
{
	goroutine(T - 1 * MS, 102, 33, 1);
	out(T - 1 * MS, 1, 102, 900, -1);
	request();
	signal_at(T + 5 * US, 102, TARE_SIGNAL_SENT, 0);
	out(T + 10 * US, 0, 101, 0, FUTEX);
	in(T + 9 * MS, 1, 900, 102, 10 * MS);
	signal_at(T + 9 * MS + 1 * US, 102, TARE_SIGNAL_DELIVERED, 0x1000);
	in_woken(T + 9 * MS + 20 * US, 0, 0, 101, 5 * US, 0, 102);
	out(T + 9 * MS + 30 * US, 1, 102, 0, FUTEX);
	/* all stand: by the runtime's own account, later */
	rt_args(T + 10 * MS, 101, TARE_RT_STW_RESTART, 7, 3, 1, T + 2 * US, T + 9 * MS + 22 * US);
	rt_args(T + 10 * MS + 1 * US, 101, TARE_RT_OWN_TOTAL, 0, 1, 10 * MS, 0, 0);
	rt(T + 10 * MS + 2 * US, 101, TARE_RT_STW_STARTED);
	end(T + 100 * MS);
	assert_main(PAUSE_RUNQUEUE, 9 * MS - 5 * US);
	assert_straggler(102, 33);
	assert_int_equal(only_pause()->part_ns[PAUSE_STOPPING], 9 * MS + 22 * US);
	assert_int_equal(only_pause()->own_stopping_ns, 9 * MS + 20 * US);
	assert_int_equal(only_pause()->own_total_ns, 10 * MS);
	assert_false(only_pause()->guessed);
}

/* Nor did it wake the initiator, whose time was up anyway: then it is the thread that was asked and blocked last. */
static void test_straggler_guessed(void **state)
{
	task(0, 1 * MS, 103, 2, TARE_STATE_RUNNING, TARE_NO_SYSCALL, NULL);
	out(T - 1 * MS, 1, 102, 900, -1);
	request();
	signal_at(T + 5 * US, 102, TARE_SIGNAL_SENT, 0);
	signal_at(T + 6 * US, 103, TARE_SIGNAL_SENT, 0);
	signal_at(T + 8 * US, 103, TARE_SIGNAL_DELIVERED, 0x1000);
	out(T + 10 * US, 0, 101, 0, FUTEX);
	out(T + 30 * US, 2, 103, 0, FUTEX);
	in(T + 3 * MS, 1, 900, 102, 4 * MS);
	signal_at(T + 3 * MS + 1 * US, 102, TARE_SIGNAL_DELIVERED, 0x1000);
	out(T + 3 * MS + 9 * US, 1, 102, 0, FUTEX);
	in(T + 3 * MS + 20 * US, 0, 0, 101, 0);
	rt(T + 3 * MS + 22 * US, 101, TARE_RT_STW_STOPPED);
	rt(T + 3 * MS + 23 * US, 101, TARE_RT_STW_RESTART);
	rt(T + 3 * MS + 24 * US, 101, TARE_RT_STW_STARTED);
	end(T + 100 * MS);
	assert_true(assert_main(PAUSE_RUNQUEUE, 3 * MS - 5 * US).confidence == 0.5);
	assert_true(only_pause()->guessed);
	assert_int_equal(only_pause()->straggler.tid, 102);
}

/* It was signalled only in the third round: a thread that slept meanwhile waited for it all the same. */
static void test_asked_late(void **state)
{
	request();
	out(T + 10 * US, 0, 101, 0, FUTEX);
	in(T + 110 * US, 0, 0, 101, 0);
	out(T + 120 * US, 0, 101, 0, FUTEX);
	sample(T + 150 * US, 102, 0, TARE_NO_SYSCALL, 0x1000);
	in(T + 220 * US, 0, 0, 101, 0);
	signal_at(T + 225 * US, 102, TARE_SIGNAL_SENT, 0);
	signal_at(T + 226 * US, 102, TARE_SIGNAL_DELIVERED, 0x1000);
	rest(T + 230 * US);
	assert_main(PAUSE_USER, 230 * US - 10 * US - 1 * US);
	assert_int_equal(only_pause()->cause_ns[PAUSE_BLOCKED], 0);
	assert_straggler(102, 18);
}

/* While all stand the initiator waits for a lock, whose holder was preempted: that is what everyone waits for. */
static void test_lock_holder_preempted(void **state)
{
	struct pause_verdict v;

	request();
	p_stopped(T + 5 * US, 102, 18);
	rt(T + 6 * US, 101, TARE_RT_STW_STOPPED);
	out(T + 10 * US, 1, 102, 900, -1);
	out(T + 20 * US, 0, 101, 0, FUTEX);
	in(T + 6 * MS, 1, 900, 102, 6 * MS - 10 * US);
	in_woken(T + 6 * MS + 20 * US, 0, 0, 101, 5 * US, 5 * US, 102);
	rt(T + 7 * MS, 101, TARE_RT_STW_RESTART);
	rt(T + 7 * MS, 101, TARE_RT_STW_STARTED);
	end(T + 100 * MS);
	v = assert_main(PAUSE_RUNQUEUE, 6 * MS - 20 * US);
	assert_int_equal(v.top.seg.tid, 102);
	assert_int_equal(v.top.seg.part, PAUSE_STOPPED);
	assert_int_equal(only_pause()->cause_ns[PAUSE_BLOCKED], 0);
	assert_int_equal(only_pause()->cause_ns[PAUSE_UNEXPLAINED], 0);
}

/* The straggler waits for a lock of the runtime, whose holder waits for a CPU. In another call it is its own matter. */
static void straggler_waits(int call)
{
	task(0, 1 * MS, 103, 2, TARE_STATE_RUNNING, TARE_NO_SYSCALL, NULL);
	out(T - 1 * MS, 2, 103, 900, -1);
	out(T - 1 * MS, 1, 102, 0, call);
	request();
	in(T + 6 * MS, 2, 900, 103, 7 * MS);
	in_woken(T + 6 * MS + 20 * US, 1, 0, 102, 5 * US, 5 * US, 103);
	rest(T + 6 * MS + 25 * US);
}

static void test_straggler_waits_for_lock(void **state)
{
	straggler_waits(FUTEX);
	assert_int_equal(assert_main(PAUSE_RUNQUEUE, 6 * MS).top.seg.tid, 103);
	assert_straggler(102, 18);
}

static void test_straggler_waits_for_pipe(void **state)
{
	straggler_waits(READ);
	assert_int_equal(assert_main(PAUSE_BLOCKED, 6 * MS + 10 * US).top.seg.tid, 102);
}

/* Rivals that take turns by the thousand: the chain has each one's time, summed up. */
static void test_rivals_take_turns(void **state)
{
	const struct pause *p;
	struct pause_verdict v;

	name(901, "other");
	out(T - 10 * US, 1, 102, 900, -1);
	rt(T, 101, TARE_RT_STW_REQUEST);
	for (uint64_t i = 0; i < 1500; i++) {
		others(T + i * 10 * US + 7 * US, 1, 900, 901);
		others(T + i * 10 * US + 10 * US, 1, 901, 900);
	}
	in(T + 15 * MS + 1 * US, 1, 900, 102, 15 * MS + 11 * US);
	p_stopped(T + 15 * MS + 2 * US, 102, 18);
	rt(T + 15 * MS + 3 * US, 101, TARE_RT_STW_STOPPED);
	rt(T + 15 * MS + 4 * US, 101, TARE_RT_STW_RESTART);
	rt(T + 15 * MS + 5 * US, 101, TARE_RT_STW_STARTED);
	end(T + 100 * MS);
	v = assert_main(PAUSE_RUNQUEUE, 15 * MS + 1 * US);
	p = only_pause();
	assert_int_equal(v.top.seg.other, 900);
	/* in the 10 us before the request it was there too: they stand first */
	assert_int_equal(v.top.ns, 1500 * 7 * US + 1 * US);
	assert_true(p->chain.n <= 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_two, teardown)
		TEST(test_initiator_off_cpu),
		TEST(test_initiator_wakes_late),
		TEST(test_straggler_by_wake),
		TEST(test_straggler_guessed),
		TEST(test_asked_late),
		TEST(test_lock_holder_preempted),
		TEST(test_straggler_waits_for_lock),
		TEST(test_straggler_waits_for_pipe),
		TEST(test_rivals_take_turns),
	};

	return cmocka_run_group_tests_name("pause_who", tests, NULL, NULL);
}
