// SPDX-License-Identifier: BSD-2-Clause
/* What a claim's runs come to: medians with their intervals, and whether it holds. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "claims.h"
#include "util.h"

#define ABOUT_FACTOR 1.5 /* what people mean by "about": nobody who reads "~100 ns" is surprised by 140 */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void values__sort(double *values, size_t nr)
{
	qsort(values, nr, sizeof(*values), by_value);
}

/*
 * The sign test's interval: the true median is outside [x(k), x(n+1-k)] with the probability of fewer than k heads
 * among n coins, twice. Returns the largest k with that <= 5 %, at least 1.
 */
static size_t rank_of_interval(size_t n)
{
	double p = pow(0.5, (double)n), sum = p;
	size_t k = 1;

	for (; k < n / 2; k++) {
		p = p * (double)(n - k + 1) / (double)k;
		if (2 * (sum + p) > 0.05)
			break;
		sum += p;
	}
	return k;
}

struct estimate series__estimate(const struct series *s)
{
	struct estimate e = { NAN, NAN, NAN, 0 };
	double sorted[MOST_RUNS];
	size_t k;

	for (size_t i = 0; i < s->nr; i++) {
		if (!isnan(s->of[i]))
			sorted[e.nr++] = s->of[i];
	}
	if (!e.nr)
		return e;
	values__sort(sorted, e.nr);
	e.median = (sorted[(e.nr - 1) / 2] + sorted[e.nr / 2]) / 2;
	k = rank_of_interval(e.nr);
	e.low = sorted[k - 1];
	e.high = sorted[e.nr - k];
	return e;
}

struct estimate series__ratio(const struct series *a, const struct series *b)
{
	struct series ratio = { .nr = a->nr < b->nr ? a->nr : b->nr };

	for (size_t i = 0; i < ratio.nr; i++)
		ratio.of[i] = b->of[i] ? a->of[i] / b->of[i] : NAN;
	return series__estimate(&ratio);
}

struct bounds {
	double low, high;	/* the claim holds */
	double lowest, highest; /* it holds within 2x */
};

static enum verdict judge_value(double v, const struct bounds *b)
{
	if (isnan(v))
		return VERDICT_UNKNOWN;
	if (v >= b->low && v <= b->high)
		return VERDICT_HOLDS;
	return v >= b->lowest && v <= b->highest ? VERDICT_WITHIN_2X : VERDICT_DOES_NOT;
}

/*
 * Where one is said to be better than another, "within 2x" must leave some of that: half of the way to no difference,
 * as a factor, and no further.
 */
static struct bounds bounds(const struct rule *r)
{
	double factor = r->kind == ABOUT ? ABOUT_FACTOR : 1, slack = r->exact ? 1 : 2;
	struct bounds b = { r->kind == AT_MOST ? -INFINITY : r->low / factor,
			    r->kind == AT_LEAST ? INFINITY : r->high * factor, 0, 0 };

	b.lowest = b.low / slack;
	b.highest = b.high * slack;
	if (r->over && r->low >= 1)
		b.lowest = fmin(b.low, fmax(b.lowest, sqrt(r->low)));
	if (r->over && r->high <= 1)
		b.highest = fmax(b.high, fmin(b.highest, sqrt(r->high)));
	return b;
}

static enum verdict worse(enum verdict a, enum verdict b)
{
	return a > b ? a : b;
}

/* Of the median, and the best and the worst one of all values in the interval */
struct verdicts {
	enum verdict median, best, worst;
};

static struct verdicts judge_estimate(const struct rule *r, struct estimate e)
{
	struct bounds b = bounds(r);

	return (struct verdicts){
		.median = judge_value(e.median, &b),
		.worst = worse(judge_value(e.low, &b), judge_value(e.high, &b)),
		/* of the interval, what is nearest to the rule's */
		.best = judge_value(fmin(fmax(b.low, e.low), e.high), &b),
	};
}

static const struct cell *missing_cell(const struct rule *r)
{
	return r->of->missing[0] ? r->of : r->over && r->over->missing[0] ? r->over : NULL;
}

struct judgement claim__judge(const struct claim *c)
{
	struct verdicts all = { VERDICT_HOLDS, VERDICT_HOLDS, VERDICT_HOLDS };
	struct judgement j = { 0 };

	for (size_t i = 0; i < c->nr_rules; i++) {
		const struct rule *r = &c->rules[i];
		const struct cell *missing = missing_cell(r);
		struct estimate e =
			r->over ? series__ratio(&r->of->value, &r->over->value) : series__estimate(&r->of->value);
		struct verdicts v = judge_estimate(r, e);

		if (missing || v.median == VERDICT_UNKNOWN) {
			v = (struct verdicts){ VERDICT_UNKNOWN, VERDICT_UNKNOWN, VERDICT_UNKNOWN };
			j.of = missing ? missing->label : r->of->label;
			j.why = missing ? missing->missing : "no run gave this figure";
		}
		j.single |= e.nr == 1 && !c->once;
		all.median = worse(all.median, v.median);
		all.best = worse(all.best, v.best);
		all.worst = worse(all.worst, v.worst);
	}
	j.verdict = all.median;
	j.steady = all.best == all.worst;
	return j;
}

const char *judgement__doubt(const struct judgement *j)
{
	if (j->verdict == VERDICT_UNKNOWN)
		return "";
	if (j->single)
		return "; by a single run: others may differ";
	return j->steady ? "" : "; but not in every run: the interval reaches over the border";
}

const char *verdict_words(enum verdict v)
{
	static const char *const words[] = {
		[VERDICT_HOLDS] = "holds",
		[VERDICT_WITHIN_2X] = "holds within 2x",
		[VERDICT_DOES_NOT] = "does not hold here",
		[VERDICT_UNKNOWN] = "cannot be measured here",
	};
	return words[v];
}
