/* SPDX-License-Identifier: BSD-2-Clause */
/* One of the kernel's ring buffers, read from here: libbpf cannot tell whether one is empty. */
#ifndef TARE_RING_H
#define TARE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring {
	int fd; /* a map; readable, for epoll(), when the kernel side says so */
	uint64_t bytes;
	unsigned long *consumed, *produced; /* bytes so far; mapped, as is .data */
	const unsigned char *data;
	unsigned char *whole; /* the last record that begins at the end of .data and goes on at its beginning */
	size_t whole_room;
};

/* Create one of @bytes, a power of two and at least a page. Returns 0 or a negative errno. */
int ring__open(struct ring *r, uint64_t bytes);

/* Use one of @bytes that was made already; @fd has its layout, and is closed with it. Returns 0 or a negative errno. */
int ring__map(struct ring *r, int fd, uint64_t bytes);

/*
 * Pass all records to @take, oldest first, and make room for others. Returns 0, or what @take returned if that was
 * negative, or -ENOMEM: that record and those after it stay. A record is valid until @take returns.
 */
int ring__consume(struct ring *r, int (*take)(void *ctx, const void *record, size_t bytes), void *ctx);

/* Nothing is in it, nor is anything being written. */
bool ring__is_empty(const struct ring *r);

/* No effect on one that is all zero. */
void ring__close(struct ring *r);

#endif /* TARE_RING_H */
