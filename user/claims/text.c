// SPDX-License-Identifier: BSD-2-Clause
#include <limits.h>
#include <math.h>
#include <string.h>
#include <sys/ioctl.h>

#include "show.h"
#include "util.h"

#define WIDTH	    100 /* of what is no terminal */
#define LEAST_WIDTH 60
#define ID_WIDTH    21 /* of the longest id */

static int columns(FILE *to)
{
	struct winsize size;

	if (ioctl(fileno(to), TIOCGWINSZ, &size) || !size.ws_col)
		return WIDTH;
	return size.ws_col < LEAST_WIDTH ? LEAST_WIDTH : size.ws_col > WIDTH ? WIDTH : size.ws_col;
}

/* @text in lines as wide as @to is, each behind @indent blanks; the first one continues at @column. */
static void wrap(FILE *to, const char *text, int indent, int column)
{
	int width = columns(to);
	bool blank = false;

	while (*text) {
		size_t word = strcspn(text, " ");

		if (column + blank + (int)word > width && column > indent) {
			fprintf(to, "\n%*s", indent, "");
			column = indent;
			blank = false;
		}
		fprintf(to, "%s%.*s", blank ? " " : "", (int)word, text);
		column += (int)word + blank;
		text += word + strspn(text + word, " ");
		blank = true;
	}
	fputc('\n', to);
}

/* "Go 103 ns (98.1 .. 110; own clock 105)" */
static int describe(const struct cell *cell, char *buf, size_t size)
{
	struct estimate e = series__estimate(&cell->value);
	const char *unit = cell->figure->unit;
	char median[32], low[32], high[32], check[192];
	bool spread;

	if (cell->missing[0])
		return snprintf(buf, size, "%s: %s", cell->label, cell->missing);
	show__value(e.low, unit, low);
	show__value(e.high, unit, high);
	show__check(cell, check);
	spread = strcmp(low, high);
	return snprintf(buf, size, "%s %s%s%s%s%s%s%s%s", cell->label, show__value(e.median, unit, median),
			spread || check[0] ? " (" : "", spread ? low : "", spread ? " .. " : "", spread ? high : "",
			spread && check[0] ? "; " : "", check, spread || check[0] ? ")" : "");
}

static int describe_ratio(const struct rule *r, char *buf, size_t size)
{
	struct estimate e = series__ratio(&r->of->value, &r->over->value);
	char median[32], low[32], high[32];

	if (isnan(e.median))
		return snprintf(buf, size, "%s / %s: -", r->of->label, r->over->label);
	return snprintf(buf, size, "%s / %s %s (%s .. %s)", r->of->label, r->over->label,
			show__value(e.median, "x", median), show__value(e.low, "x", low),
			show__value(e.high, "x", high));
}

/* What the programs showed, and the ratios that are asked for, in one paragraph. */
static void shown(const struct claim *c, FILE *to)
{
	char text[4096] = "";
	size_t len = 0;

	for (size_t i = 0; i < c->nr_cells && len < sizeof(text) - 1; i++) {
		len += (size_t)describe(&c->cells[i], text + len, sizeof(text) - len);
		if (len < sizeof(text) - 3)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s", i + 1 < c->nr_cells ? "; " : "");
	}
	for (size_t i = 0; i < c->nr_rules && len < sizeof(text) - 3; i++) {
		if (!c->rules[i].over)
			continue;
		len += (size_t)snprintf(text + len, sizeof(text) - len, "; ");
		len += (size_t)describe_ratio(&c->rules[i], text + len, sizeof(text) - len);
	}
	fputs("      here: ", to);
	wrap(to, text, 12, 12);
}

static void details(const struct claim *c, FILE *to)
{
	char text[PIPE_BUF];

	fputs("      source: ", to);
	wrap(to, c->source, 14, 14);
	for (size_t i = 0; i < c->nr_rules; i++)
		fprintf(to, "      asked: %s\n", show__rule(&c->rules[i], text));
	for (size_t i = 0; i < c->nr_cells; i++) {
		const struct cell *cell = &c->cells[i];

		fprintf(to, "      %s: %s, of the part \"%s\"\n", cell->label, cell->figure->what, cell->span);
		fprintf(to, "        $ %s\n", show__command(cell, text, sizeof(text)));
	}
}

static void verdict(const struct claim *c, FILE *to)
{
	struct judgement j = claim__judge(c);
	char text[512];

	if (j.verdict == VERDICT_UNKNOWN)
		snprintf(text, sizeof(text), "%s: %s: %s", verdict_words(j.verdict), j.of, j.why);
	else
		snprintf(text, sizeof(text), "%s%s", verdict_words(j.verdict), judgement__doubt(&j));
	fputs("      -> ", to);
	wrap(to, text, 9, 9);
}

static void said(const struct claim *c, FILE *to)
{
	fprintf(to, "  %-*s ", ID_WIDTH, c->id);
	wrap(to, c->said, 3 + ID_WIDTH, 3 + (int)(strlen(c->id) > ID_WIDTH ? strlen(c->id) : ID_WIDTH));
}

/* One line: whoever copies it must not have to mend it. */
static void path(const struct showing *s, FILE *to)
{
	fprintf(to, "commands ($): with PATH=\"$PATH:%s\"\n", s->path);
}

static void head(const struct showing *s, FILE *to)
{
	const struct noise *n = s->noise;
	const char *runtime;
	json_t *version;
	char text[256];

	show__interval(s->runs, text, sizeof(text));
	fprintf(to, "%u run%s of each program; medians, and in brackets %s\n", s->runs, s->runs == 1 ? "" : "s", text);
	snprintf(
		text, sizeof(text),
		"noise: the same work took up to %.2f times its median (9 of 10: %.2f), %.0f %% of the time without a CPU, "
		"%.1f %% taken by the hypervisor; %u CPU%s",
		n->longest, n->high, 100 * n->waiting, 100 * n->steal, n->cpus, n->cpus == 1 ? "" : "s");
	wrap(to, text, 7, 0);
	json_object_foreach((json_t *)s->versions, runtime, version)
	{
		fprintf(to, "%s: %s\n", runtime, json_string_value(version));
	}
	if (s->details)
		path(s, to);
}

static void foot(const struct claims *c, FILE *to)
{
	unsigned nr[VERDICT_UNKNOWN + 1] = { 0 }, unsteady = 0;
	char text[256];
	size_t len = 0;

	for (size_t i = 0; i < c->nr_claims; i++) {
		struct judgement j = claim__judge(&c->claims[i]);

		if (!c->claims[i].chosen)
			continue;
		nr[j.verdict]++;
		unsteady += j.verdict != VERDICT_UNKNOWN && !j.steady;
	}
	for (unsigned v = 0; v <= VERDICT_UNKNOWN; v++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%u %s", v ? ", " : "", nr[v],
					verdict_words(v));
	snprintf(text + len, sizeof(text) - len, "; %u of them not in every run", unsteady);
	fputc('\n', to);
	wrap(to, text, 0, 0);
}

void show__text(const struct showing *s, FILE *to)
{
	const char *group = "";

	head(s, to);
	for (size_t i = 0; i < s->claims->nr_claims; i++) {
		const struct claim *c = &s->claims->claims[i];

		if (!c->chosen)
			continue;
		if (strcmp(c->group, group))
			fprintf(to, "\n%s\n", c->group);
		group = c->group;
		said(c, to);
		shown(c, to);
		verdict(c, to);
		if (c->note) {
			fputs("      note: ", to);
			wrap(to, c->note, 12, 12);
		}
		if (s->details)
			details(c, to);
	}
	foot(s->claims, to);
}

void show__list(const struct showing *s, FILE *to)
{
	const struct claims *c = s->claims;
	const char *group = "";
	char command[1024];

	path(s, to);
	for (size_t i = 0; i < c->nr_claims; i++) {
		const struct claim *claim = &c->claims[i];

		if (!claim->chosen)
			continue;
		if (strcmp(group, claim->group))
			fprintf(to, "\n%s\n", claim->group);
		group = claim->group;
		said(claim, to);
		fprintf(to, "      $ tare claims %s\n", claim->id);
		for (size_t k = 0; k < claim->nr_cells; k++)
			fprintf(to, "      %s: $ %s\n", claim->cells[k].label,
				show__command(&claim->cells[k], command, sizeof(command)));
	}
}
