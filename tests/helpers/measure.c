// SPDX-License-Identifier: BSD-2-Clause
/*
 * measure FILE CMD...: runs CMD and writes to FILE what it took, as one line of
 * JSON. Signals go on to CMD; its exit status becomes this one's.
 *
 * A program of its own and not a script, because a process starts with the peak
 * memory of the one that forked it: an interpreter's would hide a small CMD's.
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t child;

static void pass_on(int sig)
{
	kill(child, sig);
}

static uint64_t ns_of(struct timeval t)
{
	return t.tv_sec * 1000000000ull + t.tv_usec * 1000ull;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

int main(int argc, char **argv)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct rusage used;
	uint64_t began;
	sigset_t set;
	int status;
	FILE *out;

	if (argc < 3)
		errx(2, "usage: measure FILE CMD [ARG...]");
	out = fopen(argv[1], "we");
	if (!out)
		err(1, "%s", argv[1]);
	/* held back until there is a child to pass them on to */
	sigemptyset(&set);
	for (int i = 0; i < 3; i++)
		sigaddset(&set, signals[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	began = now_ns();
	child = fork();
	if (child < 0)
		err(1, "fork");
	for (int i = 0; i < 3; i++) /* a shell's background jobs ignore SIGINT; CMD shall not */
		signal(signals[i], child ? pass_on : SIG_DFL);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	if (!child) {
		execvp(argv[2], argv + 2);
		err(127, "%s", argv[2]);
	}
	while (wait4(child, &status, 0, &used) < 0) {
		if (errno != EINTR)
			err(1, "wait for %s", argv[2]);
	}
	fprintf(out,
		"{\"wall_ns\":%" PRIu64 ",\"user_ns\":%" PRIu64 ",\"system_ns\":%" PRIu64 ",\"max_rss_bytes\":%" PRIu64
		"}\n",
		now_ns() - began, ns_of(used.ru_utime), ns_of(used.ru_stime), (uint64_t)used.ru_maxrss * 1024);
	if (fclose(out))
		err(1, "%s", argv[1]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
