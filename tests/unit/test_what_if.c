// SPDX-License-Identifier: BSD-2-Clause
/* What a collector set otherwise would cost: by the model of go.dev/doc/gc-guide, worked out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "format.h"
#include "what_if.h"

#define MB 1000000ull

/* 100 MB live, half of it allocated anew in each of 20 cycles */
static struct what_if_now steady(void)
{
	return (struct what_if_now){ .mark_ns = 4000,
				     .idle_mark_ns = 1000,
				     .cycles = 20,
				     .alloc_bytes = 20 * 110 * MB,
				     .live_bytes = 100 * MB,
				     .root_bytes = 10 * MB,
				     .beside_bytes = 7 * MB,
				     .gc_percent = 100,
				     .limit_bytes = TARE_NONE };
}

static struct what_if at(const struct what_if_now *now, uint64_t percent, uint64_t limit)
{
	struct what_if w = { .gc_percent = percent, .limit_bytes = limit };

	assert_true(what_if__estimate(now, &w));
	return w;
}

/* @mark is 200 a collection. */
static void is(struct what_if w, uint64_t mark, uint64_t idle, uint64_t peak)
{
	assert_int_equal(w.mark_ns, mark);
	assert_int_equal(w.cycles, (mark + 100) / 200);
	assert_int_equal(w.idle_mark_ns, idle);
	assert_int_equal(w.peak_bytes, peak);
}

static void by_percent(void **unused)
{
	struct what_if_now now = steady();

	is(at(&now, 50, TARE_NONE), 8000, 2000, 155 * MB);
	is(at(&now, 100, TARE_NONE), 4000, 1000, 210 * MB);
	is(at(&now, 200, TARE_NONE), 2000, 500, 320 * MB);
	is(at(&now, 400, TARE_NONE), 1000, 250, 540 * MB);
	/* that the pacer does not meet its goals exactly is no reason to expect it to elsewhere */
	now.cycles = 24;
	assert_int_equal(at(&now, 200, TARE_NONE).mark_ns, 2000);
	assert_int_equal(at(&now, 200, TARE_NONE).cycles, 12);
}

/* The limit is for all of the runtime's memory, and a part of it is kept free. */
static void by_limit(void **unused)
{
	struct what_if_now now = steady();
	uint64_t limit = what_if__limit_for(&now, what_if__peak(&now));
	struct what_if w = at(&now, TARE_NONE, limit);

	assert_in_range(limit, 223 * MB, 224 * MB);
	assert_in_range(w.mark_ns, 3990, 4010);
	assert_in_range(w.peak_bytes, 209 * MB, 211 * MB);
	/* with a goal as well, the lower one counts */
	is(at(&now, 50, limit), 8000, 2000, 155 * MB);
	w = at(&now, 400, limit);
	assert_in_range(w.peak_bytes, 209 * MB, 211 * MB);
	/* what was measured under that limit is the same */
	now.gc_percent = TARE_NONE;
	now.limit_bytes = limit;
	w = at(&now, 100, TARE_NONE);
	assert_in_range(w.mark_ns, 3990, 4010);
	assert_in_range(what_if__peak(&now), 209 * MB, 211 * MB);
	w.gc_percent = TARE_NONE;
	w.limit_bytes = 50 * MB;
	assert_false(what_if__estimate(&now, &w));
}

/* A small heap does not shrink with GOGC below 4 MiB at GOGC=100. */
static void small(void **unused)
{
	struct what_if_now now = {
		.mark_ns = 4000, .cycles = 20, .live_bytes = 1 << 20, .gc_percent = 100, .limit_bytes = TARE_NONE
	};

	now.alloc_bytes = 20ull * (3 << 20);
	is(at(&now, 100, TARE_NONE), 4000, 0, 4 << 20);
	is(at(&now, 50, TARE_NONE), 12000, 0, 2 << 20);
	is(at(&now, 200, TARE_NONE), 1714, 0, 8 << 20);
}

/* Collections that the heap's growth did not call for come as before. */
static void forced(void **unused)
{
	struct what_if_now now = steady();

	now.alloc_bytes = 5 * 110 * MB;
	is(at(&now, 200, TARE_NONE), 3500, 875, 320 * MB);
	now.alloc_bytes = 0;
	is(at(&now, 400, TARE_NONE), 4000, 1000, 540 * MB);
}

static void unknown(void **unused)
{
	struct what_if_now now = steady();
	struct what_if w = { .gc_percent = 100, .limit_bytes = TARE_NONE };

	/* the settings: then by what was allocated in a cycle */
	now.gc_percent = TARE_UNKNOWN;
	is(at(&now, 200, TARE_NONE), 2000, 500, 320 * MB);
	now.cycles = 0;
	assert_false(what_if__estimate(&now, &w));
	w.gc_percent = TARE_NONE;
	now = steady();
	assert_false(what_if__estimate(&now, &w)); /* never collected */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_percent), cmocka_unit_test(by_limit), cmocka_unit_test(small),
		cmocka_unit_test(forced),     cmocka_unit_test(unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
