// SPDX-License-Identifier: BSD-2-Clause
/* Work at the lowest priority: it is, it progresses even if no CPU is left to it, and afterwards all is as before. */
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "behind.h"
#include "capability.h"
#include "util.h"

#define SOON_NS (NSEC_PER_SEC / 20) /* before it is checked for the first time */
#define LONG_NS (60 * NSEC_PER_SEC)

/* How long a turn of this thread is; 0: this kernel has the same for all (before Linux 6.12). */
static uint64_t turn_ns(void)
{
	uint64_t attributes[7] = { 0 }; /* struct sched_attr, the fourth word is .sched_runtime */

	assert_false(syscall(SYS_sched_getattr, 0, attributes, sizeof(attributes), 0));
	return attributes[3];
}

static void it_is_behind_all_others_and_then_no_more(void **unused)
{
	struct behind b;
	uint64_t before = now_ns();
	int policy;

	behind__begin(&b);
	policy = sched_getscheduler(0);
	/* if the machine did not let this run, it may be over already */
	assert_true(policy == SCHED_IDLE || now_ns() - before > SOON_NS);
	behind__end(&b);
	assert_int_equal(sched_getscheduler(0), SCHED_OTHER);
}

/* A busy loop on this CPU, in the same session: no autogroup shares the CPU out between the two. */
static pid_t start_rival(void)
{
	cpu_set_t one;
	pid_t pid;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	assert_false(sched_setaffinity(0, sizeof(one), &one));
	pid = fork();
	while (!pid)
		if (getppid() == 1)
			_exit(0);
	assert_true(pid > 0);
	return pid;
}

static void it_goes_on_beside_a_busy_loop(void **unused)
{
	cpu_set_t before;
	struct behind b;
	uint64_t began, turn = turn_ns();
	pid_t rival;

	assert_false(sched_getaffinity(0, sizeof(before), &before));
	rival = start_rival();
	began = now_ns();
	behind__begin(&b);
	while ((sched_getscheduler(0) != SCHED_OTHER || (turn && turn_ns() >= turn)) && now_ns() - began < LONG_NS)
		;
	assert_int_equal(sched_getscheduler(0), SCHED_OTHER);
	assert_true(!turn || turn_ns() < turn);
	behind__end(&b);
	assert_int_equal(turn_ns(), turn);
	kill(rival, SIGKILL);
	waitpid(rival, NULL, 0);
	sched_setaffinity(0, sizeof(before), &before);
}

static void who_has_another_policy_keeps_it(void **unused)
{
	struct behind b;

	assert_false(sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){ 0 }));
	behind__begin(&b);
	assert_int_equal(sched_getscheduler(0), SCHED_BATCH);
	behind__end(&b);
	assert_int_equal(sched_getscheduler(0), SCHED_BATCH);
	sched_setscheduler(0, SCHED_OTHER, &(struct sched_param){ 0 });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_behind_all_others_and_then_no_more),
		cmocka_unit_test(it_goes_on_beside_a_busy_loop),
		cmocka_unit_test(who_has_another_policy_keeps_it),
	};

	if (sched_getscheduler(0) != SCHED_OTHER || !capability__has(CAP_SYS_NICE)) {
		printf("1..0 # SKIP needs CAP_SYS_NICE and the ordinary policy\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
