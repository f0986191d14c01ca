// SPDX-License-Identifier: BSD-2-Clause
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "result.h"

static struct {
	const char *name;
	struct span span;
	int64_t n;
} spans[RESULT_SPANS];
static int n_spans;

void result__open(const char *scenario)
{
	printf("{\"scenario\":\"%s\"", scenario);
}

void result__int(const char *key, int64_t value)
{
	printf(",\"%s\":%" PRId64, key, value);
}

void result__real(const char *key, double value)
{
	if (isfinite(value))
		printf(",\"%s\":%.3f", key, value);
	else
		result__null(key);
}

void result__null(const char *key)
{
	printf(",\"%s\":null", key);
}

void result__text(const char *key, const char *value)
{
	printf(",\"%s\":\"%s\"", key, value);
}

void result__json(const char *key, const char *json)
{
	printf(",\"%s\":%s", key, json);
}

void result__span(const char *name, const struct span *span, int64_t n)
{
	if (n_spans == RESULT_SPANS)
		scenario__die("a scenario has at most %d spans", RESULT_SPANS);
	spans[n_spans].name = name;
	spans[n_spans].span = *span;
	spans[n_spans++].n = n;
}

void result__elapsed(const struct span *span, int64_t n)
{
	result__int("elapsed_ns", span->end_ns - span->begin_ns);
	result__span("all", span, n);
}

static void print_spans(void)
{
	printf(",\"spans\":{");
	for (int i = 0; i < n_spans; i++)
		printf("%s\"%s\":{\"begin_ns\":%" PRId64 ",\"end_ns\":%" PRId64 ",\"n\":%" PRId64 "}", i ? "," : "",
		       spans[i].name, spans[i].span.begin_ns, spans[i].span.end_ns, spans[i].n);
	printf("}");
}

int result__end(void)
{
	print_spans();
	printf("}\n");
	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	fprintf(stderr, "%s: the result cannot be written to standard output\n", program_name);
	return 1;
}
