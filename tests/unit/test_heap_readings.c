// SPDX-License-Identifier: BSD-2-Clause
/* Heaps in a recording: readings in parts, which of them count, and what their stacks are. */
#include "model_events.h"
#include "recorded_heap.h"

enum { PID = 100 };

/* @nr stacks from number @first on, of a reading of @total; each has as many objects as its number says. */
static void part(uint64_t ts_ns, uint32_t pid, uint32_t flags, uint32_t first, uint32_t nr, uint32_t total)
{
	struct tare_heap_stack stacks[8] = { 0 };
	struct tare_heap head = { .ts_ns = ts_ns,
				  .pid = pid,
				  .elem_size = sizeof(stacks[0]),
				  .nr = nr,
				  .first = first,
				  .total = total,
				  .flags = flags,
				  .rate_bytes = 1 };

	for (uint32_t i = 0; i < nr; i++)
		stacks[i] = (struct tare_heap_stack){ .stack = first + i + 1,
						      .size_bytes = 10,
						      .allocs = ts_ns + first + i,
						      .alloc_bytes = 10 * (ts_ns + first + i) };
	fold(&(struct event){ .kind = EVENT_HEAP, .ts_ns = ts_ns, .heap = { &head, stacks } });
}

static const struct heap_readings_of *only(void)
{
	assert_int_equal(m->heaps.nr, 1);
	return heap_readings__choose(&m->heaps, 0);
}

static void in_parts(void **state)
{
	part(50, PID, TARE_HEAP_BEGIN, 0, 2, 2);
	assert_int_equal(heap_readings__last(only())->head.ts_ns, 50);
	assert_null(heap_readings__first(&m->heaps, only()));
	part(60, PID, 0, 0, 2, 5);
	part(60, PID, 0, 2, 2, 5);
	assert_int_equal(heap_readings__last(only())->head.ts_ns, 50);
	part(60, PID, 0, 4, 1, 5);
	assert_int_equal(only()->last.head.nr, 5);
	assert_int_equal(only()->last.stacks[4].allocs, 64);
	assert_int_equal(heap_readings__first(&m->heaps, only())->head.ts_ns, 50);
	/* one that lacks a part counts for nothing, and does not take the place of another */
	part(70, PID, 0, 0, 2, 5);
	part(70, PID, 0, 4, 1, 5);
	part(71, PID, 0, 2, 3, 5);
	assert_int_equal(only()->last.head.ts_ns, 60);
	assert_int_equal(m->heaps.left_out, 2);
	part(80, PID, 0, 0, 0, 0);
	assert_int_equal(only()->last.head.ts_ns, 80);
	assert_int_equal(only()->last.head.nr, 0);
}

static void of_processes(void **state)
{
	part(50, 7, TARE_HEAP_BEGIN, 0, 1, 1);
	part(51, 8, TARE_HEAP_BEGIN, 0, 8, 8);
	part(60, 7, 0, 0, 2, 2);
	assert_int_equal(m->heaps.nr, 2);
	assert_int_equal(heap_readings__choose(&m->heaps, 0)->process, 8);
	assert_int_equal(heap_readings__choose(&m->heaps, 7)->last.head.nr, 2);
	assert_null(heap_readings__choose(&m->heaps, 9));
	/* promised, never come; and more than there can be */
	part(60, 9, 0, 0, 1, 2);
	part(60, 10, 0, 0, 1, HEAP_STACKS_MAX + 1);
	assert_null(heap_readings__choose(&m->heaps, 9));
	assert_null(heap_readings__choose(&m->heaps, 10));
	for (uint32_t pid = 11; pid < HEAP_READINGS_MAX + 100; pid++)
		part(60, pid, 0, 0, 1, 1);
	assert_int_equal(m->heaps.nr, HEAP_READINGS_MAX);
}

/* After an exec it is another heap. */
static void of_another_program(void **state)
{
	task(0, 10, PID, 0, 0, 0, NULL);
	part(50, PID, TARE_HEAP_BEGIN, 0, 1, 1);
	part(60, PID, 0, 0, 1, 1);
	assert_non_null(heap_readings__first(&m->heaps, only()));
	fold(&(struct event){
		.kind = EVENT_EXEC, .ts_ns = 70, .exec = { .tid = PID, .old_tid = PID, .comm = "other" } });
	assert_non_null(heap_readings__first(&m->heaps, only()));
	part(80, PID, 0, 0, 1, 1);
	assert_null(heap_readings__first(&m->heaps, only()));
}

static void symbol(uint64_t ip, const char *name, uint32_t flags)
{
	struct tare_symbol head = { .pid = PID, .ip = ip, .line = ip, .name_len = strlen(name), .file_len = 4 };

	fold(&(struct event){ .kind = EVENT_SYMBOL,
			      .ts_ns = 50,
			      .symbol = { .head = &head, .name = name, .file = "x.go", .more.flags = flags } });
}

static void named(void **state)
{
	struct tare_call_stack stack = { .pid = PID, .number = 1, .nr_user = 3, .flags = TARE_STACK_TOLD };
	uint64_t user[] = { 100, 201, 301 };
	struct recorded_heap heap;
	struct heap_sites sites;

	task(0, 10, PID, 0, 0, 0, NULL);
	fold(&(struct event){ .kind = EVENT_CALL_STACK,
			      .call_stack = { .head = &stack, .kernel = user, .user = user } });
	symbol(100, "rt.malloc", TARE_SYMBOL_HEAP_INNER);
	symbol(200, "main.site", 0);
	symbol(300, "rt.begin", TARE_SYMBOL_HEAP_INNER | TARE_SYMBOL_HEAP_OUTER);
	part(50, PID, TARE_HEAP_BEGIN, 0, 2, 2);
	part(60, PID, 0, 0, 2, 2);
	model__finish(m);
	assert_int_equal(recorded_heap__of(&heap, m, only()), 0);
	assert_true(heap.has_begin);
	assert_string_equal(heap.now.comm, "target");
	assert_int_equal(heap_sites__of(&sites, &heap.now, &heap.begin, HEAP_ALLOC), 0);
	/* the second stack is not known */
	assert_int_equal(sites.nr, 2);
	for (size_t i = 0; i < sites.nr; i++) {
		if (!sites.sites[i].frame)
			continue;
		assert_string_equal(sites.sites[i].frame->name, "main.site");
		assert_int_equal(sites.sites[i].frame->line, 200);
		assert_int_equal(sites.sites[i].amount.alloc_bytes, 100);
		assert_int_equal(sites.stacks[sites.sites[i].first_stack].nr_frames, 1);
	}
	heap_sites__free(&sites);
	recorded_heap__free(&heap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(in_parts, setup, teardown),
		cmocka_unit_test_setup_teardown(of_processes, setup, teardown),
		cmocka_unit_test_setup_teardown(of_another_program, setup, teardown),
		cmocka_unit_test_setup_teardown(named, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
