// SPDX-License-Identifier: BSD-2-Clause
/*
 * faulty KIND [--control] [--rounds N] [--log FILE] [--quota FOLDER]: stops weft's world again and again, each time
 * while one known thing delays that, and logs what it was and when. --control: the same load without the fault.
 *
 * Two goroutines, each on its own CPU: the straggler signals that the fault has begun, then the initiator stops the
 * world. Prints "ready PID" and begins when it gets a line. The log has a line of "key value" pairs for each round;
 * with a hog, also lines "hog START END" for when that had a CPU. --quota: a cgroup that these threads are in, with a
 * group "quota" below.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "event.h"
#include "faulty.h"
#include "runtime.h"

#define STALE_NS   200000
#define MAX_ROUNDS 1000

int straggler_cpu, initiator_cpu;
struct round now_round;
_Atomic uint64_t heart;
const char *quota_folder;

static const struct kind *kind;
static bool control;
static int n_rounds = 20;
static struct round rounds[MAX_ROUNDS];
static struct weft_chan *turn;
static _Atomic int ready, go, done;

int64_t run_delay_ns(pid_t tid)
{
	char path[64], text[96];
	unsigned long long ran, waited;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/schedstat", tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		die(path);
	close(fd);
	text[n] = '\0';
	return sscanf(text, "%llu %llu", &ran, &waited) == 2 ? (int64_t)waited : 0;
}

static pid_t gettid_now(void)
{
	return syscall(SYS_gettid);
}

static void straggler(void *arg)
{
	while (weft_recv(turn, NULL)) {
		weft_nopreempt_begin();
		now_round.straggler = gettid_now();
		pin(0, straggler_cpu);
		atomic_store(&ready, 1);
		while (!atomic_load(&go))
			;
		kind->inject(control);
		weft_nopreempt_end();
		atomic_store(&done, 1);
	}
}

/* Until the fault has begun, or does not come. Returns when the straggler's heart was last seen to beat. */
static int64_t wait_for_fault(void)
{
	int64_t end = now_ns() + (control ? 20 : 100) * MS, now = now_ns(), beat_ns = now;
	uint64_t seen = heart;

	while (now < end && !(kind->stale ? now - beat_ns > STALE_NS && seen : atomic_load(&world->in_it))) {
		if (heart != seen) {
			seen = heart;
			beat_ns = now_ns();
		}
		if (!kind->stale)
			sleep_ns(50000);
		now = now_ns();
	}
	return beat_ns;
}

enum { BEGIN, END };

/*
 * What the threads get for a round is taken from all of them after it: by then the goroutines may be on any of them.
 */
static void prepare_threads(int step)
{
	DIR *d = opendir("/proc/self/task");
	struct dirent *e;

	if (!d)
		die("/proc/self/task");
	while ((e = readdir(d))) {
		pid_t tid = atoi(e->d_name);

		if (tid <= 0 || tid == world->thread)
			continue;
		if (!(control ? kind->fair_control : kind->fair))
			favour(tid, step == BEGIN);
		if (step == END)
			pin(tid, -1);
		else if (kind->restarts && tid != now_round.initiator)
			pin(tid, straggler_cpu);
	}
	closedir(d);
}

static void play(void)
{
	struct round *r = &now_round;
	int64_t straggler_ns, initiator_ns, beat_ns;

	weft_nopreempt_begin();
	r->initiator = gettid_now();
	pin(0, initiator_cpu);
	prepare_threads(BEGIN);
	if (kind->before)
		kind->before(control);
	straggler_ns = run_delay_ns(r->straggler);
	initiator_ns = run_delay_ns(r->initiator);
	atomic_store(&go, 1);
	beat_ns = wait_for_fault();
	r->request_ns = now_ns();
	weft_stop_the_world(WEFT_STOP_TEST);
	r->stopped_ns = now_ns();
	if (kind->stopped)
		kind->stopped(control);
	r->restart_ns = now_ns();
	weft_start_the_world();
	r->started_ns = now_ns();
	if (kind->restarts)
		sleep_ns(30 * MS);
	atomic_store(&world->enough, 1);
	r->straggler_delay_ns = run_delay_ns(r->straggler) - straggler_ns;
	r->initiator_delay_ns = run_delay_ns(r->initiator) - initiator_ns;
	weft_nopreempt_end();
	while (!atomic_load(&done))
		weft_sleep(MS / 2);
	r->beat_ns = beat_ns;
	if (kind->after)
		kind->after(control);
	r->start_ns = world->start_ns;
	r->end_lo_ns = world->end_lo_ns;
	r->end_hi_ns = world->end_hi_ns;
	prepare_threads(END);
}

static int app(void *arg)
{
	turn = weft_chan_new(0, 0);
	if (!turn)
		die("no memory");
	weft_go(straggler, NULL);
	/* a tracer may have work to do at the first event of each kind */
	for (int i = 0; i < 3; i++) {
		weft_sleep(5 * MS);
		weft_stop_the_world(WEFT_STOP_TEST);
		weft_start_the_world();
	}
	for (int i = 0; i < n_rounds; i++) {
		memset(&now_round, 0, sizeof(now_round));
		ready = go = done = 0;
		heart = 0;
		world->in_it = world->running = world->enough = 0;
		world->start_ns = world->end_lo_ns = world->end_hi_ns = 0;
		weft_send(turn, NULL);
		while (!atomic_load(&ready))
			weft_sleep(MS / 2);
		play();
		rounds[i] = now_round;
		weft_sleep(5 * MS);
	}
	weft_close(turn);
	return 0;
}

static void write_log(const char *path)
{
	FILE *f = fopen(path, "w");

	if (!f)
		die(path);
	for (int i = 0; i < n_rounds; i++) {
		const struct round *r = &rounds[i];

#define X(field) fprintf(f, #field " %lld ", (long long)r->field)
		X(request_ns);
		X(stopped_ns);
		X(restart_ns);
		X(started_ns);
		X(start_ns);
		X(end_lo_ns);
		X(end_hi_ns);
		X(less_ns);
		X(straggler_delay_ns);
		X(initiator_delay_ns);
		X(straggler);
		X(initiator);
#undef X
		fprintf(f, "kind %s cause %s detail %s where %s\n", kind->name, kind->cause, kind->detail, kind->where);
	}
	for (int i = 0; i < world->n_stretches; i++)
		fprintf(f, "hog %lld %lld\n", (long long)world->stretches[i].start_ns,
			(long long)world->stretches[i].end_ns);
	if (fclose(f))
		die(path);
}

static void choose_cpus(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set))
		die("sched_getaffinity");
	initiator_cpu = straggler_cpu = -1;
	for (int i = 0; i < CPU_SETSIZE; i++) {
		if (!CPU_ISSET(i, &set))
			continue;
		straggler_cpu = i;
		if (initiator_cpu < 0)
			initiator_cpu = i;
	}
	if (initiator_cpu == straggler_cpu) {
		fprintf(stderr, "faulty: there is only one CPU\n");
		exit(3);
	}
}

static int usage(void)
{
	fprintf(stderr, "usage: faulty KIND [--control] [--rounds N] [--log FILE] [--quota FOLDER]\n"
			"KIND is one of:");
	for (kind = kinds; kind->name; kind++)
		fprintf(stderr, " %s", kind->name);
	fputc('\n', stderr);
	return 2;
}

int main(int argc, char **argv)
{
	const char *log = "/dev/stdout";
	int result;
	char line[16];

	for (kind = kinds; argc > 1 && kind->name && strcmp(kind->name, argv[1]); kind++)
		;
	for (int i = 2; i < argc; i++) {
		if (!strcmp(argv[i], "--control"))
			control = true;
		else if (!strcmp(argv[i], "--rounds") && i + 1 < argc)
			n_rounds = atoi(argv[++i]);
		else if (!strcmp(argv[i], "--log") && i + 1 < argc)
			log = argv[++i];
		else if (!strcmp(argv[i], "--quota") && i + 1 < argc)
			quota_folder = argv[++i];
		else
			return usage();
	}
	if (argc < 2 || !kind->name || n_rounds < 1 || n_rounds > MAX_ROUNDS)
		return usage();
	signal(SIGPIPE, SIG_IGN);
	choose_cpus();
	world__init();
	setenv("WEFT_PROCS", "2", 1);
	setenv("WEFT_GOGC", "off", 1);
	setenv("WEFT_ASYNCPREEMPT", kind->no_signals && !control ? "0" : "1", 1);
	if (kind->setup)
		kind->setup(control);
	printf("ready %d\n", getpid());
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		return 1;
	result = weft_main(app, NULL);
	write_log(log);
	return result;
}
