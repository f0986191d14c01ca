/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which process a number means at which time, since numbers are used again. A process is told by its number, and in the
 * upper half of 64 bits by how many had that number before it in the recording: the first one's is the number itself.
 */
#ifndef TARE_BIRTH_H
#define TARE_BIRTH_H

#include <stdbool.h>
#include <stdint.h>

#include "table.h"

#define BIRTHS_MAX     (1u << 16) /* numbers that were used again; further processes are taken for the one before them */
#define BIRTHS_MAX_PID (1u << 22) /* PID_MAX_LIMIT, include/linux/threads.h */

struct birth {
	uint64_t born_ns;
	uint32_t nth;
	uint32_t before; /* of the same number: 1 + index; 0: none but the first */
};

struct births {
	uint64_t first_ns; /* when the first process was seen */
	uint64_t *seen;	   /* a bit for each number that a process had; NULL until there is one */
	struct table last; /* number to 1 + index of the last one that had it, where it was used again */
	struct birth *all;
	uint32_t nr, room;
};

void births__init(struct births *b);
void births__free(struct births *b);

/* There is a process @pid at @ts_ns, born whenever. Returns whether one of that number was seen before. */
bool births__see(struct births *b, uint32_t pid, uint64_t ts_ns);

/* Process @pid is born at @ts_ns. */
void births__begin(struct births *b, uint32_t pid, uint64_t ts_ns);

/* The process that is called @pid at @ts_ns. */
uint64_t births__at(const struct births *b, uint32_t pid, uint64_t ts_ns);

/* When @process was born; 0 where it is the first of its number. */
uint64_t births__born_ns(const struct births *b, uint64_t process);

static inline uint32_t process__pid(uint64_t process)
{
	return (uint32_t)process;
}

#endif /* TARE_BIRTH_H */
