// SPDX-License-Identifier: BSD-2-Clause
/*
 * leak: a cache of key and value that is never emptied. It owns all of it, so nothing is ever freed.
 */
#include <string.h>

#include "leak.h"
#include "native.h"

#define BUCKETS 65536

struct entry {
	struct entry *next;
	void *value;
	uint64_t key;
};

static struct entry **buckets;

static void put(uint64_t key, size_t bytes)
{
	struct entry **bucket = &buckets[key % BUCKETS], *e = *bucket;

	while (e && e->key != key)
		e = e->next;
	if (e)
		return;
	e = native__alloc(sizeof(*e));
	*e = (struct entry){ *bucket, native__alloc(bytes), key };
	memset(e->value, key, bytes);
	*bucket = e;
}

int run_leak(const struct options *options)
{
	buckets = native__alloc_zeroed(BUCKETS, sizeof(*buckets));
	return leak__run(options, put, native__sleep);
}
