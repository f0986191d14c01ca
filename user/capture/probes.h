/* SPDX-License-Identifier: BSD-2-Clause */
/* What the probes themselves cost: hits always, run time by the kernel's BPF statistics over a part of the time. */
#ifndef TARE_PROBES_H
#define TARE_PROBES_H

#include <stdbool.h>
#include <stdint.h>

#include "shared.h"
#include "writer.h"

struct bpf;

struct probes {
	struct bpf *bpf;
	int prog_fds[NR_PROGS]; /* -1: not loaded */
	uint64_t start_ns;
	int stats_fd;		     /* -1: the kernel's statistics are off */
	bool no_stats;		     /* .. and cannot be had */
	uint64_t rate_ns, rate_hits; /* when switches were last counted, and how many there had been */
	bool busy;		     /* so many that their cost is sampled */
};

void probes__init(struct probes *p, struct bpf *bpf, uint64_t now);

/*
 * Call every 100 ms or so. Keeps the probes within their budget: the kernel's
 * BPF statistics, and where switches are many also the two probes that time
 * each switch, run for a tenth of each second, and not in the same tenth (the
 * one would be in the other's figure) but in the first.
 */
void probes__tick(struct probes *p, uint64_t now);

/* Append the running totals of hits and cost (a PROBES frame) and of losses (a LOSS frame) to the recording. */
void probes__write(const struct probes *p, struct writer *w, uint64_t now);

/* Everything that was lost until now, all classes but TARE_LOST_DISK. */
uint64_t probes__lost(const struct probes *p);

void probes__stop(struct probes *p);

#endif /* TARE_PROBES_H */
