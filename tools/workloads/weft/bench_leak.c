// SPDX-License-Identifier: BSD-2-Clause
/*
 * leak: a cache of key and value that is never emptied. All of it stays reachable, so no collection helps.
 */
#include <string.h>

#include "bench.h"
#include "leak.h"

#define BUCKETS 65536

struct entry {
	struct entry *next;
	void *value;
	uint64_t key;
};

static const uint64_t pointers = 3;
static const struct weft_type type = { "cache entry", sizeof(struct entry), 2, &pointers };

static struct entry **buckets;

static void put(uint64_t key, size_t bytes)
{
	struct entry **bucket = &buckets[key % BUCKETS], *e = *bucket;
	void *value;

	while (e && e->key != key)
		e = e->next;
	if (e)
		return;
	e = weft_new(&type);
	value = weft_new_bytes(bytes);
	memset(value, key, bytes);
	e->key = key;
	WEFT_SET(&e->value, value);
	WEFT_SET(&e->next, *bucket);
	WEFT_SET(bucket, e);
}

int run_leak(const struct options *options)
{
	weft_root_add(&buckets, sizeof(buckets));
	WEFT_SET(&buckets, (struct entry **)weft_new_array(&bench_pointer, BUCKETS));
	return leak__run(options, put, weft_sleep);
}
