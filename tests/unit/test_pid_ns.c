// SPDX-License-Identifier: BSD-2-Clause
/* The two numbers of a task, where tare runs in a PID namespace. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "pid_ns.h"

static struct pid_pair tasks[2];
static unsigned asked;
static int error;

static int list(void *ctx, struct pid_pair **pairs, size_t *nr)
{
	asked++;
	*nr = error ? 0 : 2;
	*pairs = malloc(sizeof(tasks));
	assert_non_null(*pairs);
	memcpy(*pairs, tasks, sizeof(tasks));
	return error;
}

static int setup(void **unused)
{
	tasks[0] = (struct pid_pair){ 900, 7 };
	tasks[1] = (struct pid_pair){ 800, 8 };
	asked = error = 0;
	pid_ns__init(list, NULL);
	return 0;
}

static int teardown(void **unused)
{
	pid_ns__init(NULL, NULL);
	return 0;
}

static void in_none(void **unused)
{
	pid_ns__init(NULL, NULL);
	assert_int_equal(pid_ns__here(900), 900);
	assert_int_equal(pid_ns__kernel(900), 900);
	assert_int_equal(pid_ns__kernel(-1), 0);
	pid_ns__forget(900);
}

static void both_ways(void **unused)
{
	assert_int_equal(pid_ns__here(900), 7);
	assert_int_equal(pid_ns__here(800), 8);
	assert_int_equal(asked, 1);
	assert_int_equal(pid_ns__kernel(7), 900);
	assert_int_equal(pid_ns__kernel(8), 800);
	/* each kind of number may be one of the other kind as well */
	assert_int_equal(pid_ns__here(7), PID_NS_NONE);
	assert_int_equal(pid_ns__kernel(900), 0);
	assert_int_equal(pid_ns__kernel(0), 0);
}

/* Both kinds are reused. */
static void reused(void **unused)
{
	assert_int_equal(pid_ns__here(900), 7);
	tasks[0] = (struct pid_pair){ 900, 9 };
	pid_ns__forget(900);
	pid_ns__forget(12345);
	assert_int_equal(pid_ns__here(900), 9);
	assert_int_equal(pid_ns__here(800), 8);
	tasks[1] = (struct pid_pair){ 801, 8 };
	assert_int_equal(pid_ns__kernel(8), 801);
	assert_int_equal(pid_ns__here(800), PID_NS_NONE);
}

static void no_list(void **unused)
{
	error = -ENOMEM;
	assert_int_equal(pid_ns__here(900), PID_NS_NONE);
	assert_int_equal(pid_ns__kernel(7), 0);
	error = 0;
	assert_int_equal(pid_ns__here(900), 7);
}

int main(void)
{
#define T_(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = { T_(in_none), T_(both_ways), T_(reused), T_(no_list) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
