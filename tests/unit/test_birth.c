// SPDX-License-Identifier: BSD-2-Clause
/* Process ids that are reused: each process has its own time, counters and pauses. */
#include "pause_events.h"
#include "process.h"

#define SECOND(pid) (1ull << 32 | (pid))

static void of_times(void **unused)
{
	struct births b;

	births__init(&b);
	assert_int_equal(births__at(&b, 7, 100), 7);
	births__begin(&b, 7, 100);
	assert_int_equal(births__at(&b, 7, 500), 7);
	births__begin(&b, 7, 200);
	births__begin(&b, 7, 300);
	births__begin(&b, 8, 250);
	assert_int_equal(births__at(&b, 7, 199), 7);
	assert_int_equal(births__at(&b, 7, 200), SECOND(7));
	assert_int_equal(births__at(&b, 7, 299), SECOND(7));
	assert_int_equal(births__at(&b, 7, 300), 2ull << 32 | 7);
	assert_int_equal(births__at(&b, 8, 1000), 8);
	assert_int_equal(births__born_ns(&b, SECOND(7)), 200);
	assert_int_equal(births__born_ns(&b, 2ull << 32 | 7), 300);
	assert_int_equal(births__born_ns(&b, 7), 0);
	/* a process older than all events is no successor; an impossible number is none */
	births__begin(&b, 8, 50);
	assert_int_equal(births__at(&b, 8, 1000), 8);
	births__begin(&b, UINT32_MAX, 400);
	births__begin(&b, UINT32_MAX, 500);
	assert_int_equal(births__at(&b, UINT32_MAX, 600), UINT32_MAX);
	births__free(&b);
}

static void bounded(void **unused)
{
	struct births b;

	births__init(&b);
	for (uint64_t ts = 1; ts < BIRTHS_MAX + 1000ull; ts++)
		births__begin(&b, 7, ts);
	assert_int_equal(b.nr, BIRTHS_MAX);
	assert_int_equal(births__at(&b, 7, UINT64_MAX) >> 32, BIRTHS_MAX);
	births__free(&b);
}

static void born(uint64_t ts, uint32_t tid, uint32_t tgid, const char *comm)
{
	struct event ev = { .kind = EVENT_FORK, .ts_ns = ts };

	ev.fork.tid = tid;
	ev.fork.tgid = tgid;
	ev.fork.parent_tid = ev.fork.parent_tgid = 1;
	strcpy(ev.fork.comm, comm);
	fold(&ev);
}

static void dies(uint64_t ts, int cpu, uint32_t tid, uint32_t tgid)
{
	struct event ev = { .kind = EVENT_EXIT, .ts_ns = ts, .cpu = cpu };

	ev.exit = (struct tare_exit){ .tid = tid, .tgid = tgid };
	fold(&ev);
	ev = sw(ts, cpu, tid, 0);
	ev.sw.prev_target = ev.sw.voluntary = true;
	ev.sw.state = TARE_STATE_DEAD;
	fold(&ev);
}

static struct process_row *rows;

static int processes(void)
{
	free(rows);
	rows = NULL;
	return model__processes(m, &rows);
}

/* As model__processes() sorts them: the one that ran longest is the first. */
static void assert_row(int i, uint64_t process, const char *comm, uint64_t born_ns, uint64_t threads,
		       uint64_t on_cpu_ns)
{
	assert_int_equal(rows[i].process, process);
	assert_int_equal(rows[i].pid, process__pid(process));
	assert_string_equal(rows[i].comm, comm);
	assert_int_equal(rows[i].born_ns, born_ns);
	assert_int_equal(rows[i].threads, threads);
	assert_int_equal(rows[i].acc.on_cpu_ns, on_cpu_ns);
	assert_string_equal(model__process_name(m, process), comm);
	assert_int_equal(model__process_born_ns(m, process), born_ns);
}

static void two_of_one_number(void **unused)
{
	born(1000, 200, 200, "one");
	in(1100, 0, 0, 200, 0);
	born(1150, 201, 200, "one's");
	in(1200, 1, 0, 201, 0);
	dies(1250, 1, 201, 200);
	dies(1300, 0, 200, 200);
	born(2000, 200, 200, "two");
	in(2100, 0, 0, 200, 0);
	/* the other thread's number, too */
	born(2150, 201, 200, "two's");
	in(2200, 1, 0, 201, 0);
	out(2900, 1, 201, 0, FUTEX);
	end(3000);

	assert_int_equal(processes(), 2);
	assert_row(0, SECOND(200), "two", 2000, 2, 900 + 700);
	assert_row(1, 200, "one", 1000, 2, 200 + 50);
	assert_int_equal(model__process_of(m, 201, 1200), 200);
	assert_int_equal(model__process_of(m, 201, 2200), SECOND(200));
	assert_int_equal(model__process_of(m, 200, 1500), 200);
}

/* Without rows of their own they are summed up by process all the same. */
static void folded(void **unused)
{
	uint64_t ts = 1000;

	for (int i = 0; i < THREADS_MAX_EXITED; i++, ts += 100) {
		born(ts, 1000 + i, 1000 + i, "filler");
		in(ts + 10, 0, 0, 1000 + i, 0);
		dies(ts + 20, 0, 1000 + i, 1000 + i);
	}
	for (int i = 0; i < 3; i++, ts += 100000) {
		born(ts, 200, 200, i == 0 ? "one" : i == 1 ? "two" : "three");
		in(ts + 10, 0, 0, 200, 0);
		dies(ts + 10 + 1000 * (3 - i), 0, 200, 200);
	}
	end(ts);
	assert_int_equal(processes(), THREADS_MAX_EXITED + 3);
	assert_row(0, 200, "one", ts - 300000, 1, 3000);
	assert_row(1, SECOND(200), "two", ts - 200000, 1, 2000);
	assert_row(2, 2ull << 32 | 200, "three", ts - 100000, 1, 1000);
}

static void found(uint64_t ts, uint32_t tid, uint32_t tgid, uint64_t start_ns, const char *comm)
{
	struct tare_task t = {
		.ts_ns = ts, .tid = tid, .tgid = tgid, .start_ns = start_ns, .state = TARE_STATE_INTERRUPTIBLE
	};
	struct event ev = { .kind = EVENT_TASK, .ts_ns = ts, .task = &t };

	strcpy(t.comm, comm);
	fold(&ev);
}

/* Born as none of the target's processes, and moved to them: only a snapshot tells of it. */
static void found_later(void **unused)
{
	found(1000, 150, 200, 600, "one's"); /* a thread before the first one, as numbers wrap around */
	found(1000, 200, 200, 500, "one");
	found(1000, 200, 200, 500, "one"); /* and a second time */
	in(1100, 0, 0, 200, 0);
	dies(1400, 0, 200, 200);
	found(9000, 200, 200, 8000, "two");
	in(9100, 0, 0, 200, 0);
	out(9200, 0, 200, 0, FUTEX);
	/* the third: nothing is known of the second's end */
	found(20000, 200, 200, 15000, "three");
	in(20100, 0, 0, 200, 0);
	end(20150);

	assert_int_equal(processes(), 3);
	assert_row(0, 200, "one", 500, 2, 300);
	assert_row(1, SECOND(200), "two", 8000, 1, 100);
	assert_row(2, 2ull << 32 | 200, "three", 15000, 1, 50);
}

static void counted(uint64_t ts, uint32_t pid, uint64_t switches, bool final)
{
	struct event ev = { .kind = EVENT_COUNTERS, .ts_ns = ts };

	memset(&ev.counters, 0xff, sizeof(ev.counters));
	ev.counters.ts_ns = ts;
	ev.counters.pid = pid;
	ev.counters.final = final;
	ev.counters.goroutine_switches = switches;
	fold(&ev);
}

/* Readings may arrive before older records. */
static void counters(void **unused)
{
	born(1 * MS, 200, 200, "one");
	counted(2 * MS, 200, 10, false);
	counted(50 * MS, 200, 110, true);
	counted(61 * MS, 200, 0, false);
	dies(51 * MS, 0, 200, 200);
	born(60 * MS, 200, 200, "two");
	counted(70 * MS, 200, 1000, false);
	dies(80 * MS, 0, 200, 200);
	/* its first reading is not 0 and exceeds the last one of the other, whose end was not reported */
	born(90 * MS, 200, 200, "three");
	counted(91 * MS, 200, 5000, false);
	counted(95 * MS, 200, 5007, false);
	end(100 * MS);

	assert_int_equal(processes(), 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(rows[i].counters.goroutine_switches, rows[i].process == 200	     ? 100 :
								      rows[i].process == SECOND(200) ? 1000 :
												       7);
}

static void pause_of(uint32_t pid, uint64_t ts, uint64_t stopping_ns)
{
	static const int steps[] = { TARE_RT_STW_REQUEST, TARE_RT_STW_STOPPED, TARE_RT_STW_RESTART,
				     TARE_RT_STW_STARTED };

	for (int i = 0; i < 4; i++) {
		struct event ev = { .kind = EVENT_RUNTIME, .ts_ns = ts + (i ? stopping_ns + i * US : 0) };

		ev.runtime.event = steps[i];
		ev.runtime.tid = ev.runtime.tgid = pid;
		memset(ev.runtime.args, 0xff, sizeof(ev.runtime.args));
		ev.runtime.args[0] = 1;
		fold(&ev);
	}
}

/* One of the first process, whose next one is cut off by its end; then two of the second. */
static void pauses(void **unused)
{
	struct event ev = { .kind = EVENT_RUNTIME, .ts_ns = 20 * MS };

	born(1 * MS, 200, 200, "one");
	in(2 * MS, 0, 0, 200, 0);
	pause_of(200, 10 * MS, 5 * MS);
	ev.runtime.event = TARE_RT_STW_REQUEST;
	ev.runtime.tid = ev.runtime.tgid = 200;
	memset(ev.runtime.args, 0xff, sizeof(ev.runtime.args));
	fold(&ev);
	dies(21 * MS, 0, 200, 200);
	born(30 * MS, 200, 200, "two");
	in(31 * MS, 0, 0, 200, 0);
	pause_of(200, 40 * MS, 3 * MS);
	pause_of(200, 50 * MS, 1 * MS);
	end(100 * MS);

	assert_int_equal(m->pauses.count, 3);
	assert_int_equal(m->pauses.unfinished, 1);
	assert_int_equal(m->pauses.nr_by_process, 2);
	for (uint32_t i = 0; i < 3; i++)
		assert_sound(m->pauses.kept[i]);
	assert_int_equal(m->pauses.kept[0]->process, 200);
	assert_int_equal(m->pauses.kept[1]->process, SECOND(200));
	assert_int_equal(m->pauses.kept[2]->process, SECOND(200));
	assert_int_equal(processes(), 2);
	for (int i = 0; i < 2; i++) {
		assert_true(rows[i].tells_pauses);
		assert_int_equal(rows[i].pauses.count, rows[i].process == 200 ? 1 : 2);
		assert_int_equal(rows[i].pauses.max_ns, (rows[i].process == 200 ? 5 : 3) * MS + 3 * US);
	}
}

/* The next process of that number reports nothing, and gets nothing. */
static void native_after(void **unused)
{
	born(1 * MS, 200, 200, "one");
	in(2 * MS, 0, 0, 200, 0);
	pause_of(200, 10 * MS, 5 * MS);
	counted(15 * MS, 200, 5, true);
	dies(21 * MS, 0, 200, 200);
	born(30 * MS, 200, 200, "native");
	in(31 * MS, 0, 0, 200, 0);
	end(1000 * MS);

	assert_int_equal(processes(), 2);
	assert_string_equal(rows[0].comm, "native");
	assert_false(rows[0].tells_pauses);
	assert_true(rows[0].counters.goroutine_switches == TARE_UNKNOWN);
	assert_true(rows[1].tells_pauses);
	assert_int_equal(m->pauses.processes.count, 0);
}

static int done(void **state)
{
	free(rows);
	rows = NULL;
	return teardown(state);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, done)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_times),
		cmocka_unit_test(bounded),
		TEST(two_of_one_number),
		TEST(folded),
		TEST(found_later),
		TEST(counters),
		TEST(pauses),
		TEST(native_after),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
