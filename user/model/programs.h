/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which program of a process a time belongs to: one begins with the process's birth and one with each exec. What is
 * known of an address holds for one of them only.
 */
#ifndef TARE_PROGRAMS_H
#define TARE_PROGRAMS_H

#include <stdint.h>

#include "table.h"

#define PROGRAMS_MAX (1u << 18) /* after that each time is taken for a program of its own */

struct program_begin {
	uint64_t ns;
	uint32_t before; /* the one before in this process, or in an earlier one with its pid: 1 + index; 0: none */
};

struct programs {
	struct table last; /* pid to 1 + index of its latest one */
	struct program_begin *all;
	uint32_t nr, room;
	uint64_t full_ns; /* from here on begins are missing */
};

void programs__init(struct programs *p);
void programs__free(struct programs *p);

/* Process @pid runs another program from @ns on. In any order; the same one may be told more than once. */
void programs__begin(struct programs *p, uint32_t pid, uint64_t ns);

/* When the program that process @pid ran at @ns began; 0: before any known begin. */
uint64_t programs__since(const struct programs *p, uint32_t pid, uint64_t ns);

#endif /* TARE_PROGRAMS_H */
