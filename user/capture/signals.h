/* SPDX-License-Identifier: BSD-2-Clause */
/* The signals that a session takes, as something to wait for and to read. One session at a time. */
#ifndef TARE_SIGNALS_H
#define TARE_SIGNALS_H

#include <stdbool.h>

struct signals {
	int fd, interrupt_fd;	/* to wait for; -1: not open */
	bool ignores_interrupt; /* SIGINT was ignored when tare started */
};

#define SIGNALS_INIT                         \
	{                                    \
		.fd = -1, .interrupt_fd = -1 \
	}

/* Returns 0 or a negative errno. */
int signals__open(struct signals *s);

/* The next signal: true, its number, and whether it came from the terminal; false if there is none. */
bool signals__next(struct signals *s, int *signo, bool *from_terminal);

/* Blocked signals stay blocked: only the summary follows a session. */
void signals__close(struct signals *s);

#endif /* TARE_SIGNALS_H */
