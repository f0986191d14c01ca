/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What runtimes call their numbers. Programs that number alike share a set of names; the first set is that of every
 * process of which nothing else is told. See enum tare_runtime_event.
 */
#ifndef TARE_RUNTIME_NAMES_H
#define TARE_RUNTIME_NAMES_H

#include <stdbool.h>

#include "table.h"

#define NAMES_MAX_SETS	64	/* names of further ones are not kept: their numbers stay numbers */
#define NAMES_MAX	256	/* in a set */

struct name_set {
	struct { char *key, *name; } at[NAMES_MAX];
	unsigned nr;
};

struct runtime_names {
	struct name_set *sets[NAMES_MAX_SETS];
	struct table by_pid;	/* to the number of its set */
};

void runtime_names__init(struct runtime_names *n);
void runtime_names__free(struct runtime_names *n);

/* Take info @key, which is @value. Returns 1 where it is one of these, 0 where it is none, or -ENOMEM. */
int runtime_names__info(struct runtime_names *n, const char *key, const char *value);

/*
 * What process @pid calls number @nr of @kind ("stop_reason", "gc_phase", "wait_reason"), or NULL. As it came: not safe to
 * print. It stays until runtime_names__free().
 */
const char *runtime_names__find(const struct runtime_names *n, uint32_t pid, const char *kind, uint64_t nr);

#endif /* TARE_RUNTIME_NAMES_H */
