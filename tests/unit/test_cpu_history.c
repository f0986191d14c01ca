// SPDX-License-Identifier: BSD-2-Clause
/*
 * Who had the CPU while a thread waited: the table over all waits, and the pause that one of them made long, name the
 * same tasks for the same time. 102 waits from T on, after 101 has asked to stop the world; in its way are 900
 * ("hog"), 901 ("other hog") and 103, a thread of the target.
 */
#include "pause_events.h"

static int setup_wait(void **state)
{
	if (setup_two(state))
		return -1;
	name(901, "other hog");
	task(0, 1 * MS, 103, 2, TARE_STATE_RUNNING, TARE_NO_SYSCALL, NULL);
	return 0;
}

/* 102 leaves @cpu to @next as the pause begins. */
static void wait_begins(int cpu, uint32_t next)
{
	request();
	out(T, cpu, 102, next, -1);
}

/* 102 is switched in on @cpu at @ts, and stops at once. */
static void wait_ends(uint64_t ts, int cpu, uint32_t prev)
{
	in(ts, cpu, prev, 102, ts - T);
	rest(ts);
}

/* 102 is moved at @ts. */
static void moved(uint64_t ts, int from_cpu, int to_cpu)
{
	struct event ev = { .kind = EVENT_MIGRATE,
			    .ts_ns = ts,
			    .migrate = { .tid = 102, .from_cpu = from_cpu, .to_cpu = to_cpu } };

	fold(&ev);
}

static uint64_t in_pause(uint32_t id, bool of_target)
{
	const struct pause *p = only_pause();
	uint64_t ns = 0;

	for (uint32_t i = 0; i < p->chain.n; i++) {
		const struct pause_seg *s = &p->chain.at[i];

		if (id == NAME_IDLE ? s->cause == PAUSE_WAKEUP && !of_target :
				      s->cause == PAUSE_RUNQUEUE && s->name == id && s->of_target == of_target)
			ns += s->end_ns - s->start_ns;
	}
	return ns;
}

/* The wait of @ns: both have the same for each name. */
static void assert_one_answer(uint64_t ns)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < m->switches.names.nr; i++) {
		for (int of_target = 0; of_target < 2; of_target++) {
			uint64_t in_table = m->switches.rivals.rival[i][of_target].total_ns;

			if (in_table != in_pause(i, of_target))
				fail_msg("%s: %lu ns in the table, %lu ns in the pause", m->switches.names.names[i],
					 in_table, in_pause(i, of_target));
			sum += in_table;
		}
	}
	assert_int_equal(sum, ns);
}

static void assert_had(const char *comm, bool of_target, uint64_t ns)
{
	assert_int_equal(rival(comm, of_target)->total_ns, ns);
}

static void test_idle_own_and_others(void **state)
{
	wait_begins(1, 900);
	others(T + 2 * MS, 1, 900, 0);
	others(T + 3 * MS, 1, 0, 901);
	in(T + 5 * MS, 1, 901, 103, 0);
	out(T + 9 * MS, 1, 103, 900, FUTEX);
	wait_ends(T + 10 * MS, 1, 900);
	assert_one_answer(10 * MS);
	assert_had("hog", false, 3 * MS);
	assert_had("other hog", false, 2 * MS);
	assert_had("target", true, 4 * MS);
	assert_had("idle", false, 1 * MS);
}

/* A task has the name that it had on the CPU, even if it has ended since and its number is another's. */
static void test_rival_that_ended(void **state)
{
	struct event ev = sw(T + 6 * MS, 1, 103, 900);

	wait_begins(1, 900);
	in(T + 1 * MS, 1, 900, 103, 0);
	ev.sw.prev_target = ev.sw.voluntary = true;
	ev.sw.state = TARE_STATE_DEAD;
	fold(&ev);
	others(T + 7 * MS, 1, 900, 901);
	others(T + 9 * MS, 1, 901, 0);
	name(901, "late hog");
	wait_ends(T + 10 * MS, 1, 0);
	assert_one_answer(10 * MS);
	assert_had("target", true, 5 * MS);
	assert_had("other hog", false, 2 * MS);
	assert_int_equal(m->switches.rivals.rival[NAME_UNNAMED][true].total_ns, 0);
}

/* Switches were lost: the task that arrives is not the one that leaves. */
static void test_gap(void **state)
{
	wait_begins(1, 900);
	others(T + 2 * MS, 1, 900, 901);
	others(T + 5 * MS, 1, 900, 901);
	wait_ends(T + 9 * MS, 1, 901);
	assert_one_answer(9 * MS);
	assert_had("hog", false, 2 * MS);
	assert_had("unknown", false, 3 * MS);
	assert_had("other hog", false, 4 * MS);
}

/* The first task that leaves is already not the one that came when the wait began. */
static void test_gap_at_the_begin(void **state)
{
	wait_begins(1, 900);
	others(T + 5 * MS, 1, 901, 900);
	wait_ends(T + 9 * MS, 1, 900);
	assert_one_answer(9 * MS);
	assert_had("unknown", false, 5 * MS);
	assert_had("hog", false, 4 * MS);
}

/* More switches than are kept for a CPU: what came before them has no owner. */
static void test_longer_than_the_history(void **state)
{
	enum { N = 2000 };
	uint64_t unknown;

	wait_begins(1, 900);
	for (int i = 1; i < N; i++)
		others(T + i * 10 * MS, 1, i % 2 ? 900 : 901, i % 2 ? 901 : 900);
	wait_ends(T + N * 10 * MS, 1, N % 2 ? 900 : 901);
	assert_one_answer(N * 10 * MS);
	unknown = rival("unknown", false)->total_ns;
	/* at least the last ten seconds are known */
	assert_in_range(unknown, 1, N * 10 * MS - 10000 * MS);
	assert_int_equal(rival("hog", false)->total_ns + rival("other hog", false)->total_ns, N * 10 * MS - unknown);
}

static void test_migration(void **state)
{
	wait_begins(1, 900);
	others(T + 1 * MS, 1, 900, 901);
	moved(T + 3 * MS, 1, 2);
	/* from here on, only while it waits */
	others(T + 5 * MS, 2, 900, 0);
	moved(T + 6 * MS, 2, 3);
	others(T + 8 * MS, 3, 901, 900);
	wait_ends(T + 9 * MS, 3, 900);
	assert_one_answer(9 * MS);
	assert_had("hog", false, 1 * MS + 2 * MS + 1 * MS);
	assert_had("other hog", false, 2 * MS + 2 * MS);
	assert_had("idle", false, 1 * MS);
}

/*
 * No switch tells who had CPU 2 between its move there and its move away: whoever came before may have left since,
 * unless it is the one that leaves next, or a target thread, whose leaving would have been recorded.
 */
static void moved_past(uint32_t came, uint32_t left)
{
	others(T - 5 * MS, 2, 0, came);
	wait_begins(1, 900);
	moved(T + 1 * MS, 1, 2);
	moved(T + 8 * MS, 2, 3);
	if (left)
		others(T + 8 * MS + 500 * US, 2, left, 0);
	wait_ends(T + 9 * MS, 3, 0);
	assert_one_answer(9 * MS);
}

static void test_moved_past_one_unseen(void **state)
{
	moved_past(901, 0);
	assert_had("unknown", false, 7 * MS);
}

static void test_moved_past_another(void **state)
{
	moved_past(901, 902);
	assert_had("unknown", false, 7 * MS);
}

static void test_moved_past_the_same(void **state)
{
	moved_past(901, 901);
	assert_had("other hog", false, 7 * MS);
}

static void test_moved_past_a_target(void **state)
{
	in(T - 6 * MS, 2, 0, 103, 0);
	wait_begins(1, 900);
	moved(T + 1 * MS, 1, 2);
	moved(T + 8 * MS, 2, 3);
	wait_ends(T + 9 * MS, 3, 0);
	assert_one_answer(9 * MS);
	assert_had("target", true, 7 * MS);
}

/* Moved so often that its first CPU is forgotten. */
static void test_moves_forgotten(void **state)
{
	wait_begins(1, 900);
	for (int i = 0; i <= MAX_MOVES; i++) {
		moved(T + (i + 1) * MS, i + 1, i + 2);
		others(T + (i + 1) * MS + 500 * US, i + 2, 901, 901);
	}
	wait_ends(T + (MAX_MOVES + 2) * MS, MAX_MOVES + 2, 901);
	assert_one_answer((MAX_MOVES + 2) * MS);
	assert_had("unknown", false, 2 * MS);
	assert_had("other hog", false, MAX_MOVES * MS);
}

/* The quota's part comes first, and has no owner. */
static void test_throttled(void **state)
{
	struct event ev = sw(T + 9 * MS, 1, 901, 102);

	wait_begins(1, 900);
	others(T + 2 * MS, 1, 900, 901);
	ev.sw.next_target = ev.sw.has_wait = true;
	ev.sw.wait_ns = 9 * MS;
	ev.sw.throttled_ns = 1 * MS;
	fold(&ev);
	rest(T + 9 * MS);
	assert_one_answer(8 * MS);
	assert_had("hog", false, 1 * MS);
}

/* A wait that began before the pause: the pause gets its part, cut at the request. */
static void test_began_before_the_request(void **state)
{
	out(T - 3 * MS, 1, 102, 900, -1);
	others(T - 1 * MS, 1, 900, 901);
	request();
	/* lost: 901 leaves, 902 comes */
	others(T + 4 * MS, 1, 902, 900);
	in(T + 6 * MS, 1, 900, 102, 9 * MS);
	rest(T + 6 * MS);
	assert_had("hog", false, 2 * MS + 2 * MS);
	assert_had("unknown", false, 5 * MS);
	assert_int_equal(in_pause(NAME_UNKNOWN, false), 4 * MS);
	assert_int_equal(only_pause()->cause_ns[PAUSE_RUNQUEUE], 6 * MS);
}

/* It still waits when the pause is over, on the CPU to which it was moved. */
static void test_still_waits(void **state)
{
	wait_begins(1, 900);
	out(T, 0, 101, 0, FUTEX);
	moved(T + 2 * MS, 1, 2);
	others(T + 3 * MS, 2, 901, 900);
	in(T + 8 * MS, 0, 0, 101, 0);
	rt(T + 8 * MS, 101, TARE_RT_STW_STOPPED);
	rt(T + 8 * MS, 101, TARE_RT_STW_RESTART);
	rt(T + 8 * MS, 101, TARE_RT_STW_STARTED);
	end(T + 100 * MS);
	assert_int_equal(only_pause()->cause_ns[PAUSE_RUNQUEUE], 8 * MS);
	for (uint32_t i = 0; i < m->switches.names.nr; i++) {
		if (!strcmp(m->switches.names.names[i], "hog"))
			assert_int_equal(in_pause(i, false), 2 * MS + 5 * MS);
		if (!strcmp(m->switches.names.names[i], "other hog"))
			assert_int_equal(in_pause(i, false), 1 * MS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_wait, teardown)
		TEST(test_idle_own_and_others),
		TEST(test_rival_that_ended),
		TEST(test_gap),
		TEST(test_gap_at_the_begin),
		TEST(test_longer_than_the_history),
		TEST(test_migration),
		TEST(test_moved_past_one_unseen),
		TEST(test_moved_past_another),
		TEST(test_moved_past_the_same),
		TEST(test_moved_past_a_target),
		TEST(test_moves_forgotten),
		TEST(test_throttled),
		TEST(test_began_before_the_request),
		TEST(test_still_waits),
	};

	return cmocka_run_group_tests_name("cpu_history", tests, NULL, NULL);
}
