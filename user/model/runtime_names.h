/* SPDX-License-Identifier: BSD-2-Clause */
/* The runtimes' names for their numbers, per process: see enum tare_name_kind. */
#ifndef TARE_RUNTIME_NAMES_H
#define TARE_RUNTIME_NAMES_H

#include "event.h"
#include "intern.h"

#define NAMES_MAX (1u << 20) /* over all processes; further numbers get no name */

struct runtime_names {
	struct table by_number; /* process, kind and number to text */
	struct intern texts;
	struct table named; /* processes that told names */
	uint32_t first;	    /* of these */
};

void runtime_names__init(struct runtime_names *n);
void runtime_names__free(struct runtime_names *n);

/* Take EVENT_NUMBER_NAME @ev: the name holds from now on. */
void runtime_names__event(struct runtime_names *n, const struct event *ev);

/* Process @pid is gone, and so are its names. */
void runtime_names__forget(struct runtime_names *n, uint32_t pid);

/*
 * The name that process @pid gives number @nr of @kind, or NULL. Not safe to print. Valid until runtime_names__free(),
 * even if the process renames it.
 */
const char *runtime_names__find(const struct runtime_names *n, uint32_t pid, enum tare_name_kind kind, uint64_t nr);

#endif /* TARE_RUNTIME_NAMES_H */
