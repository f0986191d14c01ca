// SPDX-License-Identifier: BSD-2-Clause
/* memstats and gcController by what they look like, and by each other. */
#include <errno.h>

#include "golive_scan.h"
#include "util.h"

enum { GC_BYTES = 512 }; /* of gcController, read by the trials */

static bool memstats_fits(const struct scan *sc, const char *p, uint64_t addr)
{
	const struct go_live *live = sc->live;
	size_t at = at_of(live, MSTATS_HEAPSTATS) + at_of(live, DELTA_INHEAP), step = at_of(live, DELTA_SIZE);
	uint64_t sum = get64(p, at) + get64(p, at + step) + get64(p, at + 2 * step), small = 0;

	if (!sum || sum > SANE || sum % 8192 || get32(p, at_of(live, MSTATS_GEN)) > 2)
		return false;
	/* every program begins with a small object */
	at = at_of(live, MSTATS_HEAPSTATS) + at_of(live, DELTA_SMALLALLOCCOUNT);
	for (int d = 0; d < 3; d++) {
		for (int i = 1; i < 32; i++)
			small += get64(p, at + d * step + i * 8);
	}
	return small && small < SANE;
}

static bool gc_fits(const struct scan *sc, const char *p, uint64_t addr)
{
	const struct go_live *live = sc->live;
	uint64_t alloc = get64(p, at_of(live, GC_TOTALALLOC)), in_use = get64(p, at_of(live, GC_HEAPINUSE));
	uint64_t memstats = live->at.memstats, end = memstats + at_of(live, MSTATS_SIZE);
	int32_t percent = get32(p, at_of(live, GC_GCPERCENT));

	/* not memstats's own figures, which it will be checked against */
	if (addr + at_of(live, GC_HEAPINUSE) >= memstats && addr + at_of(live, GC_HEAPINUSE) < end)
		return false;
	return percent >= -1 && in_use && in_use <= SANE && in_use % 8192 == 0 && alloc && alloc <= SANE &&
	       get64(p, at_of(live, GC_TOTALFREE)) <= alloc && get64(p, at_of(live, GC_HEAPLIVE)) <= SANE;
}

/* The size classes are the same since Go 1.15; if they change, this search finds nothing. */
static const uint16_t class_bytes[] = {
	0,     8,     16,    24,    32,	   48,	  64,	 80,	96,    112,   128,   144,   160,   176,
	192,   208,   224,   240,   256,   288,	  320,	 352,	384,   416,   448,   480,   512,   576,
	640,   704,   768,   896,   1024,  1152,  1280,	 1408,	1536,  1792,  2048,  2304,  2688,  3072,
	3200,  3456,  4096,  4864,  5376,  6144,  6528,	 6784,	6912,  8192,  9472,  9728,  10240, 10880,
	12288, 13568, 14336, 16384, 18432, 19072, 20480, 21760, 24576, 27264, 28672, 32768,
};

/* memstats's figures for each class must add up to gcController's total. */
static int allocated(const struct go_live *live, uint64_t *bytes)
{
	uint64_t at = live->at.memstats + at_of(live, MSTATS_HEAPSTATS), n[ARRAY_SIZE(class_bytes)], large;
	int err = 0;

	*bytes = 0;
	for (int d = 0; !err && d < 3; d++, at += at_of(live, DELTA_SIZE)) {
		err = live__read(live, at + at_of(live, DELTA_SMALLALLOCCOUNT), n, sizeof(n));
		if (!err)
			err = live__u64(live, at + at_of(live, DELTA_LARGEALLOC), &large);
		for (size_t i = 0; !err && i < ARRAY_SIZE(class_bytes); i++)
			*bytes += n[i] * class_bytes[i];
		*bytes += err ? 0 : large;
	}
	return err;
}

static int try_gc(struct go_live *live, uint64_t gc)
{
	uint64_t sum, total;
	int err;

	/* without memstats to check against, too much looks alike */
	if (!live->at.memstats)
		return -EINVAL;
	for (int tries = 0; tries < 1000; tries++) {
		err = live__try_gc(live, gc, live->at.memstats);
		if (!err)
			err = allocated(live, &sum);
		if (!err)
			err = live__u64(live, gc + at_of(live, GC_TOTALALLOC), &total);
		if (err && err != -EINVAL)
			return err == -EFAULT ? -EINVAL : err;
		if (!err && sum == total)
			return 0;
		/* it changes while it is read, but not by much */
		if (!err && (sum > total * 2 || total > sum * 2))
			return -EINVAL;
		if (err && !tries)
			return err;
	}
	return -EINVAL;
}

int scan__memory(struct scan *sc, struct go_globals *found)
{
	static const enum go_field need[] = { MSTATS_HEAPSTATS, MSTATS_GEN,    MSTATS_SIZE,
					      DELTA_INHEAP,	DELTA_SIZE,    DELTA_SMALLALLOCCOUNT,
					      DELTA_LARGEALLOC, GC_TOTALALLOC, GC_TOTALFREE,
					      GC_HEAPINUSE,	GC_HEAPLIVE,   GC_GCPERCENT };
	struct go_live *live = sc->live;
	int err = 0;

	if (!scan__has_all(live, need, ARRAY_SIZE(need)))
		return 0;
	if (found->memstats && !found->gc_controller)
		err = scan__find(sc, 0, GC_BYTES, gc_fits, try_gc, &found->gc_controller);
	/* one that no gcController agrees with only looks like it */
	while (!err && !found->gc_controller) {
		err = scan__find(sc, found->memstats, at_of(live, MSTATS_SIZE), memstats_fits, live__try_memstats,
				 &found->memstats);
		if (err || !found->memstats)
			break;
		live->at.memstats = found->memstats;
		err = scan__find(sc, 0, GC_BYTES, gc_fits, try_gc, &found->gc_controller);
	}
	return err;
}
