/* SPDX-License-Identifier: BSD-2-Clause */
/* What can be looked at: views and their columns, as tables; and their rows, which are what changed between two sums.
 */
#ifndef TARE_TOP_VIEWS_H
#define TARE_TOP_VIEWS_H

#include "top_sums.h"

#define TOP_COLUMNS_MAX 10 /* of a view's table */

enum top_view_id {
	TOP_THREADS_VIEW,
	TOP_PROCESSES_VIEW,
	TOP_PAUSES_VIEW,
	TOP_RIVALS_VIEW,
	TOP_WAITS_VIEW,
	TOP_GOROUTINES_VIEW,
	TOP_ALLOCATION_VIEW,
	NR_TOP_VIEWS
};

enum top_kind {
	TOP_ID,
	TOP_NOTE,
	TOP_NAME,
	TOP_LOAD,	 /* ns in the interval, as a percentage of it */
	TOP_SHARE,	 /* of the sum over all rows, % */
	TOP_RATE,	 /* a second; of .per, if that is set */
	TOP_BYTES_RATE,	 /* likewise */
	TOP_MEAN,	 /* ns for each of .per */
	TOP_LEVEL,	 /* as it is now */
	TOP_BYTES_LEVEL, /* likewise */
	TOP_NS_LEVEL,	 /* likewise */
};

struct top_column {
	const char *title;
	int width; /* 0: what is left of the line */
	enum top_kind kind;
	enum top_figure figure, per;
};

struct top_view {
	const char *name, *what;
	int list;      /* enum top_list_id; -1: it has none */
	unsigned sort; /* the column by which it is sorted at first */
	unsigned nr_columns;
	struct top_column columns[TOP_COLUMNS_MAX];
};

extern const struct top_view top_views[NR_TOP_VIEWS];

struct top_row {
	const struct top_item *item;
	double cells[TOP_COLUMNS_MAX]; /* in ns, bytes, % or a second; NAN: not known, or text */
};

struct top_order {
	unsigned column;
	bool reversed; /* numbers: the smallest first; text: backwards */
};

/*
 * The rows of @view: what happened from @before to @now, which is @elapsed_ns later. Only those whose name, id or note
 * contains @filter ("": all), and none of what has ended or never was and did nothing meanwhile. @before: NULL, of
 * levels only. Points into @now. Returns how many and sets *@rows, which the caller frees; or -ENOMEM.
 */
int top_rows(const struct top_view *view, const struct top_list *before, const struct top_list *now,
	     uint64_t elapsed_ns, const char *filter, struct top_order order, struct top_row **rows);

/* What @cell of @row says in @column, not padded. Returns @buf. */
const char *top_cell(const struct top_row *row, const struct top_column *column, double cell, char buf[128]);

/* How much @figure, a time, grew from @before to @now, as a percentage of @elapsed_ns; NAN: not known. */
double top_load(const struct top_item *before, const struct top_item *now, enum top_figure figure, uint64_t elapsed_ns);

/* A number of a second, in 7 columns: "0.5", "1,234", "12.3 M"; "-" if not known. Returns @buf. */
const char *top_fmt_rate(double rate, char buf[32]);

#endif /* TARE_TOP_VIEWS_H */
