// SPDX-License-Identifier: BSD-2-Clause
/* What a session writes besides the rings: its threads, what it found out, how it began and ended. */
#include <stdlib.h>
#include <string.h>

#include "describing_frames.h"
#include "session_impl.h"
#include "util.h"

/* Longer than the child takes on a machine with many busy CPUs; only the first recording of a boot may wait for it. */
#define CALIBRATED_MS 1000

void session__calibrate(struct session *s)
{
	int ret = calibration__begin(&s->calibration, false);

	if (ret)
		info("the ways into the probes are not calibrated: %s", strerror(-ret));
}

/* How long it took to find and describe the target's threads and to attach to its runtime: work beside the target. */
void session__describe_attaching(struct session *s)
{
	char took[24], ns[16];

	snprintf(took, sizeof(took), "%llu", (unsigned long long)(s->start_ns - s->began_ns));
	describing_frames__info(s->writer, &(const char *const[2]){ "attached_ns", took }, 1);
	info("attached in %s", fmt_ns(s->start_ns - s->began_ns, ns));
}

void session__begin_allocs(struct session *s)
{
	enum alloc_mode mode = s->opts->alloc_sites;
	int ret = allocs__start(&s->bpf, mode, &s->allocs);

	if (mode == ALLOC_OFF)
		return;
	if (s->allocs)
		describing_frames__info(s->writer,
					&(const char *const[2]){ TARE_INFO_ALLOC_SITES, alloc_mode_names[mode] }, 1);
	else
		warn("--alloc-sites: nothing will be seen: %s",
		     ret ? strerror(-ret) : "this kernel has no uprobe_multi links (Linux 6.6)");
}

int session__snapshot(struct session *s, int phase)
{
	struct tare_task *tasks = NULL;
	uint32_t nr = 0;
	int ret = bpf__snapshot(&s->bpf, phase, &tasks, &nr);

	if (ret)
		err("cannot list the target's threads: %s", strerror(-ret));
	else if (nr)
		writer__array(s->writer, TARE_FRAME_TASKS, now_ns(), tasks, sizeof(*tasks), nr);
	free(tasks);
	return ret;
}

struct heap_sources session__heap_sources(struct session *s)
{
	return (struct heap_sources){ &s->runtimes, &s->stacks, s->writer };
}

void session__write_symbols(struct session *s, uint64_t wait_ns)
{
	symbols__write(&s->symbols, &s->runtimes, s->writer, rings__complete_ns(s->rings), wait_ns);
}

void session__write_findings(struct session *s, uint64_t wait_ns)
{
	session__write_symbols(s, wait_ns);
	if (!symbols__are_awaited(&s->symbols))
		runtimes__close_retired(&s->runtimes);
	pages__write(&s->pages, &s->bpf, s->writer);
}

void session__end_frame(struct session *s, uint64_t now)
{
	struct tare_end end = { .ts_ns = now,
				.reason = s->stop ?: TARE_END_INTERRUPT,
				.wait_status = s->wait_status,
				.self_cpu_ns = self_cpu_ns() + s->symbols.naming.cpu_ns };
	struct iovec iov = { &end, sizeof(end) };
	char peak[24];

	s->ended_ns = now;
	if (s->peak_kb) {
		snprintf(peak, sizeof(peak), "%ld", s->peak_kb);
		describing_frames__info(s->writer, &(const char *const[2]){ TARE_INFO_COMMAND_PEAK_KB, peak }, 1);
	}
	if (calibration__collect(&s->calibration, CALIBRATED_MS))
		info("what getting into a probe costs was not measured in time");
	program_cost__write(&s->cost, s->writer, now);
	writer__frame(s->writer, TARE_FRAME_END, 0, now, &iov, 1);
}
