// SPDX-License-Identifier: BSD-2-Clause
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "antagonist.h"

#define SETTLE_NS 300000	/* who asked for it is off the CPU by then */

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

static bool poked(void)
{
	char byte;
	ssize_t n;

	do {
		n = read(poke_fd[0], &byte, 1);
	} while (n < 0 && errno == EINTR);
	return n == 1;
}

/* 0: this is the child. It goes when its parent goes. */
static pid_t child(const char *name)
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
	pid_t pid = child("hog");

	if (pid)
		return pid;
	pin(0, cpu);
	if (policy == HOG_NICE && setpriority(PRIO_PROCESS, 0, -20))
		die("setpriority");
	if (sched_setscheduler(0, policies[policy], &param))
		die("sched_setscheduler");
	while (poked()) {
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
	pid = child("server");
	if (!pid) {
		close(pair[0]);
		antagonist__serve(pair[1], delay_ns);
	}
	close(pair[1]);
	*fd = pair[0];
	return pid;
}

/* A thread that a signal wakes comes back to its fault: what it asks for in the meantime is the same. */
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
	pid = child("fault-server");
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
	while (poked()) {
		void *p;

		atomic_store(&world->running, 1);
		p = mmap(NULL, populate_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
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
	pid = child("populate");
	if (pid)
		return pid;
	populate(NULL);
	_exit(0);
}

/* ---- interrupts ---- */

#define LISTENERS 64
#define ROUND_NS 800000
#define MAX_BURST 300

static void write_file(const char *path, const char *what)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, what, strlen(what)) != (ssize_t)strlen(what))
		die(path);
	close(fd);
}

/* A network of its own, whose packets that come in over lo are handled on CPU @cpu. */
static void own_network(int cpu)
{
	char folder[] = "/tmp/faulty.XXXXXX", path[64], mask[32];
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int s;

	if (!mkdtemp(folder) || unshare(CLONE_NEWNET | CLONE_NEWNS) || mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("sysfs", folder, "sysfs", 0, NULL))
		die("a network of its own");
	snprintf(path, sizeof(path), "%s/class/net/lo/queues/rx-0/rps_cpus", folder);
	snprintf(mask, sizeof(mask), "%x", 1u << cpu);
	write_file(path, mask);
	umount2(folder, MNT_DETACH);
	rmdir(folder);
	s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s < 0 || ioctl(s, SIOCSIFFLAGS, &lo))
		die("lo");
	close(s);
}

/* Each packet goes to all of these, which is where its cost lies: on the receiving CPU. */
static int listeners(const struct sockaddr_in *to)
{
	struct ip_mreqn group = { .imr_multiaddr = to->sin_addr, .imr_address.s_addr = htonl(INADDR_LOOPBACK) };
	int one = 1, least = 1, s;

	for (int i = 0; i < LISTENERS; i++) {
		s = socket(AF_INET, SOCK_DGRAM, 0);
		if (s < 0 || setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
		    setsockopt(s, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least)) ||
		    bind(s, (const void *)to, sizeof(*to)) ||
		    setsockopt(s, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group)))
			die("listening");
	}
	s = socket(AF_INET, SOCK_DGRAM, 0);
	if (s < 0 || setsockopt(s, IPPROTO_IP, IP_MULTICAST_IF, &group, sizeof(group)))
		die("socket");
	return s;
}

/* About 80 % of the CPU since it was last looked at, in pieces that are too short for the kernel to leave them to a thread */
static int adapt(int burst)
{
	static int64_t load_before, of_before;
	int64_t of = atomic_load(&world->load_of_ns) - of_before, load = atomic_load(&world->load_ns) - load_before;

	if (of >= 0 && of < ROUND_NS)
		return burst;
	of_before = atomic_load(&world->load_of_ns);
	load_before = atomic_load(&world->load_ns);
	if (of < 0) /* another round */
		return burst;
	if (load * 100 > of * 85)
		burst = burst * 7 / 8;
	else if (load * 100 < of * 75)
		burst = burst * 9 / 8 + 1;
	return burst > MAX_BURST ? MAX_BURST : burst < 1 ? 1 : burst;
}

pid_t antagonist__flood(int from_cpu, int to_cpu)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(4711), .sin_addr.s_addr = htonl(0xefff0001) };
	char packet[64] = { 0 };
	int s, burst = 10;
	pid_t pid = child("flood");

	if (pid)
		return pid;
	pin(0, from_cpu);
	own_network(to_cpu);
	s = listeners(&to);
	favour(0, from_cpu != to_cpu); /* however busy the machine, or there would be no flood */
	while (poked()) {
		while (!atomic_load(&world->enough)) {
			int64_t next = now_ns() + ROUND_NS;

			for (int i = 0; i < burst; i++)
				if (sendto(s, packet, sizeof(packet), 0, (void *)&to, sizeof(to)) < 0 && errno != ENOBUFS)
					die("sendto");
			atomic_store(&world->running, 1);
			if (next > now_ns())
				sleep_ns(next - now_ns());
			burst = adapt(burst);
		}
	}
	_exit(0);
}
