// SPDX-License-Identifier: BSD-2-Clause
/*
 * Each event as one JSON object per line, for jq and scripts: everything in the recording, in time order. Every line
 * has "ts_ns", "cpu" and "event"; times are CLOCK_MONOTONIC. Keys are only ever added.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "event_names.h"
#include "export.h"
#include "json_lines.h"
#include "runtime_names.h"
#include "util.h"

struct lines {
	struct json_line line;
	struct runtime_names names;
};

/* One entry per event kind: a missing one does not compile. */
void (*const json_lines_kinds[NR_EVENTS])(struct json_line *to, const struct event *ev) = {
#define KIND(kind, name, ...) [EVENT_##kind] = put_##name##_of,
	EVENT_DESCRIPTIONS(KIND) TARE_RECORDS(KIND, EVENT_NONE)
};

const char *json_lines__name_key(uint16_t event, unsigned i, char key[64])
{
	if (!runtime_arg_kind(event, i))
		return NULL;
	snprintf(key, 64, "%s_name", runtime_arg_name(event, i));
	return key;
}

static int json_lines__begin(FILE *to, const struct export_opts *opts, void **state)
{
	struct lines *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	l->line.to = to;
	runtime_names__init(&l->names);
	*state = l;
	return 0;
}

/* "reason_name" after "reason": the runtime's name for the number, if known so far. */
static void put_names(struct lines *l, const struct event *ev)
{
	const char *name;
	char key[64];

	for (unsigned i = 0; i < ev->runtime.nr_args; i++) {
		if (!json_lines__name_key(ev->runtime.event, i, key))
			continue;
		name = runtime_names__find(&l->names, ev->runtime.tgid, runtime_arg_kind(ev->runtime.event, i),
					   ev->runtime.args[i]);
		if (name)
			line_text(&l->line, key, name, strlen(name));
	}
}

static int json_lines__event(void *state, const struct event *ev)
{
	struct lines *l = state;
	FILE *to = l->line.to;

	if (ev->kind >= NR_EVENTS)
		return 0;
	if (ev->kind == EVENT_NUMBER_NAME)
		runtime_names__event(&l->names, ev);
	errno = 0;
	fprintf(to, "{\"ts_ns\":%" PRIu64 ",\"cpu\":%u,\"event\":\"%s\"", ev->ts_ns, ev->cpu, event_name(ev->kind));
	json_lines_kinds[ev->kind](&l->line, ev);
	if (ev->kind == EVENT_RUNTIME)
		put_names(l, ev);
	fputs("}\n", to);
	return ferror(to) ? -(errno ? errno : EIO) : 0;
}

static int json_lines__end(void *state)
{
	struct lines *l = state;

	runtime_names__free(&l->names);
	free(l);
	return 0;
}

const struct exporter exporter_json_lines = {
	.name = "json-lines",
	.what = "each event as one JSON object on a line, for jq and scripts",
	.endings = ".jsonl .ndjson",
	.schema = json_lines__schema,
	.begin = json_lines__begin,
	.event = json_lines__event,
	.end = json_lines__end,
};
