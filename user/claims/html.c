// SPDX-License-Identifier: BSD-2-Clause
/*
 * One page, nothing from elsewhere and no script: it opens offline, prints, and can be mailed. Charts are SVG: a bar
 * for each program, from 0 or, where they differ by more than FAR, in decades; on it the interval, behind it what was
 * said.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "show.h"
#include "util.h"

#define FAR	30 /* largest by smallest value, from which on only decades show both */
#define BARS_AT 215
#define BARS	360 /* px of the longest one */
#define ROW	22

static const char page_head[] =
	"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>tare claims</title>\n<style>\n"
	":root { color-scheme: light dark; --ink: #1b1b1b; --dim: #5c5c5c; --paper: #fff; --line: #d5d5d5; --bar: #4477aa;\n"
	"  --said: #eecc66; --good: #117733; --near: #996600; --bad: #aa3377; }\n"
	"@media (prefers-color-scheme: dark) { :root { --ink: #e6e6e6; --dim: #a5a5a5; --paper: #16181b; --line: #3a3d42;\n"
	"  --bar: #77aadd; --said: #6b5a1e; --good: #66cc88; --near: #ddaa33; --bad: #ee99bb; } }\n"
	"body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 62rem;\n"
	"  margin: 2rem auto; padding: 0 1rem; }\n"
	"h2 { margin: 2.5rem 0 .5rem; border-bottom: 2px solid var(--line); }\n"
	"article { border-bottom: 1px solid var(--line); padding: .8rem 0; break-inside: avoid; }\n"
	"h3 { margin: 0; font-size: 1rem; } h3 a { color: var(--dim); text-decoration: none; font: .85rem monospace; }\n"
	"p { margin: .2rem 0; } .dim { color: var(--dim); font-size: .85rem; } code { font-size: .85rem; }\n"
	".verdict { font-weight: 600; } .v0 { color: var(--good); } .v1 { color: var(--near); } .v2 { color: var(--bad); }\n"
	".v3 { color: var(--dim); } svg { display: block; max-width: 100%; height: auto; } svg text { fill: var(--ink);\n"
	"  font: 12px system-ui, sans-serif; } .bar { fill: var(--bar); } .said { fill: var(--said); }\n"
	".whisker { stroke: var(--ink); stroke-width: 1.5; } details { margin: .3rem 0; } table { border-collapse: collapse; }\n"
	"td { padding: 0 .8rem 0 0; } summary { cursor: pointer; color: var(--dim); font-size: .85rem; }\n"
	"</style></head><body>\n<h1>What is said, and what this machine shows</h1>\n";

static void text(FILE *to, const char *s)
{
	for (; *s; s++) {
		if (*s == '<' || *s == '&' || *s == '>' || *s == '"')
			fprintf(to, "&#%d;", *s);
		else
			fputc(*s, to);
	}
}

/* ---- a chart ---- */

struct scale {
	double low, high; /* of what is shown */
	bool decades;
};

static double place(const struct scale *s, double v)
{
	if (s->decades)
		return v <= s->low ? 0 : BARS * log(v / s->low) / log(s->high / s->low);
	return v <= 0 ? 0 : BARS * v / s->high;
}

/* From all values in @unit: what was said need not be on the chart. */
static struct scale scale_of(const struct claim *c, const char *unit)
{
	struct scale s = { INFINITY, 0, false };

	for (size_t i = 0; i < c->nr_cells; i++) {
		struct estimate e = series__estimate(&c->cells[i].value);

		if (isnan(e.median) || strcmp(c->cells[i].figure->unit, unit))
			continue;
		s.high = fmax(s.high, e.high);
		if (e.low > 0)
			s.low = fmin(s.low, e.low);
	}
	if (s.high > 0 && s.high > FAR * s.low) {
		s.decades = true;
		s.low /= 2;
	}
	return s;
}

/* Between which values a rule of @cell's own lets it be; false: it has none, or another's ratio. */
static bool asked(const struct claim *c, const struct cell *cell, double *low, double *high)
{
	for (size_t i = 0; i < c->nr_rules; i++) {
		const struct rule *r = &c->rules[i];

		if (r->of != cell || r->over)
			continue;
		*low = r->kind == AT_MOST ? 0 : r->low;
		*high = r->kind == AT_LEAST ? INFINITY : r->high;
		return true;
	}
	return false;
}

static void bar(FILE *to, const struct claim *c, const struct cell *cell, const struct scale *s, int y)
{
	struct estimate e = series__estimate(&cell->value);
	double low, high;
	char value[32];

	fprintf(to, "<text x=\"0\" y=\"%d\">", y + 15);
	text(to, cell->label);
	fputs("</text>", to);
	if (isnan(e.median)) {
		fprintf(to, "<text x=\"%d\" y=\"%d\">", BARS_AT, y + 15);
		text(to, cell->missing[0] ? cell->missing : "-");
		fputs("</text>\n", to);
		return;
	}
	if (asked(c, cell, &low, &high)) {
		double from = fmin(place(s, low), BARS - 2), until = fmin(place(s, high), BARS);

		fprintf(to, "<rect class=\"said\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>", BARS_AT + from,
			y, fmax(until - from, 2), ROW - 2);
	}
	fprintf(to, "<rect class=\"bar\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>", BARS_AT, y + 5,
		fmax(place(s, e.median), 1), ROW - 12);
	fprintf(to, "<line class=\"whisker\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>", BARS_AT + place(s, e.low),
		BARS_AT + place(s, e.high), y + 10, y + 10);
	fprintf(to, "<text x=\"%d\" y=\"%d\">%s</text>\n", BARS_AT + BARS + 8, y + 15,
		show__value(e.median, cell->figure->unit, value));
}

static void chart(FILE *to, const struct claim *c)
{
	int height = (int)c->nr_cells * ROW + 18;
	bool decades = false;

	fprintf(to, "<svg viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\" aria-label=\"",
		BARS_AT + BARS + 100, height, BARS_AT + BARS + 100, height);
	text(to, c->id);
	fputs("\">\n", to);
	for (size_t i = 0; i < c->nr_cells; i++) {
		struct scale s = scale_of(c, c->cells[i].figure->unit);

		bar(to, c, &c->cells[i], &s, (int)i * ROW);
		decades |= s.decades;
	}
	if (decades)
		fprintf(to, "<text x=\"%d\" y=\"%d\">bars in decades: the same length is the same factor</text>\n",
			BARS_AT, height - 5);
	fputs("</svg>\n", to);
}

/* ---- a claim ---- */

static void ratios(FILE *to, const struct claim *c)
{
	char rule[128], median[32], low[32], high[32];

	for (size_t i = 0; i < c->nr_rules; i++) {
		const struct rule *r = &c->rules[i];
		struct estimate e;

		if (!r->over)
			continue;
		e = series__ratio(&r->of->value, &r->over->value);
		fputs("<p>", to);
		text(to, show__rule(r, rule));
		fprintf(to, ": here %s (%s to %s)</p>\n", show__value(e.median, "x", median),
			show__value(e.low, "x", low), show__value(e.high, "x", high));
	}
}

static void details(FILE *to, const struct claim *c)
{
	char buf[1024];

	fputs("<details><summary>commands and checks</summary><table>\n", to);
	for (size_t i = 0; i < c->nr_cells; i++) {
		fputs("<tr><td>", to);
		text(to, c->cells[i].label);
		fputs("</td><td><code>", to);
		text(to, show__command(&c->cells[i], buf, sizeof(buf)));
		fputs("</code></td><td class=\"dim\">", to);
		text(to, show__check(&c->cells[i], buf));
		fputs("</td></tr>\n", to);
	}
	fputs("</table><p class=\"dim\"><code>tare claims ", to);
	text(to, c->id);
	fputs("</code> shows this row alone; said by: ", to);
	text(to, c->source);
	fputs("</p></details>\n", to);
}

static void article(FILE *to, const struct claim *c)
{
	struct judgement j = claim__judge(c);

	fprintf(to, "<article id=\"%s\" data-verdict=\"%s\"><h3>", c->id, verdict_words(j.verdict));
	text(to, c->said);
	fprintf(to, " <a href=\"#%s\">%s</a></h3>\n<p class=\"verdict v%d\">%s", c->id, c->id, (int)j.verdict,
		verdict_words(j.verdict));
	if (j.verdict == VERDICT_UNKNOWN) {
		fputs(": ", to);
		text(to, j.of);
		fputs(": ", to);
		text(to, j.why);
	} else {
		fputs(judgement__doubt(&j), to);
	}
	fputs("</p>\n", to);
	chart(to, c);
	ratios(to, c);
	if (c->note) {
		fputs("<p class=\"dim\">", to);
		text(to, c->note);
		fputs("</p>\n", to);
	}
	details(to, c);
	fputs("</article>\n", to);
}

static void head(FILE *to, const struct showing *s)
{
	const struct noise *n = s->noise;
	const char *runtime;
	json_t *version;
	char interval[128];

	show__interval(s->runs, interval, sizeof(interval));
	fputs(page_head, to);
	fprintf(to,
		"<p>%u run%s of each program under tare's own probes. Bars are medians, the line on each is %s;\n"
		"behind it, in yellow, what was said. Noise: the same work took up to %.2f times its median,\n"
		"%.0f %% of its time without a CPU, %.1f %% of the machine taken by the hypervisor; %u CPUs.</p>\n<p class=\"dim\">",
		s->runs, s->runs == 1 ? "" : "s", interval, n->longest, 100 * n->waiting, 100 * n->steal, n->cpus);
	json_object_foreach((json_t *)s->versions, runtime, version)
	{
		text(to, runtime);
		fputs(": ", to);
		text(to, json_string_value(version));
		fputs("; ", to);
	}
	fputs("</p>\n<p class=\"dim\">Commands: with <code>PATH=\"$PATH:", to);
	text(to, s->path);
	fputs("\"</code></p>\n", to);
}

int show__html(const struct showing *s, FILE *to)
{
	const char *group = "";

	errno = 0;
	head(to, s);
	for (size_t i = 0; i < s->claims->nr_claims; i++) {
		const struct claim *c = &s->claims->claims[i];

		if (!c->chosen)
			continue;
		if (strcmp(c->group, group)) {
			fputs("<h2>", to);
			text(to, c->group);
			fputs("</h2>\n", to);
		}
		group = c->group;
		article(to, c);
	}
	fputs("</body></html>\n", to);
	return ferror(to) ? -(errno ?: EIO) : 0;
}
