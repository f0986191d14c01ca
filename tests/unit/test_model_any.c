// SPDX-License-Identifier: BSD-2-Clause
/* Whatever comes: what holds for any stream of events. */
#include "model_events.h"

static uint64_t random_state;
static uint64_t forgotten_ns; /* run-queue wait that a first snapshot wiped from an account */

static uint64_t next_random(uint64_t below)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return (random_state * 0x2545f4914f6cdd1dull >> 11) % below;
}

static uint64_t any_time(uint64_t ts)
{
	static const uint64_t strange[] = { 0, 1, UINT64_MAX, UINT64_MAX / 2, 1ull << 40 };

	return next_random(200) ? next_random(ts) : strange[next_random(5)];
}

static uint64_t run_queue_total(void)
{
	struct accounts total;

	threads__total(&m->switches.threads, &total);
	return total.run_queue_ns;
}

static void random_event(uint64_t ts, bool sane)
{
	struct tare_task t = {
		.ts_ns = sane ? ts : any_time(ts + 1000),
		.tid = next_random(12),
		.tgid = next_random(12),
		.state = next_random(12),
		.syscall = next_random(400),
		.nvcsw = next_random(100),
		.on_cpu = next_random(2),
		.cpu = next_random(sane ? 4 : 70000),
		.phase = next_random(3),
		.run_delay_ns = next_random(3) ? next_random(1000) : TARE_UNKNOWN,
	};
	struct event ev = { .ts_ns = ts, .cpu = next_random(sane ? 4 : 8) };
	uint64_t pick = next_random(40);

	memset(t.comm, 'x', sizeof(t.comm));
	if (pick == 0) {
		ev.kind = EVENT_TASK;
		ev.task = &t;
	} else if (pick == 1) {
		ev.kind = EVENT_FORK;
		ev.fork.tid = next_random(12);
		ev.fork.tgid = next_random(12);
	} else if (pick == 2) {
		ev.kind = EVENT_EXEC;
		ev.exec.tid = next_random(12);
		ev.exec.old_tid = next_random(12);
	} else if (pick == 3) {
		ev.kind = EVENT_EXIT;
		ev.exit.tid = next_random(12);
	} else if (pick <= 5) {
		ev.kind = EVENT_MIGRATE;
		ev.migrate.tid = next_random(12);
		ev.migrate.from_cpu = next_random(70000);
	} else if (pick == 6) {
		ev.kind = next_random(2) ? EVENT_NAME : EVENT_RENAME;
		ev.name.tid = next_random(12);
		strcpy(ev.name.comm, "0123456789abcdef");
	} else {
		ev.kind = EVENT_SWITCH;
		ev.sw = (struct event_switch){
			.prev_tid = next_random(12),
			.next_tid = next_random(12),
			.prev_target = next_random(2),
			.next_target = next_random(2),
			.voluntary = next_random(2),
			.state = next_random(16),
			.syscall = next_random(400),
			.has_wait = next_random(2),
			.wait_ns = any_time(500),
			.throttled_ns = any_time(500),
			.has_wake = next_random(2),
			.waker_tid = next_random(12),
			.waker_context = next_random(4),
			.wake_delay_ns = any_time(500),
			.stolen_ns = next_random(20) - 10ll,
			.last_cost_ns = any_time(2000),
		};
	}
	if (ev.kind == EVENT_TASK)
		forgotten_ns += run_queue_total();
	fold(&ev);
	if (ev.kind == EVENT_TASK)
		forgotten_ns -= run_queue_total();
}

static uint64_t rivals_total(void)
{
	uint64_t total = 0;

	for (uint32_t i = 0; i < m->switches.names.nr; i++)
		total += m->switches.rivals.rival[i][0].total_ns + m->switches.rivals.rival[i][1].total_ns;
	return total;
}

/*
 * Events that make no sense together: never more time than there was, on no CPU more than one thread at a time,
 * each thread's account exact, and the pieces of waits no more than the waits.
 */
static void test_any_stream(void **state)
{
	for (uint64_t seed = 1; seed <= 400; seed++) {
		struct accounts total;
		uint64_t ts = 1000000, busy = 0;
		bool sane = seed % 2;

		random_state = seed * 0x9e3779b97f4a7c15ull;
		model__free(m);
		setup(NULL);
		forgotten_ns = 0;
		for (int i = 0; i < 2000; i++) {
			ts += next_random(100);
			random_event(sane ? ts : ts - next_random(300), sane);
		}
		if (next_random(2))
			end(ts + 1000);
		else
			model__finish(m);
		for (uint32_t i = 0; i < m->switches.threads.nr_rows; i++) {
			const struct thread *t = m->switches.threads.rows[i];

			assert_true(t->last_ns >= t->born_ns);
			assert_accounts(t, t->acc.on_cpu_ns, t->acc.run_queue_ns, t->acc.throttled_ns, t->acc.sleep_ns,
					t->acc.unknown_ns);
			assert_true(t->acc.on_cpu_ns <= t->last_ns - t->born_ns);
		}
		for (int i = 0; i < MODEL_MAX_CPUS; i++) {
			assert_true(m->switches.cpus[i].busy_ns <= m->switches.cpus[i].busy_until_ns);
			if (sane)
				assert_true(m->switches.cpus[i].busy_ns <= model__duration(m));
			busy += m->switches.cpus[i].busy_ns;
		}
		threads__total(&m->switches.threads, &total);
		/* what was seen of a thread before its first snapshot is not in its account */
		assert_true(total.on_cpu_ns <= busy);
		assert_true(rivals_total() <= total.run_queue_ns + forgotten_ns);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_any_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
