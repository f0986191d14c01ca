// SPDX-License-Identifier: BSD-2-Clause
/*
 * burn CPU MS [PID]: on that CPU alone, says "ready ITS-PID", waits for a line,
 * takes MS of CPU time, says "done", and ends at a second line. MS 0: burns until
 * it is killed. With PID it says after "done" how many ns of CPU time process PID
 * took meanwhile: exact where PID is pinned to the same CPU, as then it does not
 * run while this looks.
 */
#include <err.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static void read_line(void)
{
	char c = 0;

	while (c != '\n' && read(STDIN_FILENO, &c, 1) == 1)
		;
}

static unsigned long long exec_ns(const char *pid)
{
	unsigned long long ns = 0;
	char path[64];
	FILE *f;

	if (!pid)
		return 0;
	snprintf(path, sizeof(path), "/proc/%s/schedstat", pid);
	f = fopen(path, "r");
	if (!f || fscanf(f, "%llu", &ns) != 1)
		err(1, "%s", path);
	fclose(f);
	return ns;
}

int main(int argc, char **argv)
{
	const char *other = argc > 3 ? argv[3] : NULL;
	unsigned long long before, ms;
	cpu_set_t set;
	uint64_t end;

	if (argc < 3)
		errx(2, "usage: burn CPU MS [PID]");
	ms = strtoull(argv[2], NULL, 10);
	CPU_ZERO(&set);
	CPU_SET(atoi(argv[1]), &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		err(1, "pin to CPU %s", argv[1]);
	printf("ready %d\n", getpid());
	fflush(stdout);
	read_line();

	before = exec_ns(other);
	end = cpu_ns() + ms * 1000000;
	while (!ms || cpu_ns() < end)
		;
	printf("done %llu\n", exec_ns(other) - before);
	fflush(stdout);
	read_line();
	return 0;
}
