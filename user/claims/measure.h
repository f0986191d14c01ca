/* SPDX-License-Identifier: BSD-2-Clause */
/* The chosen claims' programs, run turn by turn, and how noisy the machine was meanwhile. */
#ifndef TARE_MEASURE_H
#define TARE_MEASURE_H

#include <signal.h>

#include "claims.h"
#include "workloads.h"

/* The same work again and again, without anything else of tare: what differs is the machine's doing. */
struct noise {
	double median_ns;     /* of one piece of work */
	double high, longest; /* 90th percentile and maximum, in medians */
	double waiting;	      /* share of the time in which it had no CPU */
	double steal;	      /* share of the machine's CPU time that the hypervisor took */
	unsigned cpus;
};

void noise__measure(struct noise *n);

struct measure_opts {
	unsigned cpus; /* that there are */
	unsigned runs;
	const volatile sig_atomic_t *stop; /* once it is set, what there is so far is all; may be NULL */
	void (*progress)(unsigned run, unsigned of, const char *command); /* may be NULL */
};

/*
 * Build what is missing, run each program of the chosen claims @opts->runs times, turn by turn, and fill their cells. A
 * program that cannot run leaves its cells empty, with the reason. Also collects @versions: runtime to version. Returns
 * 0, or a negative errno after saying what failed.
 */
int claims__measure(struct claims *c, struct workloads *p, const struct measure_opts *opts, json_t *versions);

#endif /* TARE_MEASURE_H */
