// SPDX-License-Identifier: BSD-2-Clause
/* As golive_valid.c, for the data of the allocator and the collector. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "golive_impl.h"
#include "util.h"

enum { SPAN_MAX = 128 }; /* at most this much of a span is read */

static int sum_in_heap(const struct go_live *live, uint64_t memstats, uint64_t *sum)
{
	uint64_t addrs[3], v[3];
	int err;

	for (int i = 0; i < 3; i++)
		addrs[i] = memstats + at_of(live, MSTATS_HEAPSTATS) + i * at_of(live, DELTA_SIZE) +
			   at_of(live, DELTA_INHEAP);
	err = live__gather(live, addrs, 3, v, 8);
	*sum = v[0] + v[1] + v[2];
	return err;
}

int live__try_memstats(struct go_live *live, uint64_t memstats)
{
	static const enum go_field need[] = { MSTATS_HEAPSTATS,	   MSTATS_GEN,	   MSTATS_LASTGCUNIX,
					      MSTATS_PAUSETOTALNS, MSTATS_PAUSENS, MSTATS_PAUSEEND,
					      MSTATS_NUMGC,	   DELTA_SIZE,	   DELTA_INHEAP };
	const char *what = NULL;
	uint64_t end, last, total, in_heap, v[2];
	uint32_t gen, numgc;
	int err = 0;

	if (!live__has(live, need, ARRAY_SIZE(need), SCHED_MAX))
		return -EINVAL;
	for (int tries = 0; tries < live__tries(live); tries++) {
		if (tries)
			usleep(TRY_US);
		if ((err = live__u32(live, memstats + at_of(live, MSTATS_NUMGC), &numgc)) ||
		    (err = live__u32(live, memstats + at_of(live, MSTATS_GEN), &gen)) ||
		    (err = live__u64(live, memstats + at_of(live, MSTATS_LASTGCUNIX), &last)) ||
		    (err = live__u64(live, memstats + at_of(live, MSTATS_PAUSEEND) + 8 * ((numgc - 1) & 255), &end)) ||
		    (err = live__read(live, memstats + at_of(live, MSTATS_PAUSETOTALNS), v, sizeof(v))) ||
		    (err = sum_in_heap(live, memstats, &in_heap)))
			break;
		total = v[0];
		what = gen > 2					    ? "heapStats.gen" :
		       total > SANE * 1024			    ? "pause_total_ns" :
		       !in_heap || in_heap > SANE || in_heap % 8192 ? "heapStats.inHeap" :
		       numgc && (!last || last != end)		    ? "pause_end" :
		       !numgc && (last || total)		    ? "numgc" :
								      NULL;
		if (!what)
			return 0;
	}
	if (err && err != -EFAULT)
		return err;
	if (err)
		live__problem(live, "memstats: at %#" PRIx64 ", which is not mapped", memstats);
	else
		live__problem(live, "memstats: %s is wrong", what);
	return -EINVAL;
}

int live__try_gc(struct go_live *live, uint64_t gc, uint64_t memstats)
{
	static const enum go_field need[] = { GC_GCPERCENT, GC_HEAPLIVE, GC_HEAPINUSE, GC_TOTALALLOC, GC_TOTALFREE };
	const char *what = NULL;
	uint64_t sum = 0, again;
	char g[1024];
	int err = 0;

	if (!live__has(live, need, ARRAY_SIZE(need), 512 - 8))
		return -EINVAL;
	for (int tries = 0; tries < live__tries(live); tries++) {
		if (tries)
			usleep(TRY_US);
		err = live__read(live, gc, g, 512);
		if (!err && memstats)
			err = sum_in_heap(live, memstats, &sum);
		if (!err)
			err = live__u64(live, gc + at_of(live, GC_TOTALALLOC), &again);
		if (err)
			break;
		what = again < get64(g, at_of(live, GC_TOTALALLOC)) ? "totalAlloc went back" :
		       !again || again > SANE * 1024		    ? "totalAlloc is wrong" :
		       get64(g, at_of(live, GC_TOTALFREE)) > again  ? "more was freed than allocated" :
		       get64(g, at_of(live, GC_HEAPLIVE)) > SANE    ? "heapLive is wrong" :
		       !get64(g, at_of(live, GC_HEAPINUSE)) || get64(g, at_of(live, GC_HEAPINUSE)) % 8192 ?
								   "heapInUse is wrong" :
		       memstats && get64(g, at_of(live, GC_HEAPINUSE)) != sum ? "heapInUse is not that of memstats" :
										NULL;
		if (!what)
			return 0;
	}
	if (err && err != -EFAULT)
		return err;
	live__problem(live, "gcController: %s", err ? "not mapped" : what);
	return -EINVAL;
}

static int try_mcache(struct go_live *live, uint64_t mcache, size_t p)
{
	uint64_t spans[SPANS];
	size_t from = at_of(live, MSPAN_NELEMS), len = at_of(live, MSPAN_ELEMSIZE) + 8 - from;
	char s[SPANS * SPAN_MAX];
	int err;

	err = live__read(live, mcache + at_of(live, MCACHE_ALLOC), spans, sizeof(spans));
	for (int i = 0; !err && i < SPANS; i++)
		spans[i] += from;
	if (!err)
		err = live__gather(live, spans, SPANS, s, len);
	if (err && err != -EFAULT)
		return err;
	for (int i = 0; !err && i < SPANS; i++) {
		const char *span = s + i * len;
		uint64_t size = get64(span, at_of(live, MSPAN_ELEMSIZE) - from);
		uint16_t count = get16(span, at_of(live, MSPAN_ALLOCCOUNT) - from);

		if (spans[i] != from && size <= 32768 && size % 8 == 0 && count <= get16(span, 0))
			continue;
		live__problem(live, "p[%zu].mcache: span %d is wrong (size %" PRIu64 ", %u of %u)", p, i, size, count,
			      get16(span, 0));
		return -EINVAL;
	}
	if (err)
		live__problem(live, "p[%zu].mcache: not mapped", p);
	return err ? -EINVAL : 0;
}

int live__try_mcaches(struct go_live *live)
{
	static const enum go_field need[] = { MSPAN_NELEMS,   MSPAN_ALLOCCOUNT, MSPAN_BEFORECACHE,
					      MSPAN_ELEMSIZE, MCACHE_ALLOC,	MCACHE_TINYALLOCS };
	struct p_list list;
	unsigned problems = live->priv->nr_problems;
	uint64_t mcache;
	int err;

	if (!live__has(live, need, ARRAY_SIZE(need), live->layout.at[MSPAN_NELEMS] + SPAN_MAX - 8))
		return -EINVAL;
	err = live__ps(live, live->at.allp, &list);
	for (size_t i = 0; !err && i < list.nr_used; i++) {
		err = live__u64(live, list.ps[i] + at_of(live, P_MCACHE), &mcache);
		if (!err && mcache) {
			/* a span may be just being exchanged */
			for (int tries = 0; (err = try_mcache(live, mcache, i)) == -EINVAL && tries < live__tries(live);
			     tries++) {
				live->priv->nr_problems = problems;
				usleep(TRY_US);
			}
		}
	}
	free(list.ps);
	return err == -EFAULT ? -EINVAL : err;
}
