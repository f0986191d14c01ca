// SPDX-License-Identifier: BSD-2-Clause
/* The table by process. */
#include <stdlib.h>
#include <string.h>

#include "process.h"
#include "report.h"
#include "util.h"

#define FIRST_PROCESSES 20

static void print_process(const struct process_row *r, FILE *to)
{
	char name[64], n[2][32], t[5][16];

	sanitize(r->comm, sizeof(r->comm), name, sizeof(name));
	fprintf(to, "%8u %-15.15s %9s %8s %8s %8s", r->pid, name[0] ? name : "(no name)",
		fmt_count(r->acc.voluntary + r->acc.involuntary, n[0]), fmt_ns(r->acc.on_cpu_ns, t[0]),
		fmt_ns(r->acc.run_queue_ns, t[1]), fmt_ns(r->acc.throttled_ns, t[2]));
	if (r->tells_pauses)
		fprintf(to, " %8s %8s %8s", fmt_count(r->pauses.count, n[1]), fmt_ns(r->pauses.world_ns, t[3]),
			fmt_ns(r->pauses.max_ns, t[4]));
	else
		fprintf(to, " %8s %8s %8s", "-", "-", "-");
	fprintf(to, " %8s\n", r->counters.alloc_bytes == TARE_UNKNOWN ? "-" : fmt_bytes(r->counters.alloc_bytes, t[4]));
}

void report__processes(const struct model *m, FILE *to, bool asked, bool all)
{
	struct process_row *rows = NULL;
	int n = model__processes(m, &rows), shown = all || n < FIRST_PROCESSES ? n : FIRST_PROCESSES;

	if (n > 1 || (n > 0 && asked)) {
		fprintf(to, "\n%8s %-15s %9s %8s %8s %8s %8s %8s %8s %8s\n", "pid", "name", "switches", "on CPU",
			"waited", "throttl.", "pauses", "of", "longest", "alloc.");
		for (int i = 0; i < shown; i++)
			print_process(&rows[i], to);
		if (n > shown)
			fprintf(to, "  ... and %d more (--all shows them)\n", n - shown);
	}
	free(rows);
}
