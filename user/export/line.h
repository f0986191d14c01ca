/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A piece of text being put together, without the cost of printf. A failed allocation is remembered: later calls do
 * nothing, and .err is -ENOMEM.
 */
#ifndef TARE_LINE_H
#define TARE_LINE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct line {
	char *text; /* not terminated */
	size_t len, room;
	int err;
};

void line__free(struct line *l);
static inline void line__reset(struct line *l)
{
	l->len = 0;
}

void line__put(struct line *l, const char *text, size_t len);
static inline void line__text(struct line *l, const char *text)
{
	line__put(l, text, strlen(text));
}
/* These fill up to @width characters on the left: with spaces, or with @pad. */
void line__right(struct line *l, const char *text, size_t width);
void line__number(struct line *l, uint64_t n, unsigned width, char pad);
void line__hex(struct line *l, uint64_t n, unsigned width);
void line__signed(struct line *l, int64_t n);

#endif /* TARE_LINE_H */
