/* SPDX-License-Identifier: BSD-2-Clause */
/* What a finished model has of each process; two that had the same number are two, see birth.h. */
#ifndef TARE_PROCESS_H
#define TARE_PROCESS_H

#include "model.h"

struct process_row {
	uint64_t process;	      /* 0: threads whose process is not known */
	uint32_t pid;		      /* its number */
	uint64_t born_ns;	      /* CLOCK_MONOTONIC; 0: not known */
	char comm[TARE_COMM_LEN + 1]; /* as it came: not safe to print; of its first thread where that was seen */
	uint64_t threads;
	struct accounts acc;
	bool tells_pauses;
	struct pauses_of pauses;
	struct tare_counters counters; /* as runtime_counters__total() has them */
};

/* Most time on a CPU first; the caller frees *@rows. Sums over all are the recording's. Returns how many, or -ENOMEM.
 */
int model__processes(const struct model *m, struct process_row **rows);

/* What @process is called, as it came; "" where nothing is known of it. */
const char *model__process_name(const struct model *m, uint64_t process);

/* When it was born, CLOCK_MONOTONIC; 0 where that is not known. */
uint64_t model__process_born_ns(const struct model *m, uint64_t process);

/* The process of the thread that was called @tid at @ts_ns; 0 where it is not known. */
uint64_t model__process_of(const struct model *m, uint32_t tid, uint64_t ts_ns);

/* Do more processes than one tell of pauses? Then it must be said whose one is. */
static inline bool model__many_pause(const struct model *m)
{
	return m->pauses.nr_by_process > 1;
}

#endif /* TARE_PROCESS_H */
