// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "dictionary.h"
#include "hash.h"
#include "util.h"

#define NAME_BYTES  4097
#define TABLE_MAX   (1u << 24)
#define MAX_INLINED 64

void dictionary__init(struct dictionary *d, const struct dictionary_format *format, const struct model *m,
		      struct mappings *mappings)
{
	*d = (struct dictionary){ .format = format, .model = m, .mappings = mappings };
	table__init(&d->by_text, TABLE_MAX);
	table__init(&d->by_function, TABLE_MAX);
	table__init(&d->by_location, TABLE_MAX);
	table__init(&d->by_mapping, TABLE_MAX);
	table__init(&d->by_content, TABLE_MAX);
	dictionary__text(d, "");
}

void dictionary__free(struct dictionary *d)
{
	table__free(&d->by_text);
	table__free(&d->by_function);
	table__free(&d->by_location);
	table__free(&d->by_mapping);
	table__free(&d->by_content);
	free(d->used);
	pb__free(&d->texts);
	pb__free(&d->rest);
}

int dictionary__error(const struct dictionary *d)
{
	return pb__error(&d->texts) ?: pb__error(&d->rest);
}

/* Where the number of what has @hash is, 0 if it is new. NULL: no memory, which is noted. */
static uint64_t *slot_of(struct dictionary *d, struct table *table, uint64_t hash)
{
	uint64_t *slot = table__add(table, dictionary__key(hash));

	if (!slot)
		d->rest.err = -ENOMEM;
	return slot;
}

uint64_t dictionary__text(struct dictionary *d, const char *text)
{
	char safe[NAME_BYTES];
	uint64_t *slot;

	sanitize(text, strlen(text), safe, sizeof(safe));
	slot = slot_of(d, &d->by_text, hash__add(HASH_BEGIN, safe, strlen(safe)));
	if (!slot)
		return 0;
	if (*slot)
		return *slot - 1;
	*slot = ++d->nr_texts;
	d->format->put_text(&d->texts, safe);
	return *slot - 1;
}

static uint64_t function_of(struct dictionary *d, uint32_t pid, const struct sample_frame *f)
{
	char name[NAME_BYTES], instead[256];
	uint64_t text[2], *slot;

	snprintf(name, sizeof(name), "%s%s",
		 f->name[0] ? f->name : mappings__stand_in(d->mappings, pid, f->address, instead, sizeof(instead)),
		 f->kernel ? d->format->kernel_mark : "");
	text[0] = dictionary__text(d, name);
	text[1] = dictionary__text(d, f->file);
	slot = slot_of(d, &d->by_function, hash__add(HASH_BEGIN, text, sizeof(text)));
	if (!slot || *slot)
		return slot ? *slot : 0;
	*slot = ++d->nr_functions;
	d->format->put_function(&d->rest, *slot, text[0], text[1]);
	return *slot;
}

/* Processes that were forked have the same mapped at the same place: these are one. */
static uint64_t hash_of(const struct mapping *m)
{
	const uint64_t place[] = { m->start, m->end, m->offset };
	uint64_t hash = hash__add(hash__add(HASH_BEGIN, place, sizeof(place)), m->path, strlen(m->path));

	return hash__add(hash, m->build_id, m->build_id_len);
}

/* The number of what is new to .by_mapping; 0: no memory. */
static uint64_t number_of(struct dictionary *d, const struct mapping *of)
{
	uint64_t *slot = table__add(&d->by_content, of ? dictionary__key(hash_of(of)) : 0);

	if (!slot || (!*slot && ARRAY_GROW(d->used, d->room_used, d->nr_used + 1)))
		return 0;
	if (!*slot) {
		d->used[d->nr_used] = (struct used_mapping){ of, d->nr_used + 1, 0 };
		*slot = ++d->nr_used;
	}
	return *slot;
}

/* The one at @address of process @pid, 0: of the kernel. NULL: not known. Valid until the next call. */
static struct used_mapping *mapping_of(struct dictionary *d, uint32_t pid, uint64_t address)
{
	const struct mapping *of = pid ? mappings__at(d->mappings, pid, address) : NULL;
	uint64_t *slot;

	if (pid && !of)
		return NULL;
	slot = table__add(&d->by_mapping, of ? of - d->mappings->all + 1 : 0);
	if (slot && !*slot)
		*slot = number_of(d, of);
	if (!slot || !*slot)
		d->rest.err = -ENOMEM;
	return slot && *slot ? &d->used[*slot - 1] : NULL;
}

static struct mapping_told told_of_kernel(struct dictionary *d)
{
	const char *start = model__info(d->model, TARE_INFO_KERNEL_TEXT);
	const char *build_id = model__info(d->model, TARE_INFO_KERNEL_BUILD_ID) ?: "";
	struct mapping_told told = { .start = strtoull(start ?: "0", NULL, 16), .end = UINT64_MAX };

	told.path = dictionary__text(d, "[kernel.kallsyms]");
	sanitize(build_id, strlen(build_id), told.build_id, sizeof(told.build_id));
	return told;
}

struct mapping_told dictionary__mapping(struct dictionary *d, const struct used_mapping *u)
{
	struct mapping_told told = { 0 };

	if (!u->of)
		return told_of_kernel(d);
	told.start = u->of->start;
	told.end = u->of->end;
	told.offset = u->of->offset;
	told.path = dictionary__text(d, u->of->path);
	for (unsigned i = 0; i < u->of->build_id_len; i++)
		snprintf(told.build_id + 2 * i, 3, "%02x", u->of->build_id[i]);
	return told;
}

/* One address with its functions, the innermost first: @nr of them. */
static uint64_t location_of(struct dictionary *d, uint32_t pid, const struct sample_frame *frames, unsigned nr)
{
	uint64_t functions[MAX_INLINED], hash = hash__add(HASH_BEGIN, &frames->address, sizeof(frames->address)), *slot;
	const struct used_mapping *mapping = frames->address ? mapping_of(d, pid, frames->address) : NULL;
	uint64_t mapping_nr = mapping ? mapping->nr : 0;

	nr = nr < MAX_INLINED ? nr : MAX_INLINED;
	for (unsigned i = 0; i < nr; i++)
		functions[i] = function_of(d, pid, &frames[i]);
	hash = hash__add(hash__add(hash, functions, nr * sizeof(functions[0])), &mapping_nr, sizeof(mapping_nr));
	hash = hash__add(hash, &frames->kernel, sizeof(frames->kernel));
	slot = slot_of(d, &d->by_location, hash);
	if (!slot || *slot)
		return slot ? *slot : 0;
	*slot = ++d->nr_locations;
	d->format->put_location(d, *slot, mapping_nr, frames, functions, nr);
	return *slot;
}

unsigned dictionary__stack(struct dictionary *d, const struct sample_stack *s, uint64_t locations[SAMPLE_FRAMES])
{
	struct used_mapping *mapping;
	unsigned nr = 0, inlined;

	for (unsigned i = 0; i < s->nr; i += inlined + 1) {
		const struct sample_frame *f = &s->frames[i];

		for (inlined = 0; i + inlined + 1 < s->nr && f[inlined].inlined;)
			inlined++;
		mapping = f->address && !f->kernel ? mapping_of(d, s->pid, f->address) : NULL;
		if (mapping)
			mapping->weight += s->values[ARRAY_SIZE(s->values) - 1];
		locations[nr++] = location_of(d, f->kernel ? 0 : s->pid, f, inlined + 1);
	}
	return nr;
}
