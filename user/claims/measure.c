// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "choice.h"
#include "figure.h"
#include "json_impl.h"
#include "measure.h"
#include "reader.h"
#include "util.h"

#define MOST_PROGRAMS 32

struct measuring {
	struct claims *claims;
	struct workloads *workloads;
	json_t *versions;
	const volatile sig_atomic_t *stop;
	char folder[PATH_MAX], recording[PATH_MAX + 8];
};

/* ---- the documents of one run ---- */

static int take_event(void *ctx, const struct event *ev)
{
	return model__event(ctx, ev);
}

/* tare.report/1 of what was recorded between two times; NULL after saying why not. */
static json_t *report_between(const char *recording, uint64_t from_ns, uint64_t to_ns)
{
	struct model *m = model__new();
	struct choice choice;
	struct reader *r;
	struct event ev;
	json_t *report = NULL;
	int ret = m ? reader__open(recording, &r) : -ENOMEM;

	if (ret) {
		model__free(m);
		return NULL;
	}
	choice__between(&choice, from_ns, to_ns);
	while ((ret = reader__next(r, &ev)) > 0) {
		ret = choice__event(&choice, &ev, take_event, m);
		if (ret)
			break;
	}
	reader__close(r);
	choice__free(&choice);
	model__finish(m);
	if (!ret)
		report = report__object(m);
	model__free(m);
	return report;
}

/* The measured part @name of a run, with how long it took and how many operations it had; NULL: there is none. */
static json_t *span_document(const struct measuring *m, const json_t *own, const char *name)
{
	const json_t *span = json_object_get(json_object_get(own, "spans"), name);
	json_int_t begin = json_integer_value(json_object_get(span, "begin_ns")),
		   end = json_integer_value(json_object_get(span, "end_ns"));
	json_t *report = begin > 0 && end > begin ? report_between(m->recording, (uint64_t)begin, (uint64_t)end) : NULL;

	if (report) {
		json_object_set(report, "n", json_object_get(span, "n"));
		json_object_set_new(report, "elapsed_ns", json_integer(end - begin));
	}
	return report;
}

/* ---- which cells a run is for ---- */

typedef void (*cell_fn)(struct cell *cell, void *ctx);

static void each_cell(struct claims *c, const char *run, cell_fn fn, void *ctx)
{
	for (size_t i = 0; i < c->nr_claims; i++) {
		for (size_t k = 0; c->claims[i].chosen && k < c->claims[i].nr_cells; k++) {
			if (!run || !strcmp(c->claims[i].cells[k].run, run))
				fn(&c->claims[i].cells[k], ctx);
		}
	}
}

/* Where other runs gave a value, one that fails only gives none. */
static void set_missing(struct cell *cell, void *why)
{
	if (cell->value.nr && cell->value.nr < MOST_RUNS)
		cell->value.of[cell->value.nr++] = NAN;
	else if (!cell->missing[0])
		snprintf(cell->missing, sizeof(cell->missing), "%s", (const char *)why);
}

struct taking {
	const struct measuring *m;
	struct documents d;
	json_t *spans; /* by name, made when first asked for */
};

static void take(struct cell *cell, void *ctx)
{
	struct taking *t = ctx;

	t->d.span = json_object_get(t->spans, cell->span);
	if (!t->d.span) {
		t->d.span = span_document(t->m, t->d.own, cell->span) ?: json_null();
		json_object_set_new(t->spans, cell->span, t->d.span);
	}
	if (!t->d.report && figure__is_of(cell->figure, "report"))
		t->d.report = report_between(t->m->recording, 0, UINT64_MAX);
	figure__take(cell, &t->d);
}

/* ---- the runs ---- */

static void take_version(json_t *versions, const json_t *own)
{
	const char *runtime = json_string_value(json_object_get(own, "runtime"));

	if (runtime && json_is_string(json_object_get(own, "version")))
		json_object_set(versions, runtime, json_object_get(own, "version"));
}

/* Copies the program's name of @run: the first word that is no NAME=VALUE, or the one behind " -- ". */
static void program_of(const char *run, bool second, char *name, size_t size)
{
	const char *at = second ? strstr(run, " -- ") : run;

	name[0] = '\0';
	if (!at)
		return;
	at += second ? 4 : 0;
	while (memchr(at, '=', strcspn(at, " ")))
		at += strcspn(at, " ") + strspn(at + strcspn(at, " "), " ");
	snprintf(name, size, "%.*s", (int)strcspn(at, " "), at);
}

static json_t *file_document(const struct measuring *m, const char *run)
{
	char path[PATH_MAX], why[8], name[64];

	program_of(run, false, name, sizeof(name));
	return workloads__path(m->workloads, name, path, why, sizeof(why)) ? executable__describe(path) : NULL;
}

static void measure_once(struct measuring *m, const char *run)
{
	char why[192];
	struct taking t = { .m = m, .spans = json_object() };

	t.d.own = workload__run(m->workloads, run, m->folder, m->recording, why, sizeof(why));
	if (m->stop && *m->stop) {
		; /* it was cut off: its figures would be of a part */
	} else if (t.d.own) {
		/* all of them, unless it says otherwise */
		if (!json_object_get(t.d.own, "reached"))
			json_object_set(t.d.own, "reached", json_object_get(t.d.own, "n"));
		t.d.file = file_document(m, run);
		take_version(m->versions, t.d.own);
		each_cell(m->claims, run, take, &t);
	} else {
		each_cell(m->claims, run, set_missing, why);
	}
	json_decref(t.d.own);
	json_decref(t.d.report);
	json_decref(t.d.file);
	json_decref(t.spans);
	unlink(m->recording);
}

/* The different commands among the chosen claims, in the table's order; in @runs, of @room. Returns how many. */
struct list {
	const char **runs;
	size_t nr;
};

static void add_run(struct cell *cell, void *ctx)
{
	struct list *l = ctx;

	if (cell->missing[0])
		return;
	for (size_t i = 0; i < l->nr; i++) {
		if (!strcmp(l->runs[i], cell->run))
			return;
	}
	l->runs[l->nr++] = cell->run;
}

static size_t count_cells(const struct claims *c)
{
	size_t nr = 0;

	for (size_t i = 0; i < c->nr_claims; i++)
		nr += c->claims[i].nr_cells;
	return nr;
}

/* Build the programs that are not there yet. */
static void build(struct measuring *m, const struct list *l)
{
	const char *names[MOST_PROGRAMS];
	char name[64], path[PATH_MAX], why[8];
	size_t nr = 0;

	for (size_t i = 0; i < 2 * l->nr; i++) {
		bool known = false;

		program_of(l->runs[i / 2], i % 2, name, sizeof(name));
		for (size_t k = 0; k < nr && !known; k++)
			known = !strcmp(names[k], name);
		if (known || !name[0] || nr == MOST_PROGRAMS ||
		    workloads__path(m->workloads, name, path, why, sizeof(why)))
			continue;
		names[nr] = strdup(name);
		nr += names[nr] != NULL;
	}
	if (nr)
		workloads__build(m->workloads, names, nr);
	while (nr)
		free((char *)names[--nr]);
}

/* Say of cells without a program why; leaves the commands that can run. */
static void drop_missing(struct measuring *m, struct list *l)
{
	char path[PATH_MAX], why[192] = "", name[64];
	size_t nr = 0;

	for (size_t i = 0; i < l->nr; i++) {
		bool all = true;

		for (int second = 0; second < 2 && all; second++) {
			program_of(l->runs[i], second, name, sizeof(name));
			all = !name[0] || workloads__path(m->workloads, name, path, why, sizeof(why));
		}
		if (all)
			l->runs[nr++] = l->runs[i];
		else
			each_cell(m->claims, l->runs[i], set_missing, why);
	}
	l->nr = nr;
}

/* Is anybody still interested in @command? It has run @runs times. */
static bool is_wanted(const struct claims *c, const char *command, unsigned runs)
{
	for (size_t i = 0; i < c->nr_claims; i++) {
		const struct claim *claim = &c->claims[i];

		for (size_t k = 0; claim->chosen && (!claim->once || !runs) && k < claim->nr_cells; k++) {
			if (!strcmp(claim->cells[k].run, command) && !claim->cells[k].missing[0])
				return true;
		}
	}
	return false;
}

static int make_folder(struct measuring *m)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(m->folder, sizeof(m->folder), "%s/tare-claims.XXXXXX", tmp && tmp[0] ? tmp : "/tmp");
	if (!mkdtemp(m->folder)) {
		err("cannot make a folder %s: %s", m->folder, strerror(errno));
		return -errno;
	}
	snprintf(m->recording, sizeof(m->recording), "%s/data", m->folder);
	return 0;
}

static void remove_folder(const struct measuring *m)
{
	static const char *const files[] = { "out", "err", "data" };
	char path[PATH_MAX + 8];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", m->folder, files[i]);
		unlink(path);
	}
	rmdir(m->folder);
}

/* A cell of which no run gave a value has none, and says so. */
static void conclude(struct cell *cell, void *ctx)
{
	const struct measuring *m = ctx;

	if (m->stop && *m->stop && !cell->value.nr)
		set_missing(cell, "interrupted before its first run");
	if (!cell->missing[0] && isnan(series__estimate(&cell->value).median))
		snprintf(cell->missing, sizeof(cell->missing), "no run gave %s", cell->figure->what);
}

/* Say of claims that need more CPUs why they cannot be measured. */
static void drop_crowded(struct claims *c, unsigned cpus)
{
	char why[96];

	for (size_t i = 0; i < c->nr_claims; i++) {
		struct claim *claim = &c->claims[i];

		snprintf(why, sizeof(why), "it needs %u CPUs, and %u may be used here", claim->cpus, cpus);
		for (size_t k = 0; claim->cpus > cpus && k < claim->nr_cells; k++)
			set_missing(&claim->cells[k], why);
	}
}

int claims__measure(struct claims *c, struct workloads *p, const struct measure_opts *opts, json_t *versions)
{
	struct measuring m = { .claims = c, .workloads = p, .versions = versions, .stop = opts->stop };
	struct list l = { calloc(count_cells(c) + 1, sizeof(*l.runs)), 0 };
	int ret = l.runs ? make_folder(&m) : -ENOMEM;

	if (ret)
		goto out;
	drop_crowded(c, opts->cpus);
	each_cell(c, NULL, add_run, &l);
	if (!opts->stop || !*opts->stop)
		build(&m, &l);
	if (!opts->stop || !*opts->stop)
		drop_missing(&m, &l);
	/* turn by turn: what disturbs the machine for a while disturbs all of them */
	for (unsigned run = 0; run < opts->runs; run++) {
		for (size_t i = 0; i < l.nr; i++) {
			if ((opts->stop && *opts->stop) || !is_wanted(c, l.runs[i], run))
				continue;
			if (opts->progress)
				opts->progress(run + 1, opts->runs, l.runs[i]);
			measure_once(&m, l.runs[i]);
		}
	}
	each_cell(c, NULL, conclude, &m);
	remove_folder(&m);
out:
	free(l.runs);
	return ret;
}
