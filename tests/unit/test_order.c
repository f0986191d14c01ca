// SPDX-License-Identifier: BSD-2-Clause
/* Records of many CPUs come in one order, in memory that does not grow with the file. */
#include "merge.h"
#include "recording.h"

/* of the sanitizer's run time, whose header gcc does not always bring */
size_t __sanitizer_get_current_allocated_bytes(void);

/* ---- order ---- */

#define CPUS	 5
#define ROUND_NS 1000000ull

/* CPU i was drained i * 100 ns after the round began: what it will yet give is older than what others already gave. */
static void cpus_are_merged_by_time(void **unused)
{
	uint64_t last[CPUS] = { 0 }, before = 0, from, to;
	unsigned seen = 0, written = 0;
	struct writer *w = create("cpus");
	struct bytes b = { 0 };
	struct reader *r;
	struct event ev;

	srand(1);
	header(w);
	for (unsigned n = 1; n <= 200; n++) {
		for (unsigned cpu = 0; cpu < CPUS; cpu++) {
			uint64_t base = last[cpu];

			from = (n - 1) * ROUND_NS + (n > 1 ? cpu * 100 : 0);
			to = n * ROUND_NS + cpu * 100;
			if (n == 1)
				add_sync(&b, from);
			for (uint64_t ts = from; ts + 20 < to; ts += 21 + rand() % 100000) {
				/* an interrupt comes between taking the time and reserving room for it; twice over at
				 * times */
				int mixed = rand() % 4;

				add_migrate(&b, ts + (mixed == 1 ? 9 : mixed == 2 ? 20 : 0), cpu, 0, 0);
				add_migrate(&b, ts + (mixed == 1 ? 3 : mixed == 2 ? 10 : 10), cpu, 0, 0);
				add_migrate(&b, ts + (mixed == 1 ? 12 : mixed == 2 ? 0 : 20), cpu, 0, 0);
				last[cpu] = ts + (mixed == 1 ? 12 : mixed == 2 ? 0 : 20);
				written += 3;
			}
			if (b.len)
				events(w, cpu, base, &b);
		}
		round_at(w, n * ROUND_NS);
	}
	free(b.data);
	assert_int_equal(writer__close(w), 0);

	r = open_file("cpus");
	next_is(r, &ev, EVENT_HEADER);
	while (seen < written) {
		next_is(r, &ev, EVENT_MIGRATE);
		assert_int_equal(ev.cpu, ev.migrate.tid);
		assert_true(ev.ts_ns >= before);
		before = ev.ts_ns;
		seen++;
	}
	assert_true(written > 10000);
	end_is(r);
}

/* A record has only the low half of a time: a wrap is a step forward, an overtaken record a small step back. */
static void time_wraps(void **unused)
{
	static const uint64_t wrap = 7ull << 32;
	struct writer *w = create("wrap");
	struct bytes b = { 0 };
	struct reader *r;
	struct event ev;

	header(w);
	add_migrate(&b, wrap - 1, 1, 0, 0);
	add_migrate(&b, wrap + 5, 2, 0, 0);
	add_migrate(&b, wrap - 3, 0, 0, 0);
	add_migrate(&b, wrap + (1u << 30), 3, 0, 0);
	add_sync(&b, wrap + (9ull << 32) - 1);
	add_migrate(&b, wrap + (9ull << 32) - 1, 4, 0, 0);
	add_migrate(&b, wrap + (9ull << 32), 5, 0, 0);
	events(w, 0, wrap - 10, &b);
	add_migrate(&b, wrap + (9ull << 32) + 1, 6, 0, 0); /* goes on from the frame's own time */
	events(w, 0, wrap + (9ull << 32), &b);
	free(b.data);
	assert_int_equal(writer__close(w), 0);

	r = open_file("wrap");
	next_is(r, &ev, EVENT_HEADER);
	migrate_is(r, wrap - 3, 0, 0);
	migrate_is(r, wrap - 1, 0, 1);
	migrate_is(r, wrap + 5, 0, 2);
	migrate_is(r, wrap + (1u << 30), 0, 3);
	migrate_is(r, wrap + (9ull << 32) - 1, 0, 4);
	migrate_is(r, wrap + (9ull << 32), 0, 5);
	migrate_is(r, wrap + (9ull << 32) + 1, 0, 6);
	end_is(r);
}

/* What the format does not allow is given out all the same, and counted. A file in reverse must not take forever. */
static void late_records_are_counted(void **unused)
{
	struct writer *w = create("late");
	struct bytes b = { 0 };
	struct reader *r;
	struct event ev;
	unsigned n = 0;

	header(w);
	add_migrate(&b, 5000, 0, 0, 0);
	events(w, 0, 1, &b);
	round_at(w, 6000);
	round_at(w, 7000); /* from here on nothing is older than 6000 */
	add_migrate(&b, 4000, 0, 0, 0);
	events(w, 1, 1, &b);
	for (uint64_t ts = 4000000; ts > 1000000; ts -= 5)
		add_migrate(&b, ts, 0, 0, 0);
	events(w, 2, 4000000, &b);
	free(b.data);
	assert_int_equal(writer__close(w), 0);

	r = open_file("late");
	while (reader__next(r, &ev) == 1)
		n += ev.kind == EVENT_MIGRATE;
	assert_int_equal(n, 2 + 600000);
	assert_true(reader__late(r) > 0);
	reader__close(r);
}

/*
 * The END frame speaks of all before it in the file, so it comes after them; so does the last snapshot, also one of a
 * single thread by a version that told less of each.
 */
static void closing_comes_last_with(size_t task_size)
{
	struct tare_task task = { .ts_ns = 50, .tid = 9, .phase = 1 };
	struct tare_end end = { .ts_ns = 100 };
	struct writer *w = create("closing");
	struct bytes b = { 0 };
	struct reader *r;
	struct event ev;

	header(w);
	add_migrate(&b, 40, 1, 0, 0);
	events(w, 0, 1, &b);
	assert_int_equal(writer__array(w, TARE_FRAME_TASKS, 50, &task, task_size, 1), 0);
	add_migrate(&b, 60, 2, 0, 0);
	events(w, 0, 40, &b);
	frame(w, TARE_FRAME_END, 0, 100, &end, sizeof(end));
	free(b.data);
	assert_int_equal(writer__close(w), 0);

	r = open_file("closing");
	next_is(r, &ev, EVENT_HEADER);
	migrate_is(r, 40, 0, 1);
	next_is(r, &ev, EVENT_TASK);
	migrate_is(r, 60, 0, 2);
	next_is(r, &ev, EVENT_END);
	end_is(r);
}

static void closing_comes_last(void **unused)
{
	closing_comes_last_with(sizeof(struct tare_task));
	closing_comes_last_with(offsetof(struct tare_task, stop));
}

/*
 * The last snapshot is taken when one CPU's ring was drained later than an
 * other's: what the other still holds is older than what is in the file, and
 * both in part than the snapshot.
 */
static void last_snapshot_waits_for_its_time(void **unused)
{
	struct tare_task tasks[3] = { { .ts_ns = 250, .tid = 7, .phase = 1 },
				      { .ts_ns = 251, .tid = 8, .phase = 1 },
				      { .ts_ns = 252, .tid = 9, .phase = 1 } };
	struct tare_end end = { .ts_ns = 300 };

	for (int closed = 0; closed < 2; closed++) {
		struct writer *w = create("snapshot");
		struct bytes b = { 0 };
		struct reader *r;
		struct event ev;

		header(w);
		add_migrate(&b, 100, 1, 0, 0);
		events(w, 0, 1, &b);
		add_migrate(&b, 200, 2, 0, 0);
		events(w, 1, 1, &b);
		round_at(w, 90);
		assert_int_equal(writer__array(w, TARE_FRAME_TASKS, 260, tasks, sizeof(tasks[0]), 3), 0);
		add_migrate(&b, 150, 3, 0, 0);
		add_migrate(&b, 260, 4, 0, 0);
		events(w, 0, 100, &b);
		add_migrate(&b, 255, 5, 0, 0);
		events(w, 1, 200, &b);
		round_at(w, 290);
		if (closed)
			frame(w, TARE_FRAME_END, 0, 300, &end, sizeof(end));
		free(b.data);
		assert_int_equal(writer__close(w), 0);

		r = open_file("snapshot");
		next_is(r, &ev, EVENT_HEADER);
		migrate_is(r, 100, 0, 1);
		migrate_is(r, 150, 0, 3);
		migrate_is(r, 200, 1, 2);
		for (unsigned tid = 7; tid <= 9; tid++) {
			next_is(r, &ev, EVENT_TASK);
			assert_int_equal(ev.task->tid, tid);
		}
		migrate_is(r, 255, 1, 5);
		migrate_is(r, 260, 0, 4);
		if (closed)
			next_is(r, &ev, EVENT_END);
		end_is(r);
	}
}

/* ---- memory ---- */

/* Heap in use at the worst moment while @name is read. */
static size_t peak(const char *name)
{
	size_t most = 0, before = __sanitizer_get_current_allocated_bytes();
	struct reader *r = open_file(name);
	struct event ev;

	while (reader__next(r, &ev) == 1) {
		size_t now = __sanitizer_get_current_allocated_bytes();

		most = now > most ? now : most;
	}
	assert_int_equal(reader__late(r), 0);
	reader__close(r);
	return most - before;
}

static void write_rounds(const char *name, unsigned rounds)
{
	struct writer *w = create(name);
	struct bytes b = { 0 };

	header(w);
	for (uint64_t n = 1; n <= rounds; n++) {
		for (int cpu = 0; cpu < 2; cpu++) {
			for (uint64_t ts = (n - 1) * ROUND_NS; ts < n * ROUND_NS; ts += ROUND_NS / 500)
				add_migrate(&b, ts + 1, cpu, 0, 0);
			events(w, cpu, (n - 1) * ROUND_NS, &b);
		}
		round_at(w, n * ROUND_NS);
	}
	free(b.data);
	assert_int_equal(writer__close(w), 0);
}

static void memory_does_not_grow_with_the_file(void **unused)
{
	size_t shortly, longer;

	write_rounds("short", 20);
	write_rounds("long", 600); /* 11 MB */
	shortly = peak("short");
	longer = peak("long");
	assert_true(longer < shortly + 65536);
}

/* The same at the merge itself: two rounds, however many there were. */
static void merge_holds_two_rounds(void **unused)
{
	struct merge m = { 0 };
	struct bytes b = { 0 };
	uint64_t ts, out = 0, in = 0;
	const void *rec;
	unsigned cpu;
	size_t len;

	for (uint64_t n = 1; n <= 2000; n++) {
		for (int c = 0; c < 3; c++) {
			for (int i = 0; i < 100; i++, in++)
				add_migrate(&b, n * 1000 + i, c, 0, 0);
			assert_int_equal(merge__add(&m, c, n * 1000, b.data, b.len), 0);
			b.len = 0;
		}
		while (merge__pop(&m, (n - 1) * 1000, &ts, &cpu, &rec, &len))
			out++;
		/* what was given out may stay as long as it is less than half of what is held */
		assert_true(m.bytes <= 3 * 2 * 2 * 100 * sizeof(struct tare_migrate));
	}
	while (merge__pop(&m, UINT64_MAX, &ts, &cpu, &rec, &len))
		out++;
	assert_int_equal(out, in);
	assert_int_equal(m.late, 0);
	merge__free(&m);
	free(b.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cpus_are_merged_by_time),
		cmocka_unit_test(time_wraps),
		cmocka_unit_test(late_records_are_counted),
		cmocka_unit_test(closing_comes_last),
		cmocka_unit_test(last_snapshot_waits_for_its_time),
		cmocka_unit_test(memory_does_not_grow_with_the_file),
		cmocka_unit_test(merge_holds_two_rounds),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
