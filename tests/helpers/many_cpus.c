// SPDX-License-Identifier: BSD-2-Clause
/*
 *   many_cpus FILE CPUS SWITCHES LEVEL
 *
 * A recording of a machine with CPUS CPUs, by the recorder's own rings and writer, but without a kernel: here the rings
 * are memory, and records of SWITCHES switches come into them on all CPUs in turn, at random. One thread lives on each
 * CPU, and comes and goes. Its counters are written as the kernel's would be, so a report of FILE says whether each
 * switch is in it, in its place. LEVEL: as for writer__compress(). Prints what it took, as JSON.
 */
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "ring.h"
#include "rings.h"
#include "shared.h"
#include "util.h"

#define RING_BYTES (256ull << 10)
#define ROUND	   200 /* records of each CPU in a round */
#define WAIT_NS	   50
#define FIRST_TID  1000
#define FUTEX	   202 /* x86-64 */

/* The kernel's side of a ring, and of the thread on its CPU. */
struct cpu {
	unsigned long *produced;
	const unsigned long *consumed;
	unsigned char *data;
	uint64_t last_ns, in_ns, exec_ns, nr, waits;
	bool running;
};

static struct cpu *cpus;
static unsigned nr_cpus;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int open_memory(struct ring *r, uint64_t bytes, unsigned cpu, void *unused)
{
	size_t page = sysconf(_SC_PAGESIZE);
	int fd = memfd_create("ring", MFD_CLOEXEC);
	unsigned char *all;

	if (fd < 0 || ftruncate(fd, 2 * page + bytes))
		die("memfd");
	all = mmap(NULL, 2 * page + bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (all == MAP_FAILED)
		die("mmap");
	cpus[cpu].consumed = (unsigned long *)all;
	cpus[cpu].produced = (unsigned long *)(all + page);
	cpus[cpu].data = all + 2 * page;
	return ring__map(r, fd, bytes);
}

static void put(struct cpu *c, const void *record, uint32_t len)
{
	uint32_t header[2] = { len, 0 };
	size_t at = *c->produced & (RING_BYTES - 1), room;

	if (*c->produced + BPF_RINGBUF_HDR_SZ + len - *c->consumed > RING_BYTES) {
		fprintf(stderr, "many_cpus: a ring is full\n");
		exit(1);
	}
	memcpy(c->data + at, header, sizeof(header));
	at = (at + BPF_RINGBUF_HDR_SZ) & (RING_BYTES - 1);
	room = RING_BYTES - at < len ? RING_BYTES - at : len;
	memcpy(c->data + at, record, room);
	memcpy(c->data, (const char *)record + room, len - room);
	__atomic_store_n(c->produced, (*c->produced + BPF_RINGBUF_HDR_SZ + len + 7) & ~7ul, __ATOMIC_RELEASE);
}

/* The thread of @cpu leaves it, or comes back. */
static void switch_on(unsigned cpu, uint64_t ts_ns)
{
	struct cpu *c = &cpus[cpu];
	uint32_t record[TARE_SW_MAX_WORDS] = { 0 };
	struct tare_switch *sw = (struct tare_switch *)record;
	uint32_t words = 5;

	if (ts_ns - c->last_ns > TARE_SYNC_NS) {
		struct tare_sync sync = { { ts_ns, TARE_REC_SYNC, sizeof(sync) / 4, 0 }, ts_ns >> 32 };

		put(c, &sync, sizeof(sync));
	}
	sw->syscall = FUTEX;
	if (c->running) {
		sw->rec.flags = TARE_SW_PREV | TARE_SW_VOLUNTARY | TARE_STATE_INTERRUPTIBLE << TARE_SW_STATE_SHIFT;
		sw->prev_tid = FIRST_TID + cpu;
		c->exec_ns += ts_ns - c->in_ns;
		c->nr++;
	} else {
		sw->rec.flags = TARE_SW_NEXT | TARE_SW_WAIT;
		sw->next_tid = FIRST_TID + cpu;
		record[words++] = WAIT_NS;
		c->in_ns = ts_ns;
		c->waits++;
	}
	sw->rec.ts_lo = ts_ns;
	sw->rec.kind = TARE_REC_SWITCH;
	sw->rec.words = words;
	put(c, record, 4 * words);
	c->running = !c->running;
	c->last_ns = ts_ns;
}

static void write_header(struct writer *w)
{
	struct tare_header h = { .version = TARE_FORMAT_VERSION,
				 .arch = TARE_ARCH_X86_64,
				 .nr_cpus = nr_cpus,
				 .page_size = sysconf(_SC_PAGESIZE),
				 .mono_ns = now_ns(),
				 .ticks_hz = 100 };
	struct iovec iov = { &h, sizeof(h) };

	writer__frame(w, TARE_FRAME_HEADER, 0, h.mono_ns, &iov, 1);
}

static void write_tasks(struct writer *w, uint64_t ts_ns, int phase)
{
	struct tare_task *tasks = calloc(nr_cpus, sizeof(*tasks));

	if (!tasks)
		die("calloc");
	for (unsigned i = 0; i < nr_cpus; i++) {
		const struct cpu *c = &cpus[i];

		tasks[i] = (struct tare_task){
			.ts_ns = ts_ns,
			.tid = FIRST_TID + i,
			.tgid = FIRST_TID,
			.state = c->running ? TARE_STATE_RUNNING : TARE_STATE_INTERRUPTIBLE,
			.syscall = c->running ? TARE_NO_SYSCALL : FUTEX,
			.nvcsw = c->nr,
			.exec_ns = c->exec_ns + (c->running ? ts_ns - c->in_ns : 0),
			.run_delay_ns = c->waits * WAIT_NS,
			.on_cpu = c->running,
			.cpu = i,
			.phase = phase,
			.comm = "thread",
		};
	}
	writer__array(w, TARE_FRAME_TASKS, ts_ns, tasks, sizeof(*tasks), nr_cpus);
	free(tasks);
}

/* Records of @nr switches, each at another time, between this call and its end. */
static void make_records(unsigned nr)
{
	static uint32_t random = 4711;
	uint64_t ts_ns = now_ns();

	while (now_ns() < ts_ns + 100ull * nr)
		;
	for (unsigned i = 0; i < nr; i++) {
		random = random * 1664525 + 1013904223;
		ts_ns += 100;
		switch_on((random >> 16) % nr_cpus, ts_ns);
	}
}

int main(int argc, char **argv)
{
	uint64_t nr, made = 0, ts_ns, cpu_ns = 0, began;
	struct cpu_state *states;
	struct rings *rings;
	struct rusage usage;
	struct writer *w;

	if (argc != 5)
		return 2;
	nr_cpus = atoi(argv[2]);
	nr = atoll(argv[3]);
	cpus = calloc(nr_cpus, sizeof(*cpus));
	states = aligned_alloc(64, nr_cpus * sizeof(*states));
	if (!cpus || !states)
		die("calloc");
	memset(states, 0, nr_cpus * sizeof(*states));
	if (rings__of(open_memory, NULL, states, nr_cpus, RING_BYTES, &rings) || writer__open(argv[1], &w) ||
	    writer__compress(w, atoi(argv[4])))
		return 1;
	write_header(w);
	ts_ns = now_ns();
	for (unsigned i = 0; i < nr_cpus; i++)
		cpus[i] = (struct cpu){ cpus[i].produced, cpus[i].consumed, cpus[i].data, .in_ns = ts_ns,
					.running = true };
	write_tasks(w, ts_ns, 0);
	while (made < nr) {
		unsigned part = nr - made < ROUND * nr_cpus ? nr - made : ROUND * nr_cpus;

		make_records(part);
		made += part;
		began = thread_cpu_ns();
		if (rings__drain(rings, w))
			return 1;
		writer__tick(w, now_ns());
		cpu_ns += thread_cpu_ns() - began;
	}
	ts_ns = now_ns();
	write_tasks(w, ts_ns, 1);
	began = thread_cpu_ns();
	writer__frame(
		w, TARE_FRAME_END, 0, ts_ns,
		&(struct iovec){ &(struct tare_end){ .ts_ns = ts_ns, .reason = TARE_END_DURATION, .wait_status = -1 },
				 sizeof(struct tare_end) },
		1);
	cpu_ns += thread_cpu_ns() - began;
	getrusage(RUSAGE_SELF, &usage);
	printf("{\"cpus\":%u,\"switches\":%llu,\"recorder_ns\":%.1f,\"bytes\":%.2f,\"peak_kb\":%ld}\n", nr_cpus,
	       (unsigned long long)nr, (double)cpu_ns / nr, (double)writer__bytes(w) / nr, usage.ru_maxrss);
	rings__free(rings);
	free(states);
	free(cpus);
	return writer__close(w) ? 1 : 0;
}
