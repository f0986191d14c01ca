// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "antagonist.h"

#define SETTLE_NS 300000 /* the requester is off the CPU by then */

struct world *world;
static int poke_fd[2] = { -1, -1 };

int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

void die(const char *what)
{
	fprintf(stderr, "faulty: %s: %s\n", what, strerror(errno));
	exit(1);
}

void pin(pid_t tid, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	for (int i = 0; i < CPU_SETSIZE; i++)
		if (cpu < 0 || i == cpu)
			CPU_SET(i, &set);
	if (sched_setaffinity(tid, sizeof(set), &set) && errno != ESRCH)
		die("sched_setaffinity");
}

enum { FAVOURED = 1, HOG_ABOVE = 10 };

void favour(pid_t tid, bool yes)
{
	struct sched_param param = { .sched_priority = yes ? FAVOURED : 0 };

	if (sched_setscheduler(tid, yes ? SCHED_FIFO : SCHED_OTHER, &param) && errno != ESRCH)
		die("sched_setscheduler");
}

void sleep_ns(int64_t ns)
{
	struct timespec ts = { ns / 1000000000, ns % 1000000000 };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

void *map_pages(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		die("mmap");
	return p;
}

void world__init(void)
{
	world = mmap(NULL, sizeof(*world), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (world == MAP_FAILED)
		die("mmap");
	if (pipe(poke_fd))
		die("pipe");
}

void world__attach(int fd, int fd_to_read)
{
	world = mmap(NULL, sizeof(*world), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (world == MAP_FAILED)
		die("mmap");
	poke_fd[0] = fd_to_read;
}

void antagonist__poke(void)
{
	if (write(poke_fd[1], "", 1) != 1)
		die("write");
}

bool antagonist__poked(void)
{
	char byte;
	ssize_t n;

	do {
		n = read(poke_fd[0], &byte, 1);
	} while (n < 0 && errno == EINTR);
	return n == 1;
}

pid_t antagonist__child(const char *name)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		die("fork");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	prctl(PR_SET_NAME, name);
	return 0;
}

/* ---- the CPU ---- */

static void burn(int64_t ns)
{
	int64_t start = now_ns(), last = start, now;
	int n = atomic_load(&world->n_stretches);

	if (n == MAX_STRETCHES)
		return;
	world->stretches[n] = (struct stretch){ start, start };
	do {
		now = now_ns();
		if (now - last > STRETCH_GAP_NS && n + 1 < MAX_STRETCHES)
			world->stretches[++n].start_ns = now;
		world->stretches[n].end_ns = now;
		last = now;
		if (now - start > SETTLE_NS / 10)
			atomic_store(&world->running, 1);
	} while (now - start < ns && !atomic_load(&world->enough));
	atomic_store(&world->n_stretches, n + 1);
}

pid_t antagonist__hog(int cpu, enum hog_policy policy, int64_t run_ns, int64_t pause_ns)
{
	static const int policies[] = { [HOG_NICE] = SCHED_OTHER, [HOG_FIFO] = SCHED_FIFO, [HOG_IDLE] = SCHED_IDLE };
	struct sched_param param = { .sched_priority = policy == HOG_FIFO ? HOG_ABOVE : 0 };
	pid_t pid = antagonist__child("hog");

	if (pid)
		return pid;
	pin(0, cpu);
	if (policy == HOG_NICE && setpriority(PRIO_PROCESS, 0, -20))
		die("setpriority");
	if (sched_setscheduler(0, policies[policy], &param))
		die("sched_setscheduler");
	while (antagonist__poked()) {
		do {
			burn(run_ns);
			if (pause_ns && !atomic_load(&world->enough))
				sleep_ns(pause_ns);
		} while (pause_ns && !atomic_load(&world->enough));
	}
	_exit(0);
}

/* ---- something to wait for ---- */

void antagonist__serve(int fd, int64_t delay_ns)
{
	char byte;

	favour(0, true);
	while (read(fd, &byte, 1) == 1) {
		sleep_ns(SETTLE_NS);
		atomic_store(&world->start_ns, now_ns());
		atomic_store(&world->in_it, 1);
		sleep_ns(delay_ns);
		atomic_store(&world->end_lo_ns, now_ns());
		if (write(fd, "", 1) != 1)
			break;
		atomic_store(&world->end_hi_ns, now_ns());
	}
	_exit(0);
}

pid_t antagonist__server(int64_t delay_ns, int *fd)
{
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		die("socketpair");
	pid = antagonist__child("server");
	if (!pid) {
		close(pair[0]);
		antagonist__serve(pair[1], delay_ns);
	}
	close(pair[1]);
	*fd = pair[0];
	return pid;
}

/* A thread woken by a signal faults again: what it asks for meanwhile is the same. */
static void serve_fault(int fd, int64_t delay_ns)
{
	struct uffd_msg msg;
	struct uffdio_zeropage zero = { .range.len = sysconf(_SC_PAGESIZE) };

	if (read(fd, &msg, sizeof(msg)) != sizeof(msg) || msg.event != UFFD_EVENT_PAGEFAULT)
		return;
	zero.range.start = msg.arg.pagefault.address & ~(zero.range.len - 1);
	if (atomic_exchange(&world->armed, 0)) {
		atomic_store(&world->start_ns, now_ns());
		atomic_store(&world->in_it, 1);
		sleep_ns(delay_ns);
		atomic_store(&world->end_lo_ns, now_ns());
	}
	if (ioctl(fd, UFFDIO_ZEROPAGE, &zero) && errno == EEXIST)
		ioctl(fd, UFFDIO_WAKE, &zero.range);
	atomic_store(&world->end_hi_ns, now_ns());
}

void antagonist__serve_faults(int uffd, int64_t delay_ns)
{
	favour(0, true);
	for (;;)
		serve_fault(uffd, delay_ns);
}

pid_t antagonist__fault_server(int64_t delay_ns, void *pages, size_t bytes)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .range = { (uintptr_t)pages, bytes }, .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	pid_t pid;

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &reg))
		die("userfaultfd");
	pid = antagonist__child("fault-server");
	if (!pid)
		antagonist__serve_faults(fd, delay_ns);
	return pid;
}

/* ---- the lock of the memory map ---- */

static size_t populate_bytes;
static int populate_cpu;

static void *populate(void *arg)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_NAME, "populate");
	pin(0, populate_cpu);
	atomic_store(&world->thread, syscall(SYS_gettid));
	while (antagonist__poked()) {
		void *p;

		atomic_store(&world->running, 1);
		p = mmap(NULL, populate_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1,
			 0);
		atomic_store(&world->end_hi_ns, now_ns());
		if (p == MAP_FAILED)
			die("mmap");
		munmap(p, populate_bytes);
		atomic_store(&world->running, 0);
	}
	return NULL;
}

pid_t antagonist__populate(int cpu, size_t bytes, bool own_memory)
{
	pthread_t thread;
	pid_t pid;

	populate_bytes = bytes;
	populate_cpu = cpu;
	if (!own_memory) {
		if (pthread_create(&thread, NULL, populate, NULL))
			die("pthread_create");
		return getpid();
	}
	pid = antagonist__child("populate");
	if (pid)
		return pid;
	populate(NULL);
	_exit(0);
}
