// SPDX-License-Identifier: BSD-2-Clause
/* What each probe of the recording cost: its program's run time, getting into it and out of it, and both. */
#include <inttypes.h>

#include "probe_cost.h"
#include "report.h"
#include "util.h"

/* "-" where @known is not; a negative sum is one of ours with the clock of the kernel's statistics in it. */
static void print_cost(bool known, double ns, FILE *to)
{
	char t[16], text[20];

	if (!known)
		snprintf(text, sizeof(text), "-");
	else
		snprintf(text, sizeof(text), "%s%s", ns < 0 ? "-" : "",
			 fmt_ns(ns < 0	  ? -ns :
				ns < 9e18 ? ns :
					    9e18,
				t));
	fprintf(to, " %10s", text);
}

static void print_probe(const struct tare_probe *p, FILE *to)
{
	bool timed = p->timed_hits, entry = p->entry_ns;
	char name[64], n[2][32];

	fprintf(to, "  %-26s%13s %12s", sanitize(p->name, sizeof(p->name), name, sizeof(name)),
		fmt_count(p->hits, n[0]), fmt_count(p->timed_hits, n[1]));
	print_cost(timed, timed ? (double)p->timed_ns / p->timed_hits : 0, to);
	print_cost(entry, p->entry_ns, to);
	print_cost(timed, probe_cost__run_ns(p), to);
	print_cost(entry, probe_cost__entry_ns(p), to);
	print_cost(timed || entry, probe_cost__ns(p), to);
	fputc('\n', to);
}

void report__probes(const struct model *m, FILE *to)
{
	double run = 0, entry = 0, all = 0;
	bool known = false;

	fprintf(to, "\n%-28s%13s %12s %10s %10s %10s %10s %10s\n", "probe", "hits", "timed", "run time", "entry",
		"all runs", "entries", "in all");
	for (unsigned i = 0; i < m->nr_probes; i++) {
		const struct tare_probe *p = &m->probes[i];

		print_probe(p, to);
		if (!strncmp(p->name, TARE_PROBE_HOLD, strlen(TARE_PROBE_HOLD)))
			continue; /* not in the sums above either */
		run += probe_cost__run_ns(p);
		entry += probe_cost__entry_ns(p);
		all += probe_cost__ns(p);
		known |= p->entry_ns != 0;
	}
	fprintf(to, "  %-26s%13s %12s %10s %10s", "sum", "", "", "", "");
	print_cost(true, run, to);
	print_cost(known, entry, to);
	print_cost(true, all, to);
	fputc('\n', to);
	if (!known && m->nr_probes)
		fprintf(to, "  ! entry is not known: the ways into the probes were not calibrated (tare calibrate)\n");
}
