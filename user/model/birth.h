/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which process a pid means at a given time, since pids are reused. A process id is 64 bits: the pid in the lower half,
 * in the upper half how many processes had that pid earlier in the recording. So the first one's id is its pid.
 */
#ifndef TARE_BIRTH_H
#define TARE_BIRTH_H

#include <stdbool.h>
#include <stdint.h>

#include "table.h"

#define BIRTHS_MAX     (1u << 16) /* reused pids; a further process is taken for its predecessor */
#define BIRTHS_MAX_PID (1u << 22) /* PID_MAX_LIMIT, include/linux/threads.h */

struct birth {
	uint64_t born_ns;
	uint32_t nth;
	uint32_t before; /* the one before with this pid: 1 + index; 0: only the first */
};

struct births {
	bool only_last;	   /* set before the first: of each pid only its last process is known, in bounded memory */
	uint64_t first_ns; /* when the first process was seen */
	uint64_t *seen;	   /* one bit per pid seen; NULL until there is one */
	struct table last; /* reused pid to 1 + index of its latest process */
	struct birth *all;
	uint32_t nr, room;
};

void births__init(struct births *b);
void births__free(struct births *b);

/* Process @pid exists at @ts_ns, whenever it was born. Returns whether this pid was seen before. */
bool births__see(struct births *b, uint32_t pid, uint64_t ts_ns);

/* Process @pid is born at @ts_ns. */
void births__begin(struct births *b, uint32_t pid, uint64_t ts_ns);

/* The process that pid @pid means at @ts_ns. */
uint64_t births__at(const struct births *b, uint32_t pid, uint64_t ts_ns);

/* When @process was born; 0 for the first one with its pid. */
uint64_t births__born_ns(const struct births *b, uint64_t process);

static inline uint32_t process__pid(uint64_t process)
{
	return (uint32_t)process;
}

#endif /* TARE_BIRTH_H */
