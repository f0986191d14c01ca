// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "goheap_cache.h"

/* The block that begins at @addr; NULL and *@ret if it cannot be read as a whole. */
static const char *block(struct heap_cache *c, uint64_t addr, int *ret)
{
	size_t slot = addr / HEAP_BLOCK_BYTES % HEAP_BLOCKS;
	char *bytes = c->blocks + slot * HEAP_BLOCK_BYTES;

	*ret = 0;
	if (c->addr[slot] == addr + 1)
		return bytes;
	c->addr[slot] = 0;
	*ret = c->mem->read(c->mem->ctx, addr, bytes, HEAP_BLOCK_BYTES);
	if (*ret)
		return NULL;
	c->addr[slot] = addr + 1;
	return bytes;
}

int heap_cache__read(struct heap_cache *c, uint64_t addr, void *buf, size_t len)
{
	char *to = buf;

	if (!c->blocks)
		c->blocks = malloc(HEAP_BLOCKS * HEAP_BLOCK_BYTES);
	if (!c->blocks)
		return -ENOMEM;
	if (addr + len < addr)
		return -EFAULT;
	while (len) {
		size_t inside = addr % HEAP_BLOCK_BYTES, n = HEAP_BLOCK_BYTES - inside;
		const char *bytes;
		int ret;

		n = n < len ? n : len;
		bytes = block(c, addr - inside, &ret);
		if (bytes)
			memcpy(to, bytes + inside, n);
		else if (ret == -EFAULT) /* a part of it is not mapped, but not this one, perhaps */
			ret = c->mem->read(c->mem->ctx, addr, to, n);
		if (ret)
			return ret;
		addr += n;
		to += n;
		len -= n;
	}
	return 0;
}

void heap_cache__forget(struct heap_cache *c)
{
	memset(c->addr, 0, sizeof(c->addr));
}

void heap_cache__free(struct heap_cache *c)
{
	free(c->blocks);
	*c = (struct heap_cache){ .mem = c->mem };
}
