// SPDX-License-Identifier: BSD-2-Clause
/* What runtimes count of themselves, over several readings and processes. */
#include "runtime_counters.h"
#include "records.h"

#define MS  1000000ull
#define END (1000000 * MS)

static struct tare_counters unknown(uint32_t pid, uint64_t ts_ns)
{
	struct tare_counters c;

	memset(&c, 0xff, sizeof(c));
	c.pid = pid;
	c.ts_ns = ts_ns;
	c.final = 0;
	return c;
}

static void fold(struct runtime_counters *rc, struct tare_counters c)
{
	struct event ev = { .kind = EVENT_COUNTERS, .ts_ns = c.ts_ns, .counters = c };

	assert_int_equal(runtime_counters__event(rc, &ev), 0);
}

/* A reading in which only the goroutine switches are known. */
static void switches(struct runtime_counters *rc, uint32_t pid, uint64_t ts_ns, uint64_t n, bool final)
{
	struct tare_counters c = unknown(pid, ts_ns);

	c.goroutine_switches = n;
	c.final = final;
	fold(rc, c);
}

static uint64_t total_switches(const struct runtime_counters *rc)
{
	struct tare_counters total;

	runtime_counters__total(rc, &total);
	return total.goroutine_switches;
}

static void nothing_is_unknown(void **unused)
{
	struct runtime_counters rc = { 0 };
	struct tare_counters total;

	assert_int_equal(runtime_counters__total(&rc, &total), 0);
	assert_true(total.goroutine_switches == TARE_UNKNOWN && total.assist_ns == TARE_UNKNOWN);
	assert_true(total.heap_bytes == TARE_UNKNOWN && total.goal_bytes == TARE_UNKNOWN);
	assert_int_equal(runtime_counters__age(&rc, END), 0);
	runtime_counters__free(&rc);
}

/* Each field alone, by its number in the struct: growing ones from first to last, levels as they were last. */
static void each_field(void **unused)
{
	const size_t first = offsetof(struct tare_counters, goroutine_switches),
		     heap = offsetof(struct tare_counters, heap_bytes),
		     goal = offsetof(struct tare_counters, goal_bytes),
		     levels = offsetof(struct tare_counters, marked_bytes);

	for (size_t at = first; at < sizeof(struct tare_counters); at += 8) {
		struct tare_counters c[3] = { unknown(1, 10), unknown(1, 20), unknown(1, 30) }, total;
		static const uint64_t values[3] = { 100, 5000, 700 };
		bool level = at == heap || at == goal || at >= levels;
		struct runtime_counters rc = { 0 };
		uint64_t value;

		for (int i = 0; i < 3; i++) {
			value = level ? values[i] : 100 + 300u * i;
			memcpy((char *)&c[i] + at, &value, 8);
			fold(&rc, c[i]);
		}
		assert_int_equal(runtime_counters__total(&rc, &total), 1);
		for (size_t f = first; f < sizeof(total); f += 8) {
			memcpy(&value, (char *)&total + f, 8);
			if (value != (f != at ? TARE_UNKNOWN : level ? 700 : 600))
				fail_msg("field at %zu of one at %zu: %llu", f, at, (unsigned long long)value);
		}
		runtime_counters__free(&rc);
	}
}

static void unknown_at_one_end(void **unused)
{
	struct runtime_counters rc = { 0 };
	struct tare_counters c = unknown(1, 10), total;

	c.pauses = 5;
	fold(&rc, c);
	c = unknown(1, 20);
	c.collections = 7;
	c.alloc_bytes = 10;
	fold(&rc, c);
	/* an other process knows: its own is what is known */
	c = unknown(2, 20);
	c.collections = 1;
	fold(&rc, c);
	c.collections = 4;
	c.ts_ns = 30;
	fold(&rc, c);
	assert_int_equal(runtime_counters__total(&rc, &total), 2);
	assert_true(total.pauses == TARE_UNKNOWN && total.alloc_bytes == TARE_UNKNOWN);
	assert_int_equal(total.collections, 3);
	runtime_counters__free(&rc);
}

static void one_reading_is_nothing_yet(void **unused)
{
	struct runtime_counters rc = { 0 };

	switches(&rc, 1, 10, 1000, false);
	assert_int_equal(total_switches(&rc), TARE_UNKNOWN);
	assert_int_equal(runtime_counters__age(&rc, END), END - 10);
	runtime_counters__free(&rc);
}

/* Born during the recording: from zero to its last reading. */
static void from_birth_to_end(void **unused)
{
	struct runtime_counters rc = { 0 };
	struct tare_counters zero = { .pid = 1, .ts_ns = 10 };

	fold(&rc, zero);
	switches(&rc, 1, 20, 500, false);
	assert_int_equal(runtime_counters__age(&rc, END), END - 20);
	switches(&rc, 1, 25, 800, true);
	assert_int_equal(total_switches(&rc), 800);
	assert_int_equal(runtime_counters__age(&rc, END), 0); /* exact: nothing was missed */
	/* looked at once more while it goes */
	switches(&rc, 1, 26, 800, false);
	assert_int_equal(total_switches(&rc), 800);
	assert_int_equal(rc.nr, 1);
	assert_int_equal(runtime_counters__age(&rc, END), 0);
	runtime_counters__free(&rc);
}

/* It runs another program: counted to the last reading of the one, and from the first of the other. */
static void exec_begins_anew(void **unused)
{
	static const uint64_t begins[] = { 0, 1, 400 };

	for (size_t i = 0; i < ARRAY_SIZE(begins); i++) {
		struct runtime_counters rc = { 0 };

		switches(&rc, 1, 10, 100, false);
		switches(&rc, 1, 20, 500, false);
		switches(&rc, 1, 30, begins[i], false);
		switches(&rc, 1, 40, begins[i] + 1000, false);
		switches(&rc, 1, 50, begins[i] + 3000, false);
		assert_int_equal(total_switches(&rc), 400 + 3000);
		assert_int_equal(runtime_counters__age(&rc, END), END - 50); /* not when the first one was read last */
		runtime_counters__free(&rc);
	}
}

/* By the collections where the switches have passed the old ones already, or are not told. */
static void exec_is_seen_by_collections(void **unused)
{
	struct runtime_counters rc = { 0 };
	struct tare_counters c = unknown(1, 10), total;

	static const struct {
		uint64_t collections, bytes;
	} readings[] = {
		{ 5, 1000 },
		{ 9, 3000 },
		{ 1, 4000 },
		{ 2, 4500 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(readings); i++) {
		c.ts_ns = 10 + i;
		c.collections = readings[i].collections;
		c.alloc_bytes = readings[i].bytes;
		fold(&rc, c);
	}
	runtime_counters__total(&rc, &total);
	assert_int_equal(total.collections, 4 + 1);
	assert_int_equal(total.alloc_bytes, 2000 + 500);
	runtime_counters__free(&rc);
}

/*
 * A sum of what moves during the reading may decrease: that is no other program, and its true end is unknown if it is
 * below.
 */
static void sums_may_go_back(void **unused)
{
	struct runtime_counters rc = { 0 };
	struct tare_counters c = unknown(1, 10), total;

	c.goroutine_switches = 10;
	c.alloc_bytes = 1000;
	fold(&rc, c);
	c.ts_ns = 20;
	c.goroutine_switches = 20;
	c.alloc_bytes = 990;
	fold(&rc, c);
	assert_int_equal(runtime_counters__total(&rc, &total), 1);
	assert_int_equal(total.alloc_bytes, TARE_UNKNOWN);
	assert_int_equal(total.goroutine_switches, 10);
	c.alloc_bytes = 1500;
	fold(&rc, c);
	assert_int_equal(runtime_counters__total(&rc, &total), 1);
	assert_int_equal(total.alloc_bytes, 500);
	runtime_counters__free(&rc);
}

static void a_pid_comes_again(void **unused)
{
	struct runtime_counters rc = { 0 };

	switches(&rc, 7, 10, 0, false);
	switches(&rc, 7, 20, 100, true);
	/* fewer: at once; more: after so long it cannot be the same any more */
	switches(&rc, 7, 30, 0, false);
	switches(&rc, 7, 40, 50, true);
	assert_int_equal(rc.nr, 2);
	assert_int_equal(total_switches(&rc), 150);
	switches(&rc, 7, 5000 * MS, 60, false);
	switches(&rc, 7, 6000 * MS, 90, false);
	assert_int_equal(rc.nr, 3);
	assert_int_equal(total_switches(&rc), 180);
	assert_int_equal(runtime_counters__age(&rc, END), END - (6000 * MS));
	runtime_counters__free(&rc);
}

static void the_oldest_of_the_last(void **unused)
{
	struct runtime_counters rc = { 0 };

	switches(&rc, 1, 10, 0, false);
	switches(&rc, 2, 11, 0, false);
	switches(&rc, 3, 12, 0, true);
	switches(&rc, 1, 30, 1, false);
	assert_int_equal(runtime_counters__age(&rc, END), END - 11);
	switches(&rc, 2, 31, 1, false);
	assert_int_equal(runtime_counters__age(&rc, END), END - 30);
	/* a process that was killed was read up to a second before that, however long others go on */
	runtime_counters__exit(&rc, 1, 37);
	assert_int_equal(runtime_counters__age(&rc, END), END - 31);
	runtime_counters__exit(&rc, 2, 33);
	assert_int_equal(runtime_counters__age(&rc, END), 7);
	switches(&rc, 2, 50, 2, false);
	assert_int_equal(runtime_counters__age(&rc, 60), 10);
	runtime_counters__free(&rc);
}

static void many_processes(void **unused)
{
	struct runtime_counters rc = { 0 };

	for (int round = 0; round < 2; round++)
		for (uint32_t pid = 1; pid <= COUNTERS_MAX_PROCESSES + 10; pid++)
			switches(&rc, pid, 10 + round, 1000 * round, false);
	assert_int_equal(rc.nr, COUNTERS_MAX_PROCESSES);
	assert_int_equal(rc.left_out, 20);
	assert_int_equal(total_switches(&rc), COUNTERS_MAX_PROCESSES * 1000);
	runtime_counters__free(&rc);
	assert_int_equal(rc.nr, 0);
	switches(&rc, 1, 10, 1, false); /* and is as new */
	runtime_counters__free(&rc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_unknown),
		cmocka_unit_test(each_field),
		cmocka_unit_test(unknown_at_one_end),
		cmocka_unit_test(one_reading_is_nothing_yet),
		cmocka_unit_test(from_birth_to_end),
		cmocka_unit_test(exec_begins_anew),
		cmocka_unit_test(exec_is_seen_by_collections),
		cmocka_unit_test(sums_may_go_back),
		cmocka_unit_test(a_pid_comes_again),
		cmocka_unit_test(the_oldest_of_the_last),
		cmocka_unit_test(many_processes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
