// SPDX-License-Identifier: BSD-2-Clause
/*
 * pingpong: two threads exchange a token for a given number of round trips, so
 * that the true number of context switches is known. A round trip is two
 * handovers, ping to pong and back. If both threads are pinned to one CPU
 * (--cpus 1) a handover takes one switch, so the two threads' counts together
 * are 2 * N, and more only if another task took the CPU:
 *
 *   futex, pipe   Voluntary: N in ping and N in pong, since each sleeps once a
 *                 round trip. Now and then the timer's tick takes the CPU from a
 *                 thread that has handed over and does not sleep yet. That is an
 *                 involuntary switch in place of a voluntary one, for the answer
 *                 is there when it runs again. SCHED_BATCH keeps this rare, as
 *                 such a thread does not preempt the one that wakes it (others
 *                 do: in two of five handovers, measured on Linux 6.18).
 *   yield         Involuntary: a thread in sched_yield() remains runnable.
 *
 * On two CPUs, or not pinned, the token may come before its receiver sleeps.
 * (No SCHED_BATCH there: the receiver would wait for a busy CPU's next tick.)
 *
 * The result is one JSON line on standard output; each thread's counts are the
 * differences over the work that it read in its own /proc/thread-self/status.
 *
 * --wait: "ready PID" comes on standard output when both threads are there and
 * asleep; they start when a line (or the end) comes on standard input. They are
 * alive and asleep again when the JSON line comes, and end at a second line. So
 * a measurement sees them quiet at both ends.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { PING, PONG };
static const char *const player_names[] = { "ping", "pong" };

struct counts {
	uint64_t voluntary, involuntary;
	bool asleep;
};

struct player {
	int me;	       /* PING or PONG */
	int cpu;       /* pinned to it; -1: not pinned */
	bool shared;   /* the other thread is on that CPU too */
	int status_fd; /* its /proc/thread-self/status */
	pid_t tid;
	pthread_t thread;
	struct counts before, after;
	uint64_t start_ns, end_ns;
};

struct way {
	void (*give)(int to);
	void (*take)(int me);
};

/* Where the threads and main wait for each other: each step is a futex word. */
enum { UP, GO, PONG_IS_THERE, DONE, LEAVE, NR_STEPS };
static uint32_t steps[NR_STEPS];

static uint32_t turn = UINT32_MAX; /* futex, yield: the token's holder */
static int pipes[2][2];		   /* one in each direction */
static uint64_t round_trips = 100000;

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

/* ---- the ways to hand over ---- */

static void futex__wake(uint32_t *word)
{
	if (syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0) < 0)
		err(1, "futex wake");
}

static void futex__wait(uint32_t *word, uint32_t while_it_is)
{
	if (syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, while_it_is, NULL, NULL, 0) < 0 && errno != EAGAIN &&
	    errno != EINTR)
		err(1, "futex wait");
}

static void futex__give(int to)
{
	__atomic_store_n(&turn, to, __ATOMIC_RELEASE);
	futex__wake(&turn);
}

static void futex__take(int me)
{
	uint32_t whose;

	while ((whose = __atomic_load_n(&turn, __ATOMIC_ACQUIRE)) != (uint32_t)me)
		futex__wait(&turn, whose);
}

static void pipe__give(int to)
{
	if (write(pipes[to][1], "", 1) != 1)
		err(1, "write to a pipe");
}

static void pipe__take(int me)
{
	char token;

	if (read(pipes[me][0], &token, 1) != 1)
		err(1, "read from a pipe");
}

static void yield__give(int to)
{
	__atomic_store_n(&turn, to, __ATOMIC_RELEASE);
}

static void yield__take(int me)
{
	while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != (uint32_t)me)
		sched_yield();
}

static const struct way ways[] = {
	{ futex__give, futex__take },
	{ pipe__give, pipe__take },
	{ yield__give, yield__take },
};
static const char *const way_names[] = { "futex", "pipe", "yield" };
static const struct way *way = &ways[0];

/* ---- steps ---- */

static void step__reach(int step)
{
	__atomic_add_fetch(&steps[step], 1, __ATOMIC_ACQ_REL);
	futex__wake(&steps[step]);
}

static void step__await(int step, uint32_t how_many)
{
	uint32_t n;

	while ((n = __atomic_load_n(&steps[step], __ATOMIC_ACQUIRE)) < how_many)
		futex__wait(&steps[step], n);
}

/* ---- the threads ---- */

static uint64_t status__field(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	if (!at)
		errx(1, "/proc/thread-self/status has no line \"%s\"", key + 1);
	return strtoull(at + strlen(key), NULL, 10);
}

static struct counts status__read(int fd)
{
	static _Thread_local char text[64 << 10]; /* the lists of CPUs and nodes in it grow with the machine */
	struct counts c;
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	if (n < 0)
		err(1, "read /proc/thread-self/status");
	text[n] = '\0';
	c.voluntary = status__field(text, "\nvoluntary_ctxt_switches:");
	c.involuntary = status__field(text, "\nnonvoluntary_ctxt_switches:");
	c.asleep = strstr(text, "\nState:\tS") != NULL;
	return c;
}

static void player__set_up(struct player *p)
{
	cpu_set_t set;

	p->tid = gettid();
	prctl(PR_SET_NAME, player_names[p->me]);
	if (p->cpu >= 0) {
		CPU_ZERO(&set);
		CPU_SET(p->cpu, &set);
		if (sched_setaffinity(0, sizeof(set), &set))
			err(1, "pin a thread to CPU %d", p->cpu);
	}
	if (p->shared && sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){ 0 }))
		err(1, "set SCHED_BATCH");
	p->status_fd = open("/proc/thread-self/status", O_RDONLY | O_CLOEXEC);
	if (p->status_fd < 0)
		err(1, "open /proc/thread-self/status");
	(void)status__read(p->status_fd); /* take its page faults now, not in the count */
}

static void *player__main(void *arg)
{
	struct player *p = arg;

	player__set_up(p);
	step__reach(UP);
	step__await(GO, 1);
	/* if the token came before pong waits for it, one switch would be missing */
	if (p->me == PING)
		step__await(PONG_IS_THERE, 1);
	p->before = status__read(p->status_fd);
	if (p->me == PONG)
		step__reach(PONG_IS_THERE);
	p->start_ns = now_ns();
	for (uint64_t i = 0; i < 2 * round_trips; i++) {
		if (i % 2 == (uint64_t)p->me) /* ping gives first */
			way->give(!p->me);
		else
			way->take(p->me);
	}
	p->end_ns = now_ns();
	p->after = status__read(p->status_fd);
	step__reach(DONE);
	step__await(LEAVE, 1);
	return NULL;
}

/* Wait until both threads are really asleep: asleep at two checks, with no switch in between. */
static void settle(const struct player players[2])
{
	struct counts a, b;

	for (int i = PING; i <= PONG; i++) {
		do {
			a = status__read(players[i].status_fd);
			usleep(2000);
			b = status__read(players[i].status_fd);
		} while (!a.asleep || !b.asleep || a.voluntary != b.voluntary || a.involuntary != b.involuntary);
	}
}

/* ---- main ---- */

static const char *const cpus_names[] = { "none", "1", "2" }; /* indexed by number */

/* The @nth CPU, from 0, numbered @base or more that this process may run on. */
static int cpu__nth(int nth, int base)
{
	int skip = nth;
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set))
		err(1, "ask which CPUs may be used");
	for (int cpu = base; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &set) && skip-- == 0)
			return cpu;
	}
	errx(1, "needs %d CPU%s from number %d on, but may not use so many here", nth + 1, nth ? "s" : "", base);
}

/* A line, the end of the input, or no input at all: each means go on. */
static void await_line(void)
{
	char c = 0;

	while (c != '\n' && read(STDIN_FILENO, &c, 1) == 1)
		;
}

static void print_result(const struct player players[2], int nr_cpus)
{
	uint64_t elapsed_ns = players[PING].end_ns - players[PING].start_ns;

	printf("{\"workload\":\"pingpong\",\"by\":\"%s\",\"cpus\":\"%s\",\"round_trips\":%" PRIu64
	       ",\"elapsed_ns\":%" PRIu64 ",\"ns_per_round_trip\":%.1f,\"threads\":[",
	       way_names[way - ways], cpus_names[nr_cpus], round_trips, elapsed_ns, (double)elapsed_ns / round_trips);
	for (int i = PING; i <= PONG; i++) {
		const struct player *p = &players[i];

		printf("%s{\"name\":\"%s\",\"tid\":%d,\"cpu\":", i ? "," : "", player_names[i], p->tid);
		printf(p->cpu < 0 ? "null" : "%d", p->cpu);
		printf(",\"voluntary\":%" PRIu64 ",\"involuntary\":%" PRIu64 "}",
		       p->after.voluntary - p->before.voluntary, p->after.involuntary - p->before.involuntary);
	}
	puts("]}");
	if (fflush(stdout) || ferror(stdout))
		err(1, "write to standard output");
}

static void play(int nr_cpus, int cpu_base, bool wait)
{
	struct player players[2];

	for (int i = PING; i <= PONG; i++) {
		struct player *p = &players[i];
		*p = (struct player){ .me = i, .cpu = -1, .shared = nr_cpus == 1 };
		if (nr_cpus)
			p->cpu = cpu__nth(nr_cpus == 2 ? i : 0, cpu_base);
		if (pipe2(pipes[i], O_CLOEXEC))
			err(1, "make a pipe");
		errno = pthread_create(&p->thread, NULL, player__main, p);
		if (errno)
			err(1, "start a thread");
	}
	step__await(UP, 2);
	if (wait) {
		settle(players);
		printf("ready %d\n", getpid());
		fflush(stdout);
		await_line();
	}
	step__reach(GO);
	step__await(DONE, 2);
	if (wait)
		settle(players);
	print_result(players, nr_cpus);
	if (wait)
		await_line();
	step__reach(LEAVE);
	for (int i = PING; i <= PONG; i++)
		pthread_join(players[i].thread, NULL);
}

static uint64_t parse_number(const char *option, const char *s, uint64_t min, uint64_t max)
{
	char *end;
	uint64_t n;

	errno = 0;
	n = strtoull(s, &end, 10);
	if (*s < '0' || *s > '9' || *end || errno || n < min || n > max)
		errx(2, "--%s takes a number from %" PRIu64 " to %" PRIu64 ", not \"%s\"", option, min, max, s);
	return n;
}

/* The index of @value among the @n @names that --@option takes. */
static int parse_choice(const char *option, const char *value, const char *const *names, int n)
{
	for (int i = 0; i < n; i++) {
		if (!strcmp(value, names[i]))
			return i;
	}
	errx(2, "--%s takes %s, %s or %s, not \"%s\"", option, names[0], names[1], names[2], value);
}

static const char usage[] =
	"usage: pingpong [OPTION...]\n"
	"Two threads hand a token over; prints what it took as one line of JSON.\n\n"
	"  --by futex|pipe|yield  how (futex)\n"
	"  --round-trips N        how often (100000); each is two handovers\n"
	"  --cpus 1|2|none        both threads on one CPU, one on each of two, or not pinned (1)\n"
	"  --cpu-base N           take the first CPUs from number N on (0)\n"
	"  --wait                 say \"ready PID\" and wait for a line before starting, and again before ending\n";

int main(int argc, char **argv)
{
	enum { BY, ROUND_TRIPS, CPUS, CPU_BASE, WAIT, HELP };
	static const struct option options[] = {
		{ "by", 1, NULL, BY },	   { "round-trips", 1, NULL, ROUND_TRIPS },
		{ "cpus", 1, NULL, CPUS }, { "cpu-base", 1, NULL, CPU_BASE },
		{ "wait", 0, NULL, WAIT }, { "help", 0, NULL, HELP },
		{ NULL, 0, NULL, 0 },
	};
	int opt, cpu_base = 0, nr_cpus = 1;
	bool wait = false;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == BY)
			way = &ways[parse_choice("by", optarg, way_names, 3)];
		else if (opt == ROUND_TRIPS)
			round_trips = parse_number("round-trips", optarg, 1, UINT32_MAX);
		else if (opt == CPUS)
			nr_cpus = parse_choice("cpus", optarg, cpus_names, 3);
		else if (opt == CPU_BASE)
			cpu_base = parse_number("cpu-base", optarg, 0, CPU_SETSIZE - 1);
		else if (opt == WAIT)
			wait = true;
		else if (opt == HELP)
			return fputs(usage, stdout) < 0;
		else
			return 2; /* getopt_long() has said what is wrong */
	}
	if (optind < argc)
		errx(2, "takes no argument \"%s\"; see --help", argv[optind]);
	/* a pipe would take over the number of a closed standard descriptor */
	if (fcntl(STDIN_FILENO, F_GETFD) < 0 || fcntl(STDOUT_FILENO, F_GETFD) < 0)
		err(1, "standard input or output");
	play(nr_cpus, cpu_base, wait);
	return 0;
}
