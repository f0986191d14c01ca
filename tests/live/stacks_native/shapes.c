// SPDX-License-Identifier: BSD-2-Clause
/*
 * Spends its time in known shapes of stacks, one after another, until it is killed:
 *
 *     shapes          on the CPU
 *     shapes waits    off it, in three places; prints where, from when and until when, in ns of CLOCK_MONOTONIC
 */
#include <alloca.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone))

volatile unsigned long sink;

/* Enough that what comes before and after it in a function does not count. */
NOINLINE void leaf(int n)
{
	unsigned long x = n;

	for (int i = 0; i < n; i++)
		x = x * 6364136223846793005ul + i;
	sink = x;
}

/* Not a tail call, nor a loop: the caller must stay on the stack. */
#define STAYS() (sink = sink + 1)

NOINLINE void inner(int n)
{
	leaf(n);
	STAYS();
}

NOINLINE void phase_leaf(void)
{
	inner(300000);
	STAYS();
}

NOINLINE void recurse(int n)
{
	char room[200];

	memset(room, n, sizeof(room));
	sink = room[n % 200];
	if (n)
		recurse(n - 1);
	else
		leaf(300000);
	STAYS();
}

NOINLINE void phase_recursion(void)
{
	recurse(20);
	STAYS();
}

/* The frame's size is not known when it is compiled. */
NOINLINE void with_alloca(int n)
{
	char *room = alloca(n);

	memset(room, 1, n);
	sink = room[n / 2];
	leaf(300000);
	STAYS();
}

NOINLINE void phase_alloca(void)
{
	with_alloca(100 + sink % 900);
	STAYS();
}

/* The stack pointer is right above a page that nobody has touched. */
NOINLINE void at_edge(void)
{
	char *here = alloca(16);
	unsigned long in_page = (unsigned long)here & 4095;
	volatile char *room = alloca(in_page < 3000 ? in_page + 4096 - 32 : in_page - 32);

	room[0] = 1;
	leaf(300000);
	sink = room[0];
}

/* On a stack of its own, of which nothing else uses much. */
static void *edge(void *unused)
{
	for (;;)
		at_edge();
	return NULL;
}

/* Called back by the library. */
NOINLINE int compare(const void *a, const void *b)
{
	leaf(200);
	return *(const int *)a - *(const int *)b;
}

NOINLINE void phase_library(void)
{
	static int numbers[200];

	for (int i = 0; i < 200; i++)
		numbers[i] = rand();
	qsort(numbers, 200, sizeof(numbers[0]), compare);
	STAYS();
}

static volatile sig_atomic_t handled;

NOINLINE void handler(int sig)
{
	leaf(300000);
	handled = 1;
}

NOINLINE void phase_signal(void)
{
	handled = 0;
	raise(SIGUSR1);
	while (!handled)
		;
	STAYS();
}

/* ---- waits ---- */

static volatile sig_atomic_t stop;

static unsigned long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ul + t.tv_nsec;
}

static int pipe_fds[2];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

NOINLINE void wait_sleeping(void)
{
	usleep(5000);
	STAYS();
}

NOINLINE void wait_reading(void)
{
	char c;

	if (read(pipe_fds[0], &c, 1) < 0)
		abort();
	STAYS();
}

NOINLINE void wait_locked(void)
{
	pthread_mutex_lock(&lock);
	pthread_mutex_unlock(&lock);
	STAYS();
}

static void *other(void *unused)
{
	for (;;) {
		pthread_mutex_lock(&lock);
		usleep(15000);
		if (write(pipe_fds[1], "", 1) < 0)
			abort();
		usleep(20000);
		pthread_mutex_unlock(&lock);
		usleep(8000);
	}
	return NULL;
}

static void on_term(int sig)
{
	stop = 1;
}

static void waits(void)
{
	void (*const all[3])(void) = { wait_sleeping, wait_reading, wait_locked };
	static const char *const names[3] = { "wait_sleeping", "wait_reading", "wait_locked" };
	pthread_t thread;

	signal(SIGTERM, on_term);
	if (pipe(pipe_fds) || pthread_create(&thread, NULL, other, NULL))
		abort();
	while (!stop) {
		for (int i = 0; i < 3; i++) {
			unsigned long from = now();

			all[i]();
			printf("%s %lu %lu\n", names[i], from, now());
		}
	}
}

int main(int argc, char **argv)
{
	pthread_t thread;

	if (argc > 1) {
		waits();
		return 0;
	}
	if (pthread_create(&thread, NULL, edge, NULL))
		abort();
	signal(SIGUSR1, handler);
	for (;;) {
		phase_leaf();
		phase_recursion();
		phase_alloca();
		phase_library();
		phase_signal();
	}
}
