/* SPDX-License-Identifier: BSD-2-Clause */
/* What the sampled page faults were in. */
#ifndef TARE_FAULT_OWNERS_H
#define TARE_FAULT_OWNERS_H

#include "event.h"
#include "table.h"

#define FAULT_OWNERS_MAX 4096 /* files; further ones count without their names */

struct fault_owner {
	uint16_t owner;			/* enum tare_fault_owner */
	char name[TARE_FAULT_NAME_LEN]; /* of the file; "": none, or not known. Not safe to print */
	uint64_t minor, major;		/* that the samples stand for */
	uint64_t huge;			/* of the minor ones: that brought in huge pages */
};

struct fault_owners {
	struct fault_owner *all;
	size_t nr, room;
	struct table by_hash; /* to 1 + index */
	uint64_t samples, minor, major, huge;
};

void fault_owners__init(struct fault_owners *f);
void fault_owners__free(struct fault_owners *f);

/* Take EVENT_FAULT_SAMPLE. Returns 0 or -ENOMEM. */
int fault_owners__event(struct fault_owners *f, const struct event *ev);

#endif /* TARE_FAULT_OWNERS_H */
