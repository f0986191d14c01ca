/* SPDX-License-Identifier: BSD-2-Clause */
/* The members of each kind of line: for writing it, and for its schema. */
#ifndef TARE_JSON_LINES_H
#define TARE_JSON_LINES_H

#include "json_line.h"

/* put_NAME_of() for each kind of event. */
#define PUT_KIND(kind, name, ...) void put_##name##_of(struct json_line *to, const struct event *ev);
#define PUT_NONE(...)
EVENT_DESCRIPTIONS(PUT_KIND)
TARE_RECORDS(PUT_KIND, PUT_NONE)
#undef PUT_NONE
#undef PUT_KIND

/* By kind. */
extern void (*const json_lines_kinds[NR_EVENTS])(struct json_line *to, const struct event *ev);

/* The key under which the name of a runtime event's argument @i follows it. Returns @key; NULL: it has no names. */
const char *json_lines__name_key(uint16_t event, unsigned i, char key[64]);

/* What stops a thread, if known. */
void json_lines__stopped(struct json_line *to, uint32_t signal, const char cgroup[TARE_CGROUP_LEN]);

/* The schema of all lines. Returns 0 or a negative errno. */
int json_lines__schema(FILE *to);

#endif /* TARE_JSON_LINES_H */
