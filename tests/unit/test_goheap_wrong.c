// SPDX-License-Identifier: BSD-2-Clause
/* What a damaged or hostile process has in place of Go's heap profile: named, and soon given up. */
#include "goheap_memory.h"

/* Reading it fails with @ret, for a reason with @words in it, and soon. */
static void refused(struct memory *m, int ret, const char *words)
{
	struct heap_profile heap;

	assert_int_equal(look(m, &heap), ret);
	if (!strstr(heap.problem, words))
		fail_msg("'%s' is not in '%s'", words, heap.problem);
	assert_true(m->nr_reads < 1000);
	heap_profile__free(&heap);
	free(m);
}

static void test_wrong(void **state)
{
	static const struct {
		unsigned word;
		uint64_t value;
		int ret;
		const char *words;
	} lies[] = {
		{ 1, 0xdead0000, -EFAULT, "bucket 2 of the list is at 0xdead0000, which is not mapped" },
		{ 1, FIRST + 4, -EINVAL, "makes no sense" },
		{ 2, 2, -EINVAL, "is of kind 2, not 1" },
		{ 3, 1, -EINVAL, "has the hash 0x1, but" },
		{ 4, 65, -EINVAL, "its stack and size make" },
		{ 4, 0, -EINVAL, "makes no sense" },
		{ 4, UINT64_MAX, -EINVAL, "makes no sense" },
		{ 5, 1, -EINVAL, "its stack and size make" },
		{ 5, 1 << 20, -EINVAL, "1048576 addresses" },
		{ 5, UINT64_MAX, -EINVAL, "makes no sense" },
		{ 6, 0, -EINVAL, "its stack and size make" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(lies); i++) {
		struct memory *m = memory__new(32);
		uint64_t bad;

		add(m, 64, 0x1000, 2, usual);
		bad = add(m, 64, 0x2000, 2, usual);
		add(m, 64, 0x3000, 2, usual);
		word(m, bad)[lies[i].word] = lies[i].value;
		refused(m, lies[i].ret, lies[i].words);
	}
}

static void test_not_there(void **state)
{
	struct memory *m = memory__new(32);
	struct heap_profile heap;
	const struct go_heap_memory mem = { read_memory, m };
	struct go_heap_place at = { .buckets = 8, .cycle = CYCLE, .cycle_bytes = 32 };

	heap = (struct heap_profile){ 0 };
	assert_int_equal(go_heap__read(&mem, &at, &heap), -EFAULT);
	assert_non_null(strstr(heap.problem, "where the list should begin, at 0x8"));
	heap_profile__free(&heap);
	at = (struct go_heap_place){ .buckets = HEAD, .cycle = 8, .cycle_bytes = 32 };
	assert_int_equal(go_heap__read(&mem, &at, &heap), -EFAULT);
	assert_non_null(strstr(heap.problem, "the number of its cycle"));
	heap_profile__free(&heap);
	m->fails = -ESRCH;
	assert_int_equal(look(m, &heap), -ESRCH);
	assert_string_equal(heap.problem, "");
	heap_profile__free(&heap);
	free(m);
}

static void test_loops(void **state)
{
	for (unsigned nr = 1; nr <= 300; nr += 23) {
		for (unsigned back = 1; back <= nr; back += 29) {
			struct memory *m = memory__new(16);
			uint64_t last = 0, first = 0;

			for (unsigned i = 0; i < nr; i++) {
				uint64_t addr = add(m, 64, 0x1000 + i, 1, usual);

				first = first ?: addr;
				last = i < back ? addr : last;
			}
			word(m, first)[1] = last;
			refused(m, -ELOOP, "the list of buckets leads back to");
		}
	}
}

static void test_garbage(void **state)
{
	uint64_t seed = 1;

	for (unsigned round = 0; round < 300; round++) {
		struct memory *m = memory__new(round % 2 ? 16 : 32);
		struct heap_profile heap;
		int ret;

		for (uint64_t at = 0; at < ROOM; at += 8) {
			seed = seed * 6364136223846793005ull + 1442695040888963407ull;
			/* half of the words are addresses, small numbers or kinds: what a list may be made of */
			*word(m, BASE + at) = at % 16	       ? seed :
					      (seed >> 40) % 3 ? BASE + (seed >> 30) % ROOM / 8 * 8 :
								 1;
		}
		*word(m, HEAD) = BASE + (seed >> 33) % ROOM / 8 * 8;
		ret = look(m, &heap);
		assert_true(ret == -EINVAL || ret == -EFAULT);
		assert_true(heap.problem[0]);
		assert_true(m->nr_reads < 1000);
		heap_profile__free(&heap);
		free(m);
	}
}

/* Figures that only count objects, taken for those with bytes: no two fit each other. */
static void test_other_layout(void **state)
{
	static const uint64_t counts[8] = { 100, 50, 7, 4, 10, 20, 3, 1 };
	struct memory *m = memory__new(16);

	for (unsigned i = 0; i < 10; i++)
		add(m, 4096, 0x1000 + i, 2, counts);
	m->cycle_bytes = 32;
	/* the next bucket's header is where the last counts should be */
	refused(m, -EINVAL, "have counts that contradict each other");
}

/* ---- lists without an end ---- */

/* Buckets side by side, each leading to the next: made up when they are read. */
struct endless {
	unsigned nr; /* addresses in each */
	uint64_t bytes_read;
};

enum { ENDLESS = 1 << 24, HEAD_OF_ENDLESS = 4096 };

static uint64_t endless_step(const struct endless *e)
{
	return 48 + 8 * e->nr + 64;
}

static void make(const struct endless *e, uint64_t nr, uint64_t *w)
{
	memset(w, 0, endless_step(e));
	w[1] = ENDLESS + (nr + 1) * endless_step(e);
	w[2] = 1;
	w[3] = go_heap__hash(w + 6, e->nr, 64);
	w[4] = 64;
	w[5] = e->nr;
}

static int read_endless(void *ctx, uint64_t addr, void *buf, size_t len)
{
	struct endless *e = ctx;
	uint64_t step = endless_step(e), head = ENDLESS, *w = malloc(step);
	uint8_t *to = buf;

	assert_non_null(w);
	e->bytes_read += len;
	memset(buf, 0, len);
	if (addr == HEAD_OF_ENDLESS / 2 / HEAD_OF_ENDLESS * HEAD_OF_ENDLESS && len > HEAD_OF_ENDLESS + 8)
		memcpy(to + HEAD_OF_ENDLESS, &head, 8);
	while (addr >= ENDLESS && len) {
		uint64_t inside = (addr - ENDLESS) % step, n = step - inside < len ? step - inside : len;

		make(e, (addr - ENDLESS) / step, w);
		memcpy(to, (uint8_t *)w + inside, n);
		to += n;
		addr += n;
		len -= n;
	}
	free(w);
	return 0;
}

static void endless(unsigned nr, const char *words)
{
	struct endless e = { .nr = nr };
	const struct go_heap_memory mem = { read_endless, &e };
	const struct go_heap_place at = { .buckets = HEAD_OF_ENDLESS, .cycle = 0, .cycle_bytes = 16 };
	struct heap_profile heap = { 0 };

	assert_int_equal(go_heap__read(&mem, &at, &heap), -E2BIG);
	if (!strstr(heap.problem, words))
		fail_msg("'%s' is not in '%s'", words, heap.problem);
	assert_true(e.bytes_read < 300u << 20);
	print_message("%s: %zu buckets, CPU time %.2f s with the making of it\n", heap.problem, heap.nr,
		      heap.read_cpu_ns / 1e9);
	heap_profile__free(&heap);
}

static void test_too_many(void **state)
{
	endless(1, "the list has more than 1048576 buckets");
}

static void test_too_large(void **state)
{
	endless(1000, "buckets of the list have more than 256 MB already");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong),	  cmocka_unit_test(test_not_there),    cmocka_unit_test(test_loops),
		cmocka_unit_test(test_garbage),	  cmocka_unit_test(test_other_layout), cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
