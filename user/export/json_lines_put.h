/* SPDX-License-Identifier: BSD-2-Clause */
/* Members of a JSON object that is not empty: a comma, the key (which needs no quoting) and the value. */
#ifndef TARE_JSON_LINES_PUT_H
#define TARE_JSON_LINES_PUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

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

#endif /* TARE_JSON_LINES_PUT_H */
