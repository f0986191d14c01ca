// SPDX-License-Identifier: BSD-2-Clause
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ring.h"

/* The map's layout, Documentation/bpf/ringbuf.rst: a page for each of the two positions, and the data twice. */
static int map_parts(struct ring *r)
{
	size_t page = sysconf(_SC_PAGESIZE);
	void *p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, 0);

	if (p == MAP_FAILED)
		return -errno;
	r->consumed = p;
	p = mmap(NULL, page + 2 * r->bytes, PROT_READ, MAP_SHARED, r->fd, page);
	if (p == MAP_FAILED)
		return -errno;
	r->produced = p;
	r->data = (const unsigned char *)p + page;
	return 0;
}

int ring__open(struct ring *r, uint64_t bytes)
{
	int ret;

	*r = (struct ring){ .bytes = bytes };
	r->fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "tare_ring", 0, 0, bytes, NULL);
	if (r->fd < 0) {
		ret = -errno;
		r->bytes = 0;
		return ret;
	}
	ret = map_parts(r);
	if (ret)
		ring__close(r);
	return ret;
}

int ring__consume(struct ring *r, int (*take)(void *ctx, const void *record, size_t bytes), void *ctx)
{
	unsigned long at = *r->consumed;
	const unsigned char *header;
	uint32_t len;
	int ret;

	while (at != __atomic_load_n(r->produced, __ATOMIC_ACQUIRE)) {
		header = r->data + (at & (r->bytes - 1));
		len = __atomic_load_n((const uint32_t *)header, __ATOMIC_ACQUIRE);
		if (len & BPF_RINGBUF_BUSY_BIT) /* being written */
			break;
		if (!(len & BPF_RINGBUF_DISCARD_BIT)) {
			ret = take(ctx, header + BPF_RINGBUF_HDR_SZ, len);
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
		munmap(r->produced, page + 2 * r->bytes);
	if (r->consumed)
		munmap(r->consumed, page);
	close(r->fd);
	*r = (struct ring){ 0 };
}
