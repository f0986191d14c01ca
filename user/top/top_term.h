/* SPDX-License-Identifier: BSD-2-Clause */
/* The terminal, by ncurses. However tare ends, the terminal is as before. Used by one thread. */
#ifndef TARE_TOP_TERM_H
#define TARE_TOP_TERM_H

#include "top_page.h"

/* Can the terminal be used? Returns 0, or a negative errno after saying why not. */
int top_term__check(void);

/*
 * Take the terminal; messages on standard error are kept meanwhile. @colour: unless it has none. Returns 0 or a
 * negative errno, after saying why.
 */
int top_term__open(bool colour);

/* Wait @timeout_ms at most for a key; TOP_KEY_NONE if none came. Sets the size in @s. Ctrl-Z stops tare. */
int top_term__key(struct top_screen *s, int timeout_ms);

void top_term__draw(const struct top_page *p);

/* Give the terminal back, and print the messages. No effect if it is not open. */
void top_term__close(void);

#endif /* TARE_TOP_TERM_H */
