// SPDX-License-Identifier: BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "hist.h"
#include "table.h"

static uint64_t random_state;

/* xorshift64*: the same on every machine */
static uint64_t next_random(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1dull;
}

static uint64_t any_magnitude(void)
{
	return next_random() >> (next_random() % 64);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void test_empty(void **state)
{
	static struct hist h;

	memset(&h, 0, sizeof(h));
	assert_int_equal(hist__percentile(&h, 500), 0);
	assert_int_equal(hist__percentile(&h, 1000), 0);
	for (unsigned i = 0; i < 64; i++)
		assert_int_equal(hist__log2(&h, i), 0);
}

static void test_ends_of_the_range(void **state)
{
	static struct hist h;

	memset(&h, 0, sizeof(h));
	hist__record(&h, 0);
	assert_int_equal(h.min, 0);
	hist__record(&h, UINT64_MAX);
	hist__record(&h, UINT64_MAX);
	assert_int_equal(h.count, 3);
	assert_true(h.total == UINT64_MAX);
	assert_true(h.max == UINT64_MAX);
	assert_int_equal(hist__percentile(&h, 0), 0);
	assert_true(hist__percentile(&h, 1000) == UINT64_MAX);
	assert_int_equal(hist__log2(&h, 0), 1);
	assert_int_equal(hist__log2(&h, 63), 2);
}

static void test_small_values_are_exact(void **state)
{
	static struct hist h;

	for (uint64_t v = 0; v < 64; v++) {
		memset(&h, 0, sizeof(h));
		/* the value asked for is neither the least nor the greatest, which are kept apart */
		hist__record(&h, 0);
		hist__record(&h, v);
		hist__record(&h, 1000);
		assert_int_equal(hist__percentile(&h, 500), v);
	}
}

/* For any values: each percentile is within 1/64 of the true one, and the rest is exact. */
static void test_error_is_bounded(void **state)
{
	enum { N = 2000 };
	static uint64_t values[N];
	static struct hist h;

	for (random_state = 1; random_state <= 20;) {
		uint64_t seed = random_state, total = 0;

		memset(&h, 0, sizeof(h));
		for (int i = 0; i < N; i++) {
			values[i] = any_magnitude() >> 12;
			total += values[i];
			hist__record(&h, values[i]);
		}
		qsort(values, N, sizeof(values[0]), by_value);
		assert_int_equal(h.count, N);
		assert_int_equal(h.total, total);
		assert_int_equal(h.min, values[0]);
		assert_int_equal(h.max, values[N - 1]);
		for (unsigned permille = 1; permille <= 1000; permille++) {
			uint64_t truth = values[(N * permille + 999) / 1000 - 1];
			uint64_t got = hist__percentile(&h, permille), off = got > truth ? got - truth : truth - got;

			assert_true(off <= truth / 64);
			assert_true(got >= h.min && got <= h.max);
		}
		random_state = seed + 1;
	}
}

static void test_log2_slots_are_exact(void **state)
{
	static struct hist h;
	uint64_t truth[64] = { 0 };

	memset(&h, 0, sizeof(h));
	random_state = 7;
	for (int i = 0; i < 20000; i++) {
		uint64_t v = any_magnitude();

		hist__record(&h, v);
		truth[v ? 63 - __builtin_clzll(v) : 0]++;
	}
	for (unsigned i = 0; i < 64; i++)
		assert_int_equal(hist__log2(&h, i), truth[i]);
}

/* The table against an array that knows the truth. */
static void test_table(void **state)
{
	enum { KEYS = 500 };
	uint64_t truth[KEYS] = { 0 };
	struct table t;
	size_t pos = 0;
	unsigned live = 0;

	table__init(&t, KEYS);
	random_state = 11;
	for (int i = 0; i < 200000; i++) {
		uint64_t k = next_random() % KEYS, *v;

		if (next_random() % 3) {
			v = table__add(&t, k << 40);
			assert_non_null(v);
			assert_int_equal(*v, truth[k]);
			*v = truth[k] = i + 1;
		} else {
			table__delete(&t, k << 40);
			truth[k] = 0;
		}
		k = next_random() % KEYS;
		v = table__find(&t, k << 40);
		assert_int_equal(v ? *v : 0, truth[k]);
	}
	for (int k = 0; k < KEYS; k++)
		live += truth[k] > 0;
	assert_int_equal(t.count, live);
	while (table__next(&t, &pos))
		live--;
	assert_int_equal(live, 0);
	table__free(&t);
	assert_null(table__find(&t, 0));
}

static void test_table_limit(void **state)
{
	struct table t;

	table__init(&t, 100);
	assert_null(table__add(&t, TABLE_NO_KEY));
	for (uint64_t k = 0; k < 100; k++)
		assert_non_null(table__add(&t, k));
	assert_null(table__add(&t, 100));
	assert_non_null(table__add(&t, 50));
	table__delete(&t, 50);
	assert_non_null(table__add(&t, 100));
	table__free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_ends_of_the_range),
		cmocka_unit_test(test_small_values_are_exact),
		cmocka_unit_test(test_error_is_bounded),
		cmocka_unit_test(test_log2_slots_are_exact),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_table_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
