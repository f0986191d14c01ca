// SPDX-License-Identifier: BSD-2-Clause
/* Rests: one after each millisecond of work, and none for time that was not work. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <time.h>

#include <cmocka.h>

#include "rest.h"
#include "util.h"

#define WORK_NS (NSEC_PER_SEC / 50)

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

static long sleeps(void)
{
	struct rusage u;

	getrusage(RUSAGE_THREAD, &u);
	return u.ru_nvcsw;
}

/* By CPU time alone, however long the machine takes for it. */
static void work_is_rested_from(void **unused)
{
	uint64_t until = cpu_ns() + WORK_NS;
	long before = sleeps();

	rest__take();
	while (cpu_ns() < until)
		rest__take();
	assert_true(sleeps() > before);
}

static void who_slept_does_not_rest_at_once(void **unused)
{
	long before;

	rest__take();
	nanosleep(&(struct timespec){ .tv_nsec = 3000000 }, NULL);
	before = sleeps();
	rest__take();
	assert_int_equal(sleeps(), before);
}

static void *in_thread(void *arg)
{
	long before = sleeps();

	rest__take();
	*(long *)arg = sleeps() - before;
	return NULL;
}

static void the_work_of_another_thread_does_not_count(void **unused)
{
	uint64_t until = cpu_ns() + WORK_NS;
	pthread_t thread;
	long slept = -1;

	rest__take();
	while (cpu_ns() < until)
		;
	assert_false(pthread_create(&thread, NULL, in_thread, &slept));
	assert_false(pthread_join(thread, NULL));
	assert_int_equal(slept, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(work_is_rested_from),
		cmocka_unit_test(who_slept_does_not_rest_at_once),
		cmocka_unit_test(the_work_of_another_thread_does_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
