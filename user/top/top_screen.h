/* SPDX-License-Identifier: BSD-2-Clause */
/* What the user has chosen, and how keys change it. Knows no terminal. */
#ifndef TARE_TOP_SCREEN_H
#define TARE_TOP_SCREEN_H

#include "top_views.h"

#define TOP_FILTER_MAX 40

/* Keys that are no characters; the others are ASCII. */
enum top_key { TOP_KEY_NONE, TOP_KEY_UP = 256, TOP_KEY_DOWN, TOP_KEY_PAGE_UP, TOP_KEY_PAGE_DOWN, TOP_KEY_HOME };

struct top_screen {
	int rows, columns; /* of the terminal */
	enum top_view_id view;
	struct top_order order[NR_TOP_VIEWS];
	bool by_length; /* the pauses: longest rather than newest first */
	bool since_start, paused, help, typing, quit;
	char filter[TOP_FILTER_MAX + 1];
	unsigned scroll; /* rows of the table above the first that is shown */
};

void top_screen__init(struct top_screen *s);

/* The user pressed @key. */
void top_screen__key(struct top_screen *s, int key);

/* What keys do, line by line; NULL at the end. */
extern const char *const top_screen_help[];

#endif /* TARE_TOP_SCREEN_H */
