/* SPDX-License-Identifier: BSD-2-Clause */
/* Members of a JSON object that is not empty: a comma, the key (which needs no quoting) and the value. */
#ifndef TARE_JSON_LINES_PUT_H
#define TARE_JSON_LINES_PUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "event.h"

/* A value alone: at most @len bytes of text, up to the first NUL. */
void put_string(FILE *to, const char *s, size_t len);
void put_text(FILE *to, const char *key, const char *s, size_t len);
void put(FILE *to, const char *key, uint64_t n);
/* Writes nothing if @n is TARE_UNKNOWN. */
void put_known(FILE *to, const char *key, uint64_t n);
/* As a string: JSON has no hexadecimal numbers. */
void put_hex(FILE *to, const char *key, uint64_t n);
void put_bool(FILE *to, const char *key, bool is);
/* A list of @nr addresses, which may be unaligned, in the format of put_hex(). */
void put_addresses(FILE *to, const char *key, const void *at, unsigned nr);
/* What stops a thread, if known. */
void put_stopped(FILE *to, uint32_t signal, const char cgroup[TARE_CGROUP_LEN]);

/* json_lines_descriptions.c: what is told of each kind of description. */
#define DESCRIPTION(kind, name) void put_##name##_of(FILE *to, const struct event *ev);
EVENT_DESCRIPTIONS(DESCRIPTION)
#undef DESCRIPTION

#endif /* TARE_JSON_LINES_PUT_H */
