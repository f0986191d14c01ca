// SPDX-License-Identifier: BSD-2-Clause
/*
 * Profiles as an OpenTelemetry collector takes them, at /v1development/profiles. ProfilesData of protocol 1.11.0,
 * which is ExportProfilesServiceRequest field by field:
 * opentelemetry/proto/profiles/v1development/profiles.proto
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "dictionary.h"
#include "hash.h"
#include "otlp.h"
#include "util.h"

/* Field numbers of that file. */
enum {
	DATA_DICTIONARY = 2,
	DICTIONARY_MAPPING = 1,
	DICTIONARY_LOCATION = 2,
	DICTIONARY_FUNCTION = 3,
	DICTIONARY_LINK = 4,
	DICTIONARY_STRING = 5,
	DICTIONARY_ATTRIBUTE = 6,
	DICTIONARY_STACK = 7,
	PROFILE_SAMPLE_TYPE = 1,
	PROFILE_SAMPLES = 2,
	PROFILE_TIME = 3,
	PROFILE_DURATION = 4,
	VALUE_TYPE_TYPE = 1,
	VALUE_TYPE_UNIT = 2,
	SAMPLE_STACK = 1,
	SAMPLE_VALUES = 4,
	MAPPING_START = 1,
	MAPPING_LIMIT = 2,
	MAPPING_OFFSET = 3,
	MAPPING_FILENAME = 4,
	MAPPING_ATTRIBUTES = 5,
	STACK_LOCATIONS = 1,
	LOCATION_MAPPING = 1,
	LOCATION_ADDRESS = 2,
	LOCATION_LINES = 3,
	LOCATION_ATTRIBUTES = 4,
	LINE_FUNCTION = 1,
	LINE_LINE = 2,
	FUNCTION_NAME = 1,
	FUNCTION_SYSTEM_NAME = 2,
	FUNCTION_FILENAME = 3,
	LINK_TRACE_ID = 1,
	LINK_SPAN_ID = 2,
	ATTRIBUTE_KEY = 1,
	ATTRIBUTE_VALUE = 2,
};

#define TABLE_MAX (1u << 24)

enum { ATTRIBUTE_KERNEL = 1 }; /* the first in the table of attributes; build ids follow */

/* What a stack of a process adds up to. */
struct stack_sum {
	uint64_t stack, values[2];
};

struct stack_process {
	uint32_t pid;
	char *name;
	struct stack_sum *sums;
	size_t nr, room;
};

struct profiles {
	struct pb tables; /* all of the dictionary but what .d has */
	struct dictionary d;
	struct table by_process, by_stack, by_sum, by_build_id;
	uint64_t nr_stacks, nr_attributes;
	struct stack_process *processes;
	size_t nr_processes, room_processes;
};

/* ---- the dictionary ---- */

static void put_text(struct pb *to, const char *text)
{
	pb__string(to, DICTIONARY_STRING, text);
}

static void put_function(struct pb *to, uint64_t nr, uint64_t name, uint64_t file)
{
	size_t at = pb__open(to, DICTIONARY_FUNCTION);

	pb__int(to, FUNCTION_NAME, name);
	pb__int(to, FUNCTION_SYSTEM_NAME, name);
	pb__int(to, FUNCTION_FILENAME, file);
	pb__close(to, at);
}

static void put_location(struct dictionary *d, uint64_t nr, uint64_t mapping, const struct sample_frame *frames,
			 const uint64_t *functions, unsigned nr_frames)
{
	static const uint64_t kernel = ATTRIBUTE_KERNEL;
	struct pb *to = &d->rest;
	size_t at = pb__open(to, DICTIONARY_LOCATION), line;

	pb__int(to, LOCATION_MAPPING, mapping);
	pb__int(to, LOCATION_ADDRESS, frames->address);
	for (unsigned i = 0; i < nr_frames; i++) {
		line = pb__open(to, LOCATION_LINES);
		pb__int(to, LINE_FUNCTION, functions[i]);
		pb__int(to, LINE_LINE, frames[i].line);
		pb__close(to, line);
	}
	pb__packed(to, LOCATION_ATTRIBUTES, &kernel, frames->kernel);
	pb__close(to, at);
}

static const struct dictionary_format format = { "", put_text, put_function, put_location };

static uint64_t put_attribute(struct profiles *p, const char *key, const char *value)
{
	uint64_t text = dictionary__text(&p->d, key);
	size_t at = pb__open(&p->tables, DICTIONARY_ATTRIBUTE), any;

	pb__int(&p->tables, ATTRIBUTE_KEY, text);
	any = pb__open(&p->tables, ATTRIBUTE_VALUE);
	pb__string(&p->tables, OTLP_ANY_STRING, value);
	pb__close(&p->tables, any);
	pb__close(&p->tables, at);
	return ++p->nr_attributes;
}

/* Number 0 of each table stands for none. */
static void put_zeros(struct profiles *p)
{
	static const uint32_t empty[] = { DICTIONARY_MAPPING, DICTIONARY_LOCATION, DICTIONARY_FUNCTION,
					  DICTIONARY_ATTRIBUTE, DICTIONARY_STACK };
	static const uint8_t none[16];
	size_t at;

	for (size_t i = 0; i < ARRAY_SIZE(empty); i++)
		pb__bytes(&p->tables, empty[i], none, 0);
	at = pb__open(&p->tables, DICTIONARY_LINK);
	pb__bytes(&p->tables, LINK_TRACE_ID, none, 16);
	pb__bytes(&p->tables, LINK_SPAN_ID, none, 8);
	pb__close(&p->tables, at);
	put_attribute(p, "profile.frame.type", "kernel");
}

/* The attribute with a file's build id, 0 if it is not known; one for all processes that have mapped it. */
static uint64_t build_id_of(struct profiles *p, const char *build_id)
{
	uint64_t *slot;

	if (!build_id[0])
		return 0;
	slot = table__add(&p->by_build_id, dictionary__key(hash__add(HASH_BEGIN, build_id, strlen(build_id))));
	if (!slot)
		p->tables.err = -ENOMEM;
	else if (!*slot)
		*slot = put_attribute(p, "process.executable.build_id.gnu", build_id);
	return slot ? *slot : 0;
}

static void put_mapping(struct profiles *p, const struct used_mapping *u)
{
	struct mapping_told m = dictionary__mapping(&p->d, u);
	uint64_t build_id = build_id_of(p, m.build_id);
	size_t at = pb__open(&p->tables, DICTIONARY_MAPPING);

	pb__int(&p->tables, MAPPING_START, m.start);
	pb__int(&p->tables, MAPPING_LIMIT, m.end);
	pb__int(&p->tables, MAPPING_OFFSET, m.offset);
	pb__int(&p->tables, MAPPING_FILENAME, m.path);
	pb__packed(&p->tables, MAPPING_ATTRIBUTES, &build_id, build_id != 0);
	pb__close(&p->tables, at);
}

static uint64_t stack_of(struct profiles *p, const struct sample_stack *s)
{
	uint64_t locations[SAMPLE_FRAMES], *slot;
	unsigned nr = dictionary__stack(&p->d, s, locations);
	size_t at;

	if (!nr)
		return 0;
	slot = table__add(&p->by_stack, dictionary__key(hash__add(HASH_BEGIN, locations, nr * sizeof(locations[0]))));
	if (!slot || *slot) {
		p->tables.err = slot ? p->tables.err : -ENOMEM;
		return slot ? *slot : 0;
	}
	at = pb__open(&p->tables, DICTIONARY_STACK);
	pb__packed(&p->tables, STACK_LOCATIONS, locations, nr);
	pb__close(&p->tables, at);
	return *slot = ++p->nr_stacks;
}

/* ---- sums ---- */

static int process_of(struct profiles *p, const struct sample_stack *s, size_t *process)
{
	uint64_t hash = hash__add(hash__add(HASH_BEGIN, &s->pid, sizeof(s->pid)), s->process, strlen(s->process));
	uint64_t *slot = table__add(&p->by_process, dictionary__key(hash));

	if (!slot)
		return -ENOMEM;
	if (!*slot) {
		if (ARRAY_GROW(p->processes, p->room_processes, p->nr_processes + 1))
			return -ENOMEM;
		p->processes[p->nr_processes] = (struct stack_process){ s->pid, strdup(s->process), NULL, 0, 0 };
		if (!p->processes[p->nr_processes].name)
			return -ENOMEM;
		*slot = ++p->nr_processes;
	}
	*process = *slot - 1;
	return 0;
}

/* Samples of one stack are one: a pause has many parts. */
static int add_sample(const struct sample_stack *s, void *ctx)
{
	struct profiles *p = ctx;
	struct stack_process *of;
	uint64_t stack = stack_of(p, s), *slot;
	size_t process;

	if (process_of(p, s, &process))
		return -ENOMEM;
	of = &p->processes[process];
	slot = table__add(&p->by_sum, (uint64_t)process << 32 | stack);
	if (!slot || (!*slot && ARRAY_GROW(of->sums, of->room, of->nr + 1)))
		return -ENOMEM;
	if (!*slot) {
		of->sums[of->nr] = (struct stack_sum){ .stack = stack };
		*slot = ++of->nr;
	}
	for (size_t i = 0; i < ARRAY_SIZE(s->values); i++)
		of->sums[*slot - 1].values[i] += s->values[i];
	return 0;
}

/* ---- the message ---- */

/* A profile has one kind of value: this is that of figure @i. */
static void put_profile(struct profiles *p, struct pb *to, const struct sample_export *e,
			const struct stack_process *of, size_t i)
{
	size_t at = pb__open(to, OTLP_SCOPE_DATA), in = pb__open(to, PROFILE_SAMPLE_TYPE);

	pb__int(to, VALUE_TYPE_TYPE, dictionary__text(&p->d, e->weight->figures[i].type));
	pb__int(to, VALUE_TYPE_UNIT, dictionary__text(&p->d, e->weight->figures[i].unit));
	pb__close(to, in);
	for (size_t k = 0; k < of->nr; k++) {
		if (!of->sums[k].values[i])
			continue;
		in = pb__open(to, PROFILE_SAMPLES);
		pb__int(to, SAMPLE_STACK, of->sums[k].stack);
		pb__packed(to, SAMPLE_VALUES, &of->sums[k].values[i], 1);
		pb__close(to, in);
	}
	pb__fixed64(to, PROFILE_TIME, otlp__begin_ns(e->model));
	pb__int(to, PROFILE_DURATION, model__duration(e->model));
	pb__close(to, at);
}

/* Those that show one profile take the first one: the main figure comes first. */
static void put_process(struct profiles *p, struct pb *to, const struct sample_export *e,
			const struct stack_process *of)
{
	size_t at = pb__open(to, OTLP_DATA_RESOURCES), scope;

	otlp__resource(to, e->model, of->pid, of->name, p->nr_processes == 1);
	scope = pb__open(to, OTLP_RESOURCE_SCOPES);
	otlp__scope(to);
	for (size_t i = ARRAY_SIZE(e->weight->figures); i-- > 0;)
		put_profile(p, to, e, of, i);
	pb__close(to, scope);
	pb__close(to, at);
}

static void put_all(struct profiles *p, struct pb *to, const struct sample_export *e)
{
	size_t at;

	for (size_t i = 0; i < p->nr_processes; i++)
		put_process(p, to, e, &p->processes[i]);
	for (size_t i = 0; i < p->d.nr_used; i++)
		put_mapping(p, &p->d.used[i]);
	at = pb__open(to, DATA_DICTIONARY);
	pb__raw(to, p->tables.data, p->tables.len);
	pb__raw(to, p->d.rest.data, p->d.rest.len);
	pb__raw(to, p->d.texts.data, p->d.texts.len);
	pb__close(to, at);
}

static void free_all(struct profiles *p)
{
	for (size_t i = 0; i < p->nr_processes; i++) {
		free(p->processes[i].name);
		free(p->processes[i].sums);
	}
	free(p->processes);
	table__free(&p->by_process);
	table__free(&p->by_stack);
	table__free(&p->by_sum);
	table__free(&p->by_build_id);
	dictionary__free(&p->d);
	pb__free(&p->tables);
}

static int otlp_profiles__end(void *state)
{
	struct sample_export *e = state;
	struct profiles p = { 0 };
	struct pb all = { 0 };
	int ret;

	table__init(&p.by_process, TABLE_MAX);
	table__init(&p.by_stack, TABLE_MAX);
	table__init(&p.by_sum, TABLE_MAX);
	table__init(&p.by_build_id, TABLE_MAX);
	model__finish(e->model);
	dictionary__init(&p.d, &format, e->model, &e->mappings);
	put_zeros(&p);
	ret = samples__for_each(e->model, e->weight, add_sample, &p);
	put_all(&p, &all, e);
	ret = ret ?: pb__error(&p.tables) ?: dictionary__error(&p.d);
	if (!ret && !ferror(e->to))
		ret = otlp__write(&all, e->to);
	pb__free(&all);
	free_all(&p);
	sample_export__free(e);
	return ret;
}

const struct exporter exporter_otlp_profiles = {
	.name = "otlp-profiles",
	.what = "profiles for an OpenTelemetry collector, protobuf of v1development (--weight)",
	.binary = true,
	.weights = SAMPLE_WEIGHTS,
	.begin = sample_export__begin,
	.event = sample_export__event,
	.end = otlp_profiles__end,
};
