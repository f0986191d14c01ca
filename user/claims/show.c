// SPDX-License-Identifier: BSD-2-Clause
/* What text, JSON and HTML say alike. */
#include <math.h>
#include <string.h>

#include "show.h"
#include "util.h"

#define AGREE 0.05 /* what two clocks may differ by without a word */

struct step {
	double from; /* in the unit of the figure */
	const char *name;
};

/* Three digits of @v in the largest unit of @steps that is not larger. */
static const char *scaled(double v, const struct step *steps, size_t nr, char buf[32])
{
	size_t i = 0;

	while (i + 1 < nr && fabs(v) >= steps[i + 1].from * 0.9995)
		i++;
	v /= steps[i].from;
	snprintf(buf, 32, "%.*f %s", fabs(v) >= 99.95 ? 0 : fabs(v) >= 9.995 ? 1 : 2, v, steps[i].name);
	return buf;
}

const char *show__value(double v, const char *unit, char buf[32])
{
	static const struct step times[] = { { 1, "ns" }, { 1e3, "us" }, { 1e6, "ms" }, { 1e9, "s" } };
	static const struct step sizes[] = { { 1, "B" }, { 1024, "KB" }, { 1048576, "MB" }, { 1073741824, "GB" } };

	if (isnan(v))
		snprintf(buf, 32, "-");
	else if (!strcmp(unit, "ns"))
		return scaled(v, times, ARRAY_SIZE(times), buf);
	else if (!strcmp(unit, "bytes"))
		return scaled(v, sizes, ARRAY_SIZE(sizes), buf);
	else if (!strcmp(unit, "%"))
		snprintf(buf, 32, "%.*f %%", v < 9.95 ? 1 : 0, v);
	else if (fabs(v) >= 999.5)
		snprintf(buf, 32, "%.0f%s%s", v, unit[0] ? " " : "", unit);
	else
		snprintf(buf, 32, "%.3g%s%s", v, unit[0] ? " " : "", unit);
	return buf;
}

const char *show__rule(const struct rule *r, char buf[128])
{
	static const char *const words[] = { "at most", "at least", "about", "between" };
	const char *unit = r->over ? "x" : r->of->figure->unit;
	char low[32], high[32];

	show__value(r->low, unit, low);
	show__value(r->high, unit, high);
	snprintf(buf, 128, "%s%s%s %s %s%s%s", r->of->label, r->over ? " / " : "", r->over ? r->over->label : "",
		 words[r->kind], low, r->kind == BETWEEN ? " and " : "", r->kind == BETWEEN ? high : "");
	return buf;
}

const char *show__check(const struct cell *cell, char buf[192])
{
	static const char *const reasons[] = { "waiting for a CPU", "asleep", "taken by interrupts and the hypervisor",
					       "in tare's probes" };
	const struct series *const shares[] = { &cell->waiting, &cell->sleeping, &cell->stolen, &cell->probes };
	double value = series__estimate(&cell->value).median, own = series__estimate(&cell->own).median;
	bool clock = !strcmp(cell->figure->unit, "ns");
	char text[32];
	int len;

	buf[0] = '\0';
	if (isnan(own) || isnan(value))
		return buf;
	len = snprintf(buf, 192, "own %s %s", clock ? "clock" : "account", show__value(own, cell->figure->unit, text));
	if (!clock) {
		if (fabs(value - own) > own * AGREE)
			snprintf(buf + len, 192 - len, ", which is of another moment than the largest");
		return buf;
	}
	if (value > own * (1 + AGREE))
		len += snprintf(buf + len, 192 - len, ", of %.1f CPUs at once", value / own);
	for (size_t i = 0; own > value * (1 + AGREE) && i < ARRAY_SIZE(shares); i++) {
		double share = series__estimate(shares[i]).median;

		/* threads that slept beside it all the time explain nothing */
		if (share >= 0.01 && (shares[i] != &cell->sleeping || share <= 1))
			len += snprintf(buf + len, 192 - len, ", %.0f %% %s", 100 * share, reasons[i]);
	}
	return buf;
}

const char *show__interval(unsigned runs, char *buf, size_t size)
{
	if (runs >= 6)
		snprintf(buf, size, "what 19 of 20 such rows have the true one in");
	else if (runs > 1)
		snprintf(buf, size, "the lowest and the highest: in %.0f of 100 such rows the true one is between",
			 100 - 200 * pow(0.5, runs));
	else
		snprintf(buf, size, "the same: one run tells nothing of the next");
	return buf;
}

const char *show__command(const struct cell *c, char *buf, size_t size)
{
	const char *program = c->run;

	while (memchr(program, '=', strcspn(program, " ")))
		program += strcspn(program, " ") + strspn(program + strcspn(program, " "), " ");
	snprintf(buf, size, "%.*stare run -- %s", (int)(program - c->run), c->run, program);
	return buf;
}
