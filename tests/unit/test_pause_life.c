// SPDX-License-Identifier: BSD-2-Clause
/* The restart, pauses that miss a part, several processes, what is kept and what is only summed. */
#include "pause_events.h"

static void stop_and_work(void)
{
	rt_args(T, 101, TARE_RT_STW_REQUEST, 7, 2, 1, 3, 0);
	rt(T + 10 * US, 101, TARE_RT_STW_STOPPED);
	rt(T + 100 * US, 101, TARE_RT_STW_RESTART);
}

static void sleepers(void)
{
	task(0, 1 * MS, 103, -1, TARE_STATE_INTERRUPTIBLE, FUTEX, NULL);
	task(0, 1 * MS, 104, -1, TARE_STATE_INTERRUPTIBLE, FUTEX, NULL);
	task(0, 1 * MS, 105, -1, TARE_STATE_INTERRUPTIBLE, FUTEX, NULL);
}

/* 103 is told at +110 us but its CPU is taken until 9 ms. */
static void test_restart_runqueue(void **state)
{
	struct pause_verdict v;
	const struct pause *p;

	sleepers();
	stop_and_work();
	rt(T + 120 * US, 101, TARE_RT_STW_STARTED);
	/* of this one the pause knows nothing: nobody told it to go on */
	in_woken(T + 20 * MS, 3, 0, 105, 5 * US, 0, 700);
	in_woken(T + 21 * MS, 1, 900, 103, 21 * MS - 120 * US, 10 * US, 101);
	end(T + 100 * MS);
	v = assert_main(PAUSE_RUNQUEUE, 21 * MS - 120 * US);
	p = only_pause();
	assert_int_equal(v.top.seg.part, PAUSE_RESTART);
	assert_int_equal(v.top.seg.tid, 103);
	assert_int_equal(v.top.seg.other, 900);
	assert_int_equal(p->last.tid, 103);
	assert_int_equal(p->end_ns, T + 21 * MS);
	assert_int_equal(p->started_ns, T + 120 * US);
	assert_int_equal(pause__total_ns(p), 120 * US);
	assert_int_equal(m->pauses.stopped_p_ns, 3 * 21 * MS);
}

/* 103 was woken, and woke 104 as soon as it ran: the chain goes through both. */
static void test_restart_by_chain(void **state)
{
	const struct pause *p;

	sleepers();
	stop_and_work();
	rt(T + 120 * US, 101, TARE_RT_STW_STARTED);
	in_woken(T + 2 * MS, 1, 900, 103, 2 * MS - 115 * US, 5 * US, 101);
	in_woken(T + 6 * MS, 3, 0, 104, 4 * MS - 10 * US, 4 * US, 103);
	/* what 103 wakes later is its own affair */
	in_woken(T + 30 * MS, 3, 0, 105, 10 * US, 0, 103);
	end(T + 100 * MS);
	p = only_pause();
	assert_int_equal(p->end_ns, T + 6 * MS);
	assert_int_equal(p->last.tid, 104);
	assert_int_equal(p->cause_ns[PAUSE_RUNQUEUE], 2 * MS - 120 * US);
	assert_int_equal(p->cause_ns[PAUSE_WAKEUP], 4 * US + 4 * MS - 10 * US);
	assert_int_equal(p->cause_ns[PAUSE_UNEXPLAINED], 0);
	assert_int_equal(p->cause_ns[PAUSE_RUNTIME], 120 * US + 6 * US);
}

/* A monitor thread, which holds no P, is not part of the world. */
static void test_restart_not_the_monitor(void **state)
{
	sleepers();
	goroutine(2 * MS, 103, 5, 0);
	stop_and_work();
	rt(T + 120 * US, 101, TARE_RT_STW_STARTED);
	in_woken(T + 1 * MS, 1, 0, 103, 10 * US, MS - 120 * US, 101);
	in_woken(T + 40 * MS, 3, 0, 104, 40 * MS - 120 * US, 0, 101);
	end(T + 100 * MS);
	assert_int_equal(only_pause()->end_ns, T + 1 * MS);
}

/* There was no thread to tell: one is made. */
static void test_restart_by_birth(void **state)
{
	struct event ev = { .kind = EVENT_FORK,
			    .ts_ns = T + 110 * US,
			    .fork = {
				    .tid = 110, .tgid = TGID, .parent_tid = 101, .parent_tgid = TGID, .comm = "new" } };

	stop_and_work();
	fold(&ev);
	rt(T + 120 * US, 101, TARE_RT_STW_STARTED);
	in(T + 3 * MS, 1, 900, 110, 3 * MS - 120 * US);
	end(T + 100 * MS);
	assert_int_equal(only_pause()->end_ns, T + 3 * MS);
	assert_main(PAUSE_RUNQUEUE, 3 * MS - 120 * US);
}

/* Two pauses in quick succession: a thread slow to resume is the first one's matter too. */
static void test_restart_into_the_next(void **state)
{
	sleepers();
	stop_and_work();
	rt(T + 120 * US, 101, TARE_RT_STW_STARTED);
	rt(T + 1 * MS, 101, TARE_RT_STW_REQUEST);
	in_woken(T + 5 * MS, 1, 900, 103, 5 * MS - 110 * US, 0, 101);
	p_stopped(T + 5 * MS + 10 * US, 103, 0);
	rt(T + 5 * MS + 20 * US, 101, TARE_RT_STW_STOPPED);
	rt(T + 5 * MS + 30 * US, 101, TARE_RT_STW_RESTART);
	rt(T + 5 * MS + 40 * US, 101, TARE_RT_STW_STARTED);
	end(T + 100 * MS);
	assert_int_equal(m->pauses.nr_kept, 2);
	assert_sound(m->pauses.kept[0]);
	assert_sound(m->pauses.kept[1]);
	assert_int_equal(m->pauses.kept[0]->end_ns, T + 5 * MS);
	assert_int_equal(m->pauses.kept[1]->straggler.tid, 103);
	assert_int_equal(m->pauses.kept[1]->cause_ns[PAUSE_RUNQUEUE], 4 * MS);
}

static void test_begins_within(void **state)
{
	rt(T, 101, TARE_RT_STW_STOPPED);
	rt(T + 1 * MS, 101, TARE_RT_STW_RESTART);
	rt(T + 2 * MS, 101, TARE_RT_STW_STARTED);
	end(T + 10 * MS);
	assert_int_equal(m->pauses.count, 0);
	assert_int_equal(m->pauses.nr_kept, 0);
}

static void test_parts_missing(void **state)
{
	/* all stood is not told, nor by the runtime's own account */
	rt(T, 101, TARE_RT_STW_REQUEST);
	rt(T + 1 * MS, 101, TARE_RT_STW_RESTART);
	rt(T + 2 * MS, 101, TARE_RT_STW_STARTED);
	/* that it goes on is not told */
	rt(T + 3 * MS, 101, TARE_RT_STW_REQUEST);
	rt(T + 4 * MS, 101, TARE_RT_STW_STOPPED);
	rt(T + 5 * MS, 101, TARE_RT_STW_STARTED);
	/* that all were told is not told, but that it goes on is */
	rt(T + 6 * MS, 101, TARE_RT_STW_REQUEST);
	rt(T + 6 * MS + 10 * US, 101, TARE_RT_STW_STOPPED);
	rt(T + 6 * MS + 20 * US, 101, TARE_RT_STW_RESTART);
	/* the end is not seen */
	rt(T + 7 * MS, 101, TARE_RT_STW_REQUEST);
	rt(T + 8 * MS, 101, TARE_RT_STW_STOPPED);
	end(T + 10 * MS);
	assert_int_equal(m->pauses.count, 3);
	assert_int_equal(m->pauses.lost, 3);
	assert_int_equal(m->pauses.unfinished, 1);
	for (int i = 0; i < 3; i++)
		assert_sound(m->pauses.kept[i]);
	assert_int_equal(pause__world_ns(m->pauses.kept[2]), 20 * US);
}

/* The straggler dies before all have stopped: what it did until then is not forgotten. */
static void test_straggler_dies(void **state)
{
	struct event ev = sw(T + 4 * MS, 1, 102, 0);

	rt(T, 101, TARE_RT_STW_REQUEST);
	sample(T + 1 * MS, 102, 0, TARE_NO_SYSCALL, 0x404000);
	p_stopped(T + 4 * MS - 5 * US, 102, 9);
	ev.sw.prev_target = ev.sw.voluntary = true;
	ev.sw.state = TARE_STATE_DEAD;
	fold(&ev);
	rt(T + 4 * MS + 10 * US, 101, TARE_RT_STW_STOPPED);
	rt(T + 4 * MS + 20 * US, 101, TARE_RT_STW_RESTART);
	rt(T + 4 * MS + 30 * US, 101, TARE_RT_STW_STARTED);
	end(T + 10 * MS);
	assert_main(PAUSE_USER, 4 * MS - 5 * US);
	assert_int_equal(only_pause()->straggler.tid, 102);
	assert_int_equal(m->pauses.threads.count, 1);
}

static void loss(uint64_t ts, uint64_t count)
{
	struct tare_loss l = { .cls = TARE_LOST_EVIDENCE, .count = count };
	struct event ev = { .kind = EVENT_LOSS, .ts_ns = ts, .loss = &l };

	fold(&ev);
}

static void one_pause(uint64_t ts, uint64_t ns, uint64_t reason)
{
	rt_args(ts, 101, TARE_RT_STW_REQUEST, 0, 1, reason, 0, 0);
	rt(ts, 101, TARE_RT_STW_STOPPED);
	rt(ts + ns, 101, TARE_RT_STW_RESTART);
	rt(ts + ns, 101, TARE_RT_STW_STARTED);
}

/* Losses are reported after they happened: they concern whatever was in progress since the last report. */
static void test_loss(void **state)
{
	struct pause_verdict v;

	one_pause(1 * MS + T, 1 * MS, 1);
	loss(2000 * MS, 0);
	one_pause(3000 * MS, 2 * MS, 1);
	one_pause(5000 * MS, 3 * MS, 1);
	loss(5500 * MS, 2);
	one_pause(7000 * MS, 4 * MS, 1);
	loss(9000 * MS, 2);
	end(10000 * MS);
	assert_int_equal(m->pauses.count, 4);
	assert_int_equal(m->pauses.lost, 2);
	assert_false(m->pauses.kept[0]->lost);
	assert_true(m->pauses.kept[1]->lost);
	assert_true(m->pauses.kept[2]->lost);
	assert_false(m->pauses.kept[3]->lost);
	pause__verdict(m->pauses.kept[1], &v);
	assert_true(v.confidence == 0);
}

static void test_kept_and_summed(void **state)
{
	uint64_t total = 0;

	m->pauses.keep = 5;
	for (uint64_t i = 0; i < 100; i++) {
		uint64_t ns = (i * 37 % 100 + 1) * US;

		one_pause(T + i * MS, ns, i % 40);
		total += ns;
	}
	end(T + 200 * MS);
	assert_int_equal(m->pauses.count, 100);
	assert_int_equal(m->pauses.nr_kept, 5);
	for (int i = 0; i < 5; i++) {
		assert_sound(m->pauses.kept[i]);
		assert_int_equal(pause__world_ns(m->pauses.kept[i]), (100 - i) * US);
	}
	assert_int_equal(m->pauses.world.count, 100);
	assert_int_equal(m->pauses.world.total, total);
	assert_int_equal(m->pauses.cause_ns[PAUSE_RUNTIME], total);
	assert_int_equal(m->pauses.nr_reasons, PAUSES_MAX_REASONS);
	total = 0;
	for (unsigned i = 0; i < m->pauses.nr_reasons; i++)
		total += m->pauses.reasons[i].count;
	assert_int_equal(total, 100);
}

static bool of_reason_two(void *ctx, const struct pause *p)
{
	++*(int *)ctx;
	return p->reason == 2;
}

static void test_accept(void **state)
{
	int asked = 0;

	m->pauses.accept = of_reason_two;
	m->pauses.accept_ctx = &asked;
	one_pause(T, 1 * MS, 1);
	one_pause(T + 5 * MS, 2 * MS, 2);
	end(T + 200 * MS);
	assert_int_equal(asked, 2);
	assert_int_equal(m->pauses.count, 1);
	assert_int_equal(only_pause()->reason, 2);
}

/* A pause is over a second after its end, even if nothing follows in its process. */
static void test_settles_live(void **state)
{
	one_pause(T, 1 * MS, 1);
	assert_int_equal(m->pauses.count, 0);
	out(T + 1500 * MS, 0, 101, 0, FUTEX);
	assert_int_equal(m->pauses.count, 1);
	end(T + 2000 * MS);
	assert_sound(only_pause());
}

static void test_turns_and_assists(void **state)
{
	rt(T, 101, TARE_RT_STW_WAIT);
	one_pause(T + 3 * MS, 1 * MS, 1);
	rt_args(T + 5 * MS, 102, TARE_RT_ASSIST, 4, 2, 4096, 7000, 0);
	rt_args(T + 6 * MS, 102, TARE_RT_ASSIST, 4, 0, 0, 0, 0);
	end(T + 20 * MS);
	assert_int_equal(only_pause()->turn_ns, 3 * MS);
	assert_int_equal(m->pauses.assists, 2);
	assert_int_equal(m->pauses.assist_ns, 7000);
	assert_int_equal(m->pauses.assist_bytes, 4096);
}

/* It ran on another thread than it waited on; and only the runtime's own account tells when all had stopped. */
static void test_turn_on_another_thread(void **state)
{
	const struct pause *p;

	rt_args(T, 102, TARE_RT_STW_WAIT, 55, 1, 1, 0, 0);
	rt_args(T + 2 * MS, 101, TARE_RT_STW_REQUEST, 55, 1, 1, 0, 0);
	rt_args(T + 3 * MS, 101, TARE_RT_OWN_STOPPING, 0, 1, 900 * US, 0, 0);
	rt_args(T + 4 * MS, 101, TARE_RT_STW_RESTART, 0, 2, 1, T + 2050 * US, 0);
	rt_args(T + 5 * MS, 101, TARE_RT_OWN_TOTAL, 0, 1, 2 * MS, 0, 0);
	rt(T + 5 * MS, 101, TARE_RT_STW_STARTED);
	rt_args(T + 50 * MS, 102, TARE_RT_STW_REQUEST, 56, 1, 1, 0, 0);
	rt(T + 51 * MS, 102, TARE_RT_STW_STOPPED);
	rt(T + 51 * MS, 102, TARE_RT_STW_RESTART);
	rt(T + 51 * MS, 102, TARE_RT_STW_STARTED);
	end(T + 80 * MS);
	assert_int_equal(m->pauses.nr_kept, 2);
	p = m->pauses.kept[0];
	assert_sound(p);
	assert_int_equal(p->turn_ns, 2 * MS);
	assert_int_equal(p->part_ns[PAUSE_STOPPING], 1 * MS);
	assert_int_equal(pause__stopping_ns(p), 900 * US);
	assert_int_equal(pause__total_ns(p), 2 * MS);
	assert_false(p->lost);
	assert_int_equal(m->pauses.stopping.total, 900 * US + 1 * MS);
	assert_true(m->pauses.kept[1]->turn_ns == TARE_UNKNOWN);
}

/* Two processes stop at once: what one's thread does says nothing of the other. */
static void test_two_processes(void **state)
{
	struct event ev = {
		.kind = EVENT_RUNTIME,
		.runtime = { .tid = 201, .tgid = 200, .nr_args = 1, .args = { 2, TARE_UNKNOWN, TARE_UNKNOWN } }
	};

	rt(T, 101, TARE_RT_STW_REQUEST);
	ev.ts_ns = T + 1 * MS;
	ev.runtime.event = TARE_RT_STW_REQUEST;
	fold(&ev);
	p_stopped(T + 2 * MS, 102, 5);
	rt(T + 3 * MS, 101, TARE_RT_STW_STOPPED);
	ev.ts_ns = T + 4 * MS;
	ev.runtime.event = TARE_RT_STW_STOPPED;
	fold(&ev);
	rt(T + 5 * MS, 101, TARE_RT_STW_RESTART);
	ev.ts_ns = T + 6 * MS;
	ev.runtime.event = TARE_RT_STW_RESTART;
	fold(&ev);
	rt(T + 6 * MS, 101, TARE_RT_STW_STARTED);
	ev.ts_ns = T + 9 * MS;
	ev.runtime.event = TARE_RT_STW_STARTED;
	fold(&ev);
	end(T + 20 * MS);
	assert_int_equal(m->pauses.nr_kept, 2);
	assert_sound(m->pauses.kept[0]);
	assert_sound(m->pauses.kept[1]);
	assert_int_equal(m->pauses.kept[0]->tgid, 200);
	assert_int_equal(m->pauses.kept[0]->straggler.tid, 0);
	assert_int_equal(pause__world_ns(m->pauses.kept[0]), 8 * MS);
	assert_int_equal(m->pauses.kept[1]->straggler.tid, 102);
	assert_int_equal(pause__world_ns(m->pauses.kept[1]), 6 * MS);
	assert_false(m->pauses.kept[1]->lost);
}

/* A native program has no pauses, and the fold keeps nothing of it. */
static void test_native(void **state)
{
	teardown(state);
	setup(state);
	out(T, 0, 101, 0, FUTEX);
	in(T + 1 * MS, 0, 0, 101, 10);
	sample(T + 2 * MS, 101, 0, TARE_NO_SYSCALL, 0x1000);
	end(T + 3 * MS);
	assert_int_equal(m->pauses.threads.count, 0);
	assert_int_equal(m->pauses.runtime_events, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_two, teardown)
		TEST(test_restart_runqueue),
		TEST(test_restart_by_chain),
		TEST(test_restart_not_the_monitor),
		TEST(test_restart_by_birth),
		TEST(test_restart_into_the_next),
		TEST(test_begins_within),
		TEST(test_parts_missing),
		TEST(test_straggler_dies),
		TEST(test_loss),
		TEST(test_kept_and_summed),
		TEST(test_accept),
		TEST(test_settles_live),
		TEST(test_turns_and_assists),
		TEST(test_turn_on_another_thread),
		TEST(test_two_processes),
		TEST(test_native),
	};

	return cmocka_run_group_tests_name("pause_life", tests, NULL, NULL);
}
