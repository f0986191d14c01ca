// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "measure.h"
#include "util.h"

#define PIECES	 60
#define PIECE_NS 5000000

static uint64_t work(uint64_t rounds)
{
	volatile uint64_t x = 1;

	for (uint64_t i = 0; i < rounds; i++)
		x = x * 6364136223846793005ull + 1;
	return x;
}

/* /proc/stat: CPU time of the machine, and of it what the hypervisor took, in ticks */
static void read_steal(double *all, double *steal)
{
	unsigned long long v[8] = { 0 };
	FILE *f = fopen("/proc/stat", "re");

	*all = *steal = 0;
	if (f && fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &v[0], &v[1], &v[2], &v[3], &v[4], &v[5],
			&v[6], &v[7]) == 8) {
		for (size_t i = 0; i < ARRAY_SIZE(v); i++)
			*all += (double)v[i];
		*steal = (double)v[7];
	}
	if (f)
		fclose(f);
}

/* How many rounds take about PIECE_NS of CPU time */
static uint64_t rounds_of_a_piece(void)
{
	uint64_t rounds = 100000, begin = thread_cpu_ns(), took;

	work(rounds);
	took = thread_cpu_ns() - begin;
	return rounds * PIECE_NS / (took ? took : 1);
}

/* What a program that is started here can run on */
static unsigned usable_cpus(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) ? (unsigned)sysconf(_SC_NPROCESSORS_ONLN) :
							 (unsigned)CPU_COUNT(&set);
}

void noise__measure(struct noise *n)
{
	uint64_t rounds = rounds_of_a_piece(), cpu = 0, wall = 0;
	double pieces[PIECES], all[2], steal[2];

	read_steal(&all[0], &steal[0]);
	for (int i = 0; i < PIECES; i++) {
		uint64_t begin = now_ns(), begin_cpu = thread_cpu_ns();

		work(rounds);
		pieces[i] = (double)(now_ns() - begin);
		wall += now_ns() - begin;
		cpu += thread_cpu_ns() - begin_cpu;
	}
	read_steal(&all[1], &steal[1]);
	values__sort(pieces, PIECES);
	n->median_ns = pieces[PIECES / 2];
	n->high = pieces[PIECES * 9 / 10] / n->median_ns;
	n->longest = pieces[PIECES - 1] / n->median_ns;
	n->waiting = wall > cpu ? (double)(wall - cpu) / (double)wall : 0;
	n->steal = all[1] > all[0] ? (steal[1] - steal[0]) / (all[1] - all[0]) : 0;
	n->cpus = usable_cpus();
}
