// SPDX-License-Identifier: BSD-2-Clause
#include <string.h>

#include "top_screen.h"
#include "util.h"

#define CTRL_C	  3
#define BACKSPACE 8
#define ESCAPE	  27
#define DELETE	  127
#define PAGE	  10

const char *const top_screen_help[] = {
	"1 .. 7, Tab   views: threads, processes, pauses, rivals, waits, goroutines, alloc",
	"s  <  >       sort by the next column, the one to the left, to the right",
	"              (pauses: newest or longest first)",
	"r             the other way round",
	"/             only rows that contain what you type; Enter keeps it, Esc drops it",
	"c             figures since the beginning, or of the last interval",
	"p, space      hold the screen; again: go on",
	"up, down, page up, page down, home: scroll",
	"h, ?          this help; any key leaves it",
	"q, Ctrl-C     quit",
	"",
	"CPU %     of one CPU             QUEUE %  waited for a CPU, counted when it got one",
	"THROT %   held by a CPU quota    PAUSE %  time in stop-the-world pauses",
	"WAIT %, TIME %  threads' time: may be over 100",
	NULL,
};

void top_screen__init(struct top_screen *s)
{
	*s = (struct top_screen){ .rows = 24, .columns = 80 };
	for (int i = 0; i < NR_TOP_VIEWS; i++)
		s->order[i].column = top_views[i].sort;
}

static void choose_view(struct top_screen *s, unsigned view)
{
	s->view = view % NR_TOP_VIEWS;
	s->scroll = 0;
}

static void sort_by(struct top_screen *s, int step, bool wraps)
{
	unsigned nr = top_views[s->view].nr_columns;
	int column = s->order[s->view].column + step;

	s->scroll = 0;
	if (!nr) {
		s->by_length = !s->by_length;
		return;
	}
	if (column < 0 || (column >= (int)nr && !wraps))
		return;
	s->order[s->view] = (struct top_order){ column % nr, false };
}

static void type(struct top_screen *s, int key)
{
	size_t len = strlen(s->filter);

	s->scroll = 0;
	if (key == '\n' || key == '\r') {
		s->typing = false;
	} else if (key == ESCAPE) {
		s->typing = false;
		s->filter[0] = '\0';
	} else if (key == BACKSPACE || key == DELETE) {
		s->filter[len ? len - 1 : 0] = '\0';
	} else if (key >= ' ' && key < DELETE && len < TOP_FILTER_MAX) {
		s->filter[len] = key;
		s->filter[len + 1] = '\0';
	}
}

static void scroll(struct top_screen *s, int by)
{
	int to = (int)s->scroll + by;

	s->scroll = to > 0 ? to : 0;
}

static void command(struct top_screen *s, int key)
{
	switch (key) {
	case '1' ... '0' + NR_TOP_VIEWS:
		choose_view(s, key - '1');
		break;
	case '\t':
		choose_view(s, s->view + 1);
		break;
	case 's':
		sort_by(s, 1, true);
		break;
	case '<':
		sort_by(s, -1, false);
		break;
	case '>':
		sort_by(s, 1, false);
		break;
	case 'r':
		s->order[s->view].reversed = !s->order[s->view].reversed;
		break;
	case '/':
		s->typing = true;
		s->filter[0] = '\0';
		break;
	case 'c':
		s->since_start = !s->since_start;
		break;
	case 'p':
	case ' ':
		s->paused = !s->paused;
		break;
	case 'h':
	case '?':
		s->help = true;
		break;
	case 'q':
		s->quit = true;
		break;
	case TOP_KEY_UP:
		scroll(s, -1);
		break;
	case TOP_KEY_DOWN:
		scroll(s, 1);
		break;
	case TOP_KEY_PAGE_UP:
		scroll(s, -PAGE);
		break;
	case TOP_KEY_PAGE_DOWN:
		scroll(s, PAGE);
		break;
	case TOP_KEY_HOME:
		s->scroll = 0;
		break;
	}
}

void top_screen__key(struct top_screen *s, int key)
{
	if (key == CTRL_C)
		s->quit = true;
	else if (s->help)
		s->help = false;
	else if (s->typing)
		type(s, key);
	else
		command(s, key);
}
