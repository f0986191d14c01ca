// SPDX-License-Identifier: BSD-2-Clause
/* The heaps of a recording by site, and how they have grown, as text and as JSON. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "json_impl.h"
#include "process.h"
#include "recorded_heap.h"
#include "report.h"
#include "util.h"

#define FIRST_SITES 10
#define NAME_LEN    256

const char *report__no_heap(const struct model *m, uint32_t pid)
{
	const size_t len = strlen(TARE_INFO_NO_HEAP);

	for (unsigned i = 0; i < m->nr_info; i++)
		if (!strncmp(m->info[i].key, TARE_INFO_NO_HEAP, len) &&
		    (!pid || strtoul(m->info[i].key + len, NULL, 10) == pid))
			return m->info[i].value;
	return NULL;
}

/* One process's, by site: now, and how they differ from the beginning. */
struct sites {
	struct recorded_heap heap;
	struct heap_sites now, grown;
	const struct heap_amount **grown_by; /* by frame; NULL: not at all */
};

static int sites__of(struct sites *s, const struct model *m, const struct heap_readings_of *of)
{
	int ret;

	*s = (struct sites){ 0 };
	ret = recorded_heap__of(&s->heap, m, of)			      ?:
		      heap_sites__of(&s->now, &s->heap.now, NULL, HEAP_INUSE) ?:
		      heap_sites__of(&s->grown, &s->heap.now, &s->heap.begin, HEAP_INUSE);
	s->grown_by = ret ? NULL : calloc(s->heap.now.nr_frames + 1, sizeof(*s->grown_by));
	if (!s->grown_by)
		return -ENOMEM;
	for (size_t i = 0; s->heap.has_begin && i < s->grown.nr; i++)
		if (s->grown.sites[i].frame)
			s->grown_by[s->grown.sites[i].frame - s->heap.now.frames] = &s->grown.sites[i].amount;
	return 0;
}

static void sites__free(struct sites *s)
{
	heap_sites__free(&s->now);
	heap_sites__free(&s->grown);
	recorded_heap__free(&s->heap);
	free(s->grown_by);
}

static const struct heap_amount *grown_by(const struct sites *s, const struct heap_site *site)
{
	static const struct heap_amount none;
	const struct heap_amount *by = site->frame ? s->grown_by[site->frame - s->heap.now.frames] : NULL;

	return by ?: &none;
}

/* ---- text ---- */

static const char *signed_bytes(int64_t n, char buf[24])
{
	char text[16];

	snprintf(buf, 24, "%s%s", n < 0 ? "-" : n ? "+" : "", fmt_bytes(n < 0 ? -(uint64_t)n : (uint64_t)n, text));
	return buf;
}

static void print_site(const struct sites *s, const struct heap_site *site, FILE *to)
{
	const struct heap_frame *f = site->frame;
	const struct heap_amount *by = grown_by(s, site);
	const char *file = f ? strrchr(f->file, '/') : NULL;
	char name[NAME_LEN], t[3][24];

	fprintf(to, "  %10s %10s %10s   ", fmt_bytes(site->amount.inuse_bytes, t[0]),
		s->heap.has_begin ? signed_bytes(by->inuse_bytes, t[1]) : "-",
		s->heap.has_begin ? fmt_bytes(by->alloc_bytes > 0 ? by->alloc_bytes : 0, t[2]) : "-");
	fputs(f && f->name[0] ? sanitize(f->name, strlen(f->name), name, sizeof(name)) : "(not known)", to);
	if (f && f->file[0]) {
		file = file ? file + 1 : f->file;
		fprintf(to, " (%s:%u)", sanitize(file, strlen(file), name, sizeof(name)), f->line);
	}
	fputc('\n', to);
}

static void print_heap(const struct model *m, const struct heap_readings_of *of, bool all, FILE *to)
{
	uint64_t end_ns = heap_readings__last(of)->head.ts_ns, age = m->end_ns > end_ns ? m->end_ns - end_ns : 0;
	char title[64], t[16], n[32];
	struct sites s;

	if (!sites__of(&s, m, of) && s.now.nr) {
		size_t shown = all || s.now.nr < FIRST_SITES ? s.now.nr : FIRST_SITES;

		snprintf(title, sizeof(title), "heap of process %u by site", process__pid(of->process));
		fprintf(to, "\n  %10s %10s %10s   %s, as the runtime samples it\n", "in use", "grew by", "allocated",
			title);
		for (size_t i = 0; i < shown; i++)
			print_site(&s, &s.now.sites[i], to);
		if (shown < s.now.nr)
			fprintf(to, "  ... and %s more (--all shows them)\n", fmt_count(s.now.nr - shown, n));
		if (age >= NSEC_PER_SEC / 10)
			fprintf(to, "  as last read, %s before the end\n", fmt_ns(age, t));
		if (m->heaps.nr > 1)
			fprintf(to,
				"  of %s processes this one has allocated most; `tare heap -i FILE -p PID' has the others\n",
				fmt_count(m->heaps.nr, n));
	}
	sites__free(&s);
}

void report__heaps(const struct model *m, FILE *to, bool all)
{
	const struct heap_readings_of *of = heap_readings__choose(&m->heaps, 0);
	const char *why = report__no_heap(m, 0);
	char safe[320];

	if (of)
		print_heap(m, of, all, to);
	else if (why)
		fprintf(to, "\nno heap by site: %s\n", sanitize(why, strlen(why), safe, sizeof(safe)));
}

/* ---- JSON ---- */

static json_t *amount_json(const struct heap_amount *a)
{
	return json_pack("{s:I, s:I, s:I, s:I}", "inuse_bytes", (json_int_t)a->inuse_bytes, "inuse_objects",
			 (json_int_t)a->inuse_objects, "alloc_bytes", (json_int_t)a->alloc_bytes, "alloc_objects",
			 (json_int_t)a->alloc_objects);
}

static json_t *site_json(const struct sites *s, const struct heap_site *site)
{
	static const struct heap_frame unknown = { .name = "", .file = "" };
	const struct heap_frame *f = site->frame ?: &unknown;
	json_t *o = amount_json(&site->amount);

	if (!o)
		return NULL;
	json_object_set_new(o, "function", text_or_null(f->name[0] ? f->name : NULL));
	json_object_set_new(o, "file", text_or_null(f->file[0] ? f->file : NULL));
	json_object_set_new(o, "line", number_or_null(f->line, f->line));
	json_object_set_new(o, "grew_by", s->heap.has_begin ? amount_json(grown_by(s, site)) : json_null());
	return o;
}

static json_t *heap_json(const struct model *m, const struct heap_readings_of *of)
{
	const struct heap_reading *last = heap_readings__last(of);
	json_t *sites = json_array(), *o;
	struct sites s;

	o = json_pack("{s:I, s:I, s:I, s:I, s:b}", "pid", (json_int_t)process__pid(of->process), "ts_ns",
		      num(last->head.ts_ns), "rate_bytes", num(last->head.rate_bytes), "collections",
		      num(last->head.cycles), "before_first_collection", !!(last->head.flags & TARE_HEAP_PENDING));
	if (o && !sites__of(&s, m, of)) {
		for (size_t i = 0; i < s.now.nr; i++)
			json_array_append_new(sites, site_json(&s, &s.now.sites[i]));
		json_object_set_new(o, "total", amount_json(&s.now.total));
		json_object_set_new(o, "grew_by", s.heap.has_begin ? amount_json(&s.grown.total) : json_null());
	}
	sites__free(&s);
	json_object_set_new(o, "sites", sites);
	return o;
}

json_t *json__heaps(const struct model *m, json_t *notes)
{
	const char *why = report__no_heap(m, 0);
	json_t *list;

	if (!heap_readings__choose(&m->heaps, 0)) {
		json__note(notes, why ? "heaps: no process keeps an account of its allocations" :
					"heaps: no process has a runtime that samples its allocations");
		return json_null();
	}
	list = json_array();
	for (size_t i = 0; i < m->heaps.nr; i++)
		if (heap_readings__last(&m->heaps.all[i])->stacks)
			json_array_append_new(list, heap_json(m, &m->heaps.all[i]));
	return list;
}
