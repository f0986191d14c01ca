// SPDX-License-Identifier: BSD-2-Clause
/*
 * Interrupts: packets over lo, sent on one CPU and handled on another, on top of whatever runs there. How fast they
 * are handled depends on the machine and its load. So nothing is sent before the last burst has been handled, and most
 * of each round trip is handling: no CPU gets more than it can bear, which the kernel would leave to a thread
 * (ksoftirqd), behind the one that the packets are to delay.
 *
 * If they are sent slowly, each is an interrupt of its own. Getting to the handler and back takes 10 us in a virtual
 * machine, which no probe sees; so the handling of a packet has to take much longer.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "faulty.h"

#define LISTENERS 900 /* 1024 files may be open */
#define PORT	  4711
#define BURST_NS  300000 /* the kernel goes on for 2 ms (MAX_SOFTIRQ_TIME, kernel/softirq.c of Linux 6.18) */
#define LOST_NS	  20000000
#define MAX_BURST 300 /* 1000 are kept (net.core.netdev_max_backlog) */
#define REST	  8   /* idle for 1/REST of a burst's time */
#define STOOD_NS  1000
#define PACKET_NS 20000 /* no packet is handled in less */

struct flood {
	int group, receipt; /* where bursts are sent from; what signals that one has been handled */
	struct sockaddr_in to, back;
};

static void write_file(const char *path, const char *what)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, what, strlen(what)) != (ssize_t)strlen(what))
		die(path);
	close(fd);
}

/* A network namespace in which packets that arrive over lo are handled on CPU @cpu. */
static void own_network(int cpu)
{
	char folder[] = "/tmp/faulty.XXXXXX", path[64], mask[32];
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int s;

	if (!mkdtemp(folder) || unshare(CLONE_NEWNET | CLONE_NEWNS) ||
	    mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) || mount("sysfs", folder, "sysfs", 0, NULL))
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

static void flood__init(struct flood *f)
{
	struct in_addr group = { htonl(0xefff0001) }, self = { htonl(INADDR_LOOPBACK) };
	struct ip_mreqn member = { .imr_multiaddr = group, .imr_address = self };
	socklen_t len = sizeof(f->back);
	int one = 1, least = 1, s;

	f->to = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr = group };
	f->back = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr = self };
	/* each packet goes to all of these: that puts its cost on the receiving CPU */
	for (int i = 0; i < LISTENERS; i++) {
		s = socket(AF_INET, SOCK_DGRAM, 0);
		if (s < 0 || setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
		    setsockopt(s, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least)) ||
		    bind(s, (void *)&f->to, sizeof(f->to)) ||
		    setsockopt(s, IPPROTO_IP, IP_ADD_MEMBERSHIP, &member, sizeof(member)))
			die("listening");
	}
	f->group = socket(AF_INET, SOCK_DGRAM, 0);
	if (f->group < 0 || setsockopt(f->group, IPPROTO_IP, IP_MULTICAST_IF, &member, sizeof(member)))
		die("socket");
	f->receipt = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (f->receipt < 0 || bind(f->receipt, (void *)&f->back, sizeof(f->back)) ||
	    getsockname(f->receipt, (void *)&f->back, &len))
		die("socket");
}

static void send_to(int s, const struct sockaddr_in *to)
{
	char packet[64] = { 0 };

	if (sendto(s, packet, sizeof(packet), 0, (const void *)to, sizeof(*to)) < 0 && errno != ENOBUFS)
		die("sendto");
}

/* Until @ns; threads that are equally favoured may have the CPU meanwhile. */
static void idle_until(int64_t ns)
{
	while (now_ns() < ns && !atomic_load(&world->enough))
		sched_yield();
}

/* The time until all were handled; the last packet is. */
static int64_t flood__burst(const struct flood *f, int n)
{
	int64_t start = now_ns(), now;
	char packet[64];

	for (int i = 0; i < n; i++)
		send_to(f->group, &f->to);
	send_to(f->receipt, &f->back);
	while (recv(f->receipt, packet, sizeof(packet), 0) < 0 && now_ns() - start < LOST_NS)
		sched_yield();
	now = now_ns();
	return now - start;
}

static void flood__run(int from_cpu, int to_cpu)
{
	int64_t n = 10, took;
	struct flood f;

	if (antagonist__child("flood"))
		return;
	pin(0, from_cpu);
	own_network(to_cpu);
	flood__init(&f);
	favour(0, from_cpu != to_cpu); /* however busy the machine, or there would be no flood */
	while (antagonist__poked()) {
		while (!atomic_load(&world->enough)) {
			took = flood__burst(&f, n);
			idle_until(now_ns() + took / REST);
			n = took > 2 * BURST_NS ? n / 2 : n * BURST_NS / took;
			n = n < 1 ? 1 : n > MAX_BURST ? MAX_BURST : n;
		}
	}
	_exit(0);
}

void setup_irq(bool control)
{
	flood__run(initiator_cpu, control ? initiator_cpu : straggler_cpu);
}

static long n_switches(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nivcsw;
}

static void interrupted(int64_t start_ns, int64_t end_ns)
{
	if (world->n_stretches < MAX_STRETCHES)
		world->stretches[world->n_stretches++] = (struct stretch){ start_ns, end_ns };
}

/*
 * A clock that stands still was interrupted, or its thread was switched out. A little while is the tick, or another
 * CPU's request: these have no handler that could be traced, and how many there are depends on the machine.
 */
void inject_irq(bool control)
{
	int64_t last, now, warm = now_ns() + 15 * MS;
	long n, was;

	while (now_ns() < warm)
		;
	was = n_switches();
	begins();
	for (last = world->start_ns; last - world->start_ns < FAULT_NS; last = now) {
		now = now_ns();
		if (now - last < STOOD_NS)
			continue;
		n = n_switches();
		if (n == was && now - last >= PACKET_NS)
			interrupted(last, now);
		else
			now_round.less_ns += now - last;
		was = n;
	}
	ends();
	atomic_store(&world->enough, 1);
}
