// SPDX-License-Identifier: BSD-2-Clause
/* What can make a stop of the world long, one by one: how it is done, and the same load without it. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "event.h"
#include "faulty.h"
#include "runtime.h"

#define BIG_BYTES      (96ul << 20)
#define POPULATE_BYTES (96ul << 20)
#define PATIENCE_NS    (60 * MS)

static void *area;
enum { page_bytes = 4096 };
static int server_fd, file_fd;
static int64_t throttled_before_ns;

void begins(void)
{
	world->start_ns = now_ns();
	atomic_store(&world->in_it, 1);
}

void ends(void)
{
	world->end_lo_ns = world->end_hi_ns = now_ns();
}

/* The program's own code, which calls nothing of weft. It is in the inner loop nearly all the time. */
__attribute__((noinline)) static void loop_without_safepoint(int64_t until_ns)
{
	do {
		for (volatile int i = 0; i < 20000; i++)
			;
	} while (now_ns() < until_ns);
}

/* ---- the straggler's CPU ---- */

__attribute__((noinline)) static void beat(void)
{
	int64_t end_ns = now_ns() + 5 * PATIENCE_NS;

	do {
		for (int i = 0; i < 20000 && !atomic_load(&world->enough); i++)
			heart++;
	} while (!atomic_load(&world->enough) && now_ns() < end_ns);
}

static void inject_beat(bool control)
{
	weft_nopreempt_end();
	beat();
	weft_nopreempt_begin();
}

static void setup_hog_nice(bool control)
{
	antagonist__hog(straggler_cpu, HOG_NICE, 10000 * MS, 0);
}

static void setup_hog_fifo(bool control)
{
	antagonist__hog(straggler_cpu, control ? HOG_IDLE : HOG_FIFO, 5 * MS, 5 * MS);
}

static void before_poke(bool control)
{
	antagonist__poke();
}

/* ---- the quota ---- */

static void write_tid(const char *file, pid_t tid)
{
	char path[512], text[16];
	int fd, len;

	snprintf(path, sizeof(path), "%s/%s", quota_folder, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	len = snprintf(text, sizeof(text), "%d", tid);
	if (fd < 0 || write(fd, text, len) != len)
		die(path);
	close(fd);
}

static int64_t throttled_ns(void)
{
	char path[512], line[128];
	long long ns = -1;
	FILE *f;

	snprintf(path, sizeof(path), "%s/quota/cpu.stat", quota_folder);
	f = fopen(path, "r");
	if (!f)
		die(path);
	while (ns < 0 && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "throttled_usec %lld", &ns) == 1)
			ns *= 1000;
		else
			sscanf(line, "throttled_time %lld", &ns);
	}
	fclose(f);
	return ns;
}

static const char *threads_file(void)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/cgroup.threads", quota_folder);
	return access(path, W_OK) ? "tasks" : "cgroup.threads";
}

static void before_throttled(bool control)
{
	char file[64];

	snprintf(file, sizeof(file), "quota/%s", threads_file());
	write_tid(file, now_round.straggler);
	throttled_before_ns = throttled_ns();
}

static void after_throttled(bool control)
{
	world->start_ns = now_round.beat_ns;
	world->end_lo_ns = world->end_hi_ns = now_round.beat_ns + throttled_ns() - throttled_before_ns;
	write_tid(threads_file(), now_round.straggler);
}

/* ---- the pages ---- */

/* The server may write down its time only after its answer has been seen. */
static void after_served(bool control)
{
	for (int64_t end = now_ns() + PATIENCE_NS; !atomic_load(&world->end_hi_ns) && now_ns() < end;)
		sleep_ns(MS / 10);
}

static void setup_fault(bool control)
{
	area = map_pages(page_bytes);
	antagonist__fault_server(control ? 0 : FAULT_NS, area, page_bytes);
}

static void before_fault(bool control)
{
	if (madvise(area, page_bytes, MADV_DONTNEED))
		die("madvise");
	atomic_store(&world->armed, 1);
}

static void inject_fault(bool control)
{
	*(volatile char *)area = 1;
}

/* ---- the kernel ---- */

static void setup_blocked(bool control)
{
	antagonist__server(FAULT_NS, &server_fd);
}

static void inject_blocked(bool control)
{
	char byte = 0;

	if (control) {
		weft_nopreempt_end();
		weft_entersyscall();
	}
	if (write(server_fd, &byte, 1) != 1 || read(server_fd, &byte, 1) != 1)
		die("the server is gone");
	if (control) {
		weft_exitsyscall();
		weft_nopreempt_begin();
	}
}

static void setup_kernel(bool control)
{
	area = map_pages(BIG_BYTES);
	memset(area, 1, BIG_BYTES);
	file_fd = memfd_create("faulty", MFD_CLOEXEC);
	if (file_fd < 0 || pwrite(file_fd, area, BIG_BYTES, 0) != (ssize_t)BIG_BYTES)
		die("memfd");
}

static void inject_kernel(bool control)
{
	if (control) {
		weft_nopreempt_end();
		weft_entersyscall();
	}
	begins();
	if (pwrite(file_fd, area, BIG_BYTES, 0) != (ssize_t)BIG_BYTES)
		die("pwrite");
	ends();
	if (control) {
		weft_exitsyscall();
		weft_nopreempt_begin();
	}
}

static void setup_mmap_lock(bool control)
{
	antagonist__populate(initiator_cpu, POPULATE_BYTES, control);
}

static void inject_mmap_lock(bool control)
{
	int64_t cpu_ns, delay_ns;
	struct timespec ts;
	void *p;

	antagonist__poke();
	while (!atomic_load(&world->running))
		;
	for (int64_t end = now_ns() + MS; now_ns() < end;)
		;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	cpu_ns = ts.tv_sec * 1000 * MS + ts.tv_nsec;
	delay_ns = run_delay_ns(now_round.straggler);
	begins();
	p = mmap(NULL, page_bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ends();
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	now_round.less_ns = ts.tv_sec * 1000 * MS + ts.tv_nsec - cpu_ns + run_delay_ns(now_round.straggler) - delay_ns;
	if (p == MAP_FAILED)
		die("mmap");
}

static void after_mmap_lock(bool control)
{
	while (atomic_load(&world->running))
		sleep_ns(MS / 2);
}

/* ---- the program ---- */

static void inject_loop(bool control)
{
	weft_nopreempt_end();
	begins();
	loop_without_safepoint(world->start_ns + FAULT_NS);
	ends();
	weft_nopreempt_begin();
}

static void inject_masked(bool control)
{
	sigset_t urgent, old;

	sigemptyset(&urgent);
	sigaddset(&urgent, SIGURG);
	if (!control)
		pthread_sigmask(SIG_BLOCK, &urgent, &old);
	weft_nopreempt_end();
	begins();
	loop_without_safepoint(world->start_ns + FAULT_NS);
	world->end_lo_ns = now_ns();
	if (!control)
		pthread_sigmask(SIG_SETMASK, &old, NULL);
	world->end_hi_ns = now_ns();
	weft_nopreempt_begin();
}

/* ---- who stops the world ---- */

static void setup_hog_initiator(bool control)
{
	antagonist__hog(initiator_cpu, control ? HOG_IDLE : HOG_FIFO, FAULT_NS, 0);
}

/* Stands in the way until the initiator sleeps, and releases it once there is a hog on its CPU. */
static void inject_initiator(bool control)
{
	int64_t end;

	begins();
	while (!atomic_load(&sched.stopping))
		;
	for (end = now_ns() + MS / 2; now_ns() < end;)
		;
	antagonist__poke();
	for (end = now_ns() + PATIENCE_NS; !atomic_load(&world->running) && now_ns() < end;)
		;
	world->start_ns = now_ns();
	weft_nopreempt_end();
	weft_nopreempt_begin();
}

static void inject_compute(bool control)
{
	begins();
	inject_beat(control);
}

static void setup_hog_restart(bool control)
{
	antagonist__hog(straggler_cpu, control ? HOG_IDLE : HOG_FIFO, FAULT_NS, 0);
}

static void stopped_hog(bool control)
{
	antagonist__poke();
	for (int64_t end = now_ns() + PATIENCE_NS; !atomic_load(&world->running) && now_ns() < end;)
		;
}

static void work(void)
{
	world->start_ns = now_ns();
	loop_without_safepoint(world->start_ns + FAULT_NS);
	ends();
}

static void before_runtime(bool control)
{
	if (control)
		work();
}

static void stopped_runtime(bool control)
{
	if (!control)
		work();
}

const struct kind kinds[] = {
	{ "runqueue-nice", "runqueue", "hog", "stopping", .setup = setup_hog_nice, .before = before_poke,
	  .inject = inject_beat, .stale = true, .fair = true },
	{ "runqueue-fifo", "runqueue", "hog", "stopping", .setup = setup_hog_fifo, .before = before_poke,
	  .inject = inject_beat, .stale = true },
	{ "throttled", "throttled", "-", "off", .before = before_throttled, .inject = inject_beat,
	  .after = after_throttled, .stale = true, .fair = true, .fair_control = true },
	{ "fault", "fault", "0x", "off", .no_signals = true, .setup = setup_fault, .before = before_fault,
	  .inject = inject_fault, .after = after_served },
	{ "fault-signals", "fault", "0x", "interrupted", .setup = setup_fault, .before = before_fault,
	  .inject = inject_fault, .after = after_served },
	{ "blocked", "blocked", "read", "off", .no_signals = true, .setup = setup_blocked, .inject = inject_blocked,
	  .after = after_served },
	{ "blocked-signals", "blocked", "read", "interrupted", .setup = setup_blocked, .inject = inject_blocked,
	  .after = after_served },
	{ "kernel", "kernel", "pwrite64", "cpu", .setup = setup_kernel, .inject = inject_kernel },
	{ "user", "user", "loop_without_safepoint", "cpu", .no_signals = true, .inject = inject_loop },
	{ "signal", "signal", "loop_without_safepoint", "cpu", .inject = inject_masked },
	{ "initiator", "runqueue", "hog", "initiator", .setup = setup_hog_initiator, .inject = inject_initiator },
	{ "restart", "runqueue", "hog", "restart", .setup = setup_hog_restart, .inject = inject_compute,
	  .stopped = stopped_hog, .restarts = true },
	{ "irq", "irq", "NET_RX", "clock", .no_signals = true, .setup = setup_irq, .before = before_poke,
	  .inject = inject_irq },
	{ "runtime", "runtime", "-", "work", .before = before_runtime, .inject = inject_compute,
	  .stopped = stopped_runtime },
	{ "mmap_lock", "blocked", "mmap", "off", .setup = setup_mmap_lock, .inject = inject_mmap_lock,
	  .after = after_mmap_lock },
	{},
};
