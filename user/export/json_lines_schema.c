// SPDX-License-Identifier: BSD-2-Clause
/*
 * The JSON Schema (draft 2020-12) of JSON lines: each kind is described by what writes it. Keys are only ever added, so
 * that others are allowed.
 */
#include <errno.h>
#include <string.h>

#include "event_names.h"
#include "json_lines.h"
#include "util.h"

#define DRAFT "https://json-schema.org/draft/2020-12/schema"

/* An event to describe: of what a description points to, nothing is known. */
static struct event example_of(enum event_kind kind)
{
	static const struct tare_header header;
	static const struct tare_task task;
	static const struct tare_process process;
	static const struct tare_module module;
	static const struct tare_loss loss;
	static const struct tare_probe probe;
	static const struct tare_end end;
	static const struct tare_symbol symbol;
	static const struct tare_delays delays;
	static const struct tare_number_name number_name;
	static const struct tare_page page;
	static const struct tare_quota quota;
	static const struct tare_call_stack call_stack;
	static const struct tare_heap_stack stack;
	static const struct tare_heap heap = { .nr = 1, .elem_size = sizeof(stack) };
	static const struct event examples[NR_EVENTS] = {
		[EVENT_HEADER] = { .header = &header },
		[EVENT_INFO] = { .info = { "", "" } },
		[EVENT_TASK] = { .task = &task },
		[EVENT_PROCESS] = { .process = { &process, "", "" } },
		[EVENT_MODULE] = { .module = { &module, "" } },
		[EVENT_LOSS] = { .loss = &loss },
		[EVENT_PROBE] = { .probe = &probe },
		[EVENT_END] = { .end = &end },
		[EVENT_DAMAGE] = { .damage = { .what = "" } },
		[EVENT_SYMBOL] = { .symbol = { .head = &symbol,
					       .name = "",
					       .file = "",
					       .own_name = "",
					       .own_file = "" } },
		[EVENT_DELAYS] = { .delays = &delays },
		[EVENT_NUMBER_NAME] = { .number_name = { &number_name, "" } },
		[EVENT_PAGE] = { .page = { &page, "" } },
		[EVENT_QUOTA] = { .quota = { &quota, "" } },
		[EVENT_CALL_STACK] = { .call_stack = { &call_stack, "", "" } },
		[EVENT_HEAP] = { .heap = { &heap, &stack } },
	};
	struct event ev = examples[kind];

	ev.kind = kind;
	return ev;
}

/* What describes has the time at which that was found out, and stands before or after what it describes. */
static bool is_ordered(enum event_kind kind)
{
#define UNORDERED(kind, name) [EVENT_##kind] = true,
	static const bool descriptions[NR_EVENTS] = { EVENT_DESCRIPTIONS(UNORDERED) };
#undef UNORDERED

	return !descriptions[kind];
}

/* What every line has. */
static int put_common(struct json_line *l, enum event_kind kind)
{
	int ret = json_line__describe(l);

	if (ret)
		return ret;
	line_number(l, "ts_ns", 0);
	line_number(l, "cpu", 0);
	line_const(l, "event", event_name(kind));
	return 0;
}

/* Add what @l describes to @defs as @name. */
static int add(json_t *defs, const char *name, struct json_line *l, enum event_kind kind)
{
	json_t *def = json_pack("{s:s, s:o, s:o, s:b}", "type", "object", "properties", l->properties, "required",
				l->required, "x-ordered", is_ordered(kind));

	return json_object_set_new(defs, name, def) ? -ENOMEM : 0;
}

static int add_kind(json_t *defs, enum event_kind kind)
{
	const struct event ev = example_of(kind);
	struct json_line l = { 0 };
	int ret = put_common(&l, kind);

	if (ret)
		return ret;
	json_lines_kinds[kind](&l, &ev);
	return add(defs, event_name(kind), &l, kind);
}

/* One of what a runtime tells; @event TARE_NR_RT_EVENTS: of a later version, which has a number for a name. */
static int add_runtime(json_t *defs, uint16_t event)
{
	const char *name = runtime_event_name(event);
	struct event ev = { .kind = EVENT_RUNTIME, .runtime = { .event = event, .nr_args = TARE_RT_MAX_ARGS } };
	struct json_line l = { 0 };
	char title[80], key[64];
	int ret = put_common(&l, EVENT_RUNTIME);

	if (ret)
		return ret;
	put_runtime_of(&l, &ev);
	for (unsigned i = 0; i < ev.runtime.nr_args; i++)
		WHEN(&l, true)
			if (json_lines__name_key(event, i, key))
				line_text(&l, key, "", 0);
	snprintf(title, sizeof(title), "runtime.%s", name ?: "later");
	return add(defs, title, &l, EVENT_RUNTIME);
}

static int add_all(json_t *defs)
{
	int ret = 0;

	for (int kind = 0; !ret && kind < NR_EVENTS; kind++)
		if (kind != EVENT_RUNTIME)
			ret = add_kind(defs, kind);
	for (int event = 0; !ret && event < TARE_NR_RT_EVENTS; event++)
		if (runtime_event_name(event))
			ret = add_runtime(defs, event);
	return ret ?: add_runtime(defs, TARE_NR_RT_EVENTS);
}

static json_t *schema_of(json_t *defs)
{
	json_t *any = json_array(), *each;
	const char *name;

	json_object_foreach(defs, name, each)
		json_array_append_new(any, json_pack("{s:o}", "$ref", json_sprintf("#/$defs/%s", name)));
	return json_pack(
		"{s:s, s:s, s:s, s:o, s:o}", "$schema", DRAFT, "title", "a line of tare export -f json-lines",
		"description",
		"Times are CLOCK_MONOTONIC in ns. Lines of the kinds whose x-ordered is true are in the order of "
		"their ts_ns. The others describe: they have the time at which that was found out, and stand "
		"before or after what they describe. Keys are only ever added.",
		"oneOf", any, "$defs", defs);
}

int json_lines__schema(FILE *to)
{
	json_t *defs = json_object(), *schema;
	int ret = defs ? add_all(defs) : -ENOMEM;

	if (ret) {
		json_decref(defs);
		return ret;
	}
	schema = schema_of(defs);
	errno = 0;
	if (!schema || json_dumpf(schema, to, JSON_INDENT(2)) || fputc('\n', to) == EOF)
		ret = errno ? -errno : -EIO;
	json_decref(schema);
	return ret;
}
