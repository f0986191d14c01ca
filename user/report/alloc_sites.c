// SPDX-License-Identifier: BSD-2-Clause
/* Who allocated how much, by the samples of --alloc-sites. */
#include <math.h>
#include <stdlib.h>

#include "array.h"
#include "hash.h"
#include "json_impl.h"
#include "ledger.h"
#include "report.h"

#define FIRST_ROWS 15
#define NAME_LEN   160

/* A line of a function. */
struct site {
	const struct model_symbol *at; /* NULL: not known */
	struct alloc_amount amount;
};

struct sites {
	struct site *all; /* the most bytes first */
	size_t nr, room;
	struct table by_hash; /* to 1 + index */
	struct alloc_amount sum;
	double scale; /* of what the runtime allocated, so that it adds up to what that has counted; 1: not known */
};

static uint64_t hash_of(const struct model_symbol *at)
{
	uint64_t hash = HASH_BEGIN;

	if (at) {
		hash = hash__add(hash, at->name, strlen(at->name) + 1);
		hash = hash__add(hash, at->file, strlen(at->file) + 1);
		hash = hash__add(hash, &at->line, sizeof(at->line));
	}
	return hash & ~(1ull << 63); /* never TABLE_NO_KEY */
}

static void sites__add(struct sites *s, const struct model_symbol *at, const struct alloc_amount *amount)
{
	uint64_t *slot = table__add(&s->by_hash, hash_of(at));

	if (!slot || (!*slot && ARRAY_GROW(s->all, s->room, s->nr + 1)))
		return;
	if (!*slot) {
		s->all[s->nr] = (struct site){ .at = at };
		*slot = ++s->nr;
	}
	alloc_amount__add(&s->all[*slot - 1].amount, amount);
}

static double bytes_of(const struct sites *s, const struct alloc_amount *a)
{
	return a->bytes + a->runtime_bytes * (s->scale - 1);
}

static int by_bytes(const void *a, const void *b)
{
	const struct site *x = a, *y = b;

	if (x->amount.bytes != y->amount.bytes)
		return x->amount.bytes < y->amount.bytes ? 1 : -1;
	return x->amount.samples < y->amount.samples ? 1 : -1;
}

static void sites__of(struct sites *s, const struct model *m)
{
	const struct profile *p = &m->profile;
	struct tare_counters c;

	*s = (struct sites){ .scale = 1 };
	table__init(&s->by_hash, 1u << 20);
	for (uint32_t i = 0; i < p->nr; i++) {
		const struct model_stack *st = model_stacks__find(&p->stacks, i);

		if (!p->rows[i].allocs.samples)
			continue;
		alloc_amount__add(&s->sum, &p->rows[i].allocs);
		sites__add(s, st ? ledger__allocation_site(m, st) : NULL, &p->rows[i].allocs);
	}
	runtime_counters__total(&m->counters, &c);
	if (c.alloc_bytes != TARE_UNKNOWN && c.alloc_bytes && s->sum.runtime_bytes > 0)
		s->scale = c.alloc_bytes / s->sum.runtime_bytes;
	if (s->nr)
		qsort(s->all, s->nr, sizeof(*s->all), by_bytes);
}

static void sites__free(struct sites *s)
{
	table__free(&s->by_hash);
	free(s->all);
}

static uint64_t whole(double n)
{
	return n < 0x1p62 ? llround(n) : 1ll << 62;
}

static void print_site(const struct sites *s, const struct site *site, FILE *to)
{
	double bytes = bytes_of(s, &site->amount), all = bytes_of(s, &s->sum);
	char name[NAME_LEN], file[NAME_LEN], where[2 * NAME_LEN], t[24], n[32];
	const struct model_symbol *at = site->at;
	const char *base = at ? strrchr(at->file, '/') : NULL;

	if (at)
		base = base ? base + 1 : at->file;
	snprintf(where, sizeof(where), "%s", at ? sanitize(at->name, strlen(at->name), name, sizeof(name)) : "(not known)");
	if (at && at->line)
		snprintf(where, sizeof(where), "%.44s (%.24s:%u)", name,
			 sanitize(base, strlen(base), file, sizeof(file)), at->line);
	fprintf(to, "  %-58.58s%10s%8.1f %% %14s\n", where, fmt_bytes(whole(bytes), t), all > 0 ? 100 * bytes / all : 0,
		site->amount.objects > 0 ? fmt_count(whole(site->amount.objects), n) : "-");
}

void report__alloc_sites(const struct model *m, FILE *to, bool all)
{
	const struct alloc_samples *a = &m->allocs;
	const char *wanted = model__info(m, TARE_INFO_ALLOC_SITES);
	struct sites s;
	size_t shown;
	char n[2][32];

	if (!a->samples) {
		if (wanted)
			fprintf(to, "\nwhere memory was allocated: nothing was seen: the target ended too soon, or has no "
				"allocator that is known\n");
		return;
	}
	sites__of(&s, m);
	shown = all || s.nr < FIRST_ROWS ? s.nr : FIRST_ROWS;
	fprintf(to, "\n%-58s%12s%10s %14s\n", "where memory was allocated", "bytes", "of all", "objects");
	for (size_t i = 0; i < shown; i++)
		print_site(&s, &s.all[i], to);
	if (s.nr > shown)
		fprintf(to, "  ... and %zu more (--all shows them)\n", s.nr - shown);
	if (a->all)
		fprintf(to, "  each of %s allocations was seen\n", fmt_count(a->samples, n[0]));
	else
		fprintf(to, "  estimates, from %s allocations in %s bursts%s\n", fmt_count(a->samples, n[0]),
			fmt_count(a->bursts, n[1]),
			s.scale != 1 ? "; the runtime's own are scaled to what it has counted" : "");
	if (a->too_fast && s.scale == 1)
		fprintf(to, "  ! at times more than %u million a second on one CPU, and how many more is not known: bytes and objects\n"
			    "    are lower bounds; their shares are not affected\n", 1000 / TARE_ALLOC_LEAST_NS);
	if (a->dropped || a->nr)
		fprintf(to, "  ! %s samples are left out: what they stand for is not known\n",
			fmt_count(a->dropped + a->nr, n[0]));
	sites__free(&s);
}

json_t *json__alloc_sites(const struct model *m, json_t *notes)
{
	json_t *list = json_array();
	struct sites s;

	if (!m->allocs.samples) {
		json__note(notes, "allocation.sampled_sites: %s",
			   model__info(m, TARE_INFO_ALLOC_SITES) ? "nothing was seen" : "see record --alloc-sites");
		json_decref(list);
		return json_null();
	}
	sites__of(&s, m);
	for (size_t i = 0; i < s.nr; i++) {
		const struct site *site = &s.all[i];

		json_array_append_new(
			list, json_pack("{s:o, s:o, s:o, s:I, s:o, s:I}", "function",
					text_or_null(site->at ? site->at->name : NULL), "file",
					text_or_null(site->at ? site->at->file : NULL), "line",
					number_or_null(site->at ? site->at->line : 0, site->at && site->at->line),
					"bytes", num(whole(bytes_of(&s, &site->amount))), "objects",
					number_or_null(whole(site->amount.objects), site->amount.objects > 0),
					"samples", num(site->amount.samples)));
	}
	sites__free(&s);
	return list;
}
