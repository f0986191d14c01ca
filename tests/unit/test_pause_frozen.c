// SPDX-License-Identifier: BSD-2-Clause
/* A process frozen in the middle of a pause, with threads that sleep where they are: no switch tells of these. */
#include "pause_events.h"

static void frozen_out(uint64_t ts, int cpu, uint32_t tid, uint16_t flags)
{
	struct event stop = { .kind = EVENT_STOP, .ts_ns = ts }, ev = sw(ts, cpu, tid, 0);

	stop.stop = (struct event_stop){ .state = TARE_STATE_FROZEN,
					 .sleepers = flags & TARE_STOP_SLEEPERS,
					 .tid = tid,
					 .interruptible = flags & TARE_STOP_INTERRUPTIBLE,
					 .tgid = TGID,
					 .cgroup = "one" };
	fold(&stop);
	ev.sw.prev_target = ev.sw.voluntary = true;
	ev.sw.state = TARE_STATE_FROZEN;
	fold(&ev);
}

static int setup_three(void **state)
{
	if (setup_two(state))
		return -1;
	task(0, 2 * MS, 103, 2, TARE_STATE_RUNNING, TARE_NO_SYSCALL, NULL);
	rt(3 * MS, 103, TARE_RT_GC_START);
	return 0;
}

static void assert_blocked(uint64_t ns, uint64_t as_frozen)
{
	const struct pause *p = only_pause();
	uint64_t frozen = 0;
	char text[64];

	assert_int_equal(p->cause_ns[PAUSE_BLOCKED], ns);
	for (uint32_t i = 0; i < p->chain.n; i++) {
		const struct pause_seg *s = &p->chain.at[i];

		if (s->cause != PAUSE_BLOCKED || !switches__stop_text(&m->switches, s->detail, text, sizeof(text)))
			continue;
		assert_string_equal(text, "frozen (cgroup one)");
		assert_false(s->firm);
		frozen += s->end_ns - s->start_ns;
	}
	assert_int_equal(frozen, as_frozen);
}

/* Only while it is seen to be frozen; before and after, it slept as reported. */
static void test_sleeper(void **state)
{
	request();
	out(T + 1 * MS, 1, 102, 0, FUTEX);
	frozen_out(T + 2 * MS, 2, 103, TARE_STOP_SLEEPERS);
	in_woken(T + 303 * MS, 2, 0, 103, 1 * MS, 0, 900);
	in_woken(T + 304 * MS, 1, 0, 102, 0, 0, 900);
	rest(T + 305 * MS);
	assert_blocked(303 * MS, 300 * MS);
}

/* The sleeper is the first to be seen again: the thaw was no later than that. */
static void test_sleeper_first(void **state)
{
	request();
	out(T + 1 * MS, 1, 102, 0, FUTEX);
	frozen_out(T + 2 * MS, 2, 103, TARE_STOP_SLEEPERS);
	in_woken(T + 304 * MS, 1, 0, 102, 2 * MS, 0, 900);
	in_woken(T + 304 * MS, 2, 0, 103, 1 * MS, 0, 900);
	rest(T + 305 * MS);
	assert_blocked(301 * MS, 300 * MS);
}

static void test_twice(void **state)
{
	request();
	out(T + 1 * MS, 1, 102, 0, FUTEX);
	for (uint64_t at = 2; at < 30; at += 10) {
		frozen_out(T + at * MS, 2, 103, TARE_STOP_SLEEPERS);
		in_woken(T + (at + 5) * MS, 2, 0, 103, 0, 0, 900);
	}
	in_woken(T + 40 * MS, 1, 0, 102, 0, 0, 900);
	rest(T + 41 * MS);
	assert_blocked(39 * MS, 15 * MS);
}

/* The other freezer wakes all sleepers: a thread that slept on was not frozen. */
static void test_other_freezer(void **state)
{
	request();
	out(T + 1 * MS, 1, 102, 0, FUTEX);
	frozen_out(T + 2 * MS, 2, 103, 0);
	in_woken(T + 303 * MS, 2, 0, 103, 1 * MS, 0, 900);
	in_woken(T + 304 * MS, 1, 0, 102, 0, 0, 900);
	rest(T + 305 * MS);
	assert_blocked(303 * MS, 0);
}

/* A thread in an uninterruptible sleep waits on, frozen or not. */
static void test_uninterruptible(void **state)
{
	struct event ev = sw(T + 1 * MS, 1, 102, 0);

	request();
	ev.sw.prev_target = ev.sw.voluntary = true;
	ev.sw.state = TARE_STATE_UNINTERRUPTIBLE;
	ev.sw.syscall = READ;
	fold(&ev);
	frozen_out(T + 2 * MS, 2, 103, TARE_STOP_SLEEPERS);
	in_woken(T + 303 * MS, 2, 0, 103, 1 * MS, 0, 900);
	in_woken(T + 304 * MS, 1, 0, 102, 0, 0, 900);
	rest(T + 305 * MS);
	assert_blocked(303 * MS, 0);
}

/* Held by a debugger since before the recording, so not seen to leave: waiting for it is waiting for that. */
static void test_before(void **state)
{
	struct tare_task t = { .ts_ns = 3 * MS,
			       .tid = 104,
			       .tgid = TGID,
			       .state = TARE_STATE_TRACED,
			       .syscall = READ,
			       .stop = TARE_STATE_TRACED };
	struct event ev = { .kind = EVENT_TASK, .ts_ns = 3 * MS, .task = &t };
	char text[64];

	fold(&ev);
	request();
	out(T + 1 * MS, 1, 102, 0, FUTEX);
	out(T + 1 * MS, 2, 103, 0, FUTEX);
	in_woken(T + 50 * MS, 3, 0, 104, 0, 0, 900);
	p_stopped(T + 51 * MS, 104, 19);
	rt(T + 52 * MS, 101, TARE_RT_STW_STOPPED);
	rt(T + 53 * MS, 101, TARE_RT_STW_RESTART);
	rt(T + 54 * MS, 101, TARE_RT_STW_STARTED);
	end(T + 100 * MS);
	assert_straggler(104, 19);
	assert_int_equal(only_pause()->cause_ns[PAUSE_BLOCKED], 50 * MS);
	for (uint32_t i = 0; i < only_pause()->chain.n; i++) {
		const struct pause_seg *s = &only_pause()->chain.at[i];

		if (s->cause != PAUSE_BLOCKED)
			continue;
		assert_true(switches__stop_text(&m->switches, s->detail, text, sizeof(text)));
		assert_string_equal(text, "stopped by a debugger");
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup_three, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_sleeper),	  TEST(test_sleeper_first),   TEST(test_twice),
		TEST(test_other_freezer), TEST(test_uninterruptible), TEST(test_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
