// SPDX-License-Identifier: BSD-2-Clause
/* Page faults by what they were in. How many there were is known exactly; of which kind, by samples. */
#include <stdlib.h>
#include <string.h>

#include "event_names.h"
#include "json_impl.h"
#include "report.h"

#define FIRST_ROWS 10

struct faults {
	struct accounts exact;
	bool known;		  /* .exact is */
	struct fault_owner *rows; /* the most first */
	size_t nr;
};

static int by_number(const void *a, const void *b)
{
	const struct fault_owner *x = a, *y = b;
	uint64_t n = x->minor + x->major, k = y->minor + y->major;

	if (n != k)
		return n < k ? 1 : -1;
	return x->owner != y->owner ? (x->owner < y->owner ? -1 : 1) : strcmp(x->name, y->name);
}

/* @part of @sampled, of all that there were. */
static uint64_t scale(uint64_t part, uint64_t sampled, uint64_t all)
{
	double n = sampled ? (double)part / sampled * all : 0;

	return n < 0x1p63 ? (uint64_t)n : all;
}

static void faults__of(struct faults *f, const struct model *m)
{
	const struct fault_owners *o = &m->fault_owners;

	*f = (struct faults){ .known = m->switches.threads.check.fault_threads };
	threads__total(&m->switches.threads, &f->exact);
	f->rows = o->nr ? malloc(o->nr * sizeof(*f->rows)) : NULL;
	f->nr = f->rows ? o->nr : 0;
	if (!f->rows)
		return;
	memcpy(f->rows, o->all, o->nr * sizeof(*f->rows));
	for (size_t i = 0; f->known && i < f->nr; i++) {
		f->rows[i].minor = scale(f->rows[i].minor, o->minor, f->exact.minor_faults);
		f->rows[i].major = scale(f->rows[i].major, o->major, f->exact.major_faults);
		f->rows[i].huge = scale(f->rows[i].huge, o->minor, f->exact.minor_faults);
	}
	qsort(f->rows, f->nr, sizeof(*f->rows), by_number);
}

uint64_t report__huge_faults(const struct model *m)
{
	const struct fault_owners *o = &m->fault_owners;
	struct accounts exact;

	threads__total(&m->switches.threads, &exact);
	return m->switches.threads.check.fault_threads ? scale(o->huge, o->minor, exact.minor_faults) : o->huge;
}

/* The threads did that themselves, as memory was short. */
void report__reclaim(const struct model *m, FILE *to)
{
	static const char *const whose[] = { "in the machine's memory", "in their memory cgroup" };
	char limit[LIMIT_TEXT], n[2][32], t[16];

	for (int i = 0; i < 2; i++) {
		const struct model_reclaim *r = &m->reclaim[i];

		if (!r->count)
			continue;
		fprintf(to, "  reclaim    made room %s %s times, %s; %s pages", whose[i], fmt_count(r->count, n[0]),
			fmt_ns(r->ns, t), fmt_count(r->pages, n[1]));
		if (r->limit_bytes)
			fprintf(to, ",\n             %s", fmt_limit(r->cgroup, r->limit_bytes, limit));
		fputc('\n', to);
	}
}

json_t *json__reclaim(const struct model *m)
{
	static const char *const whose[] = { "machine", "memory_cgroup" };
	json_t *all = json_object();

	for (int i = 0; i < 2; i++) {
		const struct model_reclaim *r = &m->reclaim[i];

		json_object_set_new(all, whose[i],
				    json_pack("{s:I, s:I, s:I, s:o, s:o}", "count", num(r->count), "total_ns",
					      num(r->ns), "pages", num(r->pages), "cgroup", text_or_null(r->cgroup),
					      "limit_bytes", number_or_null(r->limit_bytes, r->limit_bytes)));
	}
	return all;
}

void report__faults(const struct model *m, FILE *to, bool all)
{
	struct faults f;
	size_t shown;
	char title[160], name[64], n[3][32];

	if (!m->fault_owners.samples)
		return;
	faults__of(&f, m);
	shown = all || f.nr < FIRST_ROWS ? f.nr : FIRST_ROWS;
	fprintf(to, "\n%-58s%14s %12s %12s\n", "page faults by what they are in", "minor", "of it huge", "major");
	for (size_t i = 0; i < shown; i++) {
		const struct fault_owner *r = &f.rows[i];

		snprintf(title, sizeof(title), "%s%s%s", fault_owner_title(r->owner), r->name[0] ? ": " : "",
			 sanitize(r->name, strlen(r->name), name, sizeof(name)));
		fprintf(to, "  %-56.56s%14s %12s %12s\n", title, fmt_count(r->minor, n[0]), fmt_count(r->huge, n[1]),
			fmt_count(r->major, n[2]));
	}
	if (f.nr > shown)
		fprintf(to, "  ... and %zu more (--all shows them)\n", f.nr - shown);
	fprintf(to, "  by %s samples; %s\n", fmt_count(m->fault_owners.samples, n[0]),
		f.known ? "the sums are exact" : "how many there were is not known: these are estimates");
	free(f.rows);
}

json_t *json__faults(const struct model *m, json_t *notes)
{
	json_t *list = json_array();
	struct faults f;

	if (!m->fault_owners.samples) {
		json__note(notes, "allocation.faults_by_owner: none was sampled");
		json_decref(list);
		return json_null();
	}
	faults__of(&f, m);
	for (size_t i = 0; i < f.nr; i++)
		json_array_append_new(list,
				      json_pack("{s:s, s:o, s:I, s:I, s:I}", "owner", fault_owner_name(f.rows[i].owner),
						"file", text_or_null(f.rows[i].name), "minor", num(f.rows[i].minor),
						"major", num(f.rows[i].major), "huge", num(f.rows[i].huge)));
	free(f.rows);
	return list;
}
