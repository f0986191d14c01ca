// SPDX-License-Identifier: BSD-2-Clause
/*
 * shortlived THREADS [AT_ONCE]: makes THREADS threads, each of which ends at
 * once, at most AT_ONCE (8) at a time. Says "ready PID" before and "done" after,
 * and waits for a line each time, so that a recorder sees all of them. Exit
 * status 0 where every one was made.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_AT_ONCE 64

static unsigned long ran;

static void *thread(void *arg)
{
	__atomic_fetch_add(&ran, 1, __ATOMIC_RELAXED);
	return NULL;
}

static int fail(const char *what, int error)
{
	fprintf(stderr, "shortlived: %s: %s\n", what, strerror(error));
	return 1;
}

static int make(unsigned long threads, unsigned long at_once)
{
	pthread_t ids[MAX_AT_ONCE];
	pthread_attr_t attr;
	int error;

	error = pthread_attr_init(&attr);
	if (!error)
		error = pthread_attr_setstacksize(&attr, 65536);
	if (error)
		return fail("attributes", error);
	while (threads) {
		unsigned long n = threads < at_once ? threads : at_once;

		for (unsigned long i = 0; i < n; i++) {
			error = pthread_create(&ids[i], &attr, thread, NULL);
			if (error)
				return fail("cannot make a thread", error);
		}
		for (unsigned long i = 0; i < n; i++)
			pthread_join(ids[i], NULL);
		threads -= n;
	}
	pthread_attr_destroy(&attr);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned long threads = argc > 1 ? strtoul(argv[1], NULL, 10) : 0,
		      at_once = argc > 2 ? strtoul(argv[2], NULL, 10) : 8;
	char line[16];

	if (!threads || !at_once || at_once > MAX_AT_ONCE) {
		fprintf(stderr, "usage: shortlived THREADS [AT_ONCE, up to %d]\n", MAX_AT_ONCE);
		return 2;
	}
	printf("ready %d\n", getpid());
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		return 1;
	if (make(threads, at_once) || ran != threads)
		return 1;
	puts("done");
	fflush(stdout);
	return !fgets(line, sizeof(line), stdin);
}
