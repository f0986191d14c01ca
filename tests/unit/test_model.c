// SPDX-License-Identifier: BSD-2-Clause
#include "model_events.h"

/* ---- what single switches mean ---- */

static void test_block_and_wake(void **state)
{
	struct event ev;

	task(0, 1000, 100, 2, TARE_STATE_RUNNING, TARE_NO_SYSCALL, NULL);
	out(1500, 2, 100, 0, FUTEX);
	name(55, "waker");
	ev = sw(4000, 3, 0, 100);
	ev.sw.next_target = ev.sw.has_wait = ev.sw.has_wake = true;
	ev.sw.wait_ns = 300;
	ev.sw.wake_delay_ns = 20;
	ev.sw.waker_tid = 55;
	ev.sw.waker_cpu = 1;
	fold(&ev);
	out(4700, 3, 100, 0, READ);
	end(5000);

	assert_accounts(row(100), 500 + 700, 300, 0, 2200 + 300, 0);
	assert_int_equal(row(100)->acc.voluntary, 2);
	assert_int_equal(row(100)->acc.involuntary, 0);
	assert_int_equal(row(100)->acc.migrations, 1);
	assert_int_equal(reason_of(REASON_SYSCALL, FUTEX)->count, 1);
	assert_int_equal(reason_of(REASON_SYSCALL, FUTEX)->total_ns, 2200);
	assert_int_equal(reason_of(REASON_SYSCALL, FUTEX)->still, 0);
	assert_int_equal(reason_of(REASON_SYSCALL, READ)->total_ns, 300);
	assert_int_equal(reason_of(REASON_SYSCALL, READ)->still, 1);
	assert_int_equal(m->switches.wake_latency.max, 320);
	assert_int_equal(m->switches.run_queue.total, 300);
	/* the first slice began before the recording: its length is not known */
	assert_int_equal(m->switches.slice.count, 1);
	assert_int_equal(m->switches.slice.total, 700);
	assert_int_equal(m->switches.rivals.waker[NAME_FIRST + 1][0].count, 1);
	assert_int_equal(m->switches.rivals.waker[NAME_FIRST + 1][0].other_cpu, 1);
	assert_int_equal(model__duration(m), 4000);
}

static void test_reasons(void **state)
{
	struct event ev;

	task(0, 1000, 100, 0, TARE_STATE_RUNNING, TARE_NO_SYSCALL, NULL);
	/* yields: the kernel counts it as involuntary */
	ev = sw(2000, 0, 100, 7);
	ev.sw.prev_target = true;
	ev.sw.syscall = YIELD;
	fold(&ev);
	in(2100, 0, 7, 100, 100);
	/* voluntary and in no system call: a page fault */
	ev = sw(3000, 0, 100, 0);
	ev.sw.prev_target = ev.sw.voluntary = true;
	ev.sw.state = TARE_STATE_UNINTERRUPTIBLE;
	fold(&ev);
	in(3500, 0, 0, 100, 0);
	ev.ts_ns = 4000;
	ev.sw.state = TARE_STATE_STOPPED;
	fold(&ev);
	in(4600, 0, 0, 100, 0);
	out(5000, 0, 100, 7, -1);
	in(5700, 0, 7, 100, 700);
	ev.ts_ns = 6000;
	ev.sw.state = TARE_STATE_DEAD;
	ev.sw.syscall = 231; /* exit_group */
	fold(&ev);
	end(9000);

	assert_int_equal(reason_of(REASON_YIELDED, 0)->total_ns, 100);
	assert_int_equal(reason_of(REASON_PAGE_FAULT, 0)->total_ns, 500);
	assert_int_equal(reason_of(REASON_STOPPED, 0)->total_ns, 600);
	assert_int_equal(reason_of(REASON_PREEMPTED, 0)->total_ns, 700);
	assert_int_equal(reason_of(REASON_EXITED, 0)->count, 1);
	assert_int_equal(reason_of(REASON_EXITED, 0)->total_ns, 0);
	assert_true(row(100)->exited);
	assert_int_equal(row(100)->acc.voluntary, 3);
	assert_int_equal(row(100)->acc.involuntary, 2);
	assert_accounts(row(100), 1000 + 900 + 500 + 400 + 300, 800, 0, 1100, 0);
}

static void test_throttled(void **state)
{
	struct event ev;

	task(0, 1000, 100, 0, TARE_STATE_RUNNING, TARE_NO_SYSCALL, NULL);
	ev = sw(2000, 0, 100, 0);
	ev.sw.prev_target = true;
	ev.sw.state = TARE_STATE_THROTTLED;
	fold(&ev);
	ev = sw(90000, 0, 0, 100);
	ev.sw.next_target = ev.sw.has_wait = true;
	ev.sw.wait_ns = 88000;
	ev.sw.throttled_ns = 85000;
	fold(&ev);
	end(100000);

	assert_accounts(row(100), 1000 + 10000, 3000, 85000, 0, 0);
	assert_int_equal(reason_of(REASON_THROTTLED, 0)->count, 1);
	assert_int_equal(reason_of(REASON_THROTTLED, 0)->total_ns, 85000);
	assert_int_equal(m->switches.throttled.total, 85000);
	assert_int_equal(m->switches.run_queue.total, 3000);
	assert_int_equal(rival("idle", false)->total_ns, 3000);
}

static void test_blocked_throughout(void **state)
{
	task(0, 1000, 100, -1, TARE_STATE_INTERRUPTIBLE, FUTEX, NULL);
	task(0, 1010, 101, -1, TARE_STATE_INTERRUPTIBLE, FUTEX, NULL);
	/* when it was woken is not known, only that it was */
	task(1, 5000, 101, -1, TARE_STATE_RUNNING, FUTEX, NULL);
	end(5000);

	assert_accounts(row(100), 0, 0, 0, 4000, 0);
	assert_accounts(row(101), 0, 0, 0, 0, 3990);
	assert_int_equal(reason_of(REASON_SYSCALL, FUTEX)->count, 0);
	assert_int_equal(reason_of(REASON_SYSCALL, FUTEX)->still, 1);
	assert_int_equal(reason_of(REASON_SYSCALL, FUTEX)->total_ns, 4000);
}

/* A recording that was cut off ends with its last event. */
static void test_no_end(void **state)
{
	task(0, 1000, 100, 0, TARE_STATE_RUNNING, TARE_NO_SYSCALL, NULL);
	task(0, 1000, 101, 1, TARE_STATE_RUNNING, TARE_NO_SYSCALL, NULL);
	out(2000, 0, 100, 0, FUTEX);
	model__finish(m);
	assert_accounts(row(101), 1000, 0, 0, 0, 0);
	assert_true(model__is_incomplete(m));
	assert_int_equal(model__duration(m), 1000);
}

static void test_before_the_snapshot(void **state)
{
	/* known before its time: what happened before is not counted */
	task(0, 5000, 100, 1, TARE_STATE_RUNNING, TARE_NO_SYSCALL, NULL);
	out(3000, 0, 100, 0, FUTEX);
	in(4000, 1, 0, 100, 10);
	out(6000, 1, 100, 0, FUTEX);
	/* known after it was seen: the same */
	in(6100, 2, 0, 101, 10);
	out(6500, 2, 101, 0, FUTEX);
	task(0, 7000, 101, -1, TARE_STATE_INTERRUPTIBLE, FUTEX, NULL);
	in(7100, 2, 0, 101, 10);
	end(8000);

	assert_int_equal(row(100)->acc.voluntary, 1);
	assert_accounts(row(100), 1000, 0, 0, 2000, 0);
	assert_int_equal(row(101)->acc.voluntary, 0);
	assert_int_equal(row(101)->born_ns, 7000);
	assert_accounts(row(101), 900, 10, 0, 90, 0);
	assert_int_equal(row(100)->acc.inconsistent + row(101)->acc.inconsistent, 0);
}

/* ---- loss ---- */

static void test_lost_out(void **state)
{
	task(0, 1000, 100, 0, TARE_STATE_RUNNING, TARE_NO_SYSCALL, NULL);
	out(2000, 0, 100, 0, FUTEX);
	in(3000, 0, 0, 100, 0);
	/* it left unseen, since another target thread leaves this CPU */
	in(9000, 1, 0, 101, 0);
	out(9500, 0, 101, 0, FUTEX);
	in(20000, 0, 0, 100, 400);
	end(21000);

	assert_accounts(row(100), 1000 + 1000, 400, 0, 1000, 16600);
	assert_int_equal(row(100)->acc.inconsistent, 1);
}

static void test_lost_in(void **state)
{
	task(0, 1000, 100, 0, TARE_STATE_RUNNING, TARE_NO_SYSCALL, NULL);
	out(2000, 0, 100, 0, FUTEX);
	out(5000, 0, 100, 0, FUTEX);
	in(6000, 0, 0, 100, 0);
	end(7000);

	assert_accounts(row(100), 2000, 0, 0, 1000, 3000);
	assert_int_equal(row(100)->acc.inconsistent, 1);
	assert_int_equal(row(100)->acc.voluntary, 2);
	assert_int_equal(m->switches.slice.count, 0);
}

/* Preempted, and the kernel says that it waited for part of that time: the rest is unknown. */
static void preempted_and_waited_less(void)
{
	task(0, 1000, 100, 0, TARE_STATE_RUNNING, TARE_NO_SYSCALL, NULL);
	out(2000, 0, 100, 7, -1);
	in(52000, 0, 7, 100, 30000);
}

static void test_short_wait(void **state)
{
	preempted_and_waited_less();
	end(53000);
	assert_accounts(row(100), 2000, 30000, 0, 0, 20000);
	assert_int_equal(reason_of(REASON_PREEMPTED, 0)->total_ns, 30000);
}

/* Told to go at 1800, gone at 2000: the kernel counts these 200 ns as wait, while the thread itself was running. */
static void test_wait_began_before_the_switch(void **state)
{
	name(7, "hog");
	task(0, 1000, 100, 0, TARE_STATE_RUNNING, TARE_NO_SYSCALL, NULL);
	out(2000, 0, 100, 7, -1);
	in(5000, 0, 7, 100, 3200);
	/* but never more than it had run */
	out(5100, 0, 100, 7, -1);
	in(6000, 0, 7, 100, 5000);
	end(7000);

	assert_accounts(row(100), 800 + 0 + 1000, 3200 + 1000, 0, 0, 0);
	assert_int_equal(row(100)->acc.stolen_ns, -300);
	assert_int_equal(rival("hog", false)->total_ns, 3000 + 900);
	assert_int_equal(rival("target", true)->total_ns, 200 + 100);
}

static void test_loss_is_a_running_total(void **state)
{
	struct tare_loss loss = { .cls = TARE_LOST_IN, .cpu = 1, .count = 5 };
	struct event ev = { .kind = EVENT_LOSS, .loss = &loss };

	fold(&ev);
	loss.count = 9;
	fold(&ev);
	loss.cpu = 2;
	loss.count = 100;
	fold(&ev);
	loss.cls = TARE_LOST_DISK;
	fold(&ev);
	loss.cls = 12345; /* of a later version */
	fold(&ev);
	end(1);
	assert_int_equal(m->lost[TARE_LOST_IN], 109);
	assert_int_equal(m->lost[TARE_LOST_DISK], 100);
	assert_int_equal(model__lost_events(m), 109);
}

static void stop(uint64_t ts, uint32_t tid, int state, uint32_t signal, const char *cgroup)
{
	struct event ev = { .kind = EVENT_STOP, .ts_ns = ts };

	ev.stop = (struct event_stop){ .state = state, .tid = tid, .signal = signal };
	strcpy(ev.stop.cgroup, cgroup);
	fold(&ev);
}

static void leave_in(uint64_t ts, int state)
{
	struct event ev = { .kind = EVENT_SWITCH, .ts_ns = ts };

	ev.sw = (struct event_switch){
		.prev_tid = 100, .prev_target = true, .voluntary = true, .state = state, .syscall = 7
	};
	fold(&ev);
}

static const struct reason *reason_called(const char *want)
{
	char text[128];

	for (uint32_t i = 0; i < m->switches.nr_reasons; i++) {
		if (reason__stop_text(&m->switches.reasons[i], text, sizeof(text)) && !strcmp(text, want) &&
		    m->switches.reasons[i].count)
			return &m->switches.reasons[i];
	}
	fail_msg("no reason \"%s\"", want);
	return NULL;
}

/* Whatever system call a thread was in: what stopped it is the reason, and only for that once. */
static void made_to_stand_still(void **unused)
{
	task(0, 1000, 100, 0, TARE_STATE_RUNNING, TARE_NO_SYSCALL, NULL);
	stop(2000, 100, TARE_STATE_FROZEN, 0, "one");
	leave_in(2000, TARE_STATE_FROZEN);
	in(2300, 0, 0, 100, 0);
	stop(3000, 100, TARE_STATE_FROZEN, 0, "two");
	leave_in(3000, TARE_STATE_FROZEN);
	in(3020, 0, 0, 100, 0);
	stop(4000, 100, TARE_STATE_FROZEN, 0, "one");
	leave_in(4000, TARE_STATE_FROZEN);
	in(4100, 0, 0, 100, 0);
	stop(5000, 100, TARE_STATE_STOPPED, 19, "");
	leave_in(5000, TARE_STATE_STOPPED);
	in(5005, 0, 0, 100, 0);
	stop(6000, 100, TARE_STATE_TRACED, 0, "");
	leave_in(6000, TARE_STATE_TRACED);
	in(6007, 0, 0, 100, 0);
	stop(6500, 100, TARE_STATE_FROZEN, 0,
	     "docker-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.scope");
	leave_in(6500, TARE_STATE_FROZEN);
	in(6503, 0, 0, 100, 0);
	leave_in(7000, TARE_STATE_FROZEN); /* its record was lost */
	in(7001, 0, 0, 100, 0);
	leave_in(8000, TARE_STATE_INTERRUPTIBLE);
	in(8050, 0, 0, 100, 0);
	end(9000);
	assert_true(reason_called("frozen (cgroup one)")->count == 2);
	assert_int_equal(reason_called("frozen (cgroup one)")->total_ns, 400);
	assert_int_equal(reason_called("frozen (cgroup two)")->total_ns, 20);
	assert_int_equal(reason_called("frozen (cgroup docker-0123456789abcdef01234..89abcdef.scope)")->total_ns, 3);
	assert_int_equal(reason_called("stopped by SIGSTOP")->total_ns, 5);
	assert_int_equal(reason_called("stopped by a debugger")->total_ns, 7);
	assert_int_equal(reason_called("frozen")->total_ns, 1);
	assert_int_equal(reason_of(REASON_SYSCALL, 7)->total_ns, 50);
}

/* Stopped before the recording began: its first snapshot says by what. */
static void found_standing_still(void **unused)
{
	struct tare_task t = { .ts_ns = 1000, .tgid = 100, .syscall = 7, .comm = "target" };
	struct event ev = { .kind = EVENT_TASK, .ts_ns = 1000, .task = &t };

	t.tid = 100;
	t.state = TARE_STATE_FROZEN;
	t.stop = TARE_STATE_FROZEN | TARE_STOP_SLEEPERS;
	strcpy(t.cgroup, "one");
	fold(&ev);
	/* seen to leave before it was known, and what was told of that with it */
	stop(900, 101, TARE_STATE_STOPPED, 19, "");
	ev = sw(900, 1, 101, 0);
	ev.sw.prev_target = ev.sw.voluntary = true;
	ev.sw.state = TARE_STATE_STOPPED;
	fold(&ev);
	t = (struct tare_task){ .ts_ns = 1000,
				.tid = 101,
				.tgid = 100,
				.state = TARE_STATE_STOPPED,
				.syscall = 7,
				.stop = TARE_STATE_STOPPED,
				.signal = 20 };
	ev = (struct event){ .kind = EVENT_TASK, .ts_ns = 1000, .task = &t };
	fold(&ev);
	t.tid = 102;
	t.state = t.stop = TARE_STATE_TRACED;
	t.signal = 0;
	fold(&ev);
	t.tid = 103; /* as an older version told it */
	t.state = TARE_STATE_FROZEN;
	t.stop = 0;
	fold(&ev);
	in(1500, 0, 0, 100, 100);
	leave_in(1600, TARE_STATE_INTERRUPTIBLE);
	in(1700, 1, 0, 101, 0);
	end(2000);

	for (uint32_t i = 0; i < m->switches.nr_reasons; i++)
		m->switches.reasons[i].count = 1; /* none of these was seen to leave */
	assert_int_equal(reason_called("frozen (cgroup one)")->total_ns, 400);
	assert_int_equal(reason_called("stopped by SIGTSTP")->total_ns, 700);
	assert_int_equal(reason_called("stopped by a debugger")->total_ns, 1000);
	assert_int_equal(reason_called("frozen")->total_ns, 1000);
	assert_int_equal(reason_of(REASON_SYSCALL, 7)->total_ns, 400);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_block_and_wake),
		TEST(test_reasons),
		TEST(made_to_stand_still),
		TEST(found_standing_still),
		TEST(test_throttled),
		TEST(test_blocked_throughout),
		TEST(test_no_end),
		TEST(test_before_the_snapshot),
		TEST(test_lost_out),
		TEST(test_lost_in),
		TEST(test_short_wait),
		TEST(test_wait_began_before_the_switch),
		TEST(test_loss_is_a_running_total),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
