// SPDX-License-Identifier: BSD-2-Clause
/*
 * A profile as `go tool pprof' reads it, compressed:
 * https://github.com/google/pprof/blob/main/proto/profile.proto
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dictionary.h"
#include "gzip.h"
#include "util.h"

/* Field numbers of that file. */
enum {
	PROFILE_SAMPLE_TYPE = 1,
	PROFILE_SAMPLE = 2,
	PROFILE_MAPPING = 3,
	PROFILE_LOCATION = 4,
	PROFILE_FUNCTION = 5,
	PROFILE_STRING_TABLE = 6,
	PROFILE_TIME_NANOS = 9,
	PROFILE_DURATION_NANOS = 10,
	PROFILE_DEFAULT_SAMPLE_TYPE = 14,
	VALUE_TYPE_TYPE = 1,
	VALUE_TYPE_UNIT = 2,
	SAMPLE_LOCATION_ID = 1,
	SAMPLE_VALUE = 2,
	SAMPLE_LABEL = 3,
	LABEL_KEY = 1,
	LABEL_STR = 2,
	LABEL_NUM = 3,
	MAPPING_ID = 1,
	MAPPING_START = 2,
	MAPPING_LIMIT = 3,
	MAPPING_OFFSET = 4,
	MAPPING_FILENAME = 5,
	MAPPING_BUILD_ID = 6,
	MAPPING_HAS_FUNCTIONS = 7,
	MAPPING_HAS_FILENAMES = 8,
	MAPPING_HAS_LINES = 9,
	MAPPING_HAS_INLINED = 10,
	LOCATION_ID = 1,
	LOCATION_MAPPING = 2,
	LOCATION_ADDRESS = 3,
	LOCATION_LINE = 4,
	LINE_FUNCTION_ID = 1,
	LINE_LINE = 2,
	FUNCTION_ID = 1,
	FUNCTION_NAME = 2,
	FUNCTION_SYSTEM_NAME = 3,
	FUNCTION_FILENAME = 4,
};

struct pprof {
	struct pb profile;
	struct dictionary d;
};

static void put_text(struct pb *to, const char *text)
{
	pb__string(to, PROFILE_STRING_TABLE, text);
}

static void put_function(struct pb *to, uint64_t nr, uint64_t name, uint64_t file)
{
	size_t at = pb__open(to, PROFILE_FUNCTION);

	pb__int(to, FUNCTION_ID, nr);
	pb__int(to, FUNCTION_NAME, name);
	pb__int(to, FUNCTION_SYSTEM_NAME, name);
	pb__int(to, FUNCTION_FILENAME, file);
	pb__close(to, at);
}

static void put_location(struct dictionary *d, uint64_t nr, uint64_t mapping, const struct sample_frame *frames,
			 const uint64_t *functions, unsigned nr_frames)
{
	struct pb *to = &d->rest;
	size_t at = pb__open(to, PROFILE_LOCATION), line;

	pb__int(to, LOCATION_ID, nr);
	if (mapping)
		pb__int(to, LOCATION_MAPPING, mapping);
	pb__int(to, LOCATION_ADDRESS, frames->address);
	for (unsigned i = 0; i < nr_frames; i++) {
		line = pb__open(to, LOCATION_LINE);
		pb__int(to, LINE_FUNCTION_ID, functions[i]);
		pb__int(to, LINE_LINE, frames[i].line);
		pb__close(to, line);
	}
	pb__close(to, at);
}

static const struct dictionary_format format = { " [kernel]", put_text, put_function, put_location };

static void put_mapping(struct pprof *p, const struct used_mapping *u)
{
	struct mapping_told m = dictionary__mapping(&p->d, u);
	uint64_t build_id = dictionary__text(&p->d, m.build_id);
	size_t at = pb__open(&p->profile, PROFILE_MAPPING);

	pb__int(&p->profile, MAPPING_ID, u->nr);
	pb__int(&p->profile, MAPPING_START, m.start);
	pb__int(&p->profile, MAPPING_LIMIT, m.end);
	pb__int(&p->profile, MAPPING_OFFSET, m.offset);
	pb__int(&p->profile, MAPPING_FILENAME, m.path);
	pb__int(&p->profile, MAPPING_BUILD_ID, build_id);
	/* or a reader would look for symbols itself */
	for (int field = MAPPING_HAS_FUNCTIONS; field <= MAPPING_HAS_INLINED; field++)
		pb__int(&p->profile, field, 1);
	pb__close(&p->profile, at);
}

static int heaviest_first(const void *a, const void *b)
{
	const struct used_mapping *x = a, *y = b;

	/* of two in every stack, the program is below its libraries */
	if (x->weight == y->weight && x->of && y->of)
		return x->of->start < y->of->start ? -1 : 1;
	return x->weight < y->weight ? 1 : -1;
}

/* Readers take the first one for the program. */
static void put_mappings(struct pprof *p)
{
	if (p->d.nr_used)
		qsort(p->d.used, p->d.nr_used, sizeof(*p->d.used), heaviest_first);
	for (int kernel = 0; kernel <= 1; kernel++)
		for (size_t i = 0; i < p->d.nr_used; i++)
			if ((p->d.used[i].of == NULL) == kernel)
				put_mapping(p, &p->d.used[i]);
}

static int put_sample(const struct sample_stack *s, void *ctx)
{
	uint64_t locations[SAMPLE_FRAMES];
	struct pprof *p = ctx;
	unsigned nr = dictionary__stack(&p->d, s, locations);
	size_t at = pb__open(&p->profile, PROFILE_SAMPLE), label;

	for (unsigned i = 0; i < nr; i++)
		pb__int(&p->profile, SAMPLE_LOCATION_ID, locations[i]);
	for (size_t i = 0; i < ARRAY_SIZE(s->values); i++)
		pb__int(&p->profile, SAMPLE_VALUE, s->values[i]);
	if (s->process[0]) {
		label = pb__open(&p->profile, SAMPLE_LABEL);
		pb__int(&p->profile, LABEL_KEY, dictionary__text(&p->d, "process"));
		pb__int(&p->profile, LABEL_STR, dictionary__text(&p->d, s->process));
		pb__close(&p->profile, label);
	}
	if (s->pid) {
		label = pb__open(&p->profile, SAMPLE_LABEL);
		pb__int(&p->profile, LABEL_KEY, dictionary__text(&p->d, "pid"));
		pb__int(&p->profile, LABEL_NUM, s->pid);
		pb__close(&p->profile, label);
	}
	pb__close(&p->profile, at);
	return pb__error(&p->profile);
}

static void put_head(struct pprof *p, const struct model *m, const struct sample_weight *w)
{
	const struct tare_header *h = &m->header;
	size_t at;

	for (size_t i = 0; i < ARRAY_SIZE(w->figures); i++) {
		at = pb__open(&p->profile, PROFILE_SAMPLE_TYPE);
		pb__int(&p->profile, VALUE_TYPE_TYPE, dictionary__text(&p->d, w->figures[i].type));
		pb__int(&p->profile, VALUE_TYPE_UNIT, dictionary__text(&p->d, w->figures[i].unit));
		pb__close(&p->profile, at);
	}
	pb__int(&p->profile, PROFILE_TIME_NANOS, h->real_ns + (m->begin_ns - h->mono_ns));
	pb__int(&p->profile, PROFILE_DURATION_NANOS, m->end_ns > m->begin_ns ? m->end_ns - m->begin_ns : 0);
	pb__int(&p->profile, PROFILE_DEFAULT_SAMPLE_TYPE,
		dictionary__text(&p->d, w->figures[ARRAY_SIZE(w->figures) - 1].type));
}

static int put_profile(struct pprof *p, FILE *to)
{
	const struct pb *const parts[] = { &p->profile, &p->d.rest, &p->d.texts };
	struct gzip *gzip = gzip__open(to);
	int ret = 0, closed;

	if (!gzip)
		return -ENOMEM;
	errno = 0;
	for (size_t i = 0; !ret && i < ARRAY_SIZE(parts); i++)
		if (fwrite(parts[i]->data, 1, parts[i]->len, gzip__stream(gzip)) != parts[i]->len)
			ret = -(errno ? errno : EIO);
	closed = gzip__close(gzip);
	return ret ?: closed;
}

static int pprof__end(void *state)
{
	struct sample_export *e = state;
	struct pprof p = { 0 };
	int ret;

	model__finish(e->model);
	dictionary__init(&p.d, &format, e->model, &e->mappings);
	put_head(&p, e->model, e->weight);
	ret = samples__for_each(e->model, e->weight, put_sample, &p);
	put_mappings(&p);
	ret = ret ?: pb__error(&p.profile) ?: dictionary__error(&p.d);
	if (!ret && !ferror(e->to))
		ret = put_profile(&p, e->to);
	dictionary__free(&p.d);
	pb__free(&p.profile);
	sample_export__free(e);
	return ret;
}

const struct exporter exporter_pprof = {
	.name = "pprof",
	.what = "a profile for `go tool pprof', Pyroscope, Parca (--weight)",
	.endings = ".pb.gz",
	.compressed = true,
	.binary = true,
	.weights = SAMPLE_WEIGHTS,
	.begin = sample_export__begin,
	.event = sample_export__event,
	.end = pprof__end,
};
