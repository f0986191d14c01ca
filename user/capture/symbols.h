/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is at the addresses that records of the target hold, found while the target is there: a recording then needs
 * none of its files, and no path that a recording names is ever opened. And which cgroup's quota each is under.
 */
#ifndef TARE_SYMBOLS_H
#define TARE_SYMBOLS_H

#include <stdint.h>
#include <sys/types.h>

#include "runtimes.h"
#include "table.h"
#include "writer.h"

#define SYMBOLS_MAX 65536 /* addresses; what is beyond keeps its number */
#define STACKS_MAX  1024  /* between two times that symbols are written */

struct pending {
	uint32_t pid;
	uint64_t ip;
};

/* A thread's stack of which it is not known yet where the return address is. */
struct pending_stack {
	uint32_t pid;
	uint16_t nr_words;
	uint64_t ip, words[TARE_STACK_WORDS];
};

struct symbols {
	struct table seen;
	struct table returns; /* by address: 1 + where the return address is then */
	struct pending_stack *stacks;
	size_t nr_stacks;
	struct pending *pending;
	size_t nr, room;
};

void symbols__init(struct symbols *s);

/* Note the addresses that a record holds. */
void symbols__on_record(struct symbols *s, const struct tare_rec *rec);

/* Write down what is at those noted since the last call (SYMBOLS frames), as far as the processes are still there. */
void symbols__write(struct symbols *s, const struct runtimes *r, struct writer *w);

void symbols__free(struct symbols *s);

#endif /* TARE_SYMBOLS_H */
