/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ledger of CPU time: gross = tare + probes + net, to the nanosecond. Gross is exact. What tare's own probes took
 * of it is counted and timed by the kernel, and what is around them (traps, the kernel's events) counted and
 * calibrated, or else known by samples; the rest is divided in proportion to samples, so each class has an interval.
 */
#ifndef TARE_LEDGER_H
#define TARE_LEDGER_H

#include "model.h"

struct ledger_class {
	uint64_t samples;
	uint64_t ns;
	uint64_t low_ns, high_ns; /* 95 % interval of .ns */
};

struct ledger {
	uint64_t gross_ns;  /* CPU time that the kernel charged to the target's threads */
	uint64_t probes_ns; /* of it: taken by tare's probes */
	uint64_t tare_ns;   /* of it: by the runtime, and by the kernel on its behalf: the sum of all classes */
	uint64_t net_ns;    /* the rest: the program's own code, and what it asks of the kernel */
	uint64_t samples;   /* without those in tare's own probes: */
	uint64_t in_probes, around_probes;
	bool calibrated; /* what is around probes is in .probes_ns by their hits, not by samples */
	uint64_t unseen; /* of them, those whose stack is not known, or not to its outer end: they are in net */
	struct ledger_class classes[TARE_NR_COSTS]; /* those of enum tare_cost but _NONE and those of probes */
	struct ledger_class net;
};

/*
 * The ledger of a finished model. Returns 0, or -ENODATA if there are no samples: then only .gross_ns and .probes_ns
 * are set.
 */
int ledger__of(const struct model *m, struct ledger *l);

/*
 * What a stack's time was for: the cost of its outermost function that has one, where the kernel's come before the
 * user's. TARE_COST_NONE: the program itself.
 */
enum tare_cost ledger__cost_of(const struct model *m, const struct model_stack *st);

/*
 * A wait's stack was taken by tare's own probe, at the end of the switch. Returns where the wait itself begins in the
 * kernel's part.
 */
unsigned ledger__after_probe(const struct model *m, const struct model_stack *st);

/* Who asked for memory. */
struct allocation_site {
	/*
	 * the innermost function outside of the outermost one that allocates, and outside of the language's runtime and
	 * what its library compiles into programs if there is such a one; NULL: not certain (.nr_sure of struct
	 * tare_call_stack)
	 */
	const struct model_symbol *at;
	const struct model_symbol *caller; /* of that, likewise; NULL: not known */
};

/* In the stack of an allocation. */
struct allocation_site ledger__allocation_site(const struct model *m, const struct model_stack *st);

/* Likewise of a sample of CPU time, its .at; NULL also if that was not in an allocator. */
const struct model_symbol *ledger__allocates_for(const struct model *m, const struct model_stack *st);

/* The name used in JSON, the title for people, and the group. Never NULL. */
const char *ledger__name(enum tare_cost cost);
const char *ledger__title(enum tare_cost cost);
enum tare_cost_group ledger__group(enum tare_cost cost);
const char *ledger__group_title(enum tare_cost_group group);

#endif /* TARE_LEDGER_H */
