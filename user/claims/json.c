// SPDX-License-Identifier: BSD-2-Clause
/* tare.claims/1: one object a claim, with all values of all runs. */
#include <errno.h>
#include <math.h>

#include "json_impl.h"
#include "show.h"

static json_t *real(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

static json_t *estimate_json(struct estimate e)
{
	return json_pack("{s:o, s:o, s:o, s:I}", "median", real(e.median), "low", real(e.low), "high", real(e.high),
			 "runs", (json_int_t)e.nr);
}

static json_t *values_json(const struct series *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->nr; i++)
		json_array_append_new(list, real(s->of[i]));
	return list;
}

static json_t *median_json(const struct series *s)
{
	return real(series__estimate(s).median);
}

/* Shares of the time by the program's own clock; null without such. */
static json_t *shares_json(const struct cell *c)
{
	return c->own.nr ? json_pack("{s:o, s:o, s:o, s:o}", "waiting_for_cpu", median_json(&c->waiting), "sleeping",
				     median_json(&c->sleeping), "stolen", median_json(&c->stolen), "probes",
				     median_json(&c->probes)) :
			   json_null();
}

static json_t *cell_json(const struct cell *c)
{
	char command[512], check[192];

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "label", c->label, "command",
			 show__command(c, command, sizeof(command)), "span", c->span, "figure", c->figure->name, "unit",
			 c->figure->unit, "missing", text_or_null(c->missing), "value",
			 estimate_json(series__estimate(&c->value)), "values", values_json(&c->value), "own_clock",
			 median_json(&c->own), "own_clock_shares", shares_json(c), "own_clock_says",
			 text_or_null(show__check(c, check)));
}

static json_t *rule_json(const struct rule *r)
{
	char text[128];

	return json_pack("{s:s, s:o, s:o}", "of", r->of->label, "ratio",
			 r->over ? estimate_json(series__ratio(&r->of->value, &r->over->value)) : json_null(), "asked",
			 text_or_null(show__rule(r, text)));
}

static json_t *claim_json(const struct claim *c)
{
	struct judgement j = claim__judge(c);
	json_t *cells = json_array(), *rules = json_array();
	bool known = j.verdict != VERDICT_UNKNOWN && !j.single && !c->once;

	for (size_t i = 0; i < c->nr_cells; i++)
		json_array_append_new(cells, cell_json(&c->cells[i]));
	for (size_t i = 0; i < c->nr_rules; i++)
		json_array_append_new(rules, rule_json(&c->rules[i]));
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:s, s:o, s:o, s:o, s:o}", "id", c->id, "group", c->group, "said",
			 c->said, "source", c->source, "note", text_or_null(c->note), "verdict",
			 verdict_words(j.verdict), "steady", known ? json_boolean(j.steady) : json_null(), "why",
			 text_or_null(j.why), "rules", rules, "cells", cells);
}

int show__json(const struct showing *s, FILE *to)
{
	const struct noise *n = s->noise;
	json_t *claims = json_array();

	for (size_t i = 0; i < s->claims->nr_claims; i++) {
		if (s->claims->claims[i].chosen)
			json_array_append_new(claims, claim_json(&s->claims->claims[i]));
	}
	return json__write(json_pack("{s:s, s:s, s:I, s:{s:f, s:f, s:f, s:f, s:f, s:I}, s:O, s:o}", "schema",
				     "tare.claims/1", "path", s->path, "runs", (json_int_t)s->runs, "noise",
				     "median_ns", n->median_ns, "p90_medians", n->high, "longest_medians", n->longest,
				     "waiting_share", n->waiting, "steal_share", n->steal, "cpus", (json_int_t)n->cpus,
				     "versions", s->versions, "claims", claims),
			   JSON_INDENT(2), to);
}
