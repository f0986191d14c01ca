// SPDX-License-Identifier: BSD-2-Clause
/*
 * threads [ROUNDS [NAME]]: threads of many kinds, at once: hand-overs by condition
 * variable and by pipe, naps, a contended lock, two that burn the same CPU, one
 * that moves from CPU to CPU, one that maps and faults, one born later, and ones
 * that end at once. Says "ready PID" when all are there and asleep, works when a
 * line comes, says "done" and sleeps, all threads still there, and ends at a
 * second line. Whoever measures sees them quiet at both ends. With NAME a first
 * line has the process take that name.
 */
#include <err.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define BURST_NS   (120ull * 1000 * 1000) /* of CPU time, by each that burns */
#define MAP_BYTES  (1u << 20)
#define PAGE_BYTES 4096

static unsigned rounds = 1000;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER, contended = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER, turned = PTHREAD_COND_INITIALIZER;
static unsigned nr_ready, nr_done, turn;
static bool go, leave;
static int pipes[2][2];

/* ---- what they do; @who tells twins apart ---- */

static void hand_over(int who)
{
	pthread_mutex_lock(&lock);
	for (unsigned i = 0; i < rounds; i++) {
		while (turn != (unsigned)who)
			pthread_cond_wait(&turned, &lock);
		turn = !who;
		pthread_cond_signal(&turned);
	}
	pthread_mutex_unlock(&lock);
}

/* Each reads from its own pipe and writes to the other's; the first one begins. */
static void pass_bytes(int who)
{
	char c = 0;

	for (unsigned i = 0; i < rounds; i++) {
		if (!who && write(pipes[1][1], &c, 1) != 1)
			err(1, "write to a pipe");
		if (read(pipes[who][0], &c, 1) != 1)
			err(1, "read from a pipe");
		if (who && write(pipes[0][1], &c, 1) != 1)
			err(1, "write to a pipe");
	}
}

static void nap(int who)
{
	for (unsigned i = 0; i < rounds / 4; i++)
		nanosleep(&(struct timespec){ .tv_nsec = 50000 + i * 1000 }, NULL);
}

static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static void burn(uint64_t ns)
{
	uint64_t end = cpu_ns() + ns;

	while (cpu_ns() < end)
		;
}

/* The @nth CPU, from 0, that this process may run on, going round. */
static void pin(unsigned nth)
{
	static cpu_set_t allowed; /* as it was for the process */
	static pthread_mutex_t once = PTHREAD_MUTEX_INITIALIZER;
	cpu_set_t one;
	int cpu = -1;

	pthread_mutex_lock(&once);
	if (!CPU_COUNT(&allowed) && sched_getaffinity(getpid(), sizeof(allowed), &allowed))
		err(1, "affinity");
	pthread_mutex_unlock(&once);
	for (nth %= CPU_COUNT(&allowed); (int)nth >= 0; nth--) {
		do {
			cpu++;
		} while (!CPU_ISSET(cpu, &allowed));
	}
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		err(1, "pin to CPU %d", cpu);
}

static void share_a_cpu(int who)
{
	pin(0);
	burn(BURST_NS);
}

static void wander(int who)
{
	for (unsigned i = 0; i < rounds / 4; i++) {
		pin(i);
		burn(100000);
	}
}

static void contend(int who)
{
	for (unsigned i = 0; i < rounds; i++) {
		pthread_mutex_lock(&contended);
		burn(2000);
		pthread_mutex_unlock(&contended);
	}
}

static void fault(int who)
{
	for (unsigned i = 0; i < rounds / 20; i++) {
		char *p = mmap(NULL, MAP_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED)
			err(1, "mmap");
		for (size_t at = 0; at < MAP_BYTES; at += PAGE_BYTES)
			p[at] = 1;
		munmap(p, MAP_BYTES);
	}
}

static void yield(int who)
{
	for (unsigned i = 0; i < rounds; i++)
		sched_yield();
}

/* ---- who does it ---- */

struct kind {
	const char *name;
	void (*work)(int who);
	int who;
};

static const struct kind kinds[] = {
	{ "hand-over", hand_over, 0 },
	{ "hand-back", hand_over, 1 },
	{ "pipe", pass_bytes, 0 },
	{ "pipe-back", pass_bytes, 1 },
	{ "naps", nap, 0 },
	{ "burn", share_a_cpu, 0 },
	{ "burn-too", share_a_cpu, 1 },
	{ "wander", wander, 0 },
	{ "contend", contend, 0 },
	{ "contend-too", contend, 1 },
	{ "fault", fault, 0 },
	{ "yield", yield, 0 },
};
static const struct kind later = { "later", nap, 0 };

#define NR_KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* Counts itself in @counter, then sleeps until @until. */
static void meet(unsigned *counter, const bool *until)
{
	pthread_mutex_lock(&lock);
	++*counter;
	pthread_cond_broadcast(&changed);
	while (!*until)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

static void await(const unsigned *counter, unsigned n)
{
	pthread_mutex_lock(&lock);
	while (*counter < n)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

static void tell(bool *flag)
{
	pthread_mutex_lock(&lock);
	*flag = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static void *run(void *arg)
{
	const struct kind *k = arg;

	prctl(PR_SET_NAME, k->name);
	if (k != &later)
		meet(&nr_ready, &go);
	k->work(k->who);
	meet(&nr_done, &leave);
	return NULL;
}

static void *end_at_once(void *arg)
{
	return arg;
}

static void start(pthread_t *id, void *(*what)(void *), const struct kind *k)
{
	if (pthread_create(id, NULL, what, (void *)k))
		errx(1, "cannot make a thread");
}

static void read_line(void)
{
	char c = 0;

	while (c != '\n' && read(STDIN_FILENO, &c, 1) == 1)
		;
}

int main(int argc, char **argv)
{
	pthread_t ids[NR_KINDS + 1], brief;

	if (argc > 1)
		rounds = strtoul(argv[1], NULL, 10);
	if (pipe(pipes[0]) || pipe(pipes[1]))
		err(1, "pipe");
	for (size_t i = 0; i < NR_KINDS; i++)
		start(&ids[i], run, &kinds[i]);
	await(&nr_ready, NR_KINDS);
	printf("ready %d\n", getpid());
	fflush(stdout);
	if (argc > 2) {
		read_line();
		prctl(PR_SET_NAME, argv[2]);
	}
	read_line();

	tell(&go);
	start(&ids[NR_KINDS], run, &later);
	for (int i = 0; i < 10; i++) {
		start(&brief, end_at_once, NULL);
		pthread_join(brief, NULL);
	}
	await(&nr_done, NR_KINDS + 1);
	puts("done");
	fflush(stdout);
	read_line();

	tell(&leave);
	for (size_t i = 0; i <= NR_KINDS; i++)
		pthread_join(ids[i], NULL);
	return 0;
}
