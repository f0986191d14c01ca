/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stacks are made of, as pprof and OTLP have it: texts, functions, locations and mapped files, each told once and
 * then called by its number. Numbers count from 1, those of texts from 0, which is "".
 */
#ifndef TARE_DICTIONARY_H
#define TARE_DICTIONARY_H

#include "pb.h"
#include "samples.h"
#include "table.h"

struct dictionary;

/* How one format writes what is new, in the order of the numbers. */
struct dictionary_format {
	const char *kernel_mark; /* what follows the name of a function in the kernel */
	void (*put_text)(struct pb *to, const char *text);
	void (*put_function)(struct pb *to, uint64_t nr, uint64_t name, uint64_t file);
	/* at the address of @frames, the innermost first, with a function of each; @mapping 0: not known */
	void (*put_location)(struct dictionary *d, uint64_t nr, uint64_t mapping, const struct sample_frame *frames,
			     const uint64_t *functions, unsigned nr_frames);
};

struct used_mapping {
	const struct mapping *of; /* NULL: the kernel */
	uint64_t nr, weight;	  /* .weight: of the frames that are in it */
};

struct dictionary {
	const struct dictionary_format *format;
	const struct model *model;
	struct mappings *mappings;
	struct pb texts, rest;	   /* .rest: functions and locations */
	struct used_mapping *used; /* in the order of their numbers; for the format to write at the end */
	size_t nr_used, room_used;
	/* internal */
	struct table by_text, by_function, by_location;
	struct table by_mapping, by_content; /* index in .mappings, + 1, and what is mapped, to the number */
	uint64_t nr_texts, nr_functions, nr_locations;
};

/* Tells the text "". All that is pointed to must live as long as @d. */
void dictionary__init(struct dictionary *d, const struct dictionary_format *format, const struct model *m,
		      struct mappings *mappings);
void dictionary__free(struct dictionary *d);
/* 0 or -ENOMEM; until it is looked at, numbers may be wrong. */
int dictionary__error(const struct dictionary *d);

uint64_t dictionary__text(struct dictionary *d, const char *text);

/* The locations of @s, the innermost first; returns how many. Its last value counts as weight of the mappings. */
unsigned dictionary__stack(struct dictionary *d, const struct sample_stack *s, uint64_t locations[SAMPLE_FRAMES]);

/* A hash as a key for a table: 63 bits of it, which is never TABLE_NO_KEY. */
static inline uint64_t dictionary__key(uint64_t hash)
{
	return hash & ~(1ull << 63);
}

/* What there is to tell of a mapping. */
struct mapping_told {
	uint64_t start, end, offset;
	uint64_t path;				  /* a text */
	char build_id[2 * TARE_BUILD_ID_MAX + 1]; /* in hexadecimal; "" if not known */
};
struct mapping_told dictionary__mapping(struct dictionary *d, const struct used_mapping *u);

#endif /* TARE_DICTIONARY_H */
