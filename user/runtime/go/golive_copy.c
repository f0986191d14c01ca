// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "array.h"
#include "golive_impl.h"

enum { COPY_MAX = 32 << 20, PIECES_MAX = 1 << 19 };

struct piece {
	uint64_t addr;
	uint32_t at, len; /* in .bytes; .at UNKNOWN: content unknown */
};
#define UNKNOWN UINT32_MAX

struct go_copy {
	struct piece *pieces; /* sorted by address; where they overlap, the later one is used first */
	size_t nr, room;
	char *bytes;
	size_t used, size;
};

struct go_copy *go_copy__new(void)
{
	return calloc(1, sizeof(struct go_copy));
}

void go_copy__free(struct go_copy *c)
{
	if (!c)
		return;
	free(c->pieces);
	free(c->bytes);
	free(c);
}

/* The number of pieces that begin at or below @addr. */
static size_t behind(const struct go_copy *c, uint64_t addr)
{
	return ARRAY_FIRST_NOT(c->nr, i, c->pieces[i].addr <= addr);
}

int go_copy__add(struct go_copy *c, uint64_t addr, const void *bytes, size_t len)
{
	size_t at;
	int err;

	if (!len)
		return 0;
	if (len > COPY_MAX - c->used || c->nr == PIECES_MAX || addr + len < addr)
		return -E2BIG;
	err = ARRAY_GROW(c->pieces, c->room, c->nr + 1);
	if (!err && bytes)
		err = ARRAY_GROW(c->bytes, c->size, c->used + len);
	if (err)
		return err;
	at = behind(c, addr);
	memmove(c->pieces + at + 1, c->pieces + at, (c->nr - at) * sizeof(*c->pieces));
	c->pieces[at] = (struct piece){ addr, bytes ? c->used : UNKNOWN, len };
	c->nr++;
	if (bytes) {
		memcpy(c->bytes + c->used, bytes, len);
		c->used += len;
	}
	return 0;
}

int go_copy__read(const struct go_copy *c, uint64_t addr, void *buf, size_t len)
{
	char *out = buf;

	while (len) {
		size_t i = behind(c, addr), inside, n;
		const struct piece *p;

		/* with overlaps, a nearer one may have ended before @addr; few overlap, and none by much */
		for (int back = 0; i && back < 4 && addr - c->pieces[i - 1].addr >= c->pieces[i - 1].len; back++)
			i--;
		if (!i)
			return -EFAULT;
		p = &c->pieces[i - 1];
		inside = addr - p->addr;
		if (inside >= p->len)
			return -EFAULT;
		if (p->at == UNKNOWN)
			return -ENODATA;
		n = p->len - inside < len ? p->len - inside : len;
		memcpy(out, c->bytes + p->at + inside, n);
		out += n;
		addr += n;
		len -= n;
	}
	return 0;
}
