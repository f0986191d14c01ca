// SPDX-License-Identifier: BSD-2-Clause
/* What the samples of a heap stand for, and where they belong. */
#include "heap_sites.h"
#include "records.h"

static void test_scale(void **state)
{
	/* by runtime/pprof's scaleHeapSample */
	static const struct {
		uint64_t objects, bytes, rate;
		int64_t all_objects, all_bytes;
	} known[] = {
		{ 3, 192, 524288, 24577, 1572960 },
		{ 10, 1064960, 524288, 54, 5793374 },
		{ 7, 7340032, 524288, 8, 8488876 },
		{ 1000, 48000, 3000, 63001, 3024063 },
		{ 5, 320, 1, 5, 320 },
		{ 5, 320, 0, 5, 320 },
		{ 0, 320, 524288, 0, 0 },
		{ 5, 0, 524288, 0, 0 },
		{ UINT64_MAX, UINT64_MAX, 2, 0, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		int64_t objects, bytes;

		heap__scale(known[i].objects, known[i].bytes, known[i].rate, &objects, &bytes);
		assert_int_equal(objects, known[i].all_objects);
		assert_int_equal(bytes, known[i].all_bytes);
	}
}

static void test_sites(void **state)
{
	/* innermost first; the last stack is all the runtime's own */
	static const uint32_t frames_of[] = { 0, 1, 2, 3, 0, 2, 3, 0, 4, 2, 3, 0, 3 };
	static struct heap_frame frames[] = {
		{ "rt.malloc", "", 1, true, false },	{ "main.a", "a.go", 10, false, false },
		{ "main.b", "b.go", 20, false, false }, { "rt.exit", "", 2, true, true },
		{ "main.a", "a.go", 11, false, false },
	};
	static struct heap_stack stacks[] = {
		{ 64, { 2, 1, 128, 64 }, { 0 }, 0, 4 },
		{ 128, { 8, 8, 1024, 1024 }, { 0 }, 4, 3 },
		{ 32, { 4, 0, 128, 0 }, { 0 }, 7, 4 },
		{ 16, { 1, 0, 16, 0 }, { 0 }, 11, 2 },
	};
	struct heap_named named = { .heap = { .stacks = stacks, .nr = ARRAY_SIZE(stacks), .rate_bytes = 1 },
				    .frames = frames,
				    .nr_frames = ARRAY_SIZE(frames),
				    .frame_of = (uint32_t *)frames_of };
	static const char *const by_use[] = { "main.a", "main.a", "rt.malloc", "main.b" };
	struct heap_sites s;

	assert_int_equal(heap_sites__of(&s, &named, NULL, HEAP_INUSE), 0);
	assert_int_equal(s.nr, 4);
	for (size_t i = 0; i < s.nr; i++)
		assert_string_equal(s.sites[i].frame->name, by_use[i]);
	assert_int_equal(s.sites[0].frame->line, 11);
	assert_int_equal(s.sites[0].amount.inuse_bytes, 128);
	assert_int_equal(s.stacks[s.sites[0].first_stack].nr_frames, 2);
	assert_int_equal(s.stacks[s.sites[2].first_stack].nr_frames, 1);
	assert_int_equal(s.total.alloc_bytes, 128 + 1024 + 128 + 16);
	assert_int_equal(s.total.inuse_objects, 1 + 0 + 4 + 1);
	heap_sites__free(&s);
	assert_int_equal(heap_sites__of(&s, &named, NULL, HEAP_ALLOC), 0);
	assert_string_equal(s.sites[0].frame->name, "main.b");
	heap_sites__free(&s);
}

/* Stack by stack, whatever their order; what is new has grown by all of it. */
static void test_difference(void **state)
{
	static uint64_t pcs[] = { 1, 2, 1, 3, 7 }, pcs_then[] = { 1, 3, 1, 2 };
	static uint32_t frame_of[] = { 0, 1, 0, 2, 3 }, frame_of_then[] = { 0, 2, 0, 1 };
	static struct heap_frame frames[] = {
		{ "main.a", "a.go", 1, false, false },
		{ "main.b", "b.go", 2, false, false },
		{ "main.c", "c.go", 3, false, false },
		{ "main.d", "", 0, false, false },
	};
	static struct heap_stack now[] = {
		{ 10, { 5, 1, 50, 10 }, { 0 }, 0, 2 },
		{ 10, { 3, 0, 30, 0 }, { 0 }, 2, 2 },
		{ 20, { 3, 0, 60, 0 }, { 0 }, 2, 2 },
		{ 10, { 2, 0, 20, 0 }, { 0 }, 4, 1 },
	};
	static struct heap_stack then[] = {
		{ 10, { 3, 0, 30, 0 }, { 0 }, 0, 2 },
		{ 10, { 4, 0, 40, 0 }, { 0 }, 2, 2 },
		{ 20, { 1, 0, 20, 0 }, { 0 }, 0, 2 },
	};
	struct heap_named a = { .heap = { .stacks = now, .nr = 4, .pcs = pcs, .nr_pcs = 5, .rate_bytes = 1 },
				.frames = frames,
				.nr_frames = 4,
				.frame_of = frame_of };
	struct heap_named b = { .heap = { .stacks = then, .nr = 3, .pcs = pcs_then, .nr_pcs = 4, .rate_bytes = 1 },
				.frames = frames,
				.nr_frames = 4,
				.frame_of = frame_of_then };
	struct heap_sites s;

	assert_int_equal(heap_sites__of(&s, &a, &b, HEAP_INUSE), 0);
	assert_int_equal(s.nr, 2);
	assert_string_equal(s.sites[0].frame->name, "main.a");
	assert_int_equal(s.sites[0].amount.inuse_bytes, 0 + 0 + 40);
	assert_int_equal(s.sites[0].amount.alloc_bytes, 10 + 40);
	assert_string_equal(s.sites[1].frame->name, "main.d");
	assert_int_equal(s.sites[1].amount.inuse_objects, 2);
	heap_sites__free(&s);
	/* nothing has changed: no site is told */
	assert_int_equal(heap_sites__of(&s, &a, &a, HEAP_INUSE), 0);
	assert_int_equal(s.nr, 0);
	heap_sites__free(&s);
	/* stacks that are not known are one for each size, and so are two that are the same */
	now[3] = now[1] = (struct heap_stack){ 10, { 5, 0, 50, 0 }, { 0 }, 0, 0 };
	assert_int_equal(heap_sites__of(&s, &a, &a, HEAP_INUSE), 0);
	assert_int_equal(s.nr, 0);
	heap_sites__free(&s);
	now[1] = (struct heap_stack){ 10, { 3, 0, 30, 0 }, { 0 }, 2, 2 };
	now[3] = (struct heap_stack){ 10, { 2, 0, 20, 0 }, { 0 }, 4, 1 };
	/* the other way round: less is there */
	assert_int_equal(heap_sites__of(&s, &b, &a, HEAP_INUSE), 0);
	assert_int_equal(s.nr, 1);
	assert_int_equal(s.sites[0].amount.inuse_bytes, -40);
	heap_sites__free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scale),
		cmocka_unit_test(test_sites),
		cmocka_unit_test(test_difference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
