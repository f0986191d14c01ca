// SPDX-License-Identifier: BSD-2-Clause
/*
 * window PID [PORT PATH CONNECTIONS]: measures windows of process PID's work, as many as are asked for on standard
 *input:
 *
 *	RATE SECONDS RECORDER	requests a second, due at equal gaps (0: as many as it can answer); process RECORDER's
 *CPU time is measured too (0: none)
 *
 * Each is answered by one JSON line. Work is requests that this program sends, the same number in each window of a
 *rate; without a PORT it is the process's own voluntary context switches, and RATE means nothing.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "drive.h"

const char program_name[] = "window";

static const char *path;

static size_t request(char *buf, size_t size, uint64_t seed)
{
	return snprintf(buf, size, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
}

static bool right(void *arg, int status, uint64_t sum, uint64_t seed)
{
	return status == 200;
}

static int64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t))
		scenario__die("a process's CPU clock cannot be read: %s", strerror(errno));
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Of all threads, those that have ended too; 0: no process */
static int64_t cpu_ns(pid_t pid)
{
	clockid_t clock;

	if (!pid)
		return 0;
	if (clock_getcpuclockid(pid, &clock))
		scenario__die("process %d is gone", pid);
	return clock_ns(clock);
}

/* Of all CPUs, to a clock tick each */
static int64_t idle_ns(void)
{
	unsigned long long user, nice, system, idle = 0, waiting = 0;
	FILE *f = fopen("/proc/stat", "re");

	if (!f || fscanf(f, "cpu %llu %llu %llu %llu %llu", &user, &nice, &system, &idle, &waiting) != 5)
		scenario__die("/proc/stat cannot be read");
	fclose(f);
	return (int64_t)(idle + waiting) * (1000000000 / sysconf(_SC_CLK_TCK));
}

static int64_t switches_of(const char *task)
{
	char line[256];
	long long n = 0;
	FILE *f = fopen(task, "re");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "voluntary_ctxt_switches: %lld", &n) == 1)
			break;
	if (f)
		fclose(f);
	return n;
}

static int64_t switches(pid_t pid)
{
	char name[512];
	struct dirent *e;
	int64_t n = 0;
	DIR *d;

	snprintf(name, sizeof(name), "/proc/%d/task", pid);
	d = opendir(name);
	while (d && (e = readdir(d))) {
		snprintf(name, sizeof(name), "/proc/%d/task/%s/status", pid, e->d_name);
		n += e->d_name[0] == '.' ? 0 : switches_of(name);
	}
	if (d)
		closedir(d);
	return n;
}

/* Each fills in what it knows: all of struct drive_result or .answered alone */
static void send_requests(struct drive *d, double rate, double seconds, struct drive_result *r)
{
	struct drive_load load = { .rate = rate, .even = true, .duration_ns = seconds * 1e9 };

	if (!drive__run(d, &load, r))
		scenario__die("the server has ended all connections");
}

static void count_switches(pid_t pid, double seconds, struct drive_result *r)
{
	struct timespec t = { .tv_sec = seconds, .tv_nsec = (seconds - (long)seconds) * 1e9 };

	memset(r, 0, sizeof(*r));
	r->answered = -switches(pid);
	nanosleep(&t, NULL);
	r->answered += switches(pid);
}

static void window(struct drive *d, pid_t pid, double rate, double seconds, pid_t recorder)
{
	int64_t begin = scenario__now_ns(), idle = idle_ns(), of_recorder = cpu_ns(recorder), cpu = cpu_ns(pid);
	static struct drive_result r;

	if (d)
		send_requests(d, rate, seconds, &r);
	else
		count_switches(pid, seconds, &r);
	cpu = cpu_ns(pid) - cpu;
	printf("{\"work\":%" PRIu64 ",\"errors\":%" PRIu64 ",\"cpu_ns\":%" PRId64 ",\"recorder_ns\":%" PRId64
	       ",\"idle_ns\":%" PRId64 ",\"wall_ns\":%" PRId64 ",\"p99_ns\":%" PRId64 "}\n",
	       r.answered, r.errors, cpu, cpu_ns(recorder) - of_recorder, idle_ns() - idle, scenario__now_ns() - begin,
	       histogram__quantile(&r.latency, 0.99));
	if (fflush(stdout))
		exit(1);
}

/* It needs little time, but at the right moment: as load-bench. */
static void be_prompt(void)
{
	struct sched_param least = { .sched_priority = sched_get_priority_min(SCHED_FIFO) };

	if (sched_setscheduler(0, SCHED_FIFO, &least))
		setpriority(PRIO_PROCESS, 0, -20);
}

int main(int argc, char **argv)
{
	struct drive_http http = { request, right, NULL };
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct drive *d = NULL;
	double rate, seconds;
	int recorder;
	char line[128];

	if (argc != 2 && argc != 5) {
		fprintf(stderr, "usage: window PID [PORT PATH CONNECTIONS]\n");
		return 2;
	}
	be_prompt();
	if (argc == 5) {
		addr.sin_port = htons(atoi(argv[2]));
		path = argv[3];
		d = drive__connect(&addr, atoi(argv[4]), &http);
	}
	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "%lf %lf %d", &rate, &seconds, &recorder) != 3)
			scenario__die("RATE SECONDS RECORDER is wanted, not: %s", line);
		window(d, atoi(argv[1]), rate, seconds, recorder);
	}
	return 0;
}
