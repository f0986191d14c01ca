// SPDX-License-Identifier: BSD-2-Clause
#include "top_term.h"
#include "util.h"

/* last, and in no other file: it defines columns, lines and the like as macros */
#include <curses.h>
#include <errno.h>
#include <stdlib.h>
#include <term.h>
#include <unistd.h>

int top_term__check(void)
{
	int ret;

	if (!isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO)) {
		err("tare top needs a terminal; -b writes text, such as tare top -b -n 1 -p PID");
		return -ENOTTY;
	}
	if (setupterm(NULL, STDOUT_FILENO, &ret) == OK) {
		del_curterm(cur_term);
		return 0;
	}
	err("the terminal's type (TERM=%s) is not known here; -b writes text", getenv("TERM") ?: "");
	return -ENOTTY;
}
