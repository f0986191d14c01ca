// SPDX-License-Identifier: BSD-2-Clause
/*
 * crowd THREADS NAPS: says "ready PID" when all threads are there and wait, has each take NAPS naps when a line comes,
 * says "done" when they wait again, and ends, all threads before the first one, at a second line.
 */
#include <err.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define NAP_NS 1000000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER, arrived = PTHREAD_COND_INITIALIZER;
static unsigned waiting, stage;
static int naps;

static void wait_for_stage(unsigned wanted)
{
	pthread_mutex_lock(&lock);
	waiting++;
	pthread_cond_signal(&arrived);
	while (stage < wanted)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

static void *work(void *arg)
{
	wait_for_stage(1);
	for (int i = 0; i < naps; i++)
		nanosleep(&(struct timespec){ .tv_nsec = NAP_NS }, NULL);
	wait_for_stage(2);
	return NULL;
}

static void all_wait(unsigned nr)
{
	pthread_mutex_lock(&lock);
	while (waiting < nr)
		pthread_cond_wait(&arrived, &lock);
	waiting = 0;
	pthread_mutex_unlock(&lock);
}

static void next_stage(void)
{
	char line[16];

	if (!fgets(line, sizeof(line), stdin))
		exit(1);
	pthread_mutex_lock(&lock);
	stage++;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

int main(int argc, char **argv)
{
	unsigned nr = argc > 2 ? atoi(argv[1]) : 0;
	pthread_t *threads = calloc(nr + 1, sizeof(*threads));
	pthread_attr_t attr;

	if (!nr || !threads)
		errx(2, "usage: crowd THREADS NAPS");
	naps = atoi(argv[2]);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 1 << 16);
	for (unsigned i = 0; i < nr; i++)
		if (pthread_create(&threads[i], &attr, work, NULL))
			errx(1, "cannot start thread %u", i);
	all_wait(nr);
	printf("ready %d\n", getpid());
	fflush(stdout);
	next_stage();
	all_wait(nr);
	puts("done");
	fflush(stdout);
	next_stage();
	for (unsigned i = 0; i < nr; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
