// SPDX-License-Identifier: BSD-2-Clause
/*
 * Data flows one way: model, page data, page. The data: {"schema": "tare.page/1", "report": tare.report/1, "page":
 * {...}}, where "page" has what the report does not, and lists of the report are cut at LIST_MAX rows, as "cut" says.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "flame.h"
#include "page_lanes.h"
#include "ledger.h"
#include "page.h"
#include "page_files.h"
#include "pauses.h"
#include "process.h"
#include "reader.h"
#include "timeline.h"

#define LIST_MAX 300

/* ---- the second reading ---- */

struct second {
	struct timeline timeline;
	struct spans spans;
	struct page_lanes lanes;
};

static void take_span(void *ctx, const struct span *span)
{
	struct second *s = ctx;

	timeline__span(&s->timeline, span);
	page_lanes__span(&s->lanes, span);
}

static int second__init(struct second *s, const struct model *m, const struct page_opts *opts)
{
	uint32_t longest = opts->longest ?: PAGE_LANES;

	timeline__init(&s->timeline, m);
	return spans__init(&s->spans, m, take_span, s) ?:
		       page_lanes__init(&s->lanes, m, &s->spans, longest < PAGE_LANES_MAX ? longest : PAGE_LANES_MAX);
}

static void second__free(struct second *s)
{
	timeline__free(&s->timeline);
	spans__free(&s->spans);
	page_lanes__free(&s->lanes);
	free(s);
}

static int second__read(struct second *s, const struct model *m, const char *path)
{
	struct reader *r;
	struct event ev;
	int ret = reader__open(path, &r);

	if (ret)
		return ret;
	while ((ret = reader__next(r, &ev)) > 0) {
		timeline__event(&s->timeline, &ev);
		page_lanes__event(&s->lanes, &ev);
		ret = spans__event(&s->spans, &ev);
		if (ret)
			break;
	}
	reader__close(r);
	spans__finish(&s->spans, m->end_ns);
	return ret ?: s->lanes.err;
}

/* ---- pauses, and distributions ---- */

static int64_t since_begin(const struct model *m, uint64_t ns)
{
	return (int64_t)(ns - m->begin_ns);
}

/* Every kept pause as a row of numbers: begin, world, stopping, stopped, restart, cause, reason. */
static json_t *marks_json(const struct model *m, json_t *reasons)
{
	const struct pauses *ps = &m->pauses;
	json_t *list = json_array(), *index = json_object();
	char reason[64];

	for (uint32_t i = 0; i < ps->nr_kept; i++) {
		const struct pause *p = ps->kept[i];
		struct pause_verdict v;
		const json_t *known;

		pause__verdict(p, &v);
		pause_reason_name(p->reason_name, p->reason, reason);
		known = json_object_get(index, reason);
		if (!known) {
			json_object_set_new(index, reason, json_integer((json_int_t)json_array_size(reasons)));
			json_array_append_new(reasons, json_string(reason));
			known = json_object_get(index, reason);
		}
		json_array_append_new(list,
				      json_pack("[I, I, I, I, I, i, I, b]", (json_int_t)since_begin(m, p->request_ns),
						num(pause__world_ns(p)), num(p->part_ns[PAUSE_STOPPING]),
						num(p->part_ns[PAUSE_STOPPED]), num(p->part_ns[PAUSE_RESTART]),
						(int)v.cause, json_integer_value(known), p->lost));
	}
	json_decref(index);
	return list;
}

/* The longest ones, in full: as in tare.pauses/1, and with their lanes. */
static json_t *worst_json(const struct model *m, const struct page_lanes *l)
{
	const struct pauses_opts opts = { 0 };
	json_t *list = json_array();

	for (uint32_t i = 0; i < l->nr; i++) {
		json_t *p = json__pause(m, m->pauses.kept[i], &opts);

		json_object_set_new(p, "lanes", page_lanes__json(l, m->pauses.kept[i]));
		json_array_append_new(list, p);
	}
	return list;
}

static json_t *pauses_json(const struct model *m, const struct page_lanes *l)
{
	json_t *causes = json_array(), *reasons = json_array(), *marks = marks_json(m, reasons);

	for (unsigned i = 0; i < PAUSE_NR_CAUSES; i++)
		json_array_append_new(causes, json_string(pause_cause_name(i)));
	return json_pack("{s:o, s:o, s:o, s:o, s:b}", "causes", causes, "reasons", reasons, "marks", marks, "worst",
			 worst_json(m, l), "many_processes", model__many_pause(m));
}

/* How many are in [2^i, 2^(i+1)) ns, from the first i that has any. null: none at all. */
static json_t *distribution_json(const struct hist *h)
{
	json_t *counts = json_array();
	unsigned first = 0, last = 63;

	while (first < 64 && !hist__log2(h, first))
		first++;
	while (last > first && !hist__log2(h, last))
		last--;
	for (unsigned i = first; i <= last && first < 64; i++)
		json_array_append_new(counts, json_integer(num(hist__log2(h, i))));
	return json_pack("{s:i, s:o, s:I, s:I, s:I, s:I, s:I, s:I}", "first", (int)first, "counts", counts, "count",
			 num(h->count), "total", num(h->total), "p50", num(hist__percentile(h, 500)), "p90",
			 num(hist__percentile(h, 900)), "p99", num(hist__percentile(h, 990)), "max", num(h->max));
}

static json_t *distributions_json(const struct model *m)
{
	const struct {
		const char *title;
		const struct hist *hist;
	} all[] = {
		{ "run-queue wait", &m->switches.run_queue },
		{ "pauses: world, from the request until all run again", &m->pauses.world },
		{ "pauses: stopping", &m->pauses.stopping },
		{ "on a CPU, each time", &m->switches.slice },
		{ "from wake-up to running", &m->switches.wake_latency },
		{ "throttled", &m->switches.throttled },
		{ "preemption signal to handler", &m->preemption.latency },
	};
	json_t *list = json_array(), *d;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		if (!all[i].hist->count)
			continue;
		d = distribution_json(all[i].hist);
		json_object_set_new(d, "title", json_string(all[i].title));
		json_array_append_new(list, d);
	}
	return list;
}

/* ---- the data ---- */

/* Cut lists that are longer than a page has use for; @cut gets how many rows each had, by its place. */
static void cut_lists(json_t *at, const char *place, json_t *cut)
{
	char inner[128];
	const char *key;
	json_t *value;
	size_t i;

	if (json_is_array(at) && json_array_size(at) > LIST_MAX) {
		json_object_set_new(cut, place, json_integer((json_int_t)json_array_size(at)));
		while (json_array_size(at) > LIST_MAX)
			json_array_remove(at, json_array_size(at) - 1);
	}
	json_array_foreach(at, i, value) cut_lists(value, place, cut);
	json_object_foreach(at, key, value)
	{
		snprintf(inner, sizeof(inner), "%s%s%s", place, place[0] ? "." : "", key);
		cut_lists(value, inner, cut);
	}
}

static json_t *classes_json(const struct model *m)
{
	json_t *titles = json_object();

	for (unsigned i = 1; i < TARE_NR_COSTS; i++)
		json_object_set_new(titles, ledger__name(i),
				    json_pack("{s:s, s:s}", "title", ledger__title(i), "group",
					      ledger__group_title(ledger__group(i))));
	return titles;
}

static json_t *data_of(const struct model *m, const struct second *s, const struct page_opts *opts)
{
	json_t *report = report__object(m), *cut = json_object();

	if (report)
		cut_lists(report, "", cut);
	return json_pack("{s:s, s:o, s:{s:o, s:b, s:o, s:o, s:o, s:o, s:o}}", "schema", "tare.page/1", "report", report,
			 "page", "cut", cut, "pauses_first", (int)opts->pauses_first, "classes", classes_json(m),
			 "timeline", timeline__json(&s->timeline), "pauses", pauses_json(m, &s->lanes), "distributions",
			 distributions_json(m), "flames", flames__json(m));
}

/* ---- the page ---- */

/* No name of a target can end the script that the data is in, or begin a comment there. */
static int put_escaped(const char *text, size_t len, void *ctx)
{
	FILE *to = ctx;
	size_t at = 0;

	while (at < len) {
		const char *end = memchr(text + at, '<', len - at);
		size_t n = end ? (size_t)(end - text) - at : len - at;

		if (fwrite(text + at, 1, n, to) != n || (end && fputs("\\u003c", to) == EOF))
			return -1;
		at += n + (end != NULL);
	}
	return 0;
}

static int put_page(json_t *data, FILE *to)
{
	int ret = 0;

	errno = 0;
	page_files__head(to);
	if (json_dump_callback(data, put_escaped, to, JSON_COMPACT) || ferror(to))
		ret = errno ? -errno : -EIO;
	page_files__tail(to);
	return ferror(to) ? -(errno ?: EIO) : ret;
}

int report__page(const struct model *m, const char *path, const struct page_opts *opts, FILE *to)
{
	struct second *s = calloc(1, sizeof(*s));
	json_t *data = NULL;
	int ret;

	if (!s)
		return -ENOMEM;
	ret = second__init(s, m, opts) ?: second__read(s, m, path);
	if (!ret) {
		data = data_of(m, s, opts);
		ret = data ? put_page(data, to) : -ENOMEM;
	}
	json_decref(data);
	second__free(s);
	return ret;
}
