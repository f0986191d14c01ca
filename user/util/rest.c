// SPDX-License-Identifier: BSD-2-Clause
#include <stdint.h>
#include <sys/resource.h>
#include <time.h>

#include "rest.h"
#include "util.h"

#define AFTER_NS   (NSEC_PER_SEC / 1000)
#define LONGEST_NS (NSEC_PER_SEC / 100)

static _Thread_local struct {
	uint64_t looked_ns; /* when the two below were read */
	uint64_t cpu_ns;
	long sleeps; /* times that the thread left a CPU voluntarily */
} last;

static void look(struct rusage *u, uint64_t *cpu_ns)
{
	getrusage(RUSAGE_THREAD, u);
	*cpu_ns = (u->ru_utime.tv_sec + u->ru_stime.tv_sec) * NSEC_PER_SEC +
		  (u->ru_utime.tv_usec + u->ru_stime.tv_usec) * 1000;
}

static void begin_anew(void)
{
	struct rusage u;

	look(&u, &last.cpu_ns);
	last.sleeps = u.ru_nvcsw;
	last.looked_ns = now_ns();
}

void rest__take(void)
{
	struct rusage u;
	uint64_t cpu_ns, ns;

	/* nobody works longer than time passes, which takes no system call to know */
	if (last.looked_ns && now_ns() - last.looked_ns < AFTER_NS)
		return;
	look(&u, &cpu_ns);
	if (!last.looked_ns || u.ru_nvcsw != last.sleeps) {
		begin_anew();
		return;
	}
	ns = cpu_ns - last.cpu_ns;
	if (ns < AFTER_NS) {
		last.looked_ns = now_ns() - ns;
		return;
	}
	if (ns > LONGEST_NS)
		ns = LONGEST_NS;
	nanosleep(&(struct timespec){ .tv_nsec = ns }, NULL);
	begin_anew();
}
