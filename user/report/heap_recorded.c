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
	bool knows_growth;
	const struct heap_amount **grown_by; /* by frame; NULL: not at all */
};

/* The last one is for the frame that is not known. */
static size_t number_of(const struct sites *s, const struct heap_site *site)
{
	return site->frame ? (size_t)(site->frame - s->heap.now.frames) : s->heap.now.nr_frames;
}

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
	s->knows_growth = s->heap.has_begin && !s->grown.unknown;
	for (size_t i = 0; s->knows_growth && i < s->grown.nr; i++)
		s->grown_by[number_of(s, &s->grown.sites[i])] = &s->grown.sites[i].amount;
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

	return s->grown_by[number_of(s, site)] ?: &none;
}

/* ---- text ---- */

static void print_site(const struct sites *s, const struct heap_site *site, FILE *to)
{
	const struct heap_frame *f = site->frame;
	const struct heap_amount *by = grown_by(s, site);
	const char *file = f ? strrchr(f->file, '/') : NULL;
	char name[NAME_LEN], t[3][24];

	fprintf(to, "  %10s %10s %10s   ", fmt_bytes(site->amount.inuse_bytes, t[0]),
		s->knows_growth ? fmt_signed_bytes(by->inuse_bytes, true, t[1]) : "-",
		s->knows_growth ? fmt_bytes(by->alloc_bytes > 0 ? by->alloc_bytes : 0, t[2]) : "-");
	fprintf(to, "%.36s", f && f->name[0] ? sanitize(f->name, strlen(f->name), name, sizeof(name)) : "(not known)");
	if (f && f->file[0]) {
		file = file ? file + 1 : f->file;
		fprintf(to, " (%.16s:%u)", sanitize(file, strlen(file), name, sizeof(name)), f->line);
	}
	fputc('\n', to);
}

static bool is_killed(const struct model *m, const struct heap_readings_of *of)
{
	for (unsigned i = 0; i < m->nr_oom_kills; i++)
		if (m->oom_kills[i].tgid == process__pid(of->process))
			return true;
	return false;
}

const struct heap_readings_of *report__heap_of(const struct model *m, uint32_t pid)
{
	const struct heap_readings_of *of = NULL;

	for (unsigned i = 0; !pid && !of && i < m->nr_oom_kills; i++)
		of = heap_readings__choose(&m->heaps, m->oom_kills[i].tgid);
	return of ?: heap_readings__choose(&m->heaps, pid);
}

/* In lines of at most 100 columns, cut at blanks. */
static void print_wrapped(const char *head, const char *text, FILE *to)
{
	int used = fprintf(to, "%s", head), len;
	const char *blank = "";

	for (; *text; text += len + strspn(text + len, " ")) {
		len = strcspn(text, " ");
		if (used + 1 + len > 99) {
			used = fprintf(to, "\n  ");
			blank = "";
		}
		used += fprintf(to, "%s%.*s", blank, len, text);
		blank = " ";
	}
	fputc('\n', to);
}

/* What the figures are worth. */
static void print_notes(const struct model *m, const struct heap_readings_of *of, const struct sites *s, FILE *to)
{
	uint64_t end_ns = heap_readings__last(of)->head.ts_ns, age = m->end_ns > end_ns ? m->end_ns - end_ns : 0;
	const char *why = report__no_heap(m, process__pid(of->process));
	char t[16], n[32], safe[320];

	if (!s->knows_growth)
		fprintf(to, "  what has changed is not known: %s\n",
			s->heap.has_begin ? "no collection was over between the two readings" :
					    "the heap was read only once");
	if (age >= NSEC_PER_SEC / 10)
		fprintf(to, "  as last read, %s before the end\n", fmt_ns(age, t));
	if (why)
		print_wrapped("  it could not be read any more: ", sanitize(why, strlen(why), safe, sizeof(safe)), to);
	if (m->heaps.left_out)
		fprintf(to, "  ! %s readings are left out: there are too many\n", fmt_count(m->heaps.left_out, n));
	if (m->heaps.nr > 1)
		fprintf(to, "  one of %s processes%s; `tare heap -i FILE -p PID' has the others\n",
			fmt_count(m->heaps.nr, n), is_killed(m, of) ? "" : ", the one that has allocated most");
}

static void print_heap(const struct model *m, const struct heap_readings_of *of, bool all, FILE *to)
{
	struct sites s;
	int ret = sites__of(&s, m, of);
	size_t shown = all || s.now.nr < FIRST_SITES ? s.now.nr : FIRST_SITES;
	char n[32];

	if (ret)
		fprintf(to, "\n! no memory for the heap of process %u by site\n", process__pid(of->process));
	if (!ret && s.now.nr) {
		fprintf(to, "\n  %10s %10s %10s   heap of process %u by site, as the runtime samples it\n", "in use",
			"grew by", "allocated", process__pid(of->process));
		for (size_t i = 0; i < shown; i++)
			print_site(&s, &s.now.sites[i], to);
		if (shown < s.now.nr)
			fprintf(to, "  ... and %s more (--all shows them)\n", fmt_count(s.now.nr - shown, n));
		print_notes(m, of, &s, to);
	}
	sites__free(&s);
}

void report__heaps(const struct model *m, FILE *to, bool all)
{
	const struct heap_readings_of *of = report__heap_of(m, 0);
	const char *why = report__no_heap(m, 0);
	char safe[320];

	if (of)
		print_heap(m, of, all, to);
	else if (why)
		print_wrapped("\nno heap by site: ", sanitize(why, strlen(why), safe, sizeof(safe)), to);
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
	json_object_set_new(o, "grew_by", s->knows_growth ? amount_json(grown_by(s, site)) : json_null());
	return o;
}

static json_t *heap_json(const struct model *m, const struct heap_readings_of *of)
{
	const struct heap_reading *last = heap_readings__last(of);
	json_t *sites = json_array(), *o;
	struct sites s = { 0 };

	o = json_pack("{s:I, s:o, s:I, s:I, s:I, s:b}", "pid", (json_int_t)process__pid(of->process), "comm",
		      text_or_null(model__process_name(m, of->process)), "ts_ns", num(last->head.ts_ns), "rate_bytes",
		      num(last->head.rate_bytes), "collections", num(last->head.cycles), "before_first_collection",
		      !!(last->head.flags & TARE_HEAP_PENDING));
	if (o && !sites__of(&s, m, of)) {
		for (size_t i = 0; i < s.now.nr; i++)
			json_array_append_new(sites, site_json(&s, &s.now.sites[i]));
		json_object_set_new(o, "total", amount_json(&s.now.total));
		json_object_set_new(o, "grew_by", s.knows_growth ? amount_json(&s.grown.total) : json_null());
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
