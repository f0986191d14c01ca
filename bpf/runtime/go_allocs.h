/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The cookie of a probe where a P's cache takes a new block of objects, since the old one is full. */
#ifndef TARE_GO_ALLOCS_H
#define TARE_GO_ALLOCS_H

/*
 * *(cache + table + 8 * class) is the block. It holds 16-bit numbers of its objects, now and when the cache took it,
 * and their size. Each offset has 12 bits, from bit 8 on.
 */
#define GO_ALLOC_COOKIE(table, now, before, size)                                                                \
	(ALLOC_RUNTIME_BLOCK | ALLOC_COOKIE_FLAGS(TARE_ALLOC_RUNTIME | TARE_ALLOC_BLOCK) | (__u64)(table) << 8 | \
	 (__u64)(now) << 20 | (__u64)(before) << 32 | (__u64)(size) << 44)
#define GO_ALLOC_OFFSET_MAX	0xfff
#define GO_ALLOC_TABLE(cookie)	((cookie) >> 8 & GO_ALLOC_OFFSET_MAX)
#define GO_ALLOC_NOW(cookie)	((cookie) >> 20 & GO_ALLOC_OFFSET_MAX)
#define GO_ALLOC_BEFORE(cookie) ((cookie) >> 32 & GO_ALLOC_OFFSET_MAX)
#define GO_ALLOC_SIZE(cookie)	((cookie) >> 44 & GO_ALLOC_OFFSET_MAX)

#endif /* TARE_GO_ALLOCS_H */
