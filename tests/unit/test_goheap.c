// SPDX-License-Identifier: BSD-2-Clause
/* Go's heap profile in memory, at rest and while the program goes on. */
#include "goheap_memory.h"

static void assert_counts(const struct heap_counts *c, uint64_t allocs, uint64_t frees, uint64_t size)
{
	assert_int_equal(c->allocs, allocs);
	assert_int_equal(c->frees, frees);
	assert_int_equal(c->alloc_bytes, allocs * size);
	assert_int_equal(c->free_bytes, frees * size);
}

/* ---- what is right ---- */

static void test_published_and_pending(void **state)
{
	static const uint64_t some[8] = { 100, 50, 1, 2, 10, 20, 3, 4 }, none[8] = { 0 };

	for (unsigned bytes = 16; bytes <= 32; bytes += 16) {
		for (uint32_t cycle = 0; cycle < 6; cycle++) {
			struct memory *m = memory__new(bytes);
			const uint64_t *now = some + 2 + cycle % 3 * 2;
			struct heap_profile heap;

			add(m, 4096, 0x1000, 3, some);
			add(m, 64, 0x2000, 0, none);
			*(uint32_t *)word(m, CYCLE) = cycle << 1 | 1;
			assert_int_equal(look(m, &heap), 0);
			assert_int_equal(heap.nr, 2);
			assert_int_equal(heap.cycles, cycle);
			assert_int_equal(heap.nr_torn, 0);
			assert_int_equal(heap.tries, 1);
			assert_false(heap.all_pending);
			assert_int_equal(heap.stacks[0].size_bytes, 64); /* the newest comes first */
			assert_int_equal(heap.stacks[0].nr, 0);
			assert_int_equal(heap.stacks[1].nr, 3);
			assert_int_equal(heap.pcs[heap.stacks[1].first + 2], 0x1002);
			assert_counts(&heap.stacks[1].published, 100 + now[0], 50 + now[1], 4096);
			assert_counts(&heap.stacks[1].pending, 14 - now[0], 26 - now[1], 4096);
			heap_profile__free(&heap);
			free(m);
		}
	}
}

static void test_nothing_published(void **state)
{
	static const uint64_t counts[8] = { 0, 0, 0, 0, 5, 0, 7, 1 };
	struct memory *m = memory__new(32);
	struct heap_profile heap;

	add(m, 128, 0x1000, 2, counts);
	assert_int_equal(look(m, &heap), 0);
	assert_true(heap.all_pending);
	assert_counts(&heap.stacks[0].published, 12, 1, 128);
	assert_counts(&heap.stacks[0].pending, 0, 0, 128);
	heap_profile__free(&heap);
	free(m);
}

static void test_empty(void **state)
{
	struct memory *m = memory__new(32);
	struct heap_profile heap;

	assert_int_equal(look(m, &heap), 0);
	assert_int_equal(heap.nr, 0);
	assert_false(heap.all_pending);
	heap_profile__free(&heap);
	free(m);
}

/* The hash of a bucket of Go 1.26.8, as its own stkbucket made it. */
static void test_hash(void **state)
{
	static const uint64_t pcs[] = { 0x47a573, 0x47d1c9, 0x4ccca8, 0x44b275, 0x481d21 };

	assert_int_equal(go_heap__hash(pcs, ARRAY_SIZE(pcs), 106496), 0xf4ff01e26041bcef);
}

/* ---- what changes meanwhile ---- */

/* The cycle that is published now is moved to what is published: that is no change. */
static void flush(struct memory *m)
{
	uint64_t *record = word(m, m->bucket + 48 + 8 * 2);

	if (++m->changes != 4)
		return;
	for (unsigned i = 0; i < 4; i++) {
		record[i] += record[4 + i];
		record[4 + i] = 0;
	}
}

static void test_flushed(void **state)
{
	struct memory *m = memory__new(32);
	struct heap_profile heap;

	m->bucket = add(m, 64, 0x1000, 2, usual);
	m->before_read = flush;
	assert_int_equal(look(m, &heap), 0);
	assert_true(m->changes >= 4);
	assert_int_equal(heap.tries, 1);
	assert_int_equal(heap.nr_torn, 0);
	assert_counts(&heap.stacks[0].published, 108, 54, 64);
	heap_profile__free(&heap);
	free(m);
}

/* As runtime.GC() publishes the next cycle, too, once its sweep is over. */
static void publish_next(struct memory *m)
{
	uint64_t *record = word(m, m->bucket + 48 + 8 * 2);

	if (++m->changes != 5)
		return;
	for (unsigned i = 0; i < 4; i++) {
		record[i] += record[8 + i];
		record[8 + i] = 0;
	}
}

static void test_published_meanwhile(void **state)
{
	struct memory *m = memory__new(32);
	struct heap_profile heap;

	m->bucket = add(m, 64, 0x1000, 2, usual);
	m->before_read = publish_next;
	assert_int_equal(look(m, &heap), 0);
	assert_int_equal(heap.tries, 2);
	assert_int_equal(heap.nr_torn, 0);
	assert_counts(&heap.stacks[0].published, 118, 74, 64);
	heap_profile__free(&heap);
	free(m);
}

static void hold_lock(struct memory *m)
{
	*word(m, LOCK) = ++m->changes < 20;
}

static void test_lock_held(void **state)
{
	struct memory *m = memory__new(32);
	struct heap_profile heap;

	add(m, 64, 0x1000, 2, usual);
	m->before_read = hold_lock;
	assert_int_equal(look(m, &heap), 0);
	assert_true(heap.tries > 1);
	assert_int_equal(heap.nr_torn, 0);
	heap_profile__free(&heap);
	free(m);
}

static void next_cycle(struct memory *m)
{
	*(uint32_t *)word(m, CYCLE) += 2;
}

static void test_never_at_rest(void **state)
{
	struct memory *m = memory__new(32);
	struct heap_profile heap;

	add(m, 64, 0x1000, 2, usual);
	add(m, 128, 0x1000, 2, usual);
	m->before_read = next_cycle;
	assert_int_equal(look(m, &heap), 0);
	assert_int_equal(heap.nr, 2);
	assert_int_equal(heap.nr_torn, 2);
	heap_profile__free(&heap);
	free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published_and_pending),
		cmocka_unit_test(test_nothing_published),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_flushed),
		cmocka_unit_test(test_published_meanwhile),
		cmocka_unit_test(test_lock_held),
		cmocka_unit_test(test_never_at_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
