/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests of JSON lines: does a line fit its kind in the schema, with no key that is not there? */
#ifndef TARE_TEST_JSON_SCHEMA_H
#define TARE_TEST_JSON_SCHEMA_H

#include <jansson.h>
#include <regex.h>

#include "export_sink.h"

static inline json_t *schema_of_lines(void)
{
	static json_t *schema;
	char *text;
	size_t len;
	FILE *to = schema ? NULL : open_memstream(&text, &len);

	if (schema)
		return schema;
	assert_non_null(to);
	assert_int_equal(exporter_json_lines.schema(to), 0);
	assert_int_equal(fclose(to), 0);
	schema = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(schema);
	free(text);
	return schema;
}

static inline bool has_type(json_t *value, const char *type)
{
	if (!strcmp(type, "integer")) /* the tests' parser has them as real numbers */
		return json_is_number(value);
	return !strcmp(type, "string")	? json_is_string(value) :
	       !strcmp(type, "boolean") ? json_is_boolean(value) :
	       !strcmp(type, "array")	? json_is_array(value) :
	       !strcmp(type, "object")	? json_is_object(value) :
					  !strcmp(type, "null") && json_is_null(value);
}

static inline bool fits_pattern(const char *text, const char *pattern)
{
	regex_t re;
	bool fits;

	assert_int_equal(regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB), 0);
	fits = !regexec(&re, text, 0, NULL, 0);
	regfree(&re);
	return fits;
}

static inline void assert_fits(json_t *value, json_t *schema, const char *what);

static inline void assert_members_fit(json_t *object, json_t *schema)
{
	json_t *properties = json_object_get(schema, "properties"), *each;
	const char *key;
	size_t i;

	json_object_foreach(object, key, each)
	{
		if (!json_object_get(properties, key))
			fail_msg("the schema has no %s", key);
		assert_fits(each, json_object_get(properties, key), key);
	}
	json_array_foreach(json_object_get(schema, "required"), i, each)
	{
		if (!json_object_get(object, json_string_value(each)))
			fail_msg("%s is required", json_string_value(each));
	}
}

static inline void assert_fits(json_t *value, json_t *schema, const char *what)
{
	json_t *type = json_object_get(schema, "type"), *constant = json_object_get(schema, "const"), *each;
	const char *pattern = json_string_value(json_object_get(schema, "pattern"));
	bool any = json_is_string(type) && has_type(value, json_string_value(type));
	size_t i;

	json_array_foreach(type, i, each) any |= has_type(value, json_string_value(each));
	if (constant ? !json_equal(constant, value) : !any)
		fail_msg("%s is not as the schema has it", what);
	if (json_object_get(schema, "minimum") && json_is_number(value) && json_number_value(value) < 0)
		fail_msg("%s is less than 0", what);
	if (pattern && json_is_string(value) && !fits_pattern(json_string_value(value), pattern))
		fail_msg("%s is %s", what, json_string_value(value));
	json_array_foreach(value, i, each) assert_fits(each, json_object_get(schema, "items"), what);
	if (json_is_object(value))
		assert_members_fit(value, schema);
}

static inline void assert_line_fits(json_t *line)
{
	json_t *defs = json_object_get(schema_of_lines(), "$defs"), *def;
	const char *event = json_string_value(json_object_get(line, "event"));
	char name[80];

	assert_non_null(event);
	snprintf(name, sizeof(name), "%s", event);
	if (!strcmp(event, "runtime"))
		snprintf(name, sizeof(name), "runtime.%s", json_string_value(json_object_get(line, "what")));
	def = json_object_get(defs, name) ?: json_object_get(defs, "runtime.later");
	assert_members_fit(line, def);
}

#endif /* TARE_TEST_JSON_SCHEMA_H */
