/* SPDX-License-Identifier: BSD-2-Clause */
/* What an export knows of each task, by tid: name, process, CPU. */
#ifndef TARE_NAMES_H
#define TARE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format.h"

#define NO_CPU (-1)

struct name {
	uint32_t tid, tgid, ppid;     /* 0: unknown */
	char comm[TARE_COMM_LEN + 1]; /* UTF-8; empty: unknown */
	bool told, told_process;      /* for the exporter: it has described this thread, its process */
	bool stops_asleep;	      /* when last stopped, it was in an ordinary sleep state */
	int32_t cpu;		      /* current CPU, or NO_CPU */
	uint64_t since_ns;	      /* its events count from then on */
	uint64_t left_ns;	      /* when it last left a CPU */
};

struct names {
	struct name *slots; /* open addressing; .tid 0 is free, as the idle task is never stored */
	size_t nr, size;
};

/* NULL if the task is unknown. Valid until the next names__add(). */
struct name *names__find(const struct names *names, uint32_t tid);
/* The task's entry, created if new; @tid must not be 0. NULL if out of memory. */
struct name *names__add(struct names *names, uint32_t tid);
/* @comm, at most @len bytes, may contain anything. */
void name__set_comm(struct name *name, const char *comm, size_t len);
void names__free(struct names *names);

#endif /* TARE_NAMES_H */
