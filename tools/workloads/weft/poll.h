/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Descriptors that goroutines wait for. A struct weft_sock is never given back to malloc(), as an event for it may be
 * under way; one that comes too late only makes somebody try again.
 */
#ifndef WEFT_POLL_H
#define WEFT_POLL_H

#include "runtime.h"

enum poll_dir { POLL_READ, POLL_WRITE };

struct weft_sock {
	int fd;
	_Atomic int refs; /* the socket's owner and calls under way */
	_Atomic int closing;
	/* what each direction knows: nothing, readiness not yet used, someone about to wait, or who waits */
	_Atomic uintptr_t waiter[2];
	struct weft_sock *link;
};

struct weft_sock *poll__open(int fd, int *err); /* takes fd over, on errors too */
bool poll__get(struct weft_sock *s);		/* false: closing */
void poll__put(struct weft_sock *s);
void poll__block(struct weft_sock *s, enum poll_dir dir); /* may come back for nothing */

#endif
