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

/* A line of a function, as called by another. */
struct site {
	struct allocation_site who;
	struct alloc_amount amount;
};

struct sites {
	struct site *all; /* the most bytes first */
	size_t nr, room;
	struct table by_hash; /* to 1 + index */
	struct alloc_amount sum;
	double scale; /* of what the runtime allocated, so that it adds up to what that has counted; 1: not known */
};

static uint64_t add_symbol(uint64_t hash, const struct model_symbol *sym)
{
	if (!sym)
		return hash;
	hash = hash__add(hash, sym->name, strlen(sym->name) + 1);
	hash = hash__add(hash, sym->file, strlen(sym->file) + 1);
	return hash__add(hash, &sym->line, sizeof(sym->line));
}

static void sites__add(struct sites *s, struct allocation_site who, const struct alloc_amount *amount)
{
	uint64_t hash = add_symbol(add_symbol(HASH_BEGIN, who.at), who.caller);
	uint64_t *slot = table__add(&s->by_hash, hash & ~(1ull << 63)); /* never TABLE_NO_KEY */

	if (!slot || (!*slot && ARRAY_GROW(s->all, s->room, s->nr + 1)))
		return;
	if (!*slot) {
		s->all[s->nr] = (struct site){ .who = who };
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

typedef struct alloc_amount amount_fn(const struct model *m, const struct profile_row *row);

static struct alloc_amount allocated(const struct model *m, const struct profile_row *row)
{
	return row->allocs;
}

/* New pages: a heap that grows needs them again and again, one that stays as it is does not. */
static struct alloc_amount grown(const struct model *m, const struct profile_row *row)
{
	return (struct alloc_amount){ .samples = row->new_pages,
				      .objects = row->new_pages,
				      .bytes = (double)row->new_pages * m->header.page_size };
}

static void sites__of(struct sites *s, const struct model *m, amount_fn *amount_of)
{
	const struct profile *p = &m->profile;
	struct tare_counters c;

	*s = (struct sites){ .scale = 1 };
	table__init(&s->by_hash, 1u << 20);
	for (uint32_t i = 0; i < p->nr; i++) {
		const struct model_stack *st = model_stacks__find(&p->stacks, i);
		struct alloc_amount amount = amount_of(m, &p->rows[i]);

		if (!amount.samples)
			continue;
		alloc_amount__add(&s->sum, &amount);
		sites__add(s, st ? ledger__allocation_site(m, st) : (struct allocation_site){ 0 }, &amount);
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

/* "put (cache.c:7)", with @max bytes of the name at most. */
static int put_symbol(char *to, size_t size, const struct model_symbol *sym, int max)
{
	const char *base = strrchr(sym->file, '/');
	char name[NAME_LEN], file[NAME_LEN];

	base = base ? base + 1 : sym->file;
	sanitize(sym->name, strlen(sym->name), name, sizeof(name));
	if (!sym->line)
		return snprintf(to, size, "%.*s", max, name);
	return snprintf(to, size, "%.*s (%.20s:%u)", max, name, sanitize(base, strlen(base), file, sizeof(file)),
			sym->line);
}

static void print_site(const struct sites *s, const struct site *site, FILE *to)
{
	double bytes = bytes_of(s, &site->amount), all = bytes_of(s, &s->sum);
	const struct allocation_site *who = &site->who;
	char where[2 * NAME_LEN] = "(not known)", caller[NAME_LEN] = "", t[24], n[32];

	if (who->at)
		put_symbol(where, sizeof(where), who->at, 30);
	if (who->caller)
		put_symbol(caller, sizeof(caller), who->caller, 50);
	fprintf(to, "  %-58.58s%10s%8.1f %% %14s\n", where, fmt_bytes(whole(bytes), t), all > 0 ? 100 * bytes / all : 0,
		site->amount.objects > 0 ? fmt_count(whole(site->amount.objects), n) : "-");
	if (caller[0])
		fprintf(to, "    called by %s\n", caller);
}

static void print_sites(const struct sites *s, const char *title, const char *objects, bool all, FILE *to)
{
	size_t shown = all || s->nr < FIRST_ROWS ? s->nr : FIRST_ROWS;

	fprintf(to, "\n%-58s%12s%10s %14s\n", title, "bytes", "of all", objects);
	for (size_t i = 0; i < shown; i++)
		print_site(s, &s->all[i], to);
	if (s->nr > shown)
		fprintf(to, "  ... and %zu more (--all shows them)\n", s->nr - shown);
}

/* There are no sites, though they were asked for. */
static const char *why_none(const struct alloc_samples *a)
{
	if (a->dropped || a->nr)
		return "samples came, but what they stand for is not known: the recording begins or ends within a burst";
	if (a->bursts)
		return "it did allocate, but the recording has none of the samples: it holds only part of the time";
	return "nothing was seen: it allocated nothing, ended too soon, or has no allocator that is known";
}

void report__alloc_sites(const struct model *m, FILE *to, bool all)
{
	const struct alloc_samples *a = &m->allocs;
	const char *wanted = model__info(m, TARE_INFO_ALLOC_SITES);
	struct sites s;
	char n[2][32];

	if (!a->samples) {
		if (wanted)
			fprintf(to, "\nwhere memory was allocated: %s\n", why_none(a));
		return;
	}
	sites__of(&s, m, allocated);
	print_sites(&s, "where memory was allocated", "objects", all, to);
	if (a->all)
		fprintf(to, "  each of %s allocations was seen\n", fmt_count(a->samples, n[0]));
	else
		fprintf(to, "  estimates, from %s allocations in %s bursts%s\n", fmt_count(a->samples, n[0]),
			fmt_count(a->bursts, n[1]),
			s.scale != 1 ? "; the runtime's own are scaled to what it has counted" : "");
	if (a->too_fast && s.scale == 1)
		fprintf(to,
			"  ! at times so many that the probes took most of the time: bytes and objects may be far too low then;\n"
			"    their shares are not affected\n");
	if (a->dropped || a->nr)
		fprintf(to, "  ! %s samples are left out: what they stand for is not known\n",
			fmt_count(a->dropped + a->nr, n[0]));
	sites__free(&s);
	sites__of(&s, m, grown);
	if (s.nr)
		print_sites(&s, "where the heap grew: whose new pages they are", "pages", all, to);
	sites__free(&s);
}

static json_t *symbol_json(const struct model_symbol *sym)
{
	return sym ? json_pack("{s:o, s:o, s:o}", "function", text_or_null(sym->name), "file", text_or_null(sym->file),
			       "line", number_or_null(sym->line, sym->line)) :
		     json_null();
}

static json_t *sites_json(const struct model *m, amount_fn *amount_of)
{
	json_t *list = json_array();
	struct sites s;

	sites__of(&s, m, amount_of);
	for (size_t i = 0; i < s.nr; i++) {
		const struct site *site = &s.all[i];

		json_array_append_new(list,
				      json_pack("{s:o, s:o, s:I, s:o, s:I}", "site", symbol_json(site->who.at),
						"caller", symbol_json(site->who.caller), "bytes",
						num(whole(bytes_of(&s, &site->amount))), "objects",
						number_or_null(whole(site->amount.objects), site->amount.objects > 0),
						"samples", num(site->amount.samples)));
	}
	sites__free(&s);
	return list;
}

json_t *json__alloc_sites(const struct model *m, json_t *notes)
{
	if (m->allocs.samples)
		return sites_json(m, allocated);
	json__note(notes, "allocation.sampled_sites: %s",
		   model__info(m, TARE_INFO_ALLOC_SITES) ? why_none(&m->allocs) : "see record --alloc-sites");
	return json_null();
}

json_t *json__grown_sites(const struct model *m)
{
	return model__info(m, TARE_INFO_ALLOC_SITES) ? sites_json(m, grown) : json_null();
}
