// SPDX-License-Identifier: BSD-2-Clause
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics.h"
#include "util.h"

struct page {
	FILE *to;
	enum metrics_format format;
};

static const char *const types[] = {
	[FAMILY_COUNTER] = "counter",
	[FAMILY_GAUGE] = "gauge",
	[FAMILY_HISTOGRAM] = "histogram",
};
static const char *const units[] = { [FAMILY_PLAIN] = "", [FAMILY_SECONDS] = "seconds", [FAMILY_BYTES] = "bytes" };

/* A counter's name has "_total" in its samples, and with the older format in its head too. */
static void put_family(void *ctx, const struct family *family)
{
	const struct page *p = ctx;
	const char *total = p->format == METRICS_TEXT && family->type == FAMILY_COUNTER ? "_total" : "";

	fprintf(p->to, "# HELP %s%s %s\n# TYPE %s%s %s\n", family->name, total, family->help, family->name, total,
		types[family->type]);
	if (p->format == METRICS_OPEN && family->unit != FAMILY_PLAIN)
		fprintf(p->to, "# UNIT %s %s\n", family->name, units[family->unit]);
}

static void put_value(const struct page *p, uint64_t value, enum family_unit unit)
{
	if (unit == FAMILY_SECONDS)
		fprintf(p->to, " %llu.%09llu\n", (unsigned long long)(value / NSEC_PER_SEC),
			(unsigned long long)(value % NSEC_PER_SEC));
	else
		fprintf(p->to, " %llu\n", (unsigned long long)value);
}

static void put_label(const struct page *p, const char **between, const char *name, const char *value)
{
	fprintf(p->to, "%s%s=\"", *between, name);
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			fputc('\\', p->to);
		fputc(*value, p->to); /* no newline: it was made safe to print */
	}
	fputc('"', p->to);
	*between = ",";
}

/* @le: one more label; NULL: none */
static void put_labels(const struct page *p, const struct family_point *point, const char *le)
{
	const struct labels *l = point->labels;
	const char *between = "{";

	if (l) {
		put_label(p, &between, "process", l->process);
		if (l->pid)
			fprintf(p->to, ",pid=\"%u\"", l->pid);
		put_label(p, &between, "cgroup", l->cgroup);
		put_label(p, &between, "container", l->container);
		put_label(p, &between, "runtime", l->runtime);
	}
	if (point->key)
		put_label(p, &between, point->key, point->value);
	if (le)
		put_label(p, &between, "le", le);
	if (*between == ',')
		fputc('}', p->to);
}

static void put_histogram(const struct page *p, const char *name, const struct family_point *point)
{
	const struct buckets *b = point->buckets;
	uint64_t below = 0;

	for (unsigned i = 0; i <= NR_BUCKETS; i++) {
		below = i < NR_BUCKETS ? below + b->in[i] : b->count;
		fprintf(p->to, "%s_bucket", name);
		put_labels(p, point, i < NR_BUCKETS ? buckets_bounds[i] : "+Inf");
		put_value(p, below, FAMILY_PLAIN);
	}
	fprintf(p->to, "%s_sum", name);
	put_labels(p, point, NULL);
	put_value(p, b->total_ns, FAMILY_SECONDS);
	fprintf(p->to, "%s_count", name);
	put_labels(p, point, NULL);
	put_value(p, b->count, FAMILY_PLAIN);
}

static void put_point(void *ctx, const struct family *family, const struct family_point *point)
{
	const struct page *p = ctx;

	if (point->buckets) {
		put_histogram(p, family->name, point);
		return;
	}
	fprintf(p->to, "%s%s", family->name, family->type == FAMILY_COUNTER ? "_total" : "");
	put_labels(p, point, NULL);
	put_value(p, point->number, family->unit);
}

char *metrics__text(struct fold *f, const struct families_self *self, enum metrics_format format, uint64_t scraper,
		    size_t *len)
{
	struct page p = { .format = format };
	const struct family_sink sink = { put_family, put_point, &p };
	char *text = NULL;

	p.to = open_memstream(&text, len);
	if (!p.to)
		return NULL;
	families__tell(f, self, scraper, &sink);
	if (format == METRICS_OPEN)
		fputs("# EOF\n", p.to);
	if (!fclose(p.to))
		return text;
	free(text);
	return NULL;
}
