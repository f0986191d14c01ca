/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Go's heap profile in a process's memory: the list of buckets at runtime.mbuckets, one for each stack and size
 * (runtime/mprof.go). It grows at its head, and what is in it is never moved or freed, so that it can be followed
 * while the program runs. The memory may hold anything: each bucket must have the hash that its stack and size make.
 */
#ifndef TARE_GOHEAP_H
#define TARE_GOHEAP_H

#include "heap_profile.h"

/* Where it is, in the process's own addresses. */
struct go_heap_place {
	uint64_t buckets;     /* runtime.mbuckets */
	uint64_t cycle;	      /* runtime.mProfCycle */
	uint64_t lock;	      /* runtime.profMemActiveLock, a word that is not 0 while it is held; 0: not known */
	unsigned cycle_bytes; /* of a memRecordCycle: 32, or 16 where it only counts objects (Go 1.27 and later) */
};

/* How the memory is read: @len bytes at @addr. Returns 0, -EFAULT (not all of it is mapped), -ESRCH, -EPERM. */
struct go_heap_memory {
	int (*read)(void *ctx, uint64_t addr, void *buf, size_t len);
	void *ctx;
};

#define GO_HEAP_BUCKETS_MAX (1u << 20)	 /* runtime.buckhash has 179,999 chains */
#define GO_HEAP_BYTES_MAX   (256u << 20) /* of all buckets */

/*
 * Read it at one moment, as runtime.MemProfile would give it: what a collection is about to publish is published.
 * @heap is empty. Returns 0, -ENOMEM, -ESRCH, -EPERM; or with .problem set -EINVAL, -EFAULT (what is there is no such
 * list), -ELOOP (it has no end), -E2BIG.
 */
int go_heap__read(const struct go_heap_memory *mem, const struct go_heap_place *at, struct heap_profile *heap);

/* The hash of a bucket (stkbucket): of the addresses of its stack and the size of its objects. */
uint64_t go_heap__hash(const uint64_t *pcs, size_t nr, uint64_t size);

#endif /* TARE_GOHEAP_H */
