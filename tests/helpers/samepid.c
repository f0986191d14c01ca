// SPDX-License-Identifier: BSD-2-Clause
/*
 * samepid CMD ARGS -- CMD ARGS: runs the second command when the first has ended, with the same process id (clone3()
 * with .set_tid, which takes CAP_SYS_ADMIN, in the first pid namespace). Says of each "PID NS", its CPU time from birth
 * to end. Exit status 77: somebody else had that number by then.
 */
#include <err.h>
#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* @pid 0: any */
static pid_t start(pid_t pid, char **argv)
{
	struct clone_args args = { .exit_signal = SIGCHLD,
				   .set_tid = pid ? (uintptr_t)&pid : 0,
				   .set_tid_size = pid != 0 };
	pid_t child = syscall(SYS_clone3, &args, sizeof(args));

	if (!child) {
		execv(argv[0], argv);
		err(1, "%s", argv[0]);
	}
	if (child < 0 && errno == EEXIST)
		_exit(77);
	if (child < 0)
		err(1, "clone3");
	return child;
}

static void finish(pid_t pid)
{
	struct rusage used;
	int status;

	if (wait4(pid, &status, 0, &used) != pid || status)
		errx(1, "process %d: status %#x", pid, status);
	printf("%d %lld\n", pid,
	       ((used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000ll + used.ru_utime.tv_usec +
		used.ru_stime.tv_usec) *
		       1000);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	int second = 1;
	pid_t pid;

	while (second < argc && strcmp(argv[second], "--"))
		second++;
	if (second < 2 || second + 1 >= argc)
		errx(2, "usage: samepid CMD ARGS -- CMD ARGS");
	argv[second] = NULL;
	pid = start(0, argv + 1);
	finish(pid);
	finish(start(pid, argv + second + 1));
	return 0;
}
