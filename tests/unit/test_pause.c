// SPDX-License-Identifier: BSD-2-Clause
/* Each cause of a pause, made by hand: the thread 101 stops the world, 102 is late. */
#include "pause_events.h"

static void test_runtime(void **state)
{
	const struct pause *p;

	request();
	rt(T + 5 * US, 101, TARE_RT_STW_STOPPED);
	rt(T + 9 * MS, 101, TARE_RT_STW_RESTART);
	rt(T + 9 * MS + 10 * US, 101, TARE_RT_STW_STARTED);
	end(T + 100 * MS);
	assert_main(PAUSE_RUNTIME, 9 * MS + 10 * US);
	p = only_pause();
	assert_int_equal(p->part_ns[PAUSE_STOPPING], 5 * US);
	assert_int_equal(p->part_ns[PAUSE_STOPPED], 9 * MS - 5 * US);
	assert_int_equal(p->part_ns[PAUSE_RESTART], 10 * US);
	assert_int_equal(p->straggler.tid, 0);
	assert_int_equal(p->initiator.goroutine, 7);
	assert_string_equal(p->initiator.comm, "target");
}

/* Each request but the last finds it where it cannot stop: how long they took to get there held nobody up. */
static void test_user(void **state)
{
	struct pause_verdict v;

	request();
	signal_at(T + 3 * US, 102, TARE_SIGNAL_SENT, 0);
	for (uint64_t at = 5 * US; at < 8 * MS; at += 100 * US) {
		signal_at(T + at, 102, TARE_SIGNAL_DELIVERED, 0x401000);
		signal_at(T + at + 98 * US, 102, TARE_SIGNAL_SENT, 0);
	}
	signal_at(T + 8 * MS + 5 * US, 102, TARE_SIGNAL_DELIVERED, 0x401000);
	rest(T + 8 * MS + 10 * US);
	v = assert_main(PAUSE_USER, 80 * 100 * US + 5 * US);
	assert_int_equal(v.top.seg.detail, 0x401000);
	assert_int_equal(v.top.seg.tid, 102);
	assert_true(v.confidence > 0.9);
	assert_int_equal(only_pause()->cause_ns[PAUSE_SIGNAL], 2 * US);
	assert_straggler(102, 18);
}

/* Between two requests it was off CPU, so it may have been about to stop: the first one's way there counts. */
static void test_signal_then_preempted(void **state)
{
	struct event ev = sw(T + 4 * MS + 10 * US, 1, 102, 900);

	request();
	signal_at(T + 1 * MS, 102, TARE_SIGNAL_SENT, 0);
	signal_at(T + 4 * MS, 102, TARE_SIGNAL_DELIVERED, 0x401000);
	ev.sw.prev_target = true;
	fold(&ev);
	signal_at(T + 4 * MS + 50 * US, 102, TARE_SIGNAL_SENT, 0);
	in(T + 4 * MS + 100 * US, 1, 900, 102, 90 * US);
	signal_at(T + 4 * MS + 110 * US, 102, TARE_SIGNAL_DELIVERED, 0x402000);
	rest(T + 4 * MS + 120 * US);
	assert_main(PAUSE_SIGNAL, 3 * MS + 10 * US);
}

/* So does that of one which the thread had kept out. */
static void test_signal_let_in_too_early(void **state)
{
	request();
	signal_masked(T + 10 * US, 102);
	signal_at(T + 5 * MS, 102, TARE_SIGNAL_DELIVERED, 0x401000);
	signal_at(T + 5 * MS + 98 * US, 102, TARE_SIGNAL_SENT, 0);
	signal_at(T + 5 * MS + 100 * US, 102, TARE_SIGNAL_DELIVERED, 0x402000);
	rest(T + 5 * MS + 110 * US);
	assert_main(PAUSE_SIGNAL, 5 * MS - 8 * US);
}

/* Only its stop is known: it was in user space then, which says little of before. */
static void test_user_without_evidence(void **state)
{
	request();
	rest(T + 2 * MS);
	assert_true(assert_main(PAUSE_USER, 2 * MS).confidence < 0.1);
}

static void test_kernel(void **state)
{
	struct pause_verdict v;

	request();
	signal_at(T + 1 * US, 102, TARE_SIGNAL_SENT, 0);
	for (uint64_t at = 500 * US; at < 6 * MS; at += 1 * MS)
		sample(T + at, 102, TARE_SAMPLE_KERNEL, 28, 0x402000);
	signal_at(T + 6 * MS, 102, TARE_SIGNAL_DELIVERED, 0x402000);
	rest(T + 6 * MS + 10 * US);
	/* from the first sample on; before it, it was asked and nothing else is known but the sample that follows */
	v = assert_main(PAUSE_KERNEL, 6 * MS - 1 * US);
	assert_int_equal(v.top.seg.detail, 28);
	assert_straggler(102, 18);
}

/* Preempted within a system call: that is where it was. */
static void test_kernel_preempted(void **state)
{
	struct event ev = sw(T + 5 * MS, 1, 102, 900);

	request();
	ev.sw.prev_target = true;
	ev.sw.syscall = 28;
	fold(&ev);
	in(T + 6 * MS, 1, 900, 102, 1 * MS);
	rest(T + 6 * MS + 10 * US);
	assert_main(PAUSE_KERNEL, 5 * MS);
	assert_int_equal(only_pause()->cause_ns[PAUSE_RUNQUEUE], 1 * MS);
}

static void test_fault_off_cpu(void **state)
{
	struct event ev = sw(T + 101 * US, 1, 102, 0);
	struct pause_verdict v;

	request();
	signal_at(T + 1 * US, 102, TARE_SIGNAL_SENT, 0);
	fault(T + 100 * US, 102, 0xdead000);
	ev.sw.prev_target = ev.sw.voluntary = true;
	ev.sw.state = TARE_STATE_UNINTERRUPTIBLE;
	fold(&ev);
	in_woken(T + 20 * MS, 1, 0, 102, 10 * US, 2 * US, 800);
	signal_at(T + 20 * MS + 1 * US, 102, TARE_SIGNAL_DELIVERED, 0x1000);
	rest(T + 20 * MS + 10 * US);
	v = assert_main(PAUSE_FAULT, 20 * MS - 12 * US - 100 * US);
	assert_int_equal(v.top.seg.detail, 0xdead000);
	assert_true(v.confidence > 0.99);
	/* idle had the CPU: it was late to notice */
	assert_int_equal(only_pause()->cause_ns[PAUSE_WAKEUP], 12 * US);
}

static void test_fault_on_cpu(void **state)
{
	request();
	fault(T + 10 * US, 102, 0xdead000);
	sample(T + 1 * MS, 102, TARE_SAMPLE_KERNEL, TARE_NO_SYSCALL, 0x1000);
	sample(T + 2 * MS, 102, TARE_SAMPLE_KERNEL, TARE_NO_SYSCALL, 0x1000);
	sample(T + 4 * MS, 102, 0, TARE_NO_SYSCALL, 0x1000);
	rest(T + 4 * MS + 10 * US);
	assert_main(PAUSE_FAULT, 3 * MS - 10 * US);
}

static void test_blocked(void **state)
{
	struct event ev = sw(T + 50 * US, 1, 102, 0);
	struct pause_verdict v;

	request();
	ev.sw.prev_target = ev.sw.voluntary = true;
	ev.sw.state = TARE_STATE_UNINTERRUPTIBLE;
	ev.sw.syscall = 74;
	fold(&ev);
	in_woken(T + 15 * MS, 1, 0, 102, 0, 0, 0);
	rest(T + 15 * MS + 10 * US);
	v = assert_main(PAUSE_BLOCKED, 15 * MS - 50 * US);
	assert_int_equal(v.top.seg.detail, 74);
	assert_straggler(102, 18);
}

static void test_runqueue(void **state)
{
	struct pause_verdict v;

	out(T - 1 * MS, 1, 102, 900, -1);
	request();
	signal_at(T + 2 * US, 102, TARE_SIGNAL_SENT, 0);
	others(T + 4 * MS, 1, 900, 901);
	others(T + 5 * MS, 1, 901, 900);
	in(T + 7 * MS, 1, 900, 102, 8 * MS);
	signal_at(T + 7 * MS + 1 * US, 102, TARE_SIGNAL_DELIVERED, 0x1000);
	rest(T + 7 * MS + 10 * US);
	v = assert_main(PAUSE_RUNQUEUE, 7 * MS - 2 * US);
	assert_int_equal(v.top.seg.other, 900);
	assert_int_equal(v.top.seg.cpu, 1);
	assert_string_equal(m->switches.names.names[v.top.seg.name], "hog");
	assert_int_equal(v.top.ns, 6 * MS - 2 * US);
	assert_true(v.confidence == 1);
	assert_straggler(102, 18);
}

/* Moved while it waited: on each CPU another task was in its way. */
static void test_runqueue_moved(void **state)
{
	struct event ev = { .kind = EVENT_MIGRATE,
			    .ts_ns = T + 2 * MS,
			    .migrate = { .tid = 102, .from_cpu = 1, .to_cpu = 2 } };
	struct pause_verdict v;

	others(T - 2 * MS, 2, 900, 901);
	out(T - 1 * MS, 1, 102, 900, -1);
	request();
	fold(&ev);
	others(T + 3 * MS, 1, 900, 0);
	in(T + 7 * MS, 2, 901, 102, 8 * MS);
	rest(T + 7 * MS + 10 * US);
	v = assert_main(PAUSE_RUNQUEUE, 7 * MS);
	assert_int_equal(v.top.seg.other, 901);
	assert_int_equal(v.top.ns, 5 * MS);
	assert_int_equal(v.top.seg.cpu, 2);
}

static void test_throttled(void **state)
{
	struct event ev;

	request();
	ev = sw(T + 100 * US, 1, 102, 0);
	ev.sw.prev_target = true;
	ev.sw.state = TARE_STATE_THROTTLED;
	fold(&ev);
	ev = sw(T + 60 * MS, 1, 900, 102);
	ev.sw.next_target = ev.sw.has_wait = true;
	ev.sw.wait_ns = 60 * MS - 100 * US;
	ev.sw.throttled_ns = 50 * MS;
	others(T + 1 * MS, 1, 0, 900);
	fold(&ev);
	rest(T + 60 * MS + 10 * US);
	assert_main(PAUSE_THROTTLED, 50 * MS);
	assert_int_equal(only_pause()->cause_ns[PAUSE_RUNQUEUE], 60 * MS - 50 * MS - 100 * US);
}

static void test_signal(void **state)
{
	request();
	signal_at(T + 10 * US, 102, TARE_SIGNAL_SENT, 0);
	for (uint64_t at = 1 * MS; at < 20 * MS; at += 4 * MS) {
		sample(T + at, 102, 0, TARE_NO_SYSCALL, 0x403000);
		signal_at(T + at + 100 * US, 102, TARE_SIGNAL_SENT, 0);
	}
	signal_at(T + 20 * MS, 102, TARE_SIGNAL_DELIVERED, 0x403000);
	rest(T + 20 * MS + 10 * US);
	assert_main(PAUSE_SIGNAL, 20 * MS - 10 * US);
	assert_straggler(102, 18);
}

static void test_irq(void **state)
{
	struct pause_verdict v;

	request();
	signal_at(T + 10 * US, 102, TARE_SIGNAL_SENT, 0);
	irq(T + 3 * MS, 102, 3, 2500 * US);
	irq(T + 6 * MS, 102, 3, 2500 * US);
	irq(T + 6 * MS + 100 * US, 102, TARE_IRQ_HARD, 50 * US);
	signal_at(T + 7 * MS, 102, TARE_SIGNAL_DELIVERED, 0x403000);
	rest(T + 7 * MS + 10 * US);
	v = assert_main(PAUSE_IRQ, 5050 * US);
	assert_int_equal(v.top.seg.detail, 3);
	assert_int_equal(v.top.ns, 5 * MS);
}

/* The hypervisor took the CPU; interrupts that are known are no steal. */
static void test_steal(void **state)
{
	struct event ev = sw(T + 11 * MS, 1, 102, 0);

	in(T - 2 * MS, 1, 0, 102, 0);
	request();
	irq(T + 6 * MS, 102, 3, 1 * MS);
	p_stopped(T + 10 * MS, 102, 18);
	ev.sw.prev_target = ev.sw.voluntary = true;
	ev.sw.state = TARE_STATE_INTERRUPTIBLE;
	ev.sw.syscall = FUTEX;
	ev.sw.stolen_ns = 11 * MS;
	fold(&ev);
	rt(T + 12 * MS, 101, TARE_RT_STW_STOPPED);
	rt(T + 12 * MS + 1 * US, 101, TARE_RT_STW_RESTART);
	rt(T + 12 * MS + 2 * US, 101, TARE_RT_STW_STARTED);
	end(T + 100 * MS);
	/* 10 ms not charged, in 13 ms on the CPU of which 10 in the chain, of which 1 ms is the interrupt's */
	assert_int_equal(only_pause()->cause_ns[PAUSE_IRQ], 1 * MS);
	assert_int_equal(only_pause()->cause_ns[PAUSE_STEAL], 7692307);
	assert_main(PAUSE_STEAL, 7692307);
}

/* The initiator's own CPU was taken: told only when it leaves, after the pause. */
static void test_steal_from_initiator(void **state)
{
	struct event ev = sw(T + 20 * MS, 0, 101, 0);

	in(T, 0, 0, 101, 0);
	request();
	rt(T + 5 * US, 101, TARE_RT_STW_STOPPED);
	rt(T + 10 * MS, 101, TARE_RT_STW_RESTART);
	rt(T + 10 * MS, 101, TARE_RT_STW_STARTED);
	ev.sw.prev_target = true;
	ev.sw.stolen_ns = 16 * MS;
	fold(&ev);
	end(T + 100 * MS);
	assert_main(PAUSE_STEAL, 8 * MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_two, teardown)
		TEST(test_runtime),
		TEST(test_user),
		TEST(test_user_without_evidence),
		TEST(test_kernel),
		TEST(test_kernel_preempted),
		TEST(test_fault_off_cpu),
		TEST(test_fault_on_cpu),
		TEST(test_blocked),
		TEST(test_runqueue),
		TEST(test_runqueue_moved),
		TEST(test_throttled),
		TEST(test_signal),
		TEST(test_signal_then_preempted),
		TEST(test_signal_let_in_too_early),
		TEST(test_irq),
		TEST(test_steal),
		TEST(test_steal_from_initiator),
	};

	return cmocka_run_group_tests_name("pause", tests, NULL, NULL);
}
