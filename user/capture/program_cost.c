// SPDX-License-Identifier: BSD-2-Clause
#include <bpf/bpf.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpf.h"
#include "program_cost.h"
#include "util.h"

#define TENTH_NS (NSEC_PER_SEC / 10)
/*
 * Switches per second, of all tasks, above which timing each would cost more than 0.25 % of a CPU (130 ns each,
 * measured).
 */
#define BUSY_RATE 20000

static uint64_t sum(const struct program_cost *p, size_t offset)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < p->bpf->nr_cpus; i++)
		n += __atomic_load_n((const uint64_t *)((const char *)&p->bpf->cpus[i] + offset), __ATOMIC_RELAXED);
	return n;
}

static uint64_t hits(const struct program_cost *p, enum tare_prog prog)
{
	return sum(p, offsetof(struct cpu_state, hits) + prog * sizeof(uint64_t));
}

/* What the kernel keeps about program @i; zeros where it does not tell. */
static struct bpf_prog_info about(const struct program_cost *p, enum tare_prog i)
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);

	if (p->prog_fds[i] < 0 || bpf_obj_get_info_by_fd(p->prog_fds[i], &info, &len))
		return (struct bpf_prog_info){ 0 };
	return info;
}

/* Times that the kernel did not run a program, as the CPU was in that program already (Linux 5.12). */
static uint64_t missed(const struct program_cost *p)
{
	uint64_t n = 0;

	for (int i = 0; i < NR_PROGS; i++)
		n += about(p, i).recursion_misses;
	return n;
}

/* How the kernel gets into program @prog; NR_ENTRIES: that is not calibrated. */
static enum entry entry_of(enum tare_prog prog)
{
	static const uint8_t elsewhere[NR_PROGS] = {
		[PROG_runtime_uprobe] = ENTRY_TRAP,  [PROG_alloc_site] = ENTRY_TRAP,
		[PROG_cpu_clock] = ENTRY_SAMPLE,     [PROG_page_fault] = ENTRY_FAULT,
		[PROG_page_fault_end] = ENTRY_FAULT, [PROG_hold_at_exec] = NR_ENTRIES,
	};

	return elsewhere[prog] ?: ENTRY_TRACEPOINT;
}

/* Of the hits of program @prog that are told apart, the share of those that are got into in another way. */
static double other_share(const struct program_cost *p, enum tare_prog prog, enum entry *other)
{
	bool steps = prog == PROG_alloc_site;
	uint64_t all = steps ? sum(p, offsetof(struct cpu_state, hits_looked)) : hits(p, prog);
	uint64_t n = steps			 ? sum(p, offsetof(struct cpu_state, hits_stepped)) :
		     prog == PROG_runtime_uprobe ? sum(p, offsetof(struct cpu_state, hits_nop5)) :
						   0;

	*other = steps ? ENTRY_STEP : ENTRY_CALL;
	return all ? (double)n / all : 0;
}

static int64_t entry_ns(const struct program_cost *p, enum tare_prog prog)
{
	enum entry entry = entry_of(prog), other;
	double share = other_share(p, prog, &other);

	if (entry == NR_ENTRIES)
		return 0;
	return lrint((1 - share) * calibration__entry_ns(p->calibration, entry) +
		     (share > 0 ? share * calibration__entry_ns(p->calibration, other) : 0));
}

uint64_t program_cost__lost(const struct program_cost *p)
{
	uint64_t n = missed(p);

	for (int i = 0; i < TARE_NR_LOST; i++)
		n += TARE_LOST_EVENTS(i) ? sum(p, offsetof(struct cpu_state, lost) + i * sizeof(uint64_t)) : 0;
	return n;
}

void program_cost__init(struct program_cost *p, struct bpf *bpf, const struct calibration *calibration, uint64_t now)
{
	*p = (struct program_cost){
		.bpf = bpf, .calibration = calibration, .start_ns = now, .rate_ns = now, .stats_fd = -1
	};
	bpf__prog_fds(bpf, p->prog_fds);
}

void program_cost__stop(struct program_cost *p)
{
	if (p->stats_fd >= 0)
		close(p->stats_fd);
	p->stats_fd = -1;
}

static void program_cost__stats(struct program_cost *p, bool on)
{
	if (!on)
		program_cost__stop(p);
	if (!on || p->stats_fd >= 0 || p->no_stats)
		return;
	p->stats_fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
	if (p->stats_fd >= 0)
		return;
	p->no_stats = true;
	info("the kernel keeps no BPF statistics (%s): the probes' cost will be unknown", strerror(errno));
}

static void program_cost__count_rate(struct program_cost *p, uint64_t now)
{
	uint64_t n = hits(p, PROG_sched_switch), elapsed = now - p->rate_ns;

	if (elapsed < TENTH_NS / 2)
		return;
	p->busy = (n - p->rate_hits) * NSEC_PER_SEC / elapsed > BUSY_RATE;
	p->rate_ns = now;
	p->rate_hits = n;
}

void program_cost__tick(struct program_cost *p, uint64_t now)
{
	uint64_t tenth = (now - p->start_ns) / TENTH_NS;

	program_cost__count_rate(p, now);
	program_cost__stats(p, tenth % 10 == 0);
	bpf__time_switches(p->bpf, !p->busy || tenth == 0 || tenth % 10 == 5);
}

static void write_loss(const struct program_cost *p, struct writer *w, uint64_t now, uint64_t nr_missed)
{
	unsigned nr = 0, room = p->bpf->nr_cpus * TARE_NR_LOST + 2;
	struct tare_loss *loss = calloc(room, sizeof(*loss));

	if (!loss) {
		err("no memory to write down what was lost");
		return;
	}
	for (unsigned cpu = 0; cpu < p->bpf->nr_cpus; cpu++) {
		for (unsigned cls = 0; cls < TARE_NR_LOST; cls++) {
			if (p->bpf->cpus[cpu].lost[cls])
				loss[nr++] = (struct tare_loss){ cls, cpu, p->bpf->cpus[cpu].lost[cls] };
		}
	}
	if (nr_missed)
		loss[nr++] = (struct tare_loss){ TARE_LOST_MISSED, 0, nr_missed };
	if (writer__lost_bytes(w))
		loss[nr++] = (struct tare_loss){ TARE_LOST_DISK, 0, writer__lost_bytes(w) };
	if (nr)
		writer__array(w, TARE_FRAME_LOSS, now, loss, sizeof(*loss), nr);
	free(loss);
}

void program_cost__write(const struct program_cost *p, struct writer *w, uint64_t now)
{
	struct tare_probe probes[NR_PROGS + 3] = { 0 };
	const struct hold_state *holds = p->bpf->hold.state;
	uint64_t nr_missed = 0;
	unsigned nr = 0;

	for (int i = 0; i < NR_PROGS; i++) {
		struct bpf_prog_info info;

		if (p->prog_fds[i] < 0)
			continue;
		info = about(p, i);
		snprintf(probes[nr].name, sizeof(probes[nr].name), "%s", bpf__prog_names[i]);
		probes[nr].hits = hits(p, i);
		probes[nr].timed_hits = info.run_cnt;
		probes[nr].timed_ns = info.run_time_ns;
		probes[nr].entry_ns = entry_ns(p, i);
		nr_missed += info.recursion_misses;
		nr++;
	}
	if (holds && holds->nr) {
		probes[nr++] = (struct tare_probe){ TARE_PROBE_HOLD, holds->nr, holds->nr, holds->ns, 0 };
		probes[nr++] = (struct tare_probe){ TARE_PROBE_HOLD_CPU, holds->nr, holds->nr, holds->cpu_ns, 0 };
	}
	if (holds && holds->missed)
		probes[nr++] = (struct tare_probe){ TARE_PROBE_HOLD_MISSED, holds->missed, 0, 0, 0 };
	writer__array(w, TARE_FRAME_PROBES, now, probes, sizeof(probes[0]), nr);
	write_loss(p, w, now, nr_missed);
}
