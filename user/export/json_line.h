/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Members of a line of JSON. The same calls that write a line also describe it: where they are told to, they note each
 * member's name and type, and write nothing. So what writes a line is its schema.
 */
#ifndef TARE_JSON_LINE_H
#define TARE_JSON_LINE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "event.h"

struct json_line {
	FILE *to;
	bool fresh; /* no member yet: no comma */
	/* describing: what it consists of, see json_line__describe(); else NULL */
	json_t *properties, *required, *outer;
	unsigned optional; /* inside as many WHEN() */
};

/* Describe from now on. The caller drops .properties and .required. Returns 0 or -ENOMEM. */
int json_line__describe(struct json_line *l);

/* WHEN (l, condition) statement: members that are only there sometimes. They are described in any case. */
#define WHEN(l, condition) for (bool once_ = line_when(l, condition); once_; once_ = line_when_end(l))
bool line_when(struct json_line *l, bool holds);
bool line_when_end(struct json_line *l);

/* ---- members: the key needs no quoting ---- */

/* At most @len bytes, up to the first NUL. */
void line_text(struct json_line *l, const char *key, const char *s, size_t len);
/* One of the texts that it can only be. */
void line_const(struct json_line *l, const char *key, const char *s);
/* The text; where it is NULL, the number instead. */
void line_name(struct json_line *l, const char *key, const char *s, uint64_t n);
void line_number(struct json_line *l, const char *key, uint64_t n);
/* As a text: a number where others have a name. */
void line_digits(struct json_line *l, const char *key, uint64_t n);
void line_signed(struct json_line *l, const char *key, int64_t n);
/* Not there if @n is TARE_UNKNOWN. */
void line_known(struct json_line *l, const char *key, uint64_t n);
/* Likewise; null if it is TARE_NONE. */
void line_setting(struct json_line *l, const char *key, uint64_t n);
/* As a text: JSON has no hexadecimal numbers. */
void line_hex(struct json_line *l, const char *key, uint64_t n);
/* @len bytes as one text of hexadecimal digits. */
void line_bytes(struct json_line *l, const char *key, const uint8_t *bytes, size_t len);
void line_bool(struct json_line *l, const char *key, bool is);
/* A list of @nr addresses, which may be unaligned, as line_hex() has them. */
void line_addresses(struct json_line *l, const char *key, const void *at, unsigned nr);
/* A list of texts: each of the @len bytes at @s up to a NUL. */
void line_texts(struct json_line *l, const char *key, const char *s, size_t len);
/* A list of [from, count]. */
void line_buckets(struct json_line *l, const char *key, const struct tare_delays *d);

/* A list of objects: each between begin and end. Described by the first; such lists do not nest. */
void line_objects(struct json_line *l, const char *key);
void line_object_begin(struct json_line *l, bool first);
void line_object_end(struct json_line *l);
void line_objects_end(struct json_line *l, const char *key);

#endif /* TARE_JSON_LINE_H */
