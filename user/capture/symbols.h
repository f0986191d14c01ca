/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is at the addresses in the target's records, resolved while the target is alive: a recording then needs none of
 * its files, and no path that a recording names is ever opened. And which cgroup's quota each is under.
 */
#ifndef TARE_SYMBOLS_H
#define TARE_SYMBOLS_H

#include <stdint.h>
#include <sys/types.h>

#include "naming.h"
#include "runtimes.h"
#include "table.h"
#include "writer.h"

#define SYMBOLS_MAX 65536 /* addresses; further ones keep their number */

struct pending {
	uint32_t pid;
	uint64_t ip, ts_ns; /* a record of that time has it */
	uint64_t again_ns;  /* it is asked about again, not before this; 0: for the first time */
};

struct symbols {
	struct table began; /* process to when its program began, if that was seen */
	struct table seen;  /* by address: when it was noted last */
	struct pending *pending;
	size_t nr, room;
	struct naming naming;
};

void symbols__init(struct symbols *s);

/* When the program began that process @pid ran at @ts_ns; 0: that was not seen, or it is no longer the last one. */
uint64_t symbols__program_ns(const struct symbols *s, uint32_t pid, uint64_t ts_ns);

/* Note address @ip of process @pid (0: the kernel), which a record of @ts_ns has. */
void symbols__note(struct symbols *s, uint32_t pid, uint64_t ip, uint64_t ts_ns);

/* Note the addresses that a record of @ts_ns holds. */
void symbols__on_record(struct symbols *s, const struct tare_rec *rec, uint64_t ts_ns);

/*
 * Write what is at those noted (SYMBOLS frames, and MODULES of what turned out to be mapped): at once what runtimes
 * know, else what was found out since the last call. With a @wait_ns it is the last call, which waits so long at most.
 * Every record older than @complete_ns has been noted; for later ones, wait until the next call.
 */
void symbols__write(struct symbols *s, const struct runtimes *r, struct writer *w, uint64_t complete_ns,
		    uint64_t wait_ns);

/* Is some answer still to come? */
bool symbols__are_awaited(const struct symbols *s);

void symbols__free(struct symbols *s);

#endif /* TARE_SYMBOLS_H */
