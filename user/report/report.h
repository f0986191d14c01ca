/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A finished model (model__finish()) for people and for programs. What is
 * printed is safe for a terminal and fits 100 columns.
 */
#ifndef TARE_REPORT_H
#define TARE_REPORT_H

#include <stdio.h>

#include "model.h"

struct report_opts {
	bool threads;		      /* thread by thread */
	bool processes;		      /* process by process, also where there is but one */
	bool all;		      /* every row of each table, not only the first ones */
	bool probes;		      /* each probe's cost */
	const struct hist *histogram; /* to draw; NULL: run-queue wait */
	const char *histogram_title;
};

/*
 * Read the recording at @path ("-": standard input) into @m, which is new, and
 * finish it. Returns 0, or a negative errno after saying what is wrong. Damage
 * is no error: it is said on standard error and counted in @m.
 */
int report__read(const char *path, struct model *m);

/* The answer in a few lines: totals, how they were had, and whether they can be trusted. */
void report__head(const struct model *m, FILE *to);

/* All of it: head, distributions, reasons, rivals, wakers, histogram; by thread where asked. */
void report__text(const struct model *m, FILE *to, const struct report_opts *opts);

/* tare.report/1, one JSON object and a newline. Returns 0, -ENOMEM, or -EIO where writing failed. */
int report__json(const struct model *m, FILE *to);

/* The table by thread; @all: also those beyond the first 50. */
void report__threads(const struct model *m, FILE *to, bool all);

/* The table by process: where there are several, or it is @asked for; @all: also those beyond the first 20. */
void report__processes(const struct model *m, FILE *to, bool asked, bool all);

/* @h as bcc's print_log2_hist() draws it, in ns. Prints nothing where @h is empty. */
void report__histogram(const struct hist *h, const char *title, FILE *to);

/* The distribution called @name for --histogram, and what it is in words; NULL where there is none of that name. */
const struct hist *report__distribution(const struct model *m, const char *name, const char **title);

/* The names that report__distribution() knows, separated by ", ". */
const char *report__distribution_names(void);

#endif /* TARE_REPORT_H */
