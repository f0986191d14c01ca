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

static void told(const char *key, const char *value)
{
	assert_int_equal(runtime_names__info(&names, key, value), 1);
}

static void test_sets(void **state)
{
	told("stop_reason.7", "read mem stats");
	told("names.1/stop_reason.7", "GC mark termination");
	told("names_of.200", "1");
	assert_string_equal(runtime_names__find(&names, 100, "stop_reason", 7), "read mem stats");
	assert_string_equal(runtime_names__find(&names, 200, "stop_reason", 7), "GC mark termination");
	assert_null(runtime_names__find(&names, 200, "gc_phase", 7));
	assert_null(runtime_names__find(&names, 200, "stop_reason", 8));
	/* it becomes another program */
	told("names_of.200", "0");
	assert_string_equal(runtime_names__find(&names, 200, "stop_reason", 7), "read mem stats");
}

static void test_others_are_left(void **state)
{
	static const char *const keys[] = { "cmdline", "names", "names_of", "names_of.", "names_of.1x", "names.1/cmdline",
					    "stop_reason", "feature.sched_entry", "names./stop_reason.1", "" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_int_equal(runtime_names__info(&names, keys[i], "x"), 0);
}

static void test_bounds(void **state)
{
	char key[64];
	const char *first;

	told("stop_reason.0", "first");
	first = runtime_names__find(&names, 1, "stop_reason", 0);
	for (unsigned i = 0; i < 2 * NAMES_MAX; i++) {
		snprintf(key, sizeof(key), "stop_reason.%u", i);
		told(key, "again");
	}
	/* who has a name may keep it */
	assert_string_equal(first, "first");
	assert_ptr_equal(runtime_names__find(&names, 1, "stop_reason", 0), first);
	assert_null(runtime_names__find(&names, 1, "stop_reason", 2 * NAMES_MAX - 1));
	/* of sets that are too many nothing is known, and nothing wrong is said */
	snprintf(key, sizeof(key), "names.%u/stop_reason.0", NAMES_MAX_SETS);
	told(key, "not kept");
	snprintf(key, sizeof(key), "%u", NAMES_MAX_SETS);
	told("names_of.5", key);
	assert_null(runtime_names__find(&names, 5, "stop_reason", 0));
	told("names_of.6", "-1");
	assert_null(runtime_names__find(&names, 6, "stop_reason", 0));
}

static void pause_of(struct model *m, uint32_t pid, uint64_t at, uint64_t reason)
{
	static const uint16_t steps[] = { TARE_RT_STW_REQUEST, TARE_RT_STW_STOPPED, TARE_RT_STW_RESTART, TARE_RT_STW_STARTED };

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

static void tell(struct model *m, const char *key, const char *value)
{
	struct event ev = { .kind = EVENT_INFO, .info = { key, value } };

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

	tell(m, "stop_reason.1", "mark");
	tell(m, "stop_reason.2", "sweep");
	tell(m, "names.1/stop_reason.2", "mark");
	tell(m, "names_of.200", "1");
	pause_of(m, 100, 1000000, 1);
	pause_of(m, 200, 2000000, 2);
	pause_of(m, 100, 3000000, 2);
	pause_of(m, 200, 4000000, 9);
	/* a first pause may come before the names of its program */
	pause_of(m, 300, 5000000, 3);
	tell(m, "names.2/stop_reason.3", "mark");
	tell(m, "names_of.300", "2");
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
		cmocka_unit_test_setup_teardown(test_sets, names_setup, names_teardown),
		cmocka_unit_test_setup_teardown(test_others_are_left, names_setup, names_teardown),
		cmocka_unit_test_setup_teardown(test_bounds, names_setup, names_teardown),
		cmocka_unit_test(test_summed_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
