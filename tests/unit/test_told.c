// SPDX-License-Identifier: BSD-2-Clause
/*
 * The same address in the programs that a process runs one after the other, and in processes that have one id after the
 * other: each has its own function there, and its own file.
 */
#include <errno.h>

#include "pause_events.h"
#include "pauses.h"

#define LOOP 0x500000ull
#define PAGE 0x7000000000ull

/* ---- programs ---- */

static void programs_in_any_order(void **unused)
{
	struct programs p;

	programs__init(&p);
	assert_true(programs__since(&p, 7, 500) == 0);
	programs__begin(&p, 7, 300);
	programs__begin(&p, 7, 100);
	programs__begin(&p, 7, 200);
	programs__begin(&p, 7, 200);
	programs__begin(&p, 8, 150);
	assert_int_equal(p.nr, 4);
	assert_true(programs__since(&p, 7, 99) == 0);
	assert_true(programs__since(&p, 7, 100) == 100);
	assert_true(programs__since(&p, 7, 199) == 100);
	assert_true(programs__since(&p, 7, 250) == 200);
	assert_true(programs__since(&p, 7, UINT64_MAX - 1) == 300);
	assert_true(programs__since(&p, 8, 300) == 150);
	programs__free(&p);
}

/* What is not known to be of the same program is not taken for it. */
static void programs_without_number(void **unused)
{
	struct programs p;

	programs__init(&p);
	for (uint64_t ts = 1; ts <= PROGRAMS_MAX + 10ull; ts++)
		programs__begin(&p, 7, ts);
	assert_int_equal(p.nr, PROGRAMS_MAX);
	assert_true(programs__since(&p, 7, 1000) == 1000);
	assert_true(programs__since(&p, 7, PROGRAMS_MAX + 1) != programs__since(&p, 7, PROGRAMS_MAX + 2));
	assert_true(programs__since(&p, 8, PROGRAMS_MAX + 1) != programs__since(&p, 8, PROGRAMS_MAX + 2));
	programs__free(&p);
}

/* ---- what is told ---- */

static struct programs programs;
static struct told_list list;
static char first[] = "first", second[] = "second", third[] = "third";

static void begin_list(uint32_t max)
{
	programs__init(&programs);
	told__init(&list, &programs, max);
}

static void end_list(void)
{
	told__free(&list);
	programs__free(&programs);
}

static const char *at(uint64_t ns)
{
	return told__at(&list, 7, LOOP, ns);
}

static void the_last_one_until_then_else_the_first_after(void **unused)
{
	begin_list(16);
	assert_null(at(1));
	assert_int_equal(told__add(&list, 7, LOOP, 300, third), 0);
	assert_int_equal(told__add(&list, 7, LOOP, 100, first), 0);
	assert_int_equal(told__add(&list, 7, LOOP, 200, second), 0);
	assert_string_equal(at(50), "first");
	assert_string_equal(at(100), "first");
	assert_string_equal(at(199), "first");
	assert_string_equal(at(200), "second");
	assert_string_equal(at(900), "third");
	assert_null(told__at(&list, 8, LOOP, 100));
	assert_null(told__at(&list, 7, LOOP + 1, 100));
	end_list();
}

/* Whether it is known already that the process became another program, or that is told later. */
static void of_one_program_only(void **unused)
{
	for (int late = 0; late < 2; late++) {
		begin_list(16);
		if (!late)
			programs__begin(&programs, 7, 150);
		told__add(&list, 7, LOOP, 100, first);
		told__add(&list, 7, LOOP, 200, second);
		if (late)
			programs__begin(&programs, 7, 150);
		assert_string_equal(at(149), "first");
		assert_string_equal(at(150), "second");
		programs__begin(&programs, 7, 120);
		programs__begin(&programs, 7, 300);
		assert_string_equal(at(119), "first");
		assert_null(at(120)); /* nobody said what it was in this one */
		assert_string_equal(at(299), "second");
		assert_null(at(300));
		end_list();
	}
}

static void told_without_number(void **unused)
{
	begin_list(1000);
	for (uint64_t ns = 1; ns < 1000; ns++)
		assert_int_equal(told__add(&list, 7, LOOP, ns, first), 0);
	assert_int_equal(told__add(&list, 7, LOOP, 1, second), -ENOMEM);
	assert_int_equal(told__add(&list, 7, LOOP, 2000, second), 0);
	assert_int_equal(told__add(&list, 7, LOOP, 2001, second), -ENOMEM);
	assert_int_equal(told__add(&list, 8, LOOP, 2001, second), -ENOMEM);
	assert_int_equal(list.nr, 1000);
	end_list();
}

/* ---- what a verdict says ---- */

static void symbol_told(uint64_t ts, const char *name)
{
	struct tare_symbol head = { .pid = TGID, .ip = LOOP, .name_len = strlen(name) };
	struct event ev = { .kind = EVENT_SYMBOL, .ts_ns = ts, .symbol = { .head = &head, .name = name, .file = "" } };

	ev.symbol.more = (struct tare_symbol_more){ .owner = TARE_OWNER_PROGRAM, .return_at = -1 };
	fold(&ev);
}

static void page_told(uint64_t ts, const char *name)
{
	struct tare_page head = { .pid = TGID, .address = PAGE, .name_len = strlen(name) };
	struct event ev = { .kind = EVENT_PAGE, .ts_ns = ts, .page = { &head, name } };

	fold(&ev);
}

static void becomes(uint64_t ts)
{
	struct event ev = { .kind = EVENT_EXEC, .ts_ns = ts };

	ev.exec.tid = ev.exec.old_tid = TGID;
	strcpy(ev.exec.comm, "other");
	fold(&ev);
}

static void is_born(uint64_t ts)
{
	struct event ev = { .kind = EVENT_FORK, .ts_ns = ts };

	ev.fork.tid = ev.fork.tgid = TGID;
	ev.fork.parent_tid = ev.fork.parent_tgid = 1;
	strcpy(ev.fork.comm, "other");
	fold(&ev);
}

static void found(uint64_t ts, uint64_t program_ns)
{
	struct tare_task task = { .ts_ns = ts, .tid = TGID, .tgid = TGID, .start_ns = 1, .program_ns = program_ns };
	struct event ev = { .kind = EVENT_TASK, .ts_ns = ts, .task = &task };

	fold(&ev);
}

static const char *function_at(uint64_t ts)
{
	const struct model_symbol *symbol = model_symbols__at(&m->symbols, TGID, LOOP, ts);

	return symbol ? symbol->name : "";
}

static const char *page_at(uint64_t ts)
{
	return findings__page_name(&m->findings, TGID, PAGE + 5, ts) ?: "";
}

/* The recorder tells what it found before the events that it concerns are merged. */
static void each_program_has_its_own(void **unused)
{
	symbol_told(2 * MS, "main.one");
	page_told(2 * MS, "/one");
	symbol_told(6 * MS, "main.two");
	page_told(6 * MS, "/two");
	becomes(4 * MS);
	assert_string_equal(function_at(3 * MS), "main.one");
	assert_string_equal(page_at(3 * MS), "/one");
	assert_string_equal(function_at(4 * MS), "main.two");
	assert_string_equal(page_at(4 * MS), "/two");
	becomes(8 * MS);
	assert_string_equal(function_at(9 * MS), "");
	assert_string_equal(page_at(9 * MS), "");
}

static void each_process_with_that_id_has_its_own(void **unused)
{
	found(1 * MS, 0);
	symbol_told(2 * MS, "main.one");
	page_told(2 * MS, "/one");
	is_born(4 * MS);
	assert_string_equal(function_at(5 * MS), "");
	assert_string_equal(page_at(5 * MS), "");
	symbol_told(6 * MS, "main.two");
	assert_string_equal(function_at(3 * MS), "main.one");
	assert_string_equal(function_at(5 * MS), "main.two");
}

/* Where the recording has only its end: the exec itself is not in it. */
static void a_snapshot_says_since_when(void **unused)
{
	symbol_told(2 * MS, "main.one");
	found(10 * MS, 4 * MS);
	assert_string_equal(function_at(11 * MS), "");
	assert_string_equal(function_at(3 * MS), "main.one");
}

/* A mapping may be replaced by another one. */
static void a_name_holds_until_the_next(void **unused)
{
	symbol_told(2 * MS, "lib.one");
	symbol_told(6 * MS, "lib.two");
	assert_string_equal(function_at(5 * MS), "lib.one");
	assert_string_equal(function_at(7 * MS), "lib.two");
}

/* Late at the same address in one program and in the next. */
static void verdict_of_each_pause(void **unused)
{
	static const struct pauses_opts opts;
	char one[640], two[640];
	bool is_second;

	symbol_told(T, "main.one");
	symbol_told(T + 60 * MS, "main.two");
	for (int second = 0; second < 2; second++) {
		uint64_t at = T + second * 50 * MS;

		if (second)
			becomes(at - 10 * MS);
		rt_args(at, 101, TARE_RT_STW_REQUEST, 7, 2, 1, 2, 0);
		for (uint64_t ts = at + MS; ts < at + 10 * MS; ts += MS)
			sample(ts, 102, 0, TARE_NO_SYSCALL, LOOP);
		p_stopped(at + 10 * MS, 102, 18);
		rt(at + 10 * MS, 101, TARE_RT_STW_STOPPED);
		rt(at + 10 * MS, 101, TARE_RT_STW_RESTART);
		rt(at + 10 * MS, 101, TARE_RT_STW_STARTED);
	}
	end(T + 100 * MS);
	assert_int_equal(m->pauses.nr_kept, 2);
	is_second = m->pauses.kept[0]->request_ns > T;
	pause_sentence(m, m->pauses.kept[is_second], &opts, one);
	pause_sentence(m, m->pauses.kept[!is_second], &opts, two);
	if (!strstr(one, "main.one") || !strstr(two, "main.two"))
		fail_msg("'%s' and '%s'", one, two);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs_in_any_order),
		cmocka_unit_test(programs_without_number),
		cmocka_unit_test(the_last_one_until_then_else_the_first_after),
		cmocka_unit_test(of_one_program_only),
		cmocka_unit_test(told_without_number),
		cmocka_unit_test_setup_teardown(each_program_has_its_own, setup_two, teardown),
		cmocka_unit_test_setup_teardown(each_process_with_that_id_has_its_own, setup_two, teardown),
		cmocka_unit_test_setup_teardown(a_snapshot_says_since_when, setup_two, teardown),
		cmocka_unit_test_setup_teardown(a_name_holds_until_the_next, setup_two, teardown),
		cmocka_unit_test_setup_teardown(verdict_of_each_pause, setup_two, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
