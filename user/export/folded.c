// SPDX-License-Identifier: BSD-2-Clause
/*
 * A line for each stack, as flamegraph.pl, inferno and speedscope take it: the process and its functions from the
 * outermost on, with semicolons between them, a blank, and a number.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "samples.h"
#include "util.h"

#define NAME_BYTES 4097

/* No byte of a name may end it, or the line. */
static void put_name(const char *name, const char *otherwise, FILE *to)
{
	char safe[NAME_BYTES];

	if (!name[0])
		name = otherwise;
	sanitize(name, strlen(name), safe, sizeof(safe));
	for (char *c = safe; *c; c++)
		if (*c == ';')
			*c = ':';
	fputs(safe, to);
}

static int put_stack(const struct sample_stack *s, void *ctx)
{
	struct sample_export *e = ctx;
	char instead[256];
	FILE *to = e->to;

	if (!s->values[1])
		return 0;
	errno = 0;
	put_name(s->process, "[unknown]", to);
	for (unsigned i = s->nr; i-- > 0;) {
		fputc(';', to);
		put_name(s->frames[i].name,
			 mappings__stand_in(&e->mappings, s->frames[i].kernel ? 0 : s->pid, s->frames[i].address,
					    instead, sizeof(instead)),
			 to);
		/* as stackcollapse-perf.pl marks them, for flamegraph.pl's colours */
		fputs(s->frames[i].kernel ? "_[k]" : s->frames[i].inlined ? "_[i]" : "", to);
	}
	fprintf(to, " %" PRIu64 "\n", s->values[1]);
	return ferror(to) ? -(errno ? errno : EIO) : 0;
}

static int folded__end(void *state)
{
	struct sample_export *e = state;
	int ret;

	model__finish(e->model);
	ret = samples__for_each(e->model, e->weight, put_stack, e);
	sample_export__free(e);
	return ret;
}

const struct exporter exporter_folded = {
	.name = "folded",
	.what = "a line for each stack, for flame graphs: flamegraph.pl, inferno, speedscope (--weight)",
	.endings = ".folded",
	.weights = SAMPLE_WEIGHTS,
	.begin = sample_export__begin,
	.event = sample_export__event,
	.end = folded__end,
};
