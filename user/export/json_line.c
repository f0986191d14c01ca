// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "json_line.h"
#include "json_text.h"

#define HEX "^0x[0-9a-f]+$"

/* ---- describing ---- */

int json_line__describe(struct json_line *l)
{
	l->properties = json_object();
	l->required = json_array();
	return l->properties && l->required ? 0 : -ENOMEM;
}

bool line_when(struct json_line *l, bool holds)
{
	if (l->properties)
		l->optional++;
	return holds || l->properties;
}

bool line_when_end(struct json_line *l)
{
	if (l->properties)
		l->optional--;
	return false;
}

static json_t *a_number(void)
{
	return json_pack("{s:s, s:i}", "type", "integer", "minimum", 0);
}

static json_t *a_hex(void)
{
	return json_pack("{s:s, s:s}", "type", "string", "pattern", HEX);
}

static json_t *a_text(void)
{
	return json_pack("{s:s}", "type", "string");
}

static json_t *a_list(json_t *of)
{
	return json_pack("{s:s, s:o}", "type", "array", "items", of);
}

static void note(struct json_line *l, const char *key, json_t *type)
{
	json_object_set_new(l->properties, key, type);
	if (!l->optional)
		json_array_append_new(l->required, json_string(key));
}

/* Begin a member, unless it is only described, as being a @type. */
#define DESCRIBED(l, key, type) ((l)->properties ? (note(l, key, type), true) : (put_key(l, key), false))

static void put_key(struct json_line *l, const char *key)
{
	fprintf(l->to, "%s\"%s\":", l->fresh ? "" : ",", key);
	l->fresh = false;
}

/* ---- members ---- */

void line_text(struct json_line *l, const char *key, const char *s, size_t len)
{
	if (!DESCRIBED(l, key, a_text()))
		put_string(l->to, s, len);
}

void line_const(struct json_line *l, const char *key, const char *s)
{
	if (!DESCRIBED(l, key, json_pack("{s:s}", "const", s)))
		put_string(l->to, s, strlen(s));
}

void line_name(struct json_line *l, const char *key, const char *s, uint64_t n)
{
	if (DESCRIBED(l, key, json_pack("{s:[s, s]}", "type", "string", "integer")))
		return;
	if (s)
		put_string(l->to, s, strlen(s));
	else
		fprintf(l->to, "%" PRIu64, n);
}

void line_number(struct json_line *l, const char *key, uint64_t n)
{
	if (!DESCRIBED(l, key, a_number()))
		fprintf(l->to, "%" PRIu64, n);
}

void line_digits(struct json_line *l, const char *key, uint64_t n)
{
	if (!DESCRIBED(l, key, json_pack("{s:s, s:s}", "type", "string", "pattern", "^[0-9]+$")))
		fprintf(l->to, "\"%" PRIu64 "\"", n);
}

void line_signed(struct json_line *l, const char *key, int64_t n)
{
	if (!DESCRIBED(l, key, json_pack("{s:s}", "type", "integer")))
		fprintf(l->to, "%" PRId64, n);
}

void line_known(struct json_line *l, const char *key, uint64_t n)
{
	WHEN(l, n != TARE_UNKNOWN)
		line_number(l, key, n);
}

void line_setting(struct json_line *l, const char *key, uint64_t n)
{
	WHEN(l, n != TARE_UNKNOWN) {
		if (!DESCRIBED(l, key, json_pack("{s:[s, s], s:i}", "type", "integer", "null", "minimum", 0)))
			fprintf(l->to, n == TARE_NONE ? "null" : "%" PRIu64, n);
	}
}

void line_hex(struct json_line *l, const char *key, uint64_t n)
{
	if (!DESCRIBED(l, key, a_hex()))
		fprintf(l->to, "\"0x%" PRIx64 "\"", n);
}

void line_bytes(struct json_line *l, const char *key, const uint8_t *bytes, size_t len)
{
	if (DESCRIBED(l, key, json_pack("{s:s, s:s}", "type", "string", "pattern", "^([0-9a-f]{2})*$")))
		return;
	fputc('"', l->to);
	for (size_t i = 0; i < len; i++)
		fprintf(l->to, "%02x", bytes[i]);
	fputc('"', l->to);
}

void line_bool(struct json_line *l, const char *key, bool is)
{
	if (!DESCRIBED(l, key, json_pack("{s:s}", "type", "boolean")))
		fputs(is ? "true" : "false", l->to);
}

/* ---- lists ---- */

void line_addresses(struct json_line *l, const char *key, const void *at, unsigned nr)
{
	uint64_t address;

	if (DESCRIBED(l, key, a_list(a_hex())))
		return;
	fputc('[', l->to);
	for (unsigned i = 0; i < nr; i++) {
		memcpy(&address, (const char *)at + i * sizeof(address), sizeof(address));
		fprintf(l->to, "%s\"0x%" PRIx64 "\"", i ? "," : "", address);
	}
	fputc(']', l->to);
}

void line_texts(struct json_line *l, const char *key, const char *s, size_t len)
{
	const char *first = s, *end = s + len;

	if (DESCRIBED(l, key, a_list(a_text())))
		return;
	fputc('[', l->to);
	for (; s < end; s += strnlen(s, end - s) + 1) {
		fputs(s == first ? "" : ",", l->to);
		put_string(l->to, s, end - s);
	}
	fputc(']', l->to);
}

void line_buckets(struct json_line *l, const char *key, const struct tare_delays *d)
{
	if (DESCRIBED(l, key,
		      a_list(json_pack("{s:s, s:o, s:i, s:i}", "type", "array", "items", a_number(), "minItems", 2,
				       "maxItems", 2))))
		return;
	fputc('[', l->to);
	for (uint32_t i = 0; i < d->nr; i++)
		fprintf(l->to, "%s[%" PRIu64 ",%" PRIu64 "]", i ? "," : "", (uint64_t)d->buckets[i].from_ns,
			(uint64_t)d->buckets[i].count);
	fputc(']', l->to);
}

void line_objects(struct json_line *l, const char *key)
{
	if (!l->properties) {
		put_key(l, key);
		fputc('[', l->to);
		return;
	}
	l->outer = json_pack("{s:o, s:o}", "properties", l->properties, "required", l->required);
	json_line__describe(l);
}

void line_object_begin(struct json_line *l, bool first)
{
	if (!l->properties)
		fputs(first ? "{" : ",{", l->to);
	l->fresh = true;
}

void line_object_end(struct json_line *l)
{
	if (!l->properties)
		fputc('}', l->to);
	l->fresh = false;
}

void line_objects_end(struct json_line *l, const char *key)
{
	json_t *of;

	if (!l->properties) {
		fputc(']', l->to);
		return;
	}
	of = json_pack("{s:s, s:o, s:o}", "type", "object", "properties", l->properties, "required", l->required);
	l->properties = json_incref(json_object_get(l->outer, "properties"));
	l->required = json_incref(json_object_get(l->outer, "required"));
	json_decref(l->outer);
	note(l, key, a_list(of));
}
