/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is at the addresses in the target's records, resolved while the target is alive: a recording then needs none of
 * its files, and no path that a recording names is ever opened. And which cgroup's quota each is under.
 */
#ifndef TARE_SYMBOLS_H
#define TARE_SYMBOLS_H

#include <stdint.h>
#include <sys/types.h>

#include "runtimes.h"
#include "table.h"
#include "writer.h"

#define SYMBOLS_MAX 65536 /* addresses; further ones keep their number */

struct pending {
	uint32_t pid;
	uint64_t ip;
};

struct symbols {
	struct table seen;
	struct pending *pending;
	size_t nr, room;
};

void symbols__init(struct symbols *s);

/* Note address @ip of process @pid (0: the kernel). */
void symbols__note(struct symbols *s, uint32_t pid, uint64_t ip);

/* Note the addresses that a record holds. */
void symbols__on_record(struct symbols *s, const struct tare_rec *rec);

/* Write what is at those noted since the last call (SYMBOLS frames), for processes that are still there. */
void symbols__write(struct symbols *s, const struct runtimes *r, struct writer *w);

void symbols__free(struct symbols *s);

#endif /* TARE_SYMBOLS_H */
