// SPDX-License-Identifier: BSD-2-Clause
/* What a thread did between two moments that something is known of: page faults, and system calls that signals end. */
#include "pause_events.h"

/* Faults whose ends nobody tells and that nothing saw: how long they took is not made up. */
static void test_faults_without_ends(void **state)
{
	request();
	fault(T + 1 * MS, 102, 0xdead000);
	fault(T + 2 * MS, 102, 0xdeae000);
	rest(T + 4 * MS);
	assert_main(PAUSE_USER, 4 * MS);
}

/* Many short ones come to what they took, however far apart they are. */
static void test_short_faults(void **state)
{
	request();
	for (uint64_t at = 100 * US; at < 5 * MS; at += 50 * US) {
		fault_begins(T + at, 102, 0xdead000 + at);
		fault_ends(T + at + 2 * US, 102, 0xdead000 + at, 2 * US);
	}
	rest(T + 5 * MS);
	assert_main(PAUSE_USER, 5 * MS - 98 * 2 * US);
	assert_int_equal(only_pause()->cause_ns[PAUSE_FAULT], 98 * 2 * US);
}

/* One that no record was made of when it began, since no world was being stopped then. */
static void test_fault_from_before(void **state)
{
	request();
	sample(T + 1 * MS, 102, TARE_SAMPLE_KERNEL, TARE_NO_SYSCALL, 0x1000);
	fault_ends(T + 3 * MS, 102, 0xdead000, 5 * MS);
	rest(T + 4 * MS);
	assert_int_equal(assert_main(PAUSE_FAULT, 3 * MS).top.seg.detail, 0xdead000);
}

/* One that began while the world stood, and was told only at its end. */
static void test_fault_told_late(void **state)
{
	request();
	sample(T + 1 * MS, 102, 0, TARE_NO_SYSCALL, 0x1000);
	fault_ends(T + 6 * MS, 102, 0xdead000, 4 * MS);
	rest(T + 6 * MS);
	assert_int_equal(assert_main(PAUSE_FAULT, 4 * MS).top.seg.detail, 0xdead000);
	assert_int_equal(only_pause()->cause_ns[PAUSE_USER], 2 * MS);
}

static void blocks_in_fault(uint64_t ts, uint32_t tid)
{
	struct event ev = sw(ts, 1, tid, 0);

	ev.sw.prev_target = ev.sw.voluntary = true;
	ev.sw.state = TARE_STATE_UNINTERRUPTIBLE;
	fold(&ev);
}

/* It blocks in a fault before the request, and again and again: its address is not forgotten. */
static void test_fault_blocks_again(void **state)
{
	fault_begins(T - 5 * MS, 102, 0xdead000);
	blocks_in_fault(T - 5 * MS + 1 * US, 102);
	in_woken(T - 4 * MS, 1, 0, 102, 0, 0, 800);
	blocks_in_fault(T - 4 * MS + 1 * US, 102);
	request();
	in_woken(T + 4 * MS, 1, 0, 102, 0, 0, 800);
	blocks_in_fault(T + 4 * MS + 10 * US, 102);
	in_woken(T + 9 * MS, 1, 0, 102, 0, 0, 800);
	fault_ends(T + 9 * MS + 10 * US, 102, 0xdead000, 14 * MS + 10 * US);
	rest(T + 9 * MS + 10 * US);
	assert_int_equal(assert_main(PAUSE_FAULT, 9 * MS + 10 * US).top.seg.detail, 0xdead000);
	assert_int_equal(assert_main(PAUSE_FAULT, 9 * MS + 10 * US).top.ns, 9 * MS + 10 * US);
}

/* The same of a thread that the fold meets only in a pause: the fault was told before the process told anything. */
static void test_fault_before_all(void **state)
{
	fault_begins(T - 5 * MS, 102, 0xdead000);
	blocks_in_fault(T - 5 * MS + 1 * US, 102);
	request();
	in_woken(T + 4 * MS, 1, 0, 102, 0, 0, 800);
	rest(T + 4 * MS);
	assert_int_equal(assert_main(PAUSE_FAULT, 4 * MS).top.seg.detail, 0xdead000);
}

/* The time since it was asked is the call's at whose end the signal came; and what lay before is, as nothing else is
 * known. */
static void test_signal_after_calls(void **state)
{
	struct pause_verdict v;

	request();
	signal_at(T + 3 * US, 102, TARE_SIGNAL_SENT, 0);
	for (uint64_t at = 1 * MS; at < 8 * MS; at += 1 * MS) {
		signal_from_call(T + at, 102, 28, 0x402000);
		signal_at(T + at + 100 * US, 102, TARE_SIGNAL_SENT, 0);
	}
	signal_from_call(T + 8 * MS, 102, 28, 0x402000);
	rest(T + 8 * MS);
	v = assert_main(PAUSE_KERNEL, 8 * MS - 3 * US);
	assert_int_equal(v.top.seg.detail, 28);
	assert_true(v.confidence > 0.9);
	assert_int_equal(only_pause()->cause_ns[PAUSE_SIGNAL], 0);
}

/* A sample has seen it in user space before it was asked: it was in the call from then on only. */
static void test_signal_after_call_from_user(void **state)
{
	request();
	sample(T + 1 * MS, 102, 0, TARE_NO_SYSCALL, 0x401000);
	signal_at(T + 2 * MS, 102, TARE_SIGNAL_SENT, 0);
	signal_from_call(T + 7 * MS, 102, 28, 0x402000);
	rest(T + 7 * MS);
	assert_main(PAUSE_KERNEL, 5 * MS);
}

/* The call that lets a signal in which was kept out is not what kept it out. */
static void test_signal_let_in(void **state)
{
	request();
	signal_masked(T + 10 * US, 102);
	sample(T + 5 * MS, 102, 0, TARE_NO_SYSCALL, 0x403000);
	signal_from_call(T + 9 * MS, 102, 14, 0x404000);
	rest(T + 9 * MS);
	assert_main(PAUSE_SIGNAL, 9 * MS - 10 * US);
}

/* A tick that was due in a system call and came at its end says nothing against it. */
static void test_sample_after_call(void **state)
{
	request();
	sample(T + 1 * MS, 102, TARE_SAMPLE_KERNEL, 28, 0x402000);
	sample(T + 6 * MS, 102, TARE_SAMPLE_CALLED, TARE_NO_SYSCALL, 0x402000);
	rest(T + 6 * MS);
	assert_main(PAUSE_KERNEL, 6 * MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_two, teardown)
		TEST(test_faults_without_ends),
		TEST(test_short_faults),
		TEST(test_fault_from_before),
		TEST(test_fault_told_late),
		TEST(test_fault_blocks_again),
		TEST(test_signal_after_calls),
		TEST(test_signal_after_call_from_user),
		TEST(test_signal_let_in),
		TEST(test_sample_after_call),
		cmocka_unit_test_setup_teardown(test_fault_before_all, setup_unknown, teardown),
	};

	return cmocka_run_group_tests_name("pause_evidence", tests, NULL, NULL);
}
