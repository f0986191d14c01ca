// SPDX-License-Identifier: BSD-2-Clause
/* Threads that come, change and go; who had the CPU while they waited. */
#include "model_events.h"
#include "process.h"

/* ---- threads come, change and go ---- */

static void gone(uint64_t ts, int cpu, uint32_t tid)
{
	struct event ev = sw(ts, cpu, tid, 0);

	ev.sw.prev_target = ev.sw.voluntary = true;
	ev.sw.state = TARE_STATE_DEAD;
	fold(&ev);
}

static void test_tid_used_again(void **state)
{
	unsigned seen = 0;

	forked(1000, 200);
	in(1100, 0, 0, 200, 60);
	gone(1500, 0, 200);
	forked(2000, 200);
	in(2200, 0, 0, 200, 0);
	end(3000);

	assert_int_equal(m->switches.threads.nr_rows, 2);
	for (int i = 0; i < 2; i++) {
		const struct thread *t = m->switches.threads.rows[i];

		seen |= t->exited ? 1 : 2;
		if (t->exited)
			assert_accounts(t, 400, 60, 0, 40, 0);
		else
			assert_accounts(t, 800, 0, 0, 200, 0);
	}
	assert_int_equal(seen, 3);
}

static void test_exec_by_another_thread(void **state)
{
	struct event ev = { .kind = EVENT_EXEC, .ts_ns = 2500, .exec = { .tid = 100, .old_tid = 101, .comm = "new" } };

	task(0, 1000, 100, 0, TARE_STATE_RUNNING, TARE_NO_SYSCALL, NULL);
	task(0, 1000, 101, 1, TARE_STATE_RUNNING, TARE_NO_SYSCALL, NULL);
	gone(1500, 0, 100);
	/* it has the new tid already, and sleeps before the exec is told */
	out(2000, 1, 100, 0, FUTEX);
	in(2200, 1, 0, 100, 0);
	fold(&ev);
	out(3000, 1, 100, 0, FUTEX);
	end(4000);

	assert_int_equal(m->switches.threads.nr_rows, 2);
	for (int i = 0; i < 2; i++) {
		const struct thread *t = m->switches.threads.rows[i];

		assert_int_equal(t->tid, 100);
		if (t->exited) {
			assert_accounts(t, 500, 0, 0, 0, 0);
		} else {
			assert_accounts(t, 1000 + 800, 0, 0, 200 + 1000, 0);
			assert_string_equal(t->comm, "new");
		}
	}
	assert_string_equal(m->target_comm, "new");
}

static void test_many_short_threads(void **state)
{
	enum { N = THREADS_MAX_EXITED + 500 };
	struct accounts total;
	uint64_t lifetimes = 0;

	for (int i = 0; i < N; i++) {
		uint64_t ts = 1000 + i * 100;

		forked(ts, 1000 + i % 30000);
		in(ts + 10, 0, 0, 1000 + i % 30000, 4);
		gone(ts + 60, 0, 1000 + i % 30000);
	}
	end(1000000);
	threads__total(&m->switches.threads, &total);
	assert_int_equal(m->switches.threads.nr_rows, THREADS_MAX_EXITED);
	assert_int_equal(m->switches.threads.folds[0].nr, 500);
	assert_int_equal(m->switches.threads.nr_seen, N);
	assert_int_equal(total.voluntary, N);
	assert_int_equal(total.on_cpu_ns, N * 50);
	assert_int_equal(total.run_queue_ns, N * 4);
	assert_int_equal(total.sleep_ns, N * 6);
	for (uint32_t i = 0; i < m->switches.threads.nr_rows; i++)
		lifetimes += m->switches.threads.rows[i]->last_ns - m->switches.threads.rows[i]->born_ns;
	assert_int_equal(lifetimes + m->switches.threads.folds[0].sum.last_ns, N * 60);
}

static void born_and_gone(uint64_t ts, uint32_t tid, uint32_t tgid, const char *comm)
{
	struct event ev = { .kind = EVENT_FORK, .ts_ns = ts, .fork = { .tid = tid, .tgid = tgid } };

	strcpy(ev.fork.comm, comm);
	fold(&ev);
	in(ts + 10, 0, 0, tid, 4);
	gone(ts + 20, 0, tid);
}

/* Whether a process lives, ended with a row, or ended without; two that had one number are two. */
static void test_names_by_process(void **state)
{
	uint64_t ts = 1000;

	born_and_gone(ts += 100, 200, 200, "early");
	born_and_gone(ts += 100, 201, 200, "helper");
	born_and_gone(ts += 100, 300, 300, "older");
	for (int i = 0; i < THREADS_MAX_EXITED; i++)
		born_and_gone(ts += 100, 1000 + i, 400, "thread");
	born_and_gone(ts += 100, 400, 400, "late");
	born_and_gone(ts += 100, 300, 300, "younger");
	born_and_gone(ts += 100, 9000, 500, "orphan");
	end(ts + 100);

	assert_string_equal(model__process_name(m, 200), "early");
	assert_string_equal(model__process_name(m, 300), "older");
	assert_string_equal(model__process_name(m, 1ull << 32 | 300), "younger");
	assert_string_equal(model__process_name(m, 400), "thread");
	assert_string_equal(model__process_name(m, 1ull << 32 | 400), "late");
	assert_string_equal(model__process_name(m, 500), "orphan");
	assert_string_equal(model__process_name(m, 600), "");
	assert_string_equal(model__process_name(m, 0), "");
	assert_int_equal(model__process_of(m, 201, ts), 200);
	assert_int_equal(model__process_of(m, 1000, ts), 400);
	assert_int_equal(model__process_of(m, 7, ts), 0);
}

static void test_check(void **state)
{
	struct accounts total;
	const struct kernel_counters first = { 10, 5, 1000000, 500, 100, 1 }, last = { 12, 6, 1001700, 800, 130, 3 };
	const struct kernel_counters wrong = { 13, 6, 1001700, 800, TARE_UNKNOWN, TARE_UNKNOWN };

	task(0, 1000, 100, 0, TARE_STATE_RUNNING, TARE_NO_SYSCALL, &first);
	task(0, 1000, 101, -1, TARE_STATE_INTERRUPTIBLE, FUTEX, &first);
	out(1500, 0, 100, 0, FUTEX);
	in(2000, 0, 0, 100, 100);
	out(2500, 0, 100, 7, -1);
	in(2700, 0, 7, 100, 200);
	out(3000, 0, 100, 0, FUTEX);
	in(3500, 0, 0, 100, 0);
	task(1, 3900, 100, 0, TARE_STATE_RUNNING, TARE_NO_SYSCALL, &last);
	/* after the snapshot: not compared */
	out(4000, 0, 100, 0, FUTEX);
	task(1, 4000, 101, -1, TARE_STATE_INTERRUPTIBLE, FUTEX, &wrong);
	end(4000);

	assert_int_equal(m->switches.threads.check.threads, 2);
	assert_int_equal(m->switches.threads.check.agree, 1);
	assert_int_equal(m->switches.threads.check.switches_missing, 4);
	assert_int_equal(m->switches.threads.check.switches_extra, 0);
	assert_int_equal(m->switches.threads.check.on_cpu_ns, 500 + 500 + 300 + 400);
	assert_int_equal(m->switches.threads.check.wait_ns, 300);
	assert_int_equal(m->switches.threads.check.kernel_wait_ns, 600);
	/* not counted by an older version: unknown, not 0 */
	assert_int_equal(m->switches.threads.check.fault_threads, 1);
	threads__total(&m->switches.threads, &total);
	assert_int_equal(total.minor_faults, 30);
	assert_int_equal(total.major_faults, 2);
}

static void test_check_at_exit(void **state)
{
	struct event ev = { .kind = EVENT_EXIT, .ts_ns = 2000, .cpu = 0 };

	forked(1000, 200);
	in(1100, 0, 0, 200, 60);
	out(1200, 0, 200, 7, -1);
	in(1300, 0, 7, 200, 100);
	ev.exit.tid = 200;
	ev.exit.nivcsw = 1;
	ev.exit.nvcsw = 1; /* the last one, which follows */
	ev.exit.exec_ns = 800;
	ev.exit.run_delay_ns = 160;
	fold(&ev);
	gone(2000, 0, 200);
	end(3000);
	assert_int_equal(m->switches.threads.check.threads, 1);
	assert_int_equal(m->switches.threads.check.agree, 1);
	assert_int_equal(m->switches.threads.check.on_cpu_ns, 800);
	assert_int_equal(m->switches.threads.check.wait_ns, 160);
}

/* ---- who had the CPU ---- */

static void test_rivals(void **state)
{
	name(7, "hog");
	name(8, "other hog");
	task(0, 1000, 100, 0, TARE_STATE_RUNNING, TARE_NO_SYSCALL, NULL);
	task(0, 1000, 101, -1, TARE_STATE_INTERRUPTIBLE, FUTEX, NULL);
	out(2000, 0, 100, 7, -1);
	others(2300, 0, 7, 8);
	others(2400, 0, 8, 7);
	in(2600, 0, 7, 101, 500);
	out(3000, 0, 101, 100, FUTEX);
	in(3000, 0, 101, 100, 1000);
	end(4000);

	/* 101 waited from 2100, 100 from 2000 */
	assert_int_equal(rival("hog", false)->total_ns, (200 + 200) + (300 + 200));
	assert_int_equal(rival("hog", false)->waits, 2);
	assert_int_equal(rival("hog", false)->max_ns, 500);
	assert_int_equal(rival("other hog", false)->total_ns, 200);
	assert_int_equal(rival("target", true)->total_ns, 400);
	assert_int_equal(rival("unknown", false)->total_ns, 0);
}

static void test_rivals_across_cpus(void **state)
{
	struct event ev = {
		.kind = EVENT_MIGRATE,
		.ts_ns = 2500,
		.migrate = { .tid = 101, .from_cpu = 0, .to_cpu = 1 },
	};

	name(7, "hog");
	name(8, "other hog");
	task(0, 1000, 100, 0, TARE_STATE_RUNNING, TARE_NO_SYSCALL, NULL);
	task(0, 1000, 101, -1, TARE_STATE_INTERRUPTIBLE, FUTEX, NULL);
	out(1500, 0, 100, 7, FUTEX);
	/* 101 waits on CPU 0 from 2000 on, moves at 2500, runs on CPU 1 at 3000 */
	others(2100, 0, 7, 8);
	fold(&ev);
	others(2800, 0, 8, 7);
	in(3000, 1, 0, 101, 1000);
	end(4000);

	assert_int_equal(rival("hog", false)->total_ns, 100);
	assert_int_equal(rival("other hog", false)->total_ns, 400);
	assert_int_equal(rival("idle", false)->total_ns, 500);
}

/* More switches than are remembered: the rest has no owner, and none is made up. */
static void test_rivals_history_runs_out(void **state)
{
	enum { N = 2000 };
	const uint64_t step = 10000000;

	name(7, "hog");
	task(0, 1000, 100, 0, TARE_STATE_RUNNING, TARE_NO_SYSCALL, NULL);
	out(2000, 0, 100, 7, -1);
	for (int i = 1; i < N; i++)
		others(2000 + i * step, 0, 7, 7);
	in(2000 + N * step, 0, 7, 100, N * step);
	end(3000 + N * step);
	assert_int_equal(rival("hog", false)->total_ns + rival("unknown", false)->total_ns, N * step);
	assert_in_range(rival("hog", false)->total_ns, 10000000000, (N - 1) * step);
	assert_int_equal(rival("hog", false)->waits, 1);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_tid_used_again),
		TEST(test_exec_by_another_thread),
		TEST(test_many_short_threads),
		TEST(test_names_by_process),
		TEST(test_check),
		TEST(test_check_at_exit),
		TEST(test_rivals),
		TEST(test_rivals_across_cpus),
		TEST(test_rivals_history_runs_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
