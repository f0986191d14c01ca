/* SPDX-License-Identifier: BSD-2-Clause */
/* Helpers for JSON, and the parts of tare.report/1. Each of those returns a new reference, NULL if out of memory. */
#ifndef TARE_JSON_IMPL_H
#define TARE_JSON_IMPL_H

#include <jansson.h>
#include <string.h>

#include "model.h"
#include "util.h"

/* Jansson's integers are signed; a larger u64 is not a time that anyone measured. */
static inline json_int_t num(uint64_t n)
{
	return n > INT64_MAX ? INT64_MAX : (json_int_t)n;
}

static inline json_t *number_or_null(uint64_t n, bool known)
{
	return known ? json_integer(num(n)) : json_null();
}

static inline json_t *counter(uint64_t n)
{
	return number_or_null(n, n != TARE_UNKNOWN);
}

static inline json_t *text_or_null(const char *s)
{
	char safe[MODEL_MAX_INFO_LEN + 1];

	return s && s[0] ? json_string(sanitize(s, strlen(s), safe, sizeof(safe))) : json_null();
}

/*
 * Write @root to @to in @format (JSON_INDENT(2), ...) and on a line's end, and drop it. Returns 0, -ENOMEM if there is
 * none, or -EIO.
 */
int json__write(json_t *root, size_t format, FILE *to);

/* One of "pauses" of tare.pauses/1. */
struct pauses_opts;
json_t *json__pause(const struct model *m, const struct pause *p, const struct pauses_opts *opts);

/* tare.report/1 of a finished model: a new reference, NULL if out of memory. */
json_t *report__object(const struct model *m);

/* "ledger.runtime_account" and "ledger.what_if", or null; adds to @notes why. */
json_t *json__runtime_account(const struct model *m, json_t *notes);
json_t *json__what_if(const struct model *m);

/* Add to the report's "notes". */
void json__note(json_t *notes, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

json_t *json__bytes(const struct model *m, json_t *notes);
json_t *json__alloc_sites(const struct model *m, json_t *notes);
json_t *json__grown_sites(const struct model *m);
json_t *json__reclaim(const struct model *m);
json_t *json__memory_calls(const struct model *m, json_t *notes);
json_t *json__faults(const struct model *m, json_t *notes);
json_t *json__heaps(const struct model *m, json_t *notes);
json_t *json__ledger(const struct model *m, json_t *notes);
json_t *json__profile(const struct model *m, json_t *notes);
json_t *json__threads(const struct model *m);
json_t *json__processes(const struct model *m);

#endif /* TARE_JSON_IMPL_H */
