/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the probes themselves cost: hits are always counted, run time is sampled by the kernel's BPF statistics, and
 * what these leave out is calibrated.
 */
#ifndef TARE_PROGRAM_COST_H
#define TARE_PROGRAM_COST_H

#include <stdbool.h>
#include <stdint.h>

#include "calibration.h"
#include "shared.h"
#include "writer.h"

struct bpf;

struct program_cost {
	struct bpf *bpf;
	int prog_fds[NR_PROGS]; /* -1: not loaded */
	uint64_t start_ns;
	int stats_fd;		     /* -1: the kernel's statistics are off */
	bool no_stats;		     /* they are unavailable */
	uint64_t rate_ns, rate_hits; /* when switches were last counted, and their number then */
	bool busy;		     /* so many that their cost is sampled */
	const struct calibration *calibration;
};

/* @calibration: may become known later. */
void program_cost__init(struct program_cost *p, struct bpf *bpf, const struct calibration *calibration, uint64_t now);

/*
 * Call every 100 ms or so. Keeps the probes within their budget: the kernel's BPF statistics and, at high switch rates,
 * the two probes that time each switch run for a tenth of each second. These tenths differ, except in the first second,
 * or each would add to the other's figure.
 */
void program_cost__tick(struct program_cost *p, uint64_t now);

/* Append the running totals of hits and cost (a PROBES frame) and of losses (a LOSS frame) to the recording. */
void program_cost__write(const struct program_cost *p, struct writer *w, uint64_t now);

/* Everything lost so far, in all classes but TARE_LOST_DISK. */
uint64_t program_cost__lost(const struct program_cost *p);

void program_cost__stop(struct program_cost *p);

#endif /* TARE_PROGRAM_COST_H */
