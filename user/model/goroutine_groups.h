/* SPDX-License-Identifier: BSD-2-Clause */
/* Goroutines that are in one state at one place, counted; and what two looks at a process have in common. */
#ifndef TARE_GOROUTINE_GROUPS_H
#define TARE_GOROUTINE_GROUPS_H

#include "goroutines.h"

#define GOROUTINE_EXAMPLES 3

struct goroutine_group {
	const char *state, *reason; /* as in struct goroutine */
	uint32_t stack;
	uint64_t created_at;
	bool system, torn;
	uint64_t count;			       /* in the last look */
	uint64_t before;		       /* in the first */
	uint64_t stayed;		       /* of .count: were here in the first, and have not run since */
	uint64_t known;			       /* of .count: waits of which something is known */
	uint64_t longest_ns;		       /* the longest of those: it was this long, or longer */
	uint64_t examples[GOROUTINE_EXAMPLES]; /* ids of some in the last look */
	unsigned nr_examples;
	uint32_t number; /* private */
};

struct goroutine_wait {
	const struct goroutine *g; /* of the last look */
	uint64_t at_least_ns;
	uint32_t group;
};

struct goroutine_groups {
	struct goroutine_group *groups; /* largest first, the program's before the runtime's */
	size_t nr, room;
	struct goroutine_wait *longest; /* the program's, longest first */
	size_t nr_longest, room_longest;
	size_t counted, system; /* in the last look: the program's, torn ones too, and the runtime's */
	size_t counted_before;
	size_t created, ended, stayed; /* of the program's, between two looks */
	struct table by_key;
};

/*
 * Between two looks: of @first, those that have run until @middle do not count as having stayed. A count of runs begins
 * again after 256, so that one in as many would pass if it runs all the time. Returns 0 or -ENOMEM.
 */
int goroutines__narrow(struct goroutines *first, const struct goroutines *middle);

/*
 * Group those of @now; @first: an earlier look that shares its stacks, NULL: there is none. Keeps the @longest waits.
 * Both must outlive the result. Returns 0 or -ENOMEM; goroutine_groups__free() in any case.
 */
int goroutine_groups__of(struct goroutine_groups *gg, const struct goroutines *first, const struct goroutines *now,
			 size_t longest);
void goroutine_groups__free(struct goroutine_groups *gg);

#endif /* TARE_GOROUTINE_GROUPS_H */
