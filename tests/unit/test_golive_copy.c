// SPDX-License-Identifier: BSD-2-Clause
/* A process's memory in pieces: what is read of them is what was there, or nothing. */
#include <errno.h>

#include "golive_impl.h"
#include "records.h"

static char memory[1 << 16];

static void fill_memory(void)
{
	for (size_t i = 0; i < sizeof(memory); i++)
		memory[i] = rand();
}

enum { BASE = 0x10000 };

static void put(struct go_copy *c, uint64_t at, size_t len)
{
	assert_int_equal(go_copy__add(c, BASE + at, memory + at, len), 0);
}

static void a_read_goes_over_pieces(void **state)
{
	struct go_copy *c = go_copy__new();
	char buf[300];

	fill_memory();
	put(c, 200, 100);
	put(c, 0, 100);
	put(c, 100, 100);
	assert_int_equal(go_copy__read(c, BASE, buf, 300), 0);
	assert_memory_equal(buf, memory, 300);
	assert_int_equal(go_copy__read(c, BASE + 99, buf, 2), 0);
	assert_memory_equal(buf, memory + 99, 2);
	assert_int_equal(go_copy__read(c, BASE + 1, buf, 300), -EFAULT);
	assert_int_equal(go_copy__read(c, BASE - 1, buf, 2), -EFAULT);
	assert_int_equal(go_copy__read(c, BASE + 300, buf, 1), -EFAULT);
	go_copy__free(c);
}

static void a_hole_is_none_of_it(void **state)
{
	struct go_copy *c = go_copy__new();
	char buf[30];

	put(c, 0, 10);
	put(c, 20, 10);
	assert_int_equal(go_copy__read(c, BASE, buf, 30), -EFAULT);
	assert_int_equal(go_copy__add(c, BASE + 10, NULL, 10), 0);
	assert_int_equal(go_copy__read(c, BASE, buf, 30), -ENODATA);
	assert_int_equal(go_copy__read(c, BASE + 20, buf, 10), 0);
	go_copy__free(c);
}

static void what_no_piece_may_be(void **state)
{
	struct go_copy *c = go_copy__new();
	uint64_t v;

	assert_int_equal(go_copy__add(c, UINT64_MAX - 3, memory, 8), -E2BIG);
	assert_int_equal(go_copy__add(c, BASE, memory, 0), 0);
	assert_int_equal(go_copy__read(c, BASE, &v, 8), -EFAULT);
	assert_int_equal(go_copy__read(c, UINT64_MAX - 3, &v, 8), -EFAULT);
	go_copy__free(c);
	go_copy__free(NULL);
}

/* In any order, with one in another: what is read is right, and all that lies in pieces next to each other is. */
static void any_pieces(void **state)
{
	for (int round = 0; round < 200; round++) {
		struct go_copy *c = go_copy__new();
		bool there[4096] = { false };
		char buf[64];

		fill_memory();
		for (int i = 0; i < 100; i++) {
			size_t at = rand() % 60 * 64, len = 1 + rand() % 64;

			put(c, at, len);
			memset(there + at, true, len);
		}
		for (int i = 0; i < 2000; i++) {
			size_t at = rand() % 4000, len = 1 + rand() % 64;
			bool all = !memchr(there + at, false, len);
			int err = go_copy__read(c, BASE + at, buf, len);

			if (!err)
				assert_memory_equal(buf, memory + at, len);
			if (!all)
				assert_int_equal(err, -EFAULT);
		}
		go_copy__free(c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_read_goes_over_pieces),
		cmocka_unit_test(a_hole_is_none_of_it),
		cmocka_unit_test(what_no_piece_may_be),
		cmocka_unit_test(any_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
