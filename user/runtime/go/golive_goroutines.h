/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every goroutine of a live process, from its list of all of them (runtime.allgs), without stopping it. A goroutine
 * whose fields are the same before and after its stack was read stood still meanwhile; one that did not is read again,
 * and in the end counted as torn.
 */
#ifndef TARE_GOLIVE_GOROUTINES_H
#define TARE_GOLIVE_GOROUTINES_H

#include "golive.h"

/* A g as it was at one moment. Addresses are the process's own. */
struct go_g {
	uint64_t id, parent; /* .parent 0: unknown */
	uint64_t waitsince;  /* see go_collections__seen() */
	uint64_t created_pc, start_pc;
	uint64_t pc, sp; /* where it is parked: if .parked */
	uint32_t status; /* without the scan bit */
	uint8_t reason, runs;
	bool parked; /* it has a stack that nobody runs on */
	bool torn;   /* it changed at each try: nothing above holds but .id, .created_pc and .start_pc */
};

/* Called for each that is not dead. @words: its stack from .sp on, as far as it was read. 0, or a negative errno. */
typedef int go_g_visit(const struct go_g *g, const uint64_t *words, size_t nr_words, void *ctx);

/*
 * Read them all. *@dead: how many are kept for later use. Returns 0, what @visit returned, or -ENOENT: where the list
 * is is not known; -EINVAL: it does not look as the runtime's must, go_live__problem() says why; -ESRCH, -EPERM,
 * -ENOMEM.
 */
int go_live__goroutines(struct go_live *live, go_g_visit *visit, void *ctx, size_t *dead);

#define GO_COLLECTIONS_MAX 256 /* memstats.pause_end */

/* When the last collections ended, in the order of time, by the process's CLOCK_MONOTONIC. */
struct go_collections {
	uint64_t end_ns[GO_COLLECTIONS_MAX];
	unsigned nr;
	int64_t ahead_ns; /* that clock of now_ns(): not 0 if it is in another time namespace */
};

/* Returns 0; -ENOENT: that place is not known; or another negative errno. Then there are none. */
int go_live__collections(struct go_live *live, struct go_collections *c);

/*
 * By when a goroutine with @waitsince was waiting for sure; 0: unknown. A collection that finds a goroutine waiting for
 * the first time sets it to the time at which the collection *before* ended (work.tstart, runtime/mgc.go and
 * mgcmark.go, Go 1.19 to 1.27), which the wait need not have begun by: what is sure is the collection after that.
 */
uint64_t go_collections__seen(const struct go_collections *c, uint64_t waitsince);

#endif /* TARE_GOLIVE_GOROUTINES_H */
