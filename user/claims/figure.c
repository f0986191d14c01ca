// SPDX-License-Identifier: BSD-2-Clause
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "figure.h"
#include "util.h"

static double number(const json_t *v)
{
	return json_is_number(v) ? json_number_value(v) : json_is_boolean(v) ? json_is_true(v) : NAN;
}

/* Is the member @key=@value, of which @len bytes are the key, in @o? */
static bool matches(const json_t *o, const char *part, size_t part_len)
{
	const char *equals = memchr(part, '=', part_len);
	const char *value = json_string_value(json_object_getn(o, part, equals - part));
	size_t len = part + part_len - equals - 1;

	if (!value)
		return false;
	if (len && equals[len] == '*')
		return !strncmp(value, equals + 1, len - 1);
	return strlen(value) == len && !memcmp(value, equals + 1, len);
}

static double at(const json_t *v, const char *path);

/* Of the elements that @part means: the sum of what is at @rest, or their number. */
static double of_array(const json_t *array, const char *part, size_t len, const char *rest)
{
	double sum = 0;
	bool any = false;
	json_t *e;
	size_t i;

	if (len == 1 && part[0] == '#')
		return (double)json_array_size(array);
	json_array_foreach(array, i, e)
	{
		double n = NAN;

		if ((len == 1 && part[0] == '*') || (memchr(part, '=', len) && matches(e, part, len)))
			n = at(e, rest);
		if (isnan(n))
			continue;
		sum += n;
		any = true;
	}
	/* no element of that kind is no time of that kind */
	return any || memchr(part, '=', len) ? sum : NAN;
}

static double at(const json_t *v, const char *path)
{
	size_t len;

	if (!path || !*path)
		return number(v);
	len = strcspn(path, "/");
	if (json_is_array(v))
		return of_array(v, path, len, path[len] ? path + len + 1 : NULL);
	return json_is_object(v) ? at(json_object_getn(v, path, len), path[len] ? path + len + 1 : NULL) : NAN;
}

double figure__at(const struct documents *d, const char *path)
{
	const struct {
		const char *name;
		const json_t *root;
	} roots[] = { { "own", d->own }, { "report", d->report }, { "span", d->span }, { "file", d->file } };
	size_t len = strcspn(path, "/");

	for (size_t i = 0; i < ARRAY_SIZE(roots); i++) {
		if (strlen(roots[i].name) == len && !memcmp(roots[i].name, path, len))
			return at(roots[i].root, path[len] ? path + len + 1 : NULL);
	}
	return NAN;
}

static bool any_in(const json_t *paths, const char *name)
{
	const char *one = json_string_value(paths);
	size_t i, len = strlen(name);
	json_t *path;

	if (one)
		return !strncmp(one, name, len) && one[len] == '/';
	json_array_foreach(paths, i, path)
	{
		if (any_in(path, name))
			return true;
	}
	return false;
}

bool figure__is_of(const struct figure *f, const char *name)
{
	return any_in(f->value, name) || any_in(f->per, name) || any_in(f->own, name);
}

/* One path, or the sum of several. */
static double sum_of(const struct documents *d, const json_t *paths)
{
	double sum = 0;
	json_t *path;
	size_t i;

	if (json_is_string(paths))
		return figure__at(d, json_string_value(paths));
	json_array_foreach(paths, i, path)
	{
		sum += figure__at(d, json_string_value(path) ?: "");
	}
	return sum;
}

static void add(struct series *s, double v)
{
	if (s->nr < MOST_RUNS)
		s->of[s->nr++] = isfinite(v) ? v : NAN;
}

void figure__take(struct cell *cell, const struct documents *d)
{
	const struct figure *f = cell->figure;
	double per = f->per ? sum_of(d, f->per) : 1, elapsed = figure__at(d, "span/elapsed_ns");
	double value = sum_of(d, f->value);

	if (f->unless && sum_of(d, f->unless) > 0) {
		add(&cell->value, NAN);
		return;
	}
	add(&cell->value, (isnan(value) ? f->absent : value) / per * f->times);
	if (!f->own)
		return;
	add(&cell->own, sum_of(d, f->own) / per * f->times);
	add(&cell->waiting, figure__at(d, "span/ledger/run_queue_ns") / elapsed);
	add(&cell->sleeping, figure__at(d, "span/processes/*/sleep_ns") / elapsed);
	add(&cell->stolen, figure__at(d, "span/ledger/stolen_ns") / elapsed);
	add(&cell->probes, figure__at(d, "span/ledger/probes/in_target_ns") / elapsed);
}
