/* SPDX-License-Identifier: BSD-2-Clause */
/* What the probes themselves cost: hits always, run time by the kernel's BPF statistics over a part of the time. */
#ifndef TARE_PROGRAM_COST_H
#define TARE_PROGRAM_COST_H

#include <stdbool.h>
#include <stdint.h>

#include "shared.h"
#include "writer.h"

struct bpf;

struct program_cost {
	struct bpf *bpf;
	int prog_fds[NR_PROGS]; /* -1: not loaded */
	uint64_t start_ns;
	int stats_fd;		     /* -1: the kernel's statistics are off */
	bool no_stats;		     /* .. and cannot be had */
	uint64_t rate_ns, rate_hits; /* when switches were last counted, and how many there had been */
	bool busy;		     /* so many that their cost is sampled */
};

void program_cost__init(struct program_cost *p, struct bpf *bpf, uint64_t now);

/*
 * Call every 100 ms or so. Keeps the probes within their budget: the kernel's
 * BPF statistics, and where switches are many also the two probes that time
 * each switch, run for a tenth of each second, and not in the same tenth (the
 * one would be in the other's figure) but in the first.
 */
void program_cost__tick(struct program_cost *p, uint64_t now);

/* Append the running totals of hits and cost (a PROBES frame) and of losses (a LOSS frame) to the recording. */
void program_cost__write(const struct program_cost *p, struct writer *w, uint64_t now);

/* Everything that was lost until now, all classes but TARE_LOST_DISK. */
uint64_t program_cost__lost(const struct program_cost *p);

void program_cost__stop(struct program_cost *p);

#endif /* TARE_PROGRAM_COST_H */
