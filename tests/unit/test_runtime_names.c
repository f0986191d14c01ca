// SPDX-License-Identifier: BSD-2-Clause
/* What processes call their numbers, where they number differently; and pauses summed by what they are called. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "records.h"
#include "model.h"
#include "pauses.h"

static struct runtime_names names;

static int names_setup(void **state)
{
	runtime_names__init(&names);
	return 0;
}

static int names_teardown(void **state)
{
	runtime_names__free(&names);
	return 0;
}

static void told(uint32_t pid, unsigned kind, uint64_t number, const char *text)
{
	struct tare_number_name head = { .pid = pid, .kind = kind, .number = number, .text_len = strlen(text) };
	struct event ev = { .kind = EVENT_NUMBER_NAME, .number_name = { &head, text } };

	runtime_names__event(&names, &ev);
}

static void test_of_a_process(void **state)
{
	told(100, TARE_NAME_STOP_REASON, 7, "read mem stats");
	told(200, TARE_NAME_STOP_REASON, 7, "GC mark termination");
	assert_string_equal(runtime_names__find(&names, 100, TARE_NAME_STOP_REASON, 7), "read mem stats");
	assert_string_equal(runtime_names__find(&names, 200, TARE_NAME_STOP_REASON, 7), "GC mark termination");
	assert_null(runtime_names__find(&names, 200, TARE_NAME_GC_PHASE, 7));
	assert_null(runtime_names__find(&names, 200, TARE_NAME_STOP_REASON, 8));
	/* in a PID namespace the recorder knows its process by another number than events do */
	assert_string_equal(runtime_names__find(&names, 300, TARE_NAME_STOP_REASON, 7), "read mem stats");
}

/* It becomes another program, and numbers anew: who has a name may keep it. */
static void test_told_again(void **state)
{
	const char *first;

	told(200, TARE_NAME_WAIT_REASON, 1, "select");
	first = runtime_names__find(&names, 200, TARE_NAME_WAIT_REASON, 1);
	told(200, TARE_NAME_WAIT_REASON, 1, "sleep");
	assert_string_equal(first, "select");
	assert_string_equal(runtime_names__find(&names, 200, TARE_NAME_WAIT_REASON, 1), "sleep");
}

/* Equal texts are kept once; those that begin alike are two. */
static void test_kept_once(void **state)
{
	told(1, TARE_NAME_STATUS, 4, "waiting");
	told(2, TARE_NAME_STATUS, 0x1004, "waiting");
	told(2, TARE_NAME_STATUS, 5, "wait");
	assert_ptr_equal(runtime_names__find(&names, 1, TARE_NAME_STATUS, 4),
			 runtime_names__find(&names, 2, TARE_NAME_STATUS, 0x1004));
	assert_string_equal(runtime_names__find(&names, 2, TARE_NAME_STATUS, 5), "wait");
}

/* What a file says may be anything. */
static void test_nonsense(void **state)
{
	static const struct {
		unsigned kind;
		uint64_t number;
	} cases[] = {
		{ 0, 1 }, { 65535, 1 }, { 128, 1 }, { TARE_NAME_STATUS, 1u << 24 }, { TARE_NAME_STATUS, UINT64_MAX },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		told(UINT32_MAX, cases[i].kind, cases[i].number, "x");
		assert_null(runtime_names__find(&names, UINT32_MAX, cases[i].kind, cases[i].number));
	}
	told(UINT32_MAX, TARE_NAME_STATUS, (1u << 24) - 1, "");
	assert_string_equal(runtime_names__find(&names, UINT32_MAX, TARE_NAME_STATUS, (1u << 24) - 1), "");
}

static void pause_of(struct model *m, uint32_t pid, uint64_t at, uint64_t reason)
{
	static const uint16_t steps[] = { TARE_RT_STW_REQUEST, TARE_RT_STW_STOPPED, TARE_RT_STW_RESTART,
					  TARE_RT_STW_STARTED };

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct event ev = { .kind = EVENT_RUNTIME, .ts_ns = at + i * 1000 };

		ev.runtime.event = steps[i];
		ev.runtime.tid = ev.runtime.tgid = pid;
		ev.runtime.nr_args = 1;
		memset(ev.runtime.args, 0xff, sizeof(ev.runtime.args));
		ev.runtime.args[0] = reason;
		assert_int_equal(model__event(m, &ev), 0);
	}
}

static void tell(struct model *m, uint32_t pid, uint64_t number, const char *text)
{
	struct tare_number_name head = {
		.pid = pid, .kind = TARE_NAME_STOP_REASON, .number = number, .text_len = strlen(text)
	};
	struct event ev = { .kind = EVENT_NUMBER_NAME, .number_name = { &head, text } };

	assert_int_equal(model__event(m, &ev), 0);
}

static const struct pause_reason *reason(const struct model *m, const char *name)
{
	for (unsigned i = 0; i < m->pauses.nr_reasons; i++) {
		char buf[64];

		if (!strcmp(pause_reason_name(m->pauses.reasons[i].name, m->pauses.reasons[i].reason, buf), name))
			return &m->pauses.reasons[i];
	}
	return NULL;
}

static void test_summed_by_name(void **state)
{
	struct model *m = model__new();

	tell(m, 100, 1, "mark");
	tell(m, 100, 2, "sweep");
	tell(m, 200, 2, "mark");
	pause_of(m, 100, 1000000, 1);
	pause_of(m, 200, 2000000, 2);
	pause_of(m, 100, 3000000, 2);
	pause_of(m, 200, 4000000, 9);
	/* a first pause may come before the names of its program */
	pause_of(m, 300, 5000000, 3);
	tell(m, 300, 3, "mark");
	model__finish(m);
	assert_int_equal(m->pauses.nr_reasons, 3);
	assert_int_equal(reason(m, "mark")->count, 3);
	assert_int_equal(reason(m, "sweep")->count, 1);
	assert_int_equal(reason(m, "reason 9")->count, 1);
	model__free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_of_a_process, names_setup, names_teardown),
		cmocka_unit_test_setup_teardown(test_told_again, names_setup, names_teardown),
		cmocka_unit_test_setup_teardown(test_kept_once, names_setup, names_teardown),
		cmocka_unit_test_setup_teardown(test_nonsense, names_setup, names_teardown),
		cmocka_unit_test(test_summed_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
