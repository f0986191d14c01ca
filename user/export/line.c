// SPDX-License-Identifier: BSD-2-Clause
#include <stdlib.h>

#include "array.h"
#include "line.h"

#define MAX_DIGITS 20

void line__free(struct line *l)
{
	free(l->text);
	*l = (struct line){ 0 };
}

void line__put(struct line *l, const char *text, size_t len)
{
	if (!l->err)
		l->err = ARRAY_GROW(l->text, l->room, l->len + len);
	if (l->err || !len)
		return;
	memcpy(l->text + l->len, text, len);
	l->len += len;
}

static void fill(struct line *l, size_t len, size_t width, char pad)
{
	for (; len < width; len++)
		line__put(l, &pad, 1);
}

void line__right(struct line *l, const char *text, size_t width)
{
	size_t len = strlen(text);

	fill(l, len, width, ' ');
	line__put(l, text, len);
}

static void put_digits(struct line *l, uint64_t n, unsigned base, unsigned width, char pad)
{
	char digits[MAX_DIGITS], *end = digits + sizeof(digits), *at = end;

	do
		*--at = "0123456789abcdef"[n % base];
	while (n /= base);
	fill(l, end - at, width, pad);
	line__put(l, at, end - at);
}

void line__number(struct line *l, uint64_t n, unsigned width, char pad)
{
	put_digits(l, n, 10, width, pad);
}

void line__hex(struct line *l, uint64_t n, unsigned width)
{
	put_digits(l, n, 16, width, ' ');
}

void line__signed(struct line *l, int64_t n)
{
	if (n < 0)
		line__put(l, "-", 1);
	line__number(l, n < 0 ? -(uint64_t)n : (uint64_t)n, 0, ' ');
}
