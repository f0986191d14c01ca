/* SPDX-License-Identifier: BSD-2-Clause */
/* What runtimes call their numbers, process by process: see enum tare_name_kind. */
#ifndef TARE_RUNTIME_NAMES_H
#define TARE_RUNTIME_NAMES_H

#include "event.h"
#include "intern.h"

#define NAMES_MAX (1u << 20) /* of all processes together; what is beyond stays a number */

struct runtime_names {
	struct table by_number; /* process, kind and number to text */
	struct intern texts;
};

void runtime_names__init(struct runtime_names *n);
void runtime_names__free(struct runtime_names *n);

/* Take EVENT_NUMBER_NAME @ev: from now on its number is called so. */
void runtime_names__event(struct runtime_names *n, const struct event *ev);

/*
 * What process @pid calls number @nr of @kind, or NULL. As it came: not safe to print. It stays until
 * runtime_names__free(), also where the process calls it something else by then.
 */
const char *runtime_names__find(const struct runtime_names *n, uint32_t pid, enum tare_name_kind kind, uint64_t nr);

#endif /* TARE_RUNTIME_NAMES_H */
