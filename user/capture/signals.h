/* SPDX-License-Identifier: BSD-2-Clause */
/* The signals that a session takes, as something to wait for and to read. One session at a time. */
#ifndef TARE_SIGNALS_H
#define TARE_SIGNALS_H

#include <stdbool.h>

struct signals {
	int fd, interrupt_fd;	/* to wait for; -1: not open */
	bool ignores_interrupt; /* whoever started tare wants SIGINT ignored */
};

#define SIGNALS_INIT                         \
	{                                    \
		.fd = -1, .interrupt_fd = -1 \
	}

/* Returns 0 or a negative errno. */
int signals__open(struct signals *s);

/* The next one that came: true, and its number, and whether it came from the terminal; false where there is none. */
bool signals__next(struct signals *s, int *signo, bool *from_terminal);

/* What was blocked stays blocked: nothing comes after a session but its summary. */
void signals__close(struct signals *s);

#endif /* TARE_SIGNALS_H */
