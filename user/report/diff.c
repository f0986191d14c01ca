// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "diff.h"
#include "json_impl.h"
#include "ledger.h"

#define Z 1.96 /* 95 % */

static const struct {
	const char *name, *title;
	bool is_time;
} figures[NR_WINDOW_FIGURES] = {
#define X(figure, name, title, is_time) [WINDOW_##figure] = { name, title, is_time },
	WINDOW_FIGURES(X)
#undef X
};

/* One figure of one recording, a second or a request. */
struct value {
	double mean, error; /* error < 0: not known */
	bool known;
};

struct line {
	const char *name, *title;
	bool is_time;
	struct value value[2];
};

enum verdict { SAME, DIFFERS, UNSURE };

#define MAX_LINES (NR_WINDOW_FIGURES + TARE_NR_COSTS + 1)

struct lines {
	struct line all[MAX_LINES];
	unsigned nr;
};

/* From a second to one of what was counted. */
static struct value per(const struct diff_side *side, struct window_rate rate, bool known)
{
	double scale = side->per > 0 ? model__duration(side->model) / 1e9 / side->per : 1;

	return (struct value){ rate.mean * scale, rate.error < 0 ? -1 : rate.error * scale, known };
}

static void add_figures(struct lines *l, const struct diff_side sides[2])
{
	for (unsigned i = 0; i < NR_WINDOW_FIGURES; i++) {
		struct line *line = &l->all[l->nr];

		*line = (struct line){ .name = figures[i].name,
				       .title = figures[i].title,
				       .is_time = figures[i].is_time };
		for (unsigned s = 0; s < 2; s++) {
			struct window_rate rate;
			bool known = windows__rate(&sides[s].model->windows, i, &rate);

			line->value[s] = per(&sides[s], rate, known);
		}
		l->nr += line->value[0].known && line->value[1].known && (line->value[0].mean || line->value[1].mean);
	}
}

/* A class has its share of the CPU time: both vary. */
static struct value class_value(const struct diff_side *side, const struct ledger *l, const struct ledger_class *c)
{
	struct window_rate cpu;
	bool known = windows__rate(&side->model->windows, WINDOW_CPU, &cpu) && l->gross_ns;
	double share = known ? (double)c->ns / l->gross_ns : 0;
	double half = known ? (c->high_ns - c->low_ns) / 2.0 / l->gross_ns / Z : 0;
	double of_samples = half * cpu.mean, of_time = share * cpu.error;

	cpu.mean *= share;
	cpu.error = cpu.error < 0 ? -1 : sqrt(of_samples * of_samples + of_time * of_time);
	return per(side, cpu, known);
}

static void add_class(struct lines *l, const struct diff_side sides[2], const struct ledger ledgers[2], unsigned cost)
{
	struct line *line = &l->all[l->nr];
	const struct ledger_class *c[2];

	for (unsigned s = 0; s < 2; s++)
		c[s] = cost ? &ledgers[s].classes[cost] : &ledgers[s].net;
	if (!c[0]->samples && !c[1]->samples)
		return;
	*line = (struct line){ .name = ledger__name(cost), .title = ledger__title(cost), .is_time = true };
	for (unsigned s = 0; s < 2; s++)
		line->value[s] = class_value(&sides[s], &ledgers[s], c[s]);
	l->nr += line->value[0].known && line->value[1].known;
}

static void lines__of(struct lines *l, const struct diff_side sides[2])
{
	struct ledger ledgers[2];
	int ret = ledger__of(sides[0].model, &ledgers[0]);

	l->nr = 0;
	add_figures(l, sides);
	if (ledger__of(sides[1].model, &ledgers[1]) || ret)
		return;
	for (unsigned i = 0; i < TARE_NR_COSTS; i++)
		add_class(l, sides, ledgers, i);
}

static enum verdict verdict_of(const struct line *l)
{
	double a = l->value[0].error, b = l->value[1].error;

	if (a < 0 || b < 0)
		return UNSURE;
	return fabs(l->value[1].mean - l->value[0].mean) > Z * sqrt(a * a + b * b) ? DIFFERS : SAME;
}

static const char *amount(const struct line *l, double x, char buf[32])
{
	char ns[16];

	if (l->is_time)
		snprintf(buf, 32, "%s", fmt_ns(x < 9e18 ? (uint64_t)(x + 0.5) : UINT64_MAX, ns));
	else if (x < 100)
		snprintf(buf, 32, "%.3g", x);
	else
		fmt_count(x < 9e18 ? (uint64_t)(x + 0.5) : UINT64_MAX, buf);
	return buf;
}

static void print_line(const struct line *l, FILE *to)
{
	static const char *const words[] = {
		[SAME] = "within noise", [DIFFERS] = "differs", [UNSURE] = "too short to tell"
	};
	double a = l->value[0].mean, b = l->value[1].mean, noise;
	char t[2][32], change[32];

	if (a > 0 && b / a < 10)
		snprintf(change, sizeof(change), "%+.1f %%", 100 * (b / a - 1));
	else
		snprintf(change, sizeof(change), a > 0 ? "x %.3g" : "new", a > 0 ? b / a : 0);
	fprintf(to, "  %-34s%14s%14s%12s", l->title, amount(l, a, t[0]), amount(l, b, t[1]), change);
	noise = Z * hypot(l->value[0].error, l->value[1].error);
	if (verdict_of(l) != UNSURE && a > 0)
		fprintf(to, "  +- %4.1f %%", 100 * noise / a);
	else
		fprintf(to, "%11s", "");
	fprintf(to, "  %s\n", words[verdict_of(l)]);
}

static void say_lost(const struct diff_side *side, const char *which, FILE *to)
{
	char n[32];

	if (model__is_incomplete(side->model))
		fprintf(to, "! %s is not complete (%s events lost): its figures are too low\n", which,
			fmt_count(model__lost_events(side->model), n));
}

void report__diff(const struct diff_side sides[2], FILE *to)
{
	struct lines l;
	char a[64], b[64], t[2][16];

	lines__of(&l, sides);
	say_lost(&sides[0], "A", to);
	say_lost(&sides[1], "B", to);
	fprintf(to, "A: %s, %s; B: %s, %s\n\n",
		sanitize(sides[0].model->target_comm, strlen(sides[0].model->target_comm), a, sizeof(a)),
		fmt_ns(model__duration(sides[0].model), t[0]),
		sanitize(sides[1].model->target_comm, strlen(sides[1].model->target_comm), b, sizeof(b)),
		fmt_ns(model__duration(sides[1].model), t[1]));
	fprintf(to, "  %-34s%14s%14s%12s  %9s\n", sides[0].per > 0 ? "for each one" : "a second", "A", "B", "change",
		"noise");
	for (unsigned i = 0; i < l.nr; i++)
		print_line(&l.all[i], to);
	if (!l.nr)
		fprintf(to, "  neither holds anything that the other has too\n");
}

static json_t *value_json(const struct value *v)
{
	return json_pack("{s:f, s:o}", "mean", v->mean, "error", v->error < 0 ? json_null() : json_real(v->error));
}

int report__diff_json(const struct diff_side sides[2], FILE *to)
{
	json_t *root, *list = json_array();
	struct lines l;

	lines__of(&l, sides);
	for (unsigned i = 0; i < l.nr; i++) {
		enum verdict v = verdict_of(&l.all[i]);

		json_array_append_new(list,
				      json_pack("{s:s, s:o, s:o, s:o}", "figure", l.all[i].name, "a",
						value_json(&l.all[i].value[0]), "b", value_json(&l.all[i].value[1]),
						"differs", v == UNSURE ? json_null() : json_boolean(v == DIFFERS)));
	}
	root = json_pack("{s:s, s:s, s:o, s:[I, I]}", "schema", "tare.diff/1", "per",
			 sides[0].per > 0 ? "one" : "second", "figures", list, "duration_ns",
			 num(model__duration(sides[0].model)), num(model__duration(sides[1].model)));
	return json__write(root, JSON_INDENT(2), to);
}
