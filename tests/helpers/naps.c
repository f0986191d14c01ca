// SPDX-License-Identifier: BSD-2-Clause
/*
 * naps N [CMD ARG...]: says "ready PID", waits for a line, goes to sleep N times
 * for 0.1 ms, says "done", and ends at a second line; or becomes CMD then, and
 * ends no more than that does.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void read_line(void)
{
	char c = 0;

	while (c != '\n' && read(STDIN_FILENO, &c, 1) == 1)
		;
}

int main(int argc, char **argv)
{
	unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;

	printf("ready %d\n", getpid());
	fflush(stdout);
	read_line();
	while (n--)
		nanosleep(&(struct timespec){ .tv_nsec = 100000 }, NULL);
	puts("done");
	fflush(stdout);
	read_line();
	if (argc < 3)
		return 0;
	execvp(argv[2], argv + 2);
	err(127, "%s", argv[2]);
}
