/* SPDX-License-Identifier: BSD-2-Clause */
/* What a finished model has of each process. Two processes that shared a pid are two, see birth.h. */
#ifndef TARE_PROCESS_H
#define TARE_PROCESS_H

#include "model.h"

struct process_row {
	uint64_t process;	      /* 0: threads of an unknown process */
	uint32_t pid;		      /* may be reused, unlike .process */
	uint64_t born_ns;	      /* CLOCK_MONOTONIC; 0: unknown */
	char comm[TARE_COMM_LEN + 1]; /* not safe to print; its first thread's if that was seen */
	uint64_t threads;
	struct accounts acc;
	bool tells_pauses;
	struct pauses_of pauses;
	struct tare_counters counters; /* as runtime_counters__total() has them */
};

/*
 * Most on-CPU time first; the caller frees *@rows. The rows add up to the whole recording. Returns how many, or
 * -ENOMEM.
 */
int model__processes(const struct model *m, struct process_row **rows);

/* The name of @process, not safe to print; "" if unknown. */
const char *model__process_name(const struct model *m, uint64_t process);

/* When it was born, CLOCK_MONOTONIC; 0 if unknown. */
uint64_t model__process_born_ns(const struct model *m, uint64_t process);

/* The process of thread @tid at @ts_ns; 0 if unknown. */
uint64_t model__process_of(const struct model *m, uint32_t tid, uint64_t ts_ns);

/* Does more than one process report pauses? Then output must say whose each one is. */
static inline bool model__many_pause(const struct model *m)
{
	return m->pauses.nr_by_process > 1;
}

#endif /* TARE_PROCESS_H */
