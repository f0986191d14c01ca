/* SPDX-License-Identifier: BSD-2-Clause */
/* The sites of a process's allocations. Output is safe for a terminal. */
#ifndef TARE_HEAP_REPORT_H
#define TARE_HEAP_REPORT_H

#include <stdio.h>

#include "heap_sites.h"

struct heap_report_opts {
	size_t top;	    /* sites to print, the largest first; 0: all */
	bool stacks;	    /* the stacks of each */
	bool by_alloc;	    /* largest by what was allocated, not by what is in use */
	uint64_t age_ns;    /* of a recording: how long before its end it was read; 0: not long */
	const char *all_by; /* how to see all sites: the end of a sentence */
};

/* The table. */
void report__heap(const struct heap_sites *s, const struct heap_report_opts *opts, FILE *to);

/* tare.heap/1, one JSON object and a newline; .stacks is without effect. Returns 0, -ENOMEM, or -EIO if writing failed.
 */
int report__heap_json(const struct heap_sites *s, const struct heap_report_opts *opts, FILE *to);

#endif /* TARE_HEAP_REPORT_H */
