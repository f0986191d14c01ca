/* SPDX-License-Identifier: BSD-2-Clause */
/* What `tare goroutines` prints. */
#ifndef TARE_GOROUTINE_REPORT_H
#define TARE_GOROUTINE_REPORT_H

#include <stdio.h>

#include "goroutine_groups.h"
#include "process_runtime.h"

struct goroutines_report {
	struct process_runtime *from; /* names its code */
	char comm[16];
	const struct goroutines *first, *now; /* .first NULL: one look only */
	const struct goroutine_groups *groups;
	bool stacks; /* each group with its stack, instead of a line */
	bool system; /* those of the runtime itself, too */
	bool all;    /* all groups, not just the first ones */
};

/* As text of at most 100 columns, but for the stacks. */
void report__goroutines(const struct goroutines_report *r, FILE *to);

/* tare.goroutines/1, one JSON object and a newline; all groups, also the runtime's. Returns 0, -ENOMEM, -EIO. */
int report__goroutines_json(const struct goroutines_report *r, FILE *to);

/*
 * The functions at @addr, those inlined there first, as struct runtime's .symbol; all of runtime's own code if
 * nothing is known of it.
 */
void goroutines_report__symbol(const struct goroutines_report *r, uint64_t addr, struct runtime_symbol *sym);

#endif /* TARE_GOROUTINE_REPORT_H */
