// SPDX-License-Identifier: BSD-2-Clause
/*
 * The table of claims. Whoever adds one makes mistakes: each is told with the claim's id.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "claims.h"
#include "util.h"

static const char *const rule_names[] = {
	[AT_MOST] = "at_most",
	[AT_LEAST] = "at_least",
	[ABOUT] = "about",
	[BETWEEN] = "between",
};

static int bad(const char *id, const char *what, const char *which)
{
	err("the table of claims, \"%s\": %s%s%s%s", id, what, which ? " \"" : "", which ? which : "",
	    which ? "\"" : "");
	return -EINVAL;
}

static const char *text(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static bool is_path(const json_t *p)
{
	return json_is_string(p) || (json_is_array(p) && json_array_size(p));
}

static int read_figure(struct figure *f, const char *name, json_t *o)
{
	json_t *times = json_object_get(o, "times"), *absent = json_object_get(o, "absent");

	*f = (struct figure){
		.name = name,
		.unit = text(o, "unit"),
		.what = text(o, "what"),
		.value = json_object_get(o, "value"),
		.per = json_object_get(o, "per"),
		.own = json_object_get(o, "own"),
		.unless = json_object_get(o, "unless"),
		.times = times ? json_number_value(times) : 1,
		.absent = absent ? json_number_value(absent) : NAN,
	};
	if (!f->unit || !f->what)
		return bad(name, "a figure has \"unit\" and \"what\"", NULL);
	if (!is_path(f->value) || (f->per && !is_path(f->per)) || (f->own && !is_path(f->own)) ||
	    (f->unless && !is_path(f->unless)))
		return bad(name, "a figure's \"value\", \"per\", \"own\" and \"unless\" are paths or arrays of them",
			   NULL);
	return 0;
}

static const struct figure *find_figure(const struct claims *c, const char *name)
{
	for (size_t i = 0; name && i < c->nr_figures; i++) {
		if (!strcmp(c->figures[i].name, name))
			return &c->figures[i];
	}
	return NULL;
}

/* A cell is a command, or an object that says otherwise than its claim. */
static int read_cell(const struct claims *c, const json_t *claim, const char *label, json_t *o, struct cell *cell)
{
	const char *id = text(claim, "id"), *figure = text(o, "figure") ?: text(claim, "figure");

	*cell = (struct cell){
		.label = label,
		.run = json_is_string(o) ? json_string_value(o) : text(o, "run"),
		.span = text(o, "span")		    ?:
				text(claim, "span") ?:
						      "all",
		.figure = find_figure(c, figure),
	};
	if (!cell->run)
		return bad(id, "no command for", label);
	return cell->figure ? 0 : bad(id, "no figure", figure ?: "(none)");
}

static const struct cell *find_cell(const struct claim *claim, const char *label)
{
	for (size_t i = 0; label && i < claim->nr_cells; i++) {
		if (!strcmp(claim->cells[i].label, label))
			return &claim->cells[i];
	}
	return NULL;
}

static int read_rule(const struct claim *claim, const json_t *o, struct rule *r)
{
	const char *of = text(o, "of"), *over = text(o, "over");
	json_t *bound = NULL;

	*r = (struct rule){ .of = find_cell(claim, of),
			    .over = find_cell(claim, over),
			    .exact = json_is_true(json_object_get(o, "exact")) };
	if (!r->of || (over && !r->over))
		return bad(claim->id, "a rule is of a cell that is not there:", r->of ? over : of ?: "(none)");
	for (size_t k = 0; k < ARRAY_SIZE(rule_names) && !bound; k++) {
		bound = json_object_get(o, rule_names[k]);
		r->kind = k;
	}
	if (r->kind == BETWEEN && bound) {
		r->low = json_number_value(json_array_get(bound, 0));
		r->high = json_number_value(json_array_get(bound, 1));
	} else {
		r->low = r->high = json_number_value(bound);
	}
	return r->low <= r->high && r->high > 0 ?
		       0 :
		       bad(claim->id, "a rule has no bound: at_most, at_least, about, between", of);
}

static int read_cells(const struct claims *c, json_t *o, struct claim *claim)
{
	json_t *runs = json_object_get(o, "runs"), *run;
	const char *label;
	int ret;

	claim->cells = calloc(json_object_size(runs) ?: 1, sizeof(*claim->cells));
	if (!claim->cells)
		return -ENOMEM;
	json_object_foreach(runs, label, run)
	{
		ret = read_cell(c, o, label, run, &claim->cells[claim->nr_cells++]);
		if (ret)
			return ret;
	}
	return claim->nr_cells ? 0 : bad(claim->id, "no \"runs\"", NULL);
}

static int read_rules(json_t *o, struct claim *claim)
{
	json_t *rules = json_object_get(o, "rules"), *rule;
	size_t i;
	int ret;

	claim->rules = calloc(json_array_size(rules) ?: 1, sizeof(*claim->rules));
	if (!claim->rules)
		return -ENOMEM;
	json_array_foreach(rules, i, rule)
	{
		ret = read_rule(claim, rule, &claim->rules[claim->nr_rules++]);
		if (ret)
			return ret;
	}
	return claim->nr_rules ? 0 : bad(claim->id, "no \"rules\"", NULL);
}

static int read_claim(struct claims *c, json_t *o)
{
	struct claim *claim = &c->claims[c->nr_claims++];
	int ret;

	*claim = (struct claim){
		.id = text(o, "id"),
		.group = text(o, "group"),
		.said = text(o, "said"),
		.source = text(o, "source"),
		.note = text(o, "note"),
		.quick = json_is_true(json_object_get(o, "quick")),
		.cpus = (unsigned)json_integer_value(json_object_get(o, "cpus")),
		.once = json_is_true(json_object_get(o, "once")),
	};
	if (!claim->id || !claim->group || !claim->said || !claim->source)
		return bad(claim->id ?: "(no id)", "a claim has \"id\", \"group\", \"said\" and \"source\"", NULL);
	for (size_t i = 0; i + 1 < c->nr_claims; i++) {
		if (!strcmp(c->claims[i].id, claim->id))
			return bad(claim->id, "there are two of this id", NULL);
	}
	ret = read_cells(c, o, claim);
	return ret ?: read_rules(o, claim);
}

static int read_all(struct claims *c)
{
	json_t *figures = json_object_get(c->root, "figures"), *list = json_object_get(c->root, "claims"), *o;
	const char *name;
	int ret = 0;
	size_t i;

	c->figures = calloc(json_object_size(figures) ?: 1, sizeof(*c->figures));
	c->claims = calloc(json_array_size(list) ?: 1, sizeof(*c->claims));
	if (!c->figures || !c->claims)
		return -ENOMEM;
	json_object_foreach(figures, name, o)
	{
		ret = ret ?: read_figure(&c->figures[c->nr_figures++], name, o);
	}
	json_array_foreach(list, i, o)
	{
		ret = ret ?: read_claim(c, o);
	}
	return ret ?: c->nr_claims ? ret : bad("claims", "there are none", NULL);
}

int claims__read(struct claims *c, const char *path)
{
	json_error_t error;

	*c = (struct claims){ .root = json_load_file(path, JSON_REJECT_DUPLICATES, &error) };
	if (c->root)
		return read_all(c);
	err("cannot read the table of claims %s, line %d: %s", path, error.line, error.text);
	return -EINVAL;
}

void claims__free(struct claims *c)
{
	for (size_t i = 0; i < c->nr_claims; i++) {
		free(c->claims[i].cells);
		free(c->claims[i].rules);
	}
	free(c->claims);
	free(c->figures);
	json_decref(c->root);
}

typedef bool means_fn(const struct claim *c, const char *name);

static bool is_group(const struct claim *c, const char *name)
{
	return !strcmp(c->group, name);
}

/* "pause" is in "gc-pause-long", but not in "java-pauses". */
static bool is_in_id(const struct claim *c, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = c->id; len && (at = strstr(at, name)); at++)
		if ((at == c->id || at[-1] == '-') && (!at[len] || at[len] == '-'))
			return true;
	return false;
}

size_t claims__choose(struct claims *c, const char *name)
{
	static means_fn *const means[] = { is_group, is_in_id };
	size_t nr = 0;

	/* "switch" is a group, and none of "async-switch" */
	for (size_t k = 0; k < ARRAY_SIZE(means) && !nr; k++) {
		for (size_t i = 0; i < c->nr_claims; i++) {
			if (!means[k](&c->claims[i], name))
				continue;
			c->claims[i].chosen = true;
			nr++;
		}
	}
	return nr;
}
