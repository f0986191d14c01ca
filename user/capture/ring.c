// SPDX-License-Identifier: BSD-2-Clause
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "array.h"
#include "ring.h"

/*
 * The map's layout, Documentation/bpf/ringbuf.rst: a page for each of the two positions, and the data, which could be
 * mapped twice in a row so that no record is cut. But then each of its pages counts twice as this process's memory.
 */
static int map_parts(struct ring *r)
{
	size_t page = sysconf(_SC_PAGESIZE);
	void *p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, 0);

	if (p == MAP_FAILED)
		return -errno;
	r->consumed = p;
	p = mmap(NULL, page + r->bytes, PROT_READ, MAP_SHARED, r->fd, page);
	if (p == MAP_FAILED)
		return -errno;
	r->produced = p;
	r->data = (const unsigned char *)p + page;
	return 0;
}

int ring__map(struct ring *r, int fd, uint64_t bytes)
{
	int ret;

	*r = (struct ring){ .fd = fd, .bytes = bytes };
	ret = map_parts(r);
	if (ret)
		ring__close(r);
	return ret;
}

int ring__open(struct ring *r, uint64_t bytes)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "tare_ring", 0, 0, bytes, NULL);

	*r = (struct ring){ 0 };
	return fd < 0 ? -errno : ring__map(r, fd, bytes);
}

/* The record of @len bytes at @at, in one piece; NULL: no memory. */
static const void *ring__record(struct ring *r, size_t at, size_t len)
{
	size_t before_end = r->bytes - at;

	if (len <= before_end)
		return r->data + at;
	if (ARRAY_GROW(r->whole, r->whole_room, len))
		return NULL;
	memcpy(r->whole, r->data + at, before_end);
	memcpy(r->whole + before_end, r->data, len - before_end);
	return r->whole;
}

int ring__consume(struct ring *r, int (*take)(void *ctx, const void *record, size_t bytes), void *ctx)
{
	unsigned long at = *r->consumed;
	const void *record;
	uint32_t len;
	int ret;

	while (at != __atomic_load_n(r->produced, __ATOMIC_ACQUIRE)) {
		/* a header is of eight bytes and begins at a multiple of that: it is never cut */
		len = __atomic_load_n((const uint32_t *)(r->data + (at & (r->bytes - 1))), __ATOMIC_ACQUIRE);
		if (len & BPF_RINGBUF_BUSY_BIT) /* being written */
			break;
		if (!(len & BPF_RINGBUF_DISCARD_BIT)) {
			record = ring__record(r, (at + BPF_RINGBUF_HDR_SZ) & (r->bytes - 1), len);
			ret = record ? take(ctx, record, len) : -ENOMEM;
			if (ret < 0)
				return ret;
		}
		at += (BPF_RINGBUF_HDR_SZ + (len & ~BPF_RINGBUF_DISCARD_BIT) + 7) & ~7ul;
		__atomic_store_n(r->consumed, at, __ATOMIC_RELEASE);
	}
	return 0;
}

bool ring__is_empty(const struct ring *r)
{
	return *r->consumed == __atomic_load_n(r->produced, __ATOMIC_ACQUIRE);
}

void ring__close(struct ring *r)
{
	size_t page = sysconf(_SC_PAGESIZE);

	if (!r->bytes)
		return;
	if (r->produced)
		munmap(r->produced, page + r->bytes);
	if (r->consumed)
		munmap(r->consumed, page);
	free(r->whole);
	close(r->fd);
	*r = (struct ring){ 0 };
}
