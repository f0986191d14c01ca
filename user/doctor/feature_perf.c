// SPDX-License-Identifier: BSD-2-Clause
/* Perf events: samples, page faults, and what uprobes are attached by. */
#include <bpf/bpf.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "feature_trials.h"
#include "util.h"

#define SAMPLE_NS 100000
#define SPIN_NS	  50000000ull /* of CPU time, so that a busy machine changes nothing */

int perf_event__open(struct perf_event_attr *attr)
{
	int fd;

	attr->size = sizeof(*attr);
	fd = syscall(SYS_perf_event_open, attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int perf_event__attach(int fd, const struct counter *c)
{
	return ioctl(fd, PERF_EVENT_IOC_SET_BPF, c->prog) || ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) ? -errno : 0;
}

/* On everything that runs on @cpu, as in a recording: this takes more than an event of this thread. */
static int open_on_cpu(struct perf_event_attr *attr, int cpu)
{
	int fd;

	attr->type = PERF_TYPE_SOFTWARE;
	attr->size = sizeof(*attr);
	attr->disabled = 1;
	fd = syscall(SYS_perf_event_open, attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int count_one(int fd, const struct counter *c, void (*cause)(void), __u64 *hits)
{
	uint64_t until = thread_cpu_ns() + SPIN_NS;
	int err = perf_event__attach(fd, c);

	while (!err && !*hits && thread_cpu_ns() < until) {
		cause();
		err = counter__hits(c, hits);
	}
	return err;
}

/* Does a program run at the event that @cause triggers, on the CPU that this thread is pinned to meanwhile? */
static void try_event(struct perf_event_attr *attr, void (*cause)(void), struct feature_result *result)
{
	int cpu = sched_getcpu(), fd = open_on_cpu(attr, cpu), err;
	cpu_set_t before, here;
	struct counter c;
	__u64 hits = 0;

	if (fd < 0)
		return result__failed(result, "perf_event_open", -fd);
	err = counter__open(&c, BPF_PROG_TYPE_PERF_EVENT, 0, 0);
	if (err) {
		result__failed(result, "loading a program for perf events", -err);
		close(fd);
		return;
	}
	CPU_ZERO(&here);
	CPU_SET(cpu, &here);
	sched_getaffinity(0, sizeof(before), &before);
	sched_setaffinity(0, sizeof(here), &here);
	err = count_one(fd, &c, cause, &hits);
	sched_setaffinity(0, sizeof(before), &before);
	counter__close(&c);
	close(fd);
	if (err)
		result__failed(result, "attaching a program to a perf event", -err);
	else if (!hits)
		result__set(result, FEATURE_MISSING, "opened, but it never came in 50 ms of CPU time");
	else
		result__set(result, FEATURE_WORKS, "%s", "");
}

static void spend_time(void)
{
}

void try_cpu_clock(const char *arg, struct feature_result *result)
{
	struct perf_event_attr attr = { .config = PERF_COUNT_SW_CPU_CLOCK, .sample_period = SAMPLE_NS };

	try_event(&attr, spend_time, result);
}

static void fault(void)
{
	volatile char *page = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return;
	*page = 1;
	munmap((void *)page, 1);
}

void try_page_faults(const char *arg, struct feature_result *result)
{
	struct perf_event_attr attr = { .config = PERF_COUNT_SW_PAGE_FAULTS_MIN,
					.sample_period = 1,
					.exclude_kernel = 1 };

	try_event(&attr, fault, result);
}

/* The setting governs opening events of a whole CPU, so that is what is tried. */
void try_perf_paranoid(const char *arg, struct feature_result *result)
{
	struct perf_event_attr attr = { .config = PERF_COUNT_SW_CPU_CLOCK };
	int fd = open_on_cpu(&attr, sched_getcpu());

	result__setting(result, "perf_event_paranoid", fd);
	if (fd >= 0)
		close(fd);
}

int pmu__type(const char *name)
{
	char path[128], line[32];
	int n;

	snprintf(path, sizeof(path), "/sys/bus/event_source/devices/%s/type", name);
	n = read_first_line(path, line, sizeof(line));
	return n < 0 ? n : atoi(line);
}
