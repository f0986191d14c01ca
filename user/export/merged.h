/* SPDX-License-Identifier: BSD-2-Clause */
/* A runtime's own trace of the run that was recorded (run_trace.h), to be laid into the same timeline. */
#ifndef TARE_MERGED_H
#define TARE_MERGED_H

#include "run_trace.h"

#define MERGED_LANES 64 /* goroutines with a lane of their own; they have most to tell, others are on those of Ps */
#define MERGED_NAME  96 /* bytes, of what is drawn */

struct model;

struct merged_goroutine {
	uint64_t id;
	bool told;	  /* it told of what it does: regions, logs */
	uint64_t busy_ns; /* running or ready to run, between .from_ns and .to_ns */
	char function[MERGED_NAME];
};

struct merged {
	const char *path;
	FILE *from;
	const struct run_trace_format *format;
	uint32_t pid;
	bool same_tids;				     /* it numbers threads as the kernel does, not as a namespace */
	uint64_t from_ns, to_ns;		     /* what is drawn of it */
	struct merged_goroutine lanes[MERGED_LANES]; /* unordered */
	unsigned nr_lanes;
	uint64_t goroutines; /* of that time */
};

/*
 * Read @path through and find what of it belongs in an export of the recording @whole: from @from_ns to @to_ns, of
 * process @pid (0: the one that has its threads). Returns an exit code, after saying what is wrong with it; and says
 * what is left out. merged__close() it in any case.
 */
int merged__open(struct merged *m, const char *path, const struct model *whole, uint64_t from_ns, uint64_t to_ns,
		 uint32_t pid);
void merged__close(struct merged *m);

#endif /* TARE_MERGED_H */
