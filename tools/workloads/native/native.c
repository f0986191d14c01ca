// SPDX-License-Identifier: BSD-2-Clause
/*
 * native-bench NAME [options]: the scenarios of weft-bench on pthreads, malloc and free.
 */
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>

#include "native.h"

const char program_name[] = "native-bench", runtime_name[] = "native";
const bool program_native = true;
const char program_letters[] = "", program_letters_help[] = "";

void program__letter(int letter)
{
}

/* As many threads run at once as there are CPUs that they may use */
int program__procs(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) ? 1 : CPU_COUNT(&set);
}

static void use_cpus(int most)
{
	cpu_set_t set;
	int n = 0;

	if (sched_getaffinity(0, sizeof(set), &set))
		scenario__die("sched_getaffinity: %s", strerror(errno));
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &set) && n++ >= most)
			CPU_CLR(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		scenario__die("sched_setaffinity: %s", strerror(errno));
}

void native__run_on_cpu_of(int64_t task)
{
	int turn = task % program__procs();
	cpu_set_t set, mine;

	CPU_ZERO(&mine);
	if (sched_getaffinity(0, sizeof(set), &set))
		scenario__die("sched_getaffinity: %s", strerror(errno));
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &set) && !turn--)
			CPU_SET(cpu, &mine);
	if (sched_setaffinity(0, sizeof(mine), &mine))
		scenario__die("sched_setaffinity: %s", strerror(errno));
}

void native__run_on_one_cpu(void)
{
	use_cpus(1);
}

void program__memory(struct memory_figures *figures)
{
	struct mallinfo2 m = mallinfo2();

	figures->heap_bytes = m.uordblks + m.hblkhd;
	figures->mapped_bytes = m.arena + m.hblkhd;
	figures->collections = 0;
}

void *native__alloc(size_t bytes)
{
	void *p = malloc(bytes);

	if (!p)
		scenario__die("no memory for %zu bytes", bytes);
	return p;
}

void *native__alloc_zeroed(size_t n, size_t bytes)
{
	void *p = calloc(n, bytes);

	if (!p)
		scenario__die("no memory for %zu times %zu bytes", n, bytes);
	return p;
}

size_t native__stack_bytes(const struct options *options)
{
	return options->mode ? PTHREAD_STACK_MIN : 64 * 1024;
}

int native__try_thread(pthread_t *thread, void *(*fn)(void *arg), void *arg, size_t stack_bytes)
{
	pthread_attr_t attr;
	int err = pthread_attr_init(&attr);

	if (err)
		return err;
	if (stack_bytes)
		err = pthread_attr_setstacksize(&attr, stack_bytes);
	if (!err)
		err = pthread_create(thread, &attr, fn, arg);
	pthread_attr_destroy(&attr);
	return err;
}

pthread_t native__thread(void *(*fn)(void *arg), void *arg, size_t stack_bytes)
{
	static int64_t started;
	pthread_t thread;
	int err = native__try_thread(&thread, fn, arg, stack_bytes);

	if (err)
		scenario__die("thread %lld cannot start: %s (limits: ulimit -u, pids.max of the cgroup, "
			      "kernel.threads-max, vm.max_map_count)",
			      (long long)started + 1, strerror(err));
	started++;
	return thread;
}

void native__join(pthread_t thread)
{
	int err = pthread_join(thread, NULL);

	if (err)
		scenario__die("waiting for a thread: %s", strerror(err));
}

struct task {
	void (*fn)(void *arg, int64_t index);
	void *arg;
	int64_t index;
};

static void *task__run(void *arg)
{
	struct task *t = arg;

	t->fn(t->arg, t->index);
	return NULL;
}

void program__parallel(int64_t n, void (*fn)(void *arg, int64_t index), void *arg)
{
	pthread_t *threads = native__alloc_zeroed(n, sizeof(*threads));
	struct task *tasks = native__alloc_zeroed(n, sizeof(*tasks));

	for (int64_t i = 0; i < n; i++) {
		tasks[i] = (struct task){ fn, arg, i };
		threads[i] = native__thread(task__run, &tasks[i], 0);
	}
	for (int64_t i = 0; i < n; i++)
		native__join(threads[i]);
	free(tasks);
	free(threads);
}

void native__switches(int64_t *voluntary, int64_t *involuntary)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage))
		scenario__die("getrusage: %s", strerror(errno));
	*voluntary = usage.ru_nvcsw;
	*involuntary = usage.ru_nivcsw;
}

void native__sleep(int64_t ns)
{
	struct timespec ts = { ns / 1000000000, ns % 1000000000 };

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, &ts) == EINTR)
		;
}

int main(int argc, char **argv)
{
	struct options options;
	enum scenario_id id = scenario__parse(argc, argv, &options);

	if (options.procs)
		use_cpus(options.procs);
	return scenario_run[id](&options);
}
