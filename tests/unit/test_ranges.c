// SPDX-License-Identifier: BSD-2-Clause
/* Ranges of addresses that nest and overlap: held against looking at each of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ranges.h"
#include "util.h"

/* What the header says, literally. */
static bool wins(const struct range *a, const struct range *b)
{
	if (a->rank != b->rank)
		return a->rank > b->rank;
	if (a->start != b->start)
		return a->start > b->start;
	return a->end != b->end ? a->end < b->end : a->value > b->value;
}

static uint32_t slow(const struct range *ranges, size_t nr, uint64_t at)
{
	const struct range *best = NULL;

	for (size_t i = 0; i < nr; i++)
		if (at >= ranges[i].start && at < ranges[i].end && (!best || wins(&ranges[i], best)))
			best = &ranges[i];
	return best ? best->value : RANGES_NONE;
}

static void as_each_of_them(void **unused)
{
	unsigned seed = 1;

	for (int round = 0; round < 2000; round++) {
		size_t nr = rand_r(&seed) % 24, most = 1 + rand_r(&seed) % 64;
		struct range ranges[24] = { 0 };
		struct ranges r = { 0 };

		for (size_t i = 0; i < nr; i++) {
			uint64_t start = rand_r(&seed) % 64;

			ranges[i] = (struct range){ start, start + rand_r(&seed) % most, i, rand_r(&seed) % 4 };
			assert_int_equal(ranges__add(&r, &ranges[i]), 0);
		}
		assert_int_equal(ranges__build(&r), 0);
		for (uint64_t at = 0; at < 140; at++)
			assert_int_equal(ranges__at(&r, at, NULL), slow(ranges, nr, at));
		ranges__free(&r);
	}
}

static void at_the_ends(void **unused)
{
	struct ranges r = { 0 };

	assert_int_equal(ranges__at(&r, 0, NULL), RANGES_NONE);
	assert_int_equal(ranges__add(&r, &(struct range){ 5, 5, 1, 0 }), 0);
	assert_int_equal(ranges__add(&r, &(struct range){ 9, 5, 1, 0 }), 0);
	assert_int_equal(ranges__add(&r, &(struct range){ 0, UINT64_MAX, 2, 0 }), 0);
	assert_int_equal(ranges__build(&r), 0);
	assert_int_equal(ranges__at(&r, 0, NULL), 2);
	assert_int_equal(ranges__at(&r, UINT64_MAX - 1, NULL), 2);
	assert_int_equal(ranges__at(&r, UINT64_MAX, NULL), RANGES_NONE);
	ranges__free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_each_of_them),
		cmocka_unit_test(at_the_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
