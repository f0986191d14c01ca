/* SPDX-License-Identifier: BSD-2-Clause */
/* A finished model (model__finish()) as text and as JSON. Output is safe for a terminal and fits 100 columns. */
#ifndef TARE_REPORT_H
#define TARE_REPORT_H

#include <stdio.h>

#include "model.h"

struct report_opts {
	bool threads;		      /* table by thread */
	bool processes;		      /* table by process, even for a single process */
	bool all;		      /* all rows of each table, not just the first ones */
	bool probes;		      /* cost of each probe */
	const struct hist *histogram; /* distribution to draw; NULL: run-queue wait */
	const char *histogram_title;
};

/*
 * Read the recording at @path ("-": standard input) into the new model @m and finish it. Returns 0, or a negative errno
 * after reporting the error. Damage is not an error: it is reported on standard error and counted in @m.
 */
int report__read(const char *path, struct model *m);

/* The answer in a few lines: totals, where they come from, and whether they can be trusted. */
void report__head(const struct model *m, FILE *to);

/* A runtime's own account of its CPU time, and what if its collector were set otherwise. Nothing if it tells none. */
void report__account(const struct model *m, FILE *to);

/* The whole report: head, distributions, reasons, rivals, wakers, histogram; by thread if asked. */
void report__text(const struct model *m, FILE *to, const struct report_opts *opts);

/* tare.report/1, one JSON object and a newline. Returns 0, -ENOMEM, or -EIO if writing failed. */
int report__json(const struct model *m, FILE *to);

/* One line and a bar: gross cut into net, tare and probes. Prints nothing without samples. */
void report__bar(const struct model *m, FILE *to);

/* The ledger, class by class. Prints nothing without samples. */
void report__ledger(const struct model *m, FILE *to);

/* The ledger of bytes: what VmRSS consists of, at the end and at its peak. Prints nothing if it was not read. */
void report__bytes(const struct model *m, FILE *to);

/* Who allocated how much, by --alloc-sites; @all: not just the first ones. */
void report__alloc_sites(const struct model *m, FILE *to, bool all);

/* Time in which threads made room in memory; nothing if none did. */
void report__reclaim(const struct model *m, FILE *to);

/* System calls by which targets got and returned memory; nothing if there were none. */
void report__memory_calls(const struct model *m, FILE *to);

/* How many of the minor faults brought in huge pages, by samples; 0: none was seen. */
uint64_t report__huge_faults(const struct model *m);

/* Page faults by what they were in, likewise. Nothing if none was sampled. */
void report__faults(const struct model *m, FILE *to, bool all);

/*
 * The heap of process @pid; 0: of one that was killed for want of memory, or else of the one that has allocated most.
 * NULL: there is none.
 */
const struct heap_readings_of *report__heap_of(const struct model *m, uint32_t pid);

/* That heap by site; @all: not just the first ones. Nothing if none was read. */
void report__heaps(const struct model *m, FILE *to, bool all);

/* Why process @pid (0: any) has no account of its allocations, not safe to print; NULL: not known. */
const char *report__no_heap(const struct model *m, uint32_t pid);

/* Functions by CPU time and by time off CPU; @all: not just the first ones. */
void report__profile(const struct model *m, FILE *to, bool all);

/* The table by thread; @all: not just the first 50. */
void report__threads(const struct model *m, FILE *to, bool all);
/* What each probe cost. */
void report__probes(const struct model *m, FILE *to);

/* The table by process, if there are several or it is @asked for; @all: not just the first 20. */
void report__processes(const struct model *m, FILE *to, bool asked, bool all);

/* Draw @h like bcc's print_log2_hist(), in ns. Prints nothing if @h is empty. */
void report__histogram(const struct hist *h, const char *title, FILE *to);

/* The distribution @name for --histogram, and its description; NULL if there is none. */
const struct hist *report__distribution(const struct model *m, const char *name, const char **title);

/* The names known to report__distribution(), separated by ", ". */
const char *report__distribution_names(void);

#endif /* TARE_REPORT_H */
