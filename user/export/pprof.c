// SPDX-License-Identifier: BSD-2-Clause
/*
 * A profile as `go tool pprof' reads it, compressed:
 * https://github.com/google/pprof/blob/main/proto/profile.proto
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "array.h"
#include "hash.h"
#include "pb.h"
#include "samples.h"
#include "table.h"
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

#define NAME_BYTES  4097
#define TABLE_MAX   (1u << 24)
#define MAX_INLINED 64
#define MEM_LEVEL   9
#define GZIP_WINDOW (15 + 16)

struct used_mapping {
	const struct mapping *of; /* NULL: the kernel */
	uint64_t id, weight;	  /* .weight: of the frames that are in it */
};

/* Each string, function, location and mapping once; their numbers begin at 1. */
struct pprof {
	struct pb profile, strings;
	struct table by_string, by_function, by_location, by_mapping;
	uint64_t nr_strings, nr_functions, nr_locations;
	const struct model *model;
	struct mappings *mappings;
	struct used_mapping *used;
	size_t nr_used, room_used;
};

/* Where the number of what has @hash is, 0 if it is new; 63 bits stand for it. NULL: no memory, which is noted. */
static uint64_t *slot_of(struct pprof *p, struct table *table, uint64_t hash)
{
	uint64_t *slot = table__add(table, hash & ~(1ull << 63)); /* never TABLE_NO_KEY */

	if (!slot)
		p->profile.err = -ENOMEM;
	return slot;
}

/* The number of @text in the table of strings. */
static uint64_t string_of(struct pprof *p, const char *text)
{
	char safe[NAME_BYTES];
	uint64_t *slot;

	sanitize(text, strlen(text), safe, sizeof(safe));
	slot = slot_of(p, &p->by_string, hash__add(HASH_BEGIN, safe, strlen(safe)));
	if (!slot)
		return 0;
	if (*slot)
		return *slot - 1;
	*slot = ++p->nr_strings;
	pb__string(&p->strings, PROFILE_STRING_TABLE, safe);
	return *slot - 1;
}

static uint64_t function_of(struct pprof *p, const struct sample_frame *f)
{
	char name[NAME_BYTES];
	uint64_t text[2], *slot;
	size_t at;

	snprintf(name, sizeof(name), "%s%s", f->name[0] ? f->name : "[unknown]", f->kernel ? " [kernel]" : "");
	text[0] = string_of(p, name);
	text[1] = string_of(p, f->file);
	slot = slot_of(p, &p->by_function, hash__add(HASH_BEGIN, text, sizeof(text)));
	if (!slot || *slot)
		return slot ? *slot : 0;
	*slot = ++p->nr_functions;
	at = pb__open(&p->profile, PROFILE_FUNCTION);
	pb__int(&p->profile, FUNCTION_ID, *slot);
	pb__int(&p->profile, FUNCTION_NAME, text[0]);
	pb__int(&p->profile, FUNCTION_SYSTEM_NAME, text[0]);
	pb__int(&p->profile, FUNCTION_FILENAME, text[1]);
	pb__close(&p->profile, at);
	return *slot;
}

/* ---- what is mapped ---- */

/* The one at @address of process @pid, 0: of the kernel. NULL: not known. Valid until the next call. */
static struct used_mapping *mapping_of(struct pprof *p, uint32_t pid, uint64_t address)
{
	const struct mapping *of = pid ? mappings__at(p->mappings, pid, address) : NULL;
	uint64_t *slot;

	if (pid && !of)
		return NULL;
	slot = table__add(&p->by_mapping, of ? of - p->mappings->all + 1 : 0);
	if (slot && !*slot && !ARRAY_GROW(p->used, p->room_used, p->nr_used + 1)) {
		p->used[p->nr_used] = (struct used_mapping){ of, p->nr_used + 1, 0 };
		*slot = ++p->nr_used;
	}
	if (!slot || !*slot)
		p->profile.err = -ENOMEM;
	return slot && *slot ? &p->used[*slot - 1] : NULL;
}

static void put_mapping(struct pprof *p, const struct used_mapping *u)
{
	const char *kernel_text = model__info(p->model, TARE_INFO_KERNEL_TEXT), *build_id;
	char hex[2 * TARE_BUILD_ID_MAX + 1] = "";
	uint64_t path, id;
	size_t at;

	for (unsigned i = 0; u->of && i < u->of->build_id_len; i++)
		snprintf(hex + 2 * i, 3, "%02x", u->of->build_id[i]);
	build_id = u->of ? hex : model__info(p->model, TARE_INFO_KERNEL_BUILD_ID) ?: "";
	path = string_of(p, u->of ? u->of->path : "[kernel.kallsyms]");
	id = string_of(p, build_id);
	at = pb__open(&p->profile, PROFILE_MAPPING);
	pb__int(&p->profile, MAPPING_ID, u->id);
	pb__int(&p->profile, MAPPING_START, u->of ? u->of->start : strtoull(kernel_text ?: "0", NULL, 16));
	pb__int(&p->profile, MAPPING_LIMIT, u->of ? u->of->end : UINT64_MAX);
	pb__int(&p->profile, MAPPING_OFFSET, u->of ? u->of->offset : 0);
	pb__int(&p->profile, MAPPING_FILENAME, path);
	pb__int(&p->profile, MAPPING_BUILD_ID, id);
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
	if (p->nr_used)
		qsort(p->used, p->nr_used, sizeof(*p->used), heaviest_first);
	for (int kernel = 0; kernel <= 1; kernel++)
		for (size_t i = 0; i < p->nr_used; i++)
			if ((p->used[i].of == NULL) == kernel)
				put_mapping(p, &p->used[i]);
}

/* One address with its functions, the innermost first: @nr of them. */
static uint64_t location_of(struct pprof *p, uint32_t pid, const struct sample_frame *frames, unsigned nr)
{
	uint64_t functions[MAX_INLINED], hash = hash__add(HASH_BEGIN, &frames->address, sizeof(frames->address)), *slot;
	const struct used_mapping *mapping = frames->address ? mapping_of(p, pid, frames->address) : NULL;
	uint64_t mapping_id = mapping ? mapping->id : 0;
	size_t at, line;

	nr = nr < MAX_INLINED ? nr : MAX_INLINED;
	for (unsigned i = 0; i < nr; i++)
		functions[i] = function_of(p, &frames[i]);
	hash = hash__add(hash__add(hash, functions, nr * sizeof(functions[0])), &pid, sizeof(pid));
	slot = slot_of(p, &p->by_location, hash);
	if (!slot || *slot)
		return slot ? *slot : 0;
	*slot = ++p->nr_locations;
	at = pb__open(&p->profile, PROFILE_LOCATION);
	pb__int(&p->profile, LOCATION_ID, *slot);
	if (mapping_id)
		pb__int(&p->profile, LOCATION_MAPPING, mapping_id);
	pb__int(&p->profile, LOCATION_ADDRESS, frames->address);
	for (unsigned i = 0; i < nr; i++) {
		line = pb__open(&p->profile, LOCATION_LINE);
		pb__int(&p->profile, LINE_FUNCTION_ID, functions[i]);
		pb__int(&p->profile, LINE_LINE, frames[i].line);
		pb__close(&p->profile, line);
	}
	pb__close(&p->profile, at);
	return *slot;
}

static int put_sample(const struct sample_stack *s, void *ctx)
{
	uint64_t locations[SAMPLE_FRAMES];
	struct pprof *p = ctx;
	unsigned nr = 0, inlined;
	struct used_mapping *mapping;
	size_t at, label;

	/* first what they are made of: messages do not nest otherwise */
	for (unsigned i = 0; i < s->nr; i += inlined + 1) {
		for (inlined = 0; i + inlined + 1 < s->nr && s->frames[i + inlined].inlined;)
			inlined++;
		mapping = s->frames[i].address && !s->frames[i].kernel ? mapping_of(p, s->pid, s->frames[i].address) :
									 NULL;
		if (mapping)
			mapping->weight += s->values[ARRAY_SIZE(s->values) - 1];
		locations[nr++] = location_of(p, s->frames[i].kernel ? 0 : s->pid, &s->frames[i], inlined + 1);
	}
	at = pb__open(&p->profile, PROFILE_SAMPLE);
	for (unsigned i = 0; i < nr; i++)
		pb__int(&p->profile, SAMPLE_LOCATION_ID, locations[i]);
	for (size_t i = 0; i < ARRAY_SIZE(s->values); i++)
		pb__int(&p->profile, SAMPLE_VALUE, s->values[i]);
	if (s->process[0]) {
		label = pb__open(&p->profile, SAMPLE_LABEL);
		pb__int(&p->profile, LABEL_KEY, string_of(p, "process"));
		pb__int(&p->profile, LABEL_STR, string_of(p, s->process));
		pb__close(&p->profile, label);
	}
	if (s->pid) {
		label = pb__open(&p->profile, SAMPLE_LABEL);
		pb__int(&p->profile, LABEL_KEY, string_of(p, "pid"));
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

	string_of(p, ""); /* number 0 must be that */
	for (size_t i = 0; i < ARRAY_SIZE(w->figures); i++) {
		at = pb__open(&p->profile, PROFILE_SAMPLE_TYPE);
		pb__int(&p->profile, VALUE_TYPE_TYPE, string_of(p, w->figures[i].type));
		pb__int(&p->profile, VALUE_TYPE_UNIT, string_of(p, w->figures[i].unit));
		pb__close(&p->profile, at);
	}
	pb__int(&p->profile, PROFILE_TIME_NANOS, h->real_ns + (m->begin_ns - h->mono_ns));
	pb__int(&p->profile, PROFILE_DURATION_NANOS, m->end_ns > m->begin_ns ? m->end_ns - m->begin_ns : 0);
	pb__int(&p->profile, PROFILE_DEFAULT_SAMPLE_TYPE, string_of(p, w->figures[ARRAY_SIZE(w->figures) - 1].type));
}

static int put_gzip(z_stream *z, const struct pb *pb, int flush, FILE *to)
{
	unsigned char out[65536];

	z->next_in = pb->data;
	z->avail_in = pb->len;
	do {
		z->next_out = out;
		z->avail_out = sizeof(out);
		if (deflate(z, flush) == Z_STREAM_ERROR)
			return -EIO;
		errno = 0;
		if (fwrite(out, 1, sizeof(out) - z->avail_out, to) != sizeof(out) - z->avail_out)
			return -(errno ? errno : EIO);
	} while (!z->avail_out);
	return 0;
}

static int put_profile(struct pprof *p, FILE *to)
{
	z_stream z = { 0 };
	int ret;

	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	ret = put_gzip(&z, &p->profile, Z_NO_FLUSH, to) ?: put_gzip(&z, &p->strings, Z_FINISH, to);
	deflateEnd(&z);
	return ret;
}

static int pprof__end(void *state)
{
	struct sample_export *e = state;
	struct pprof p = { .model = e->model, .mappings = &e->mappings };
	int ret;

	table__init(&p.by_string, TABLE_MAX);
	table__init(&p.by_function, TABLE_MAX);
	table__init(&p.by_location, TABLE_MAX);
	table__init(&p.by_mapping, TABLE_MAX);
	model__finish(e->model);
	put_head(&p, e->model, e->weight);
	ret = samples__for_each(e->model, e->weight, put_sample, &p);
	put_mappings(&p);
	ret = ret ?: pb__error(&p.profile) ?: pb__error(&p.strings);
	if (!ret && !ferror(e->to))
		ret = put_profile(&p, e->to);
	table__free(&p.by_string);
	table__free(&p.by_function);
	table__free(&p.by_location);
	table__free(&p.by_mapping);
	free(p.used);
	pb__free(&p.profile);
	pb__free(&p.strings);
	sample_export__free(e);
	return ret;
}

const struct exporter exporter_pprof = {
	.name = "pprof",
	.what = "a profile for `go tool pprof', Pyroscope, Parca (--weight)",
	.binary = true,
	.weights = SAMPLE_WEIGHTS,
	.begin = sample_export__begin,
	.event = sample_export__event,
	.end = pprof__end,
};
