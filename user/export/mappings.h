/* SPDX-License-Identifier: BSD-2-Clause */
/* The files that a recording's processes have mapped, by address. */
#ifndef TARE_MAPPINGS_H
#define TARE_MAPPINGS_H

#include "event.h"
#include "table.h"

struct mapping {
	uint32_t pid;
	uint64_t start, end, offset;
	char *path; /* not safe to print */
	uint8_t build_id_len, build_id[TARE_BUILD_ID_MAX];
};

struct mappings {
	struct mapping *all; /* in the order in which they were told: a later one replaces what is in its place */
	size_t nr, room;
	struct table found; /* address, see table__address_key(), to index + 1 in .all, or 0 */
};

/* Starts as 0. Fold in an event of any kind. Returns 0 or -ENOMEM. */
int mappings__event(struct mappings *m, const struct event *ev);
void mappings__free(struct mappings *m);

/* The one at @address of @pid as of the last event, or NULL. Valid until the next event. */
const struct mapping *mappings__at(struct mappings *m, uint32_t pid, uint64_t address);

/*
 * What stands for a function without a name at @address of @pid, 0: the kernel: "[libc.so.6]", the file that it is in,
 * or
 * "[unknown]". Points into @buf or is static; not safe to print.
 */
const char *mappings__stand_in(struct mappings *m, uint32_t pid, uint64_t address, char *buf, size_t size);

#endif /* TARE_MAPPINGS_H */
