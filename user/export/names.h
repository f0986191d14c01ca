/* SPDX-License-Identifier: BSD-2-Clause */
/* What an export knows of each task by its tid: name, process, where it runs. */
#ifndef TARE_NAMES_H
#define TARE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format.h"

#define NO_CPU (-1)

struct name {
	uint32_t tid, tgid, ppid;     /* 0: not known */
	char comm[TARE_COMM_LEN + 1]; /* UTF-8; empty: not known */
	bool told, told_process;      /* the exporter's own marks: it has written of this thread, of the process */
	bool stops_asleep;	      /* made to stand still, last time, in the state of an ordinary sleep */
	int32_t cpu;		      /* that it is on, or NO_CPU */
	uint64_t since_ns;	      /* its events count from here on */
};

struct names {
	struct name *slots; /* open addressing, .tid 0 is free: the idle task is never in here */
	size_t nr, size;
};

/* NULL where the task is not known. Valid until the next names__add(). */
struct name *names__find(const struct names *names, uint32_t tid);
/* The task's entry, a fresh one where it was not known; @tid is not 0. NULL where there is no memory. */
struct name *names__add(struct names *names, uint32_t tid);
/* @comm, at most @len bytes, may be anything. */
void name__set_comm(struct name *name, const char *comm, size_t len);
void names__free(struct names *names);

#endif /* TARE_NAMES_H */
