/* SPDX-License-Identifier: BSD-2-Clause */
/* One screen as lines of text, for a terminal or a file. */
#ifndef TARE_TOP_PAGE_H
#define TARE_TOP_PAGE_H

#include "top_pauses.h"
#include "top_screen.h"

enum top_style { TOP_PLAIN, TOP_TITLE, TOP_WARNING, TOP_TABS, TOP_HEADINGS, TOP_DETAIL, TOP_STATUS };

struct top_line {
	enum top_style style;
	char *text; /* UTF-8, at most as wide as the screen */
};

struct top_page {
	struct top_line *lines;
	size_t nr, room;
	bool failed; /* no memory for all of it */
};

struct top_data {
	const struct top_sums *first, *before, *now;
	const struct top_pauses *pauses;
	const struct top_list *goroutines; /* NULL: they were not read */
	const char *goroutines_problem;	   /* why not */
};

/*
 * What @s shows of @d; @is_file: all rows, and nothing for keys. Scrolls no further than there are rows: sets
 * @s->scroll. top_page__free() in any case.
 */
void top_page__make(struct top_page *p, struct top_screen *s, const struct top_data *d, bool is_file);
void top_page__free(struct top_page *p);

#endif /* TARE_TOP_PAGE_H */
