// SPDX-License-Identifier: BSD-2-Clause
/* What sampled page faults were in, and where they were made. */
#include <stdio.h>

#include "model_events.h"

static void touched(uint32_t tid, uint16_t owner, const char *name, uint32_t period, bool major)
{
	struct event ev = { .kind = EVENT_FAULT_SAMPLE,
			    .ts_ns = 2000,
			    .fault_sample = {
				    .tid = tid, .tgid = 100, .period = period, .owner = owner, .major = major } };

	strncpy(ev.fault_sample.name, name, sizeof(ev.fault_sample.name) - 1);
	fold(&ev);
}

static void by_owner(void **state)
{
	const struct fault_owners *f = &m->fault_owners;

	touched(100, TARE_FAULT_ANONYMOUS, "", 101, false);
	touched(100, TARE_FAULT_FILE, "a", 101, false);
	touched(101, TARE_FAULT_FILE, "a", 7, true);
	touched(100, TARE_FAULT_FILE, "b", 7, true);
	touched(100, TARE_FAULT_CODE, "a", 101, false);
	touched(100, 999, "", 101, false);
	assert_int_equal(f->samples, 6);
	assert_int_equal(f->minor, 404);
	assert_int_equal(f->major, 14);
	assert_int_equal(f->nr, 5);
	assert_int_equal(f->all[1].minor, 101);
	assert_int_equal(f->all[1].major, 7);
	assert_int_equal(f->all[4].owner, TARE_FAULT_UNKNOWN);
}

/* More files than are kept: they count without their names. */
static void many(void **state)
{
	const struct fault_owners *f = &m->fault_owners;
	uint64_t sum = 0;
	char name[16];

	for (int i = 0; i < 2 * FAULT_OWNERS_MAX; i++) {
		snprintf(name, sizeof(name), "%d", i);
		touched(100, TARE_FAULT_SHARED, name, 101, false);
	}
	assert_int_equal(f->nr, FAULT_OWNERS_MAX + 1);
	for (size_t i = 0; i < f->nr; i++)
		sum += f->all[i].minor;
	assert_int_equal(sum, 2 * FAULT_OWNERS_MAX * 101);
}

/* With its stack, if that is known. */
static void by_stack(void **state)
{
	struct tare_call_stack stack = { .pid = 100, .number = 3, .nr_user = 1 };
	uint64_t user[] = { 500 };
	struct event stacked = { .kind = EVENT_STACKED, .ts_ns = 2000, .stacked = { 100, 3 } };

	task(0, 1000, 100, 0, TARE_STATE_RUNNING, TARE_NO_SYSCALL, NULL);
	fold(&(struct event){ .kind = EVENT_CALL_STACK, .call_stack = { &stack, user, user } });
	fold(&stacked);
	touched(100, TARE_FAULT_ANONYMOUS, "", 101, false);
	touched(100, TARE_FAULT_ANONYMOUS, "", 7, true);
	model__finish(m);
	assert_int_equal(m->profile.rows[3].minor, 101);
	assert_int_equal(m->profile.rows[0].major, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(by_owner, setup, teardown),
		cmocka_unit_test_setup_teardown(many, setup, teardown),
		cmocka_unit_test_setup_teardown(by_stack, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
