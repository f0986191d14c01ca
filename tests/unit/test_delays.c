// SPDX-License-Identifier: BSD-2-Clause
/* A runtime's own histograms of waits: from the first reading to the last, with buckets missing, over processes. */
#include "delays.h"
#include "records.h"

struct bucket {
	uint64_t from_ns, count;
};

static void fold(struct delays *d, uint32_t pid, const struct bucket *buckets, size_t nr)
{
	/* of exactly that size: a read too far is seen */
	struct tare_delays *raw = malloc(sizeof(*raw) + nr * sizeof(*buckets));
	struct event ev = { .kind = EVENT_DELAYS, .delays = raw };

	assert_non_null(raw);
	*raw = (struct tare_delays){ .pid = pid, .one_in = 8, .nr = nr };
	if (nr)
		memcpy(raw->buckets, buckets, nr * sizeof(*buckets));
	assert_int_equal(delays__event(d, &ev), 0);
	free(raw);
}

#define FOLD(d, pid, ...)                                     \
	do {                                                  \
		const struct bucket list[] = { __VA_ARGS__ }; \
		fold(d, pid, list, ARRAY_SIZE(list));         \
	} while (0)

static struct hist total(const struct delays *d)
{
	struct hist h;
	uint32_t one_in;

	memset(&h, 0x5a, sizeof(h));
	delays__total(d, &h, &one_in);
	assert_int_equal(one_in, d->nr ? 8 : 1);
	return h;
}

static void nothing(void **unused)
{
	struct delays d = { 0 };

	assert_int_equal(total(&d).count, 0);
	fold(&d, 1, NULL, 0);
	assert_int_equal(total(&d).count, 0);
	delays__free(&d);
	delays__free(&d);
}

/* What was there at the first reading is not the recording's. */
static void from_first_to_last(void **unused)
{
	struct delays d = { 0 };
	struct hist h;

	FOLD(&d, 1, { 100, 1000 }, { 200, 1000 });
	assert_int_equal(total(&d).count, 0);
	FOLD(&d, 1, { 100, 1003 }, { 200, 1000 });
	FOLD(&d, 1, { 100, 1005 }, { 200, 1002 });
	h = total(&d);
	assert_int_equal(h.count, 7);
	assert_int_equal(h.min, 150);
	delays__free(&d);
}

/* One that had no wait at first, and one in the middle that has still none. */
static void buckets_that_are_missing(void **unused)
{
	struct delays d = { 0 };
	struct hist h;

	FOLD(&d, 1, { 64, 5 });
	FOLD(&d, 1, { 0, 2 }, { 64, 6 }, { 128, 4 }, { 1024, 3 });
	h = total(&d);
	assert_int_equal(h.count, 2 + 1 + 4 + 3);
	assert_int_equal(h.min, 0);
	assert_int_equal(h.max, 1024); /* the last one goes on for ever: as long as it is at least */
	/* 64 to 128 in the middle; 128 has a gap behind it, and is taken for a quarter of its value wide */
	assert_int_equal(h.total, 2 * 0 + 96 + 4 * (128 + 16) + 3 * 1024);
	delays__free(&d);
}

static void processes_add_up(void **unused)
{
	struct delays d = { 0 };

	FOLD(&d, 1, { 100, 10 });
	FOLD(&d, 2, { 100, 20 });
	FOLD(&d, 1, { 100, 11 });
	FOLD(&d, 2, { 100, 24 });
	assert_int_equal(d.nr, 2);
	assert_int_equal(total(&d).count, 5);
	delays__free(&d);
}

/* Fewer than before: another program in that process. Neither its counts nor the old one's are lost or mixed. */
static void exec_begins_anew(void **unused)
{
	struct delays d = { 0 };

	FOLD(&d, 1, { 100, 10 });
	FOLD(&d, 1, { 100, 50 });
	FOLD(&d, 1, { 100, 5 }, { 200, 1 });
	FOLD(&d, 1, { 100, 9 }, { 200, 2 });
	assert_int_equal(total(&d).count, 40 + 4 + 1);
	FOLD(&d, 1, { 100, 109 }, { 200, 2 });
	assert_int_equal(total(&d).count, 40 + 104 + 1);
	delays__free(&d);
}

static void more_processes_than_it_holds(void **unused)
{
	struct delays d = { 0 };

	for (int round = 0; round < 3; round++)
		for (uint32_t pid = 0; pid < DELAYS_MAX_PROCESSES + 5; pid++)
			FOLD(&d, pid, { 100, 10 + round });
	assert_int_equal(d.nr, DELAYS_MAX_PROCESSES);
	assert_int_equal(total(&d).count, DELAYS_MAX_PROCESSES * 2);
	FOLD(&d, 3, { 100, 1 }); /* runs another program, for which there is no room */
	assert_int_equal(total(&d).count, DELAYS_MAX_PROCESSES * 2);
	delays__free(&d);
}

/* Buckets out of order, the same twice, at the end of what 64 bits hold: nothing wilder than they say. */
static void lies(void **unused)
{
	struct delays d = { 0 };
	struct hist h;

	fold(&d, 1, NULL, 0);
	FOLD(&d, 1, { 1000, 1 }, { 500, 1 }, { 500, 1 }, { UINT64_MAX - 1, 1 }, { UINT64_MAX, 1 });
	h = total(&d);
	assert_int_equal(h.count, 5);
	assert_int_equal(h.min, 500);
	assert_int_equal(h.max, UINT64_MAX);
	delays__free(&d);
	fold(&d, 1, NULL, 0);
	FOLD(&d, 1, { 1ull << 63, 1 }, { 1, 1 });
	h = total(&d);
	assert_true(h.min == 1 && h.max == 1ull << 63);
	delays__free(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing),
		cmocka_unit_test(from_first_to_last),
		cmocka_unit_test(buckets_that_are_missing),
		cmocka_unit_test(processes_add_up),
		cmocka_unit_test(exec_begins_anew),
		cmocka_unit_test(more_processes_than_it_holds),
		cmocka_unit_test(lies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
