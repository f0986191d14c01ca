// SPDX-License-Identifier: BSD-2-Clause
/* Perf events: counters, samples, and the kernel functions that they can stop at. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "feature_probes.h"
#include "util.h"

#define SAMPLE_NS	100000
#define SPIN_NS		50000000ull	/* of CPU time, so that a busy machine changes nothing */

int perf_event__open(struct perf_event_attr *attr)
{
	int fd;

	attr->size = sizeof(*attr);
	fd = syscall(SYS_perf_event_open, attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static uint64_t thread_cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

int perf_event__attach(int fd, const struct counter *c)
{
	return ioctl(fd, PERF_EVENT_IOC_SET_BPF, c->prog) || ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) ? -errno : 0;
}

void probe_cpu_clock(const char *arg, struct feature_result *result)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_CPU_CLOCK,
					.sample_period = SAMPLE_NS, .disabled = 1 };
	uint64_t until = thread_cpu_ns() + SPIN_NS;
	struct counter c;
	__u64 hits = 0;
	int fd, err;

	fd = perf_event__open(&attr);
	if (fd < 0)
		return result__failed(result, "perf_event_open", -fd);
	err = counter__open(&c, BPF_PROG_TYPE_PERF_EVENT, 0, 0);
	if (err) {
		result__failed(result, "loading a program for samples", -err);
		goto cleanup;
	}
	err = perf_event__attach(fd, &c);
	while (!err && !hits && thread_cpu_ns() < until)
		err = counter__hits(&c, &hits);
	counter__close(&c);
	if (err)
		result__failed(result, "attaching a program to samples", -err);
	else if (!hits)
		result__set(result, FEATURE_MISSING, "opened, but no sample came in 50 ms of CPU time");
	else
		result__set(result, FEATURE_WORKS, "%s", "");
cleanup:
	close(fd);
}

/* An event that counts on this thread while it does what @work does. */
static void probe_count(struct perf_event_attr *attr, void (*work)(void), struct feature_result *result)
{
	__u64 count = 0;
	int fd;

	fd = perf_event__open(attr);
	if (fd < 0 && (fd == -ENOENT || fd == -EOPNOTSUPP))
		return result__set(result, FEATURE_MISSING, "this machine has no such counter (%s)", strerror(-fd));
	if (fd < 0)
		return result__failed(result, "perf_event_open", -fd);
	work();
	if (read(fd, &count, sizeof(count)) != sizeof(count))
		result__failed(result, "reading the counter", errno);
	else if (!count)
		result__set(result, FEATURE_MISSING, "the counter stays at 0");
	else
		result__set(result, FEATURE_WORKS, "%s", "");
	close(fd);
}

/* What the setting is about is opening an event that sees the kernel, so that is what is tried. */
void probe_perf_paranoid(const char *arg, struct feature_result *result)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_CPU_CLOCK, .disabled = 1 };
	int fd = perf_event__open(&attr);

	result__setting(result, "perf_event_paranoid", fd);
	if (fd >= 0)
		close(fd);
}

static void spin_shortly(void)
{
	uint64_t until = thread_cpu_ns() + SAMPLE_NS;

	while (thread_cpu_ns() < until)
		;
}

void probe_context_switches(const char *arg, struct feature_result *result)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_CONTEXT_SWITCHES };

	probe_count(&attr, sleep_shortly, result);
}

void probe_cycles(const char *arg, struct feature_result *result)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_HARDWARE, .config = PERF_COUNT_HW_CPU_CYCLES };

	probe_count(&attr, spin_shortly, result);
}

int pmu__type(const char *name)
{
	char path[128], line[32];
	int n;

	snprintf(path, sizeof(path), "/sys/bus/event_source/devices/%s/type", name);
	n = read_first_line(path, line, sizeof(line));
	return n < 0 ? n : atoi(line);
}

void probe_kprobe(const char *arg, struct feature_result *result)
{
	struct perf_event_attr attr = { .config1 = (uintptr_t)arg, .disabled = 1 };
	int type = pmu__type("kprobe"), fd, err;
	struct counter c;
	__u64 hits = 0;

	if (type == -ENOENT)
		return result__set(result, FEATURE_MISSING, "this kernel has no kprobe events (CONFIG_KPROBE_EVENTS)");
	if (type < 0)
		return result__failed(result, "reading the type of the kprobe events", -type);
	attr.type = type;
	fd = perf_event__open(&attr);
	if (fd < 0)
		return result__failed(result, "perf_event_open", -fd);
	err = counter__open(&c, BPF_PROG_TYPE_KPROBE, 0, 0);
	if (err) {
		result__failed(result, "loading a program for kprobes", -err);
		goto cleanup;
	}
	err = perf_event__attach(fd, &c);
	if (!err)
		sleep_shortly();
	err = err ?: counter__hits(&c, &hits);
	counter__close(&c);
	if (err)
		result__failed(result, "attaching a kprobe", -err);
	else if (!hits)
		result__set(result, FEATURE_MISSING, "attached, but it never ran");
	else
		result__set(result, FEATURE_WORKS, "%s", "");
cleanup:
	close(fd);
}
