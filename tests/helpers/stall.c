// SPDX-License-Identifier: BSD-2-Clause
/*
 * stall freeze FILE ON OFF | stall stop PID | stall trace PID, then MS: holds a process up for so long, and says from
 * when to when by CLOCK_MONOTONIC: "held LO HI LO HI", ns before and after each of the two steps. MS 0: says "holding",
 * and holds it until a line comes. freeze writes ON and then OFF into FILE, stop sends SIGSTOP and SIGCONT, trace
 * interrupts the first thread by ptrace.
 */
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		err(1, "%s", path);
	close(fd);
}

static void step(char **argv, int on)
{
	pid_t pid = atoi(argv[2]);

	if (!strcmp(argv[1], "freeze"))
		put(argv[2], argv[on ? 3 : 4]);
	else if (!strcmp(argv[1], "stop") && kill(pid, on ? SIGSTOP : SIGCONT))
		err(1, "kill %d", pid);
	else if (!strcmp(argv[1], "trace") && on &&
		 (ptrace(PTRACE_SEIZE, pid, 0, 0) || ptrace(PTRACE_INTERRUPT, pid, 0, 0) ||
		  waitpid(pid, NULL, __WALL) != pid))
		err(1, "ptrace %d", pid);
	else if (!strcmp(argv[1], "trace") && !on && ptrace(PTRACE_DETACH, pid, 0, 0))
		err(1, "ptrace %d: detach", pid);
}

static void hold(int ms)
{
	if (ms) {
		usleep(ms * 1000);
		return;
	}
	puts("holding");
	fflush(stdout);
	getchar();
}

int main(int argc, char **argv)
{
	uint64_t at[4];

	if (argc < 4)
		errx(2, "usage: stall freeze FILE ON OFF | stop PID | trace PID, and MS");
	at[0] = now();
	step(argv, 1);
	at[1] = now();
	hold(atoi(argv[argc - 1]));
	at[2] = now();
	step(argv, 0);
	at[3] = now();
	printf("held %llu %llu %llu %llu\n", (unsigned long long)at[0], (unsigned long long)at[1],
	       (unsigned long long)at[2], (unsigned long long)at[3]);
	return 0;
}
