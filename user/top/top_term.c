// SPDX-License-Identifier: BSD-2-Clause
#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#include "top_term.h"
#include "util.h"

#define CTRL_L	    12
#define CTRL_Z	    26
#define ESCAPE_MS   50		/* more than between the bytes of one key */
#define MESSAGE_MAX (64 * 1024) /* bytes that are printed at the end */

static struct termios before;
static bool is_open;
static SCREEN *screen;
static int messages = -1, standard_error = -1;

/* Only what a signal handler may do: the mode as it was, and the sequences of nearly every terminal for the rest. */
static void on_crash(int signo)
{
	static const char reset[] = "\033[?1049l\033[?25h\033[0m\r\n";
	ssize_t ignored;

	tcsetattr(STDIN_FILENO, TCSANOW, &before);
	ignored = write(STDOUT_FILENO, reset, sizeof(reset) - 1);
	(void)ignored;
	raise(signo);
}

static void watch_crashes(bool on)
{
	static const int all[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
	struct sigaction act = { .sa_handler = on ? on_crash : SIG_DFL, .sa_flags = SA_RESETHAND };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		sigaction(all[i], &act, NULL);
}

static void keep_messages(void)
{
	fflush(stderr);
	messages = memfd_create("messages", MFD_CLOEXEC);
	standard_error = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	if (messages >= 0 && standard_error >= 0)
		dup2(messages, STDERR_FILENO);
}

static void print_messages(void)
{
	char buf[4096];
	off_t at = 0;
	ssize_t n;

	fflush(stderr);
	if (messages < 0 || standard_error < 0)
		return;
	dup2(standard_error, STDERR_FILENO);
	while (at < MESSAGE_MAX && (n = pread(messages, buf, sizeof(buf), at)) > 0) {
		fwrite(buf, 1, n, stderr);
		at += n;
	}
	close(messages);
	close(standard_error);
	messages = standard_error = -1;
}

int top_term__open(bool colour)
{
	static bool at_exit;
	setlocale(LC_CTYPE, "");
	tcgetattr(STDIN_FILENO, &before);
	/* Ctrl-C and the like are the session's; ncurses leaves alone what has a handler */
	screen = newterm(NULL, stdout, stdin);
	if (!screen) {
		err("cannot use the terminal; -b writes text");
		return -ENOTTY;
	}
	is_open = true;
	if (!at_exit)
		atexit(top_term__close);
	at_exit = true;
	watch_crashes(true);
	keep_messages();
	raw();
	noecho();
	nonl();
	keypad(stdscr, true);
	set_escdelay(ESCAPE_MS);
	curs_set(0);
	if (!colour || start_color() != OK || use_default_colors() != OK)
		return 0;
	init_pair(TOP_WARNING, COLOR_RED, -1);
	init_pair(TOP_TABS, COLOR_CYAN, -1);
	init_pair(TOP_DETAIL, COLOR_YELLOW, -1);
	return 0;
}

static void stop(void)
{
	def_prog_mode();
	endwin();
	kill(getpid(), SIGSTOP);
	reset_prog_mode();
	refresh();
}

int top_term__key(struct top_screen *s, int timeout_ms)
{
	static const struct {
		int curses, key;
	} keys[] = {
		{ KEY_UP, TOP_KEY_UP },
		{ KEY_DOWN, TOP_KEY_DOWN },
		{ KEY_PPAGE, TOP_KEY_PAGE_UP },
		{ KEY_NPAGE, TOP_KEY_PAGE_DOWN },
		{ KEY_HOME, TOP_KEY_HOME },
		{ KEY_BACKSPACE, '\b' },
		{ KEY_ENTER, '\n' },
		{ KEY_BTAB, TOP_KEY_NONE },
	};
	int c;

	timeout(timeout_ms);
	c = getch();
	s->rows = LINES;
	s->columns = COLS;
	if (c == CTRL_Z)
		stop();
	if (c == CTRL_L || c == CTRL_Z || c == KEY_RESIZE)
		clearok(curscr, true);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (c == keys[i].curses)
			return keys[i].key;
	return c > 0 && c < 128 ? c : TOP_KEY_NONE;
}

static int attributes(enum top_style style)
{
	int pair = has_colors() && (style == TOP_WARNING || style == TOP_TABS || style == TOP_DETAIL) ?
			   COLOR_PAIR(style) :
			   0;

	switch (style) {
	case TOP_TITLE:
	case TOP_WARNING:
		return pair | A_BOLD;
	case TOP_HEADINGS:
	case TOP_STATUS:
		return A_REVERSE;
	default:
		return pair;
	}
}

void top_term__draw(const struct top_page *p)
{
	erase();
	for (size_t i = 0; i < p->nr && (int)i < LINES; i++) {
		int style = attributes(p->lines[i].style);

		attrset(style);
		mvaddstr(i, 0, p->lines[i].text);
		/* a bar is as wide as the screen */
		if (style & A_REVERSE)
			mvchgat(i, 0, -1, style, 0, NULL);
	}
	attrset(A_NORMAL);
	refresh();
}

void top_term__close(void)
{
	if (!is_open)
		return;
	is_open = false;
	endwin();
	delscreen(screen);
	watch_crashes(false);
	print_messages();
}
