/* SPDX-License-Identifier: BSD-2-Clause */
/* For tests: memory with a heap profile of Go in it, bucket by bucket. */
#ifndef TARE_TEST_GOHEAP_MEMORY_H
#define TARE_TEST_GOHEAP_MEMORY_H

#include "goheap.h"
#include "records.h"

enum { BASE = 0x100000, HEAD = BASE, CYCLE = BASE + 8, LOCK = BASE + 16, FIRST = BASE + 64, ROOM = 1 << 20 };

struct memory {
	uint8_t bytes[ROOM]; /* at BASE; what follows is not mapped */
	uint64_t end;	     /* where the next bucket goes */
	unsigned cycle_bytes;
	uint64_t nr_reads;
	void (*before_read)(struct memory *m); /* NULL: nothing changes */
	/* of that */
	uint64_t bucket;
	unsigned changes;
	int fails; /* what reading returns */
};

static inline int read_memory(void *ctx, uint64_t addr, void *buf, size_t len)
{
	struct memory *m = ctx;

	m->nr_reads++;
	if (m->before_read)
		m->before_read(m);
	if (m->fails)
		return m->fails;
	if (addr < BASE || addr - BASE > ROOM || len > ROOM - (addr - BASE))
		return -EFAULT;
	memcpy(buf, m->bytes + (addr - BASE), len);
	return 0;
}

static inline uint64_t *word(struct memory *m, uint64_t addr)
{
	return (uint64_t *)(m->bytes + (addr - BASE));
}

static inline struct memory *memory__new(unsigned cycle_bytes)
{
	struct memory *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	m->end = FIRST;
	m->cycle_bytes = cycle_bytes;
	return m;
}

/* A bucket at the list's head; @counts: allocs and frees of each of the four cycles. Returns its address. */
static inline uint64_t add(struct memory *m, uint64_t size, uint64_t pc, unsigned nr, const uint64_t counts[8])
{
	uint64_t addr = m->end, *w = word(m, addr), *record = w + 6 + nr;

	assert_true(nr <= 64);
	for (unsigned i = 0; i < nr; i++)
		w[6 + i] = pc + i;
	w[1] = *word(m, HEAD);
	w[2] = 1;
	w[3] = go_heap__hash(w + 6, nr, size);
	w[4] = size;
	w[5] = nr;
	for (unsigned i = 0; i < 4; i++) {
		uint64_t *c = record + i * m->cycle_bytes / 8;

		c[0] = counts[2 * i];
		c[1] = counts[2 * i + 1];
		if (m->cycle_bytes == 32) {
			c[2] = c[0] * size;
			c[3] = c[1] * size;
		}
	}
	m->end = addr + 48 + 8 * nr + 4 * m->cycle_bytes;
	*word(m, HEAD) = addr;
	return addr;
}

static inline int look(struct memory *m, struct heap_profile *heap)
{
	const struct go_heap_memory mem = { read_memory, m };
	const struct go_heap_place at = {
		.buckets = HEAD, .cycle = CYCLE, .lock = LOCK, .cycle_bytes = m->cycle_bytes
	};

	*heap = (struct heap_profile){ 0 };
	return go_heap__read(&mem, &at, heap);
}

/* Allocs and frees of what is published and of three cycles to come. */
static const uint64_t usual[8] = { 100, 50, 8, 4, 10, 20, 0, 0 };

#endif /* TARE_TEST_GOHEAP_MEMORY_H */
