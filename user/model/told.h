/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the recorder found out about addresses of processes. The same address is something else in another program, and
 * may be in the same one later: each finding has a time, at which it was so.
 */
#ifndef TARE_TOLD_H
#define TARE_TOLD_H

#include "programs.h"
#include "table.h"

struct told {
	uint64_t ns, address;
	void *what;
	uint32_t pid;
	uint32_t before; /* earlier, under the same key: 1 + index; 0: none */
};

struct told_list {
	struct table last; /* an address's key to 1 + index of its latest */
	struct told *all;
	uint32_t nr, room, max;
	const struct programs *programs;
};

/* Holds up to @max; asks @programs, which must live as long, when each process became another program. */
void told__init(struct told_list *l, const struct programs *programs, uint32_t max);
/* Frees the list, not what was told. */
void told__free(struct told_list *l);

/* @address of process @pid was @what at @ns. Returns 0, or -ENOMEM: there is no room, @what is not kept. */
int told__add(struct told_list *l, uint32_t pid, uint64_t address, uint64_t ns, void *what);

/*
 * What @address of process @pid was at @ns: what was told last until then, else first after that, of the program that
 * it ran at @ns. NULL: unknown.
 */
void *told__at(const struct told_list *l, uint32_t pid, uint64_t address, uint64_t ns);

#endif /* TARE_TOLD_H */
