/* SPDX-License-Identifier: BSD-2-Clause */
/* Text in JSON, whatever it is. */
#ifndef TARE_JSON_TEXT_H
#define TARE_JSON_TEXT_H

#include <stddef.h>
#include <stdio.h>

/* A value: at most @len bytes of text, up to the first NUL. */
void put_string(FILE *to, const char *s, size_t len);
/* A member of an object that is not empty: a comma, the key (which needs no quoting) and that. */
void put_text(FILE *to, const char *key, const char *s, size_t len);

#endif /* TARE_JSON_TEXT_H */
