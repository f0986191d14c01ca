// SPDX-License-Identifier: BSD-2-Clause
/*
 * What the runtime counts of itself. The collector's and the allocator's figures lie in several places and move
 * between them: all are read, then those that every movement changes are read again, until they hold still.
 */
#include <errno.h>
#include <stdlib.h>

#include "golive_impl.h"
#include "util.h"

enum {
	TRIES = 16,
	DELTA_MAX = 2048, /* bytes of heapStatsDelta */
	GC_HEAD = 512,
	SPAN_MAX = 128,
};

/* What is unchanged in a good reading. */
struct heap {
	char gc[GC_HEAD];
	char deltas[3 * DELTA_MAX];
};

/* What the Ps have not flushed yet. */
struct cached {
	uint64_t bytes, objects, tiny;
};

static int heap__read(const struct go_live *live, struct heap *h)
{
	int err = live__read(live, live->at.gc_controller, h->gc, sizeof(h->gc));

	if (!err && live->valid & GO_VALID_MEMSTATS)
		err = live__read(live, live->at.memstats + at_of(live, MSTATS_HEAPSTATS), h->deltas,
				 3 * at_of(live, DELTA_SIZE));
	return err;
}

static bool heap__same(const struct go_live *live, const struct heap *a, const struct heap *b)
{
	return get64(a->gc, at_of(live, GC_TOTALALLOC)) == get64(b->gc, at_of(live, GC_TOTALALLOC)) &&
	       get64(a->gc, at_of(live, GC_TOTALFREE)) == get64(b->gc, at_of(live, GC_TOTALFREE)) &&
	       (!(live->valid & GO_VALID_MEMSTATS) || !memcmp(a->deltas, b->deltas, 3 * at_of(live, DELTA_SIZE)));
}

static int cached__add(const struct go_live *live, uint64_t mcache, struct cached *c)
{
	size_t from = at_of(live, MSPAN_NELEMS), len = at_of(live, MSPAN_ELEMSIZE) + 8 - from;
	uint64_t spans[SPANS], tiny;
	char s[SPANS * SPAN_MAX];
	int err;

	err = live__read(live, mcache + at_of(live, MCACHE_ALLOC), spans, sizeof(spans));
	if (!err)
		err = live__u64(live, mcache + at_of(live, MCACHE_TINYALLOCS), &tiny);
	for (int i = 0; !err && i < SPANS; i++)
		spans[i] += from;
	if (!err)
		err = live__gather(live, spans, SPANS, s, len);
	if (err)
		return err;
	for (int i = 0; i < SPANS; i++) {
		const char *span = s + i * len;
		uint64_t size = get64(span, at_of(live, MSPAN_ELEMSIZE) - from);
		uint16_t count = get16(span, at_of(live, MSPAN_ALLOCCOUNT) - from);
		uint16_t before = get16(span, at_of(live, MSPAN_BEFORECACHE) - from);

		/* size 0: the placeholder span; else: just being exchanged, or no span */
		if (size > 32768 || size % 8 || before > count || count > get16(span, 0))
			return -EBADMSG;
		c->bytes += (count - before) * size;
		c->objects += count - before;
	}
	c->tiny += tiny;
	return 0;
}

static int cached__read(struct go_live *live, struct cached *c)
{
	struct p_list list;
	uint64_t mcache;
	int err = live__ps(live, live->at.allp, &list);

	memset(c, 0, sizeof(*c));
	for (size_t i = 0; !err && i < list.nr_used; i++) {
		err = live__u64(live, list.ps[i] + at_of(live, P_MCACHE), &mcache);
		if (!err && mcache)
			err = cached__add(live, mcache, c);
	}
	free(list.ps);
	return err;
}

/* Sum one field, @n words long, of the three heapStatsDelta. */
static uint64_t sum(const struct go_live *live, const struct heap *h, enum go_field f, unsigned n)
{
	uint64_t total = 0;

	for (int d = 0; d < 3; d++) {
		for (unsigned i = 0; i < n; i++)
			total += get64(h->deltas + d * at_of(live, DELTA_SIZE), at_of(live, f) + 8 * i);
	}
	return total;
}

static bool has_delta(const struct go_live *live, enum go_field f)
{
	return live->layout.at[f] >= 0 && live->layout.at[f] <= live->layout.at[DELTA_SIZE] - 8;
}

static bool has_deltas(const struct go_live *live, unsigned *classes)
{
	static const enum go_field need[] = { DELTA_TINYALLOCCOUNT, DELTA_LARGEALLOCCOUNT, DELTA_SMALLALLOCCOUNT,
					      DELTA_LARGEFREECOUNT, DELTA_LARGEFREE,	   DELTA_SMALLFREECOUNT };
	int room = live->layout.at[DELTA_SIZE];

	if (!(live->valid & GO_VALID_MEMSTATS) || room > DELTA_MAX)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(need); i++) {
		if (live->layout.at[need[i]] < 0 || live->layout.at[need[i]] > room - 8)
			return false;
	}
	*classes = (live->layout.at[DELTA_LARGEFREE] - live->layout.at[DELTA_SMALLALLOCCOUNT]) / 8;
	return live->layout.at[DELTA_LARGEFREE] > live->layout.at[DELTA_SMALLALLOCCOUNT] && *classes <= CLASSES_MAX &&
	       live->layout.at[DELTA_SMALLFREECOUNT] + 8 * *classes <= (unsigned)room;
}

/* A torn reading misses what moved meanwhile: never report less than before. */
static uint64_t at_least(uint64_t v, uint64_t *last)
{
	if (v > *last)
		*last = v;
	return *last;
}

/* What a field of gcController is; TARE_UNKNOWN if this version has none. */
static uint64_t gc_field(const struct go_live *live, const char *gc, enum go_field f)
{
	int32_t at = live->layout.at[f];

	return at >= 0 && at <= GC_HEAD - 8 ? get64(gc, at) : TARE_UNKNOWN;
}

/* What decides when it collects, and how much that is. */
static void count_pace(const struct go_live *live, const char *gc, struct tare_counters *c)
{
	int32_t percent = get32(gc, at_of(live, GC_GCPERCENT));
	uint64_t limit = gc_field(live, gc, GC_MEMORYLIMIT);

	c->gc_percent = percent < 0 ? TARE_NONE : (uint64_t)percent;
	c->limit_bytes = limit == INT64_MAX ? TARE_NONE : limit;
	c->marked_bytes = gc_field(live, gc, GC_HEAPMARKED);
	c->stack_scan_bytes = gc_field(live, gc, GC_LASTSTACKSCAN);
	c->globals_scan_bytes = gc_field(live, gc, GC_GLOBALSSCAN);
	c->mapped_bytes = gc_field(live, gc, GC_MAPPEDREADY);
	c->free_bytes = gc_field(live, gc, GC_HEAPFREE);
}

/* What it holds, in the terms of runtime/metrics: /memory/classes/. The last of it is not in the copy of an end. */
static void count_classes(const struct go_live *live, const struct heap *h, struct tare_counters *c)
{
	/* stacks_sys, mspan_sys, mcache_sys, buckhash_sys, gcMiscSys, other_sys */
	uint64_t sys[6], own = 0;

	c->span_bytes = get64(h->gc, at_of(live, GC_HEAPINUSE));
	c->stack_bytes = live->priv->stack_bytes;
	if (!(live->valid & GO_VALID_MEMSTATS) || !has_delta(live, DELTA_RELEASED) ||
	    !has_delta(live, DELTA_INWORKBUFS))
		return;
	c->returned_bytes = sum(live, h, DELTA_RELEASED, 1);
	own = sum(live, h, DELTA_INWORKBUFS, 1);
	if (has_delta(live, DELTA_INPTRSCALARBITS))
		own += sum(live, h, DELTA_INPTRSCALARBITS, 1);
	if (live->layout.at[MSTATS_STACKSSYS] < 0 ||
	    live__read(live, live->at.memstats + at_of(live, MSTATS_STACKSSYS), sys, sizeof(sys)))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(sys); i++)
		own += sys[i];
	c->own_bytes = own;
}

int live__count_heap(struct go_live *live, struct tare_counters *c)
{
	struct go_live_private *priv = live->priv;
	struct cached cached = { 0 };
	struct heap h, again;
	unsigned classes;
	int err;

	if (!(live->valid & GO_VALID_GC) ||
	    (live->valid & GO_VALID_MEMSTATS && live->layout.at[DELTA_SIZE] > DELTA_MAX))
		return 0;
	for (int tries = 0; tries < TRIES; tries++) {
		err = heap__read(live, &h);
		if (!err && live->valid & GO_VALID_MCACHES)
			err = cached__read(live, &cached);
		if (!err)
			err = heap__read(live, &again);
		if (err && err != -EINVAL && err != -EBADMSG)
			return err;
		if (!err && heap__same(live, &h, &again))
			break;
	}
	/* at open, with all of them empty, they passed */
	if (err == -EBADMSG) {
		live__problem(live, "mcache: spans are wrong, so allocations are known less the last ones");
		live->valid &= ~GO_VALID_MCACHES;
		memset(&cached, 0, sizeof(cached));
	}
	priv->stack_bytes = TARE_UNKNOWN;
	if (live->valid & GO_VALID_MEMSTATS && has_delta(live, DELTA_INSTACKS))
		priv->stack_bytes = sum(live, &h, DELTA_INSTACKS, 1);
	c->heap_bytes = get64(h.gc, at_of(live, GC_HEAPLIVE));
	c->alloc_bytes = at_least(get64(h.gc, at_of(live, GC_TOTALALLOC)) + cached.bytes, &priv->last_bytes);
	c->freed_bytes = get64(h.gc, at_of(live, GC_TOTALFREE));
	if (live->layout.at[GC_HEAPGOAL] >= 0 && live->layout.at[GC_HEAPGOAL] <= GC_HEAD - 8 &&
	    live->layout.at[GC_MEMORYLIMIT] >= 0 && get64(h.gc, at_of(live, GC_MEMORYLIMIT)) == INT64_MAX &&
	    get64(h.gc, at_of(live, GC_HEAPGOAL)) < SANE)
		c->goal_bytes = get64(h.gc, at_of(live, GC_HEAPGOAL));
	count_pace(live, h.gc, c);
	count_classes(live, &h, c);
	if (!(live->valid & GO_VALID_MCACHES) || !has_deltas(live, &classes))
		return 0;
	cached.tiny += sum(live, &h, DELTA_TINYALLOCCOUNT, 1);
	c->alloc_objects = at_least(cached.objects + cached.tiny + sum(live, &h, DELTA_LARGEALLOCCOUNT, 1) +
					    sum(live, &h, DELTA_SMALLALLOCCOUNT, classes),
				    &priv->last_objects);
	c->freed_objects =
		cached.tiny + sum(live, &h, DELTA_LARGEFREECOUNT, 1) + sum(live, &h, DELTA_SMALLFREECOUNT, classes);
	return 0;
}

static int count_collections(struct go_live *live, struct tare_counters *c)
{
	static const enum go_hist_nr hists[] = { GO_HIST_TOTAL_GC, GO_HIST_GC_PAUSES };
	uint32_t numgc, again;
	struct go_hist h;
	int err = 0;

	if (!(live->valid & GO_VALID_MEMSTATS))
		return 0;
	for (int tries = 0; tries < TRIES; tries++) {
		if ((err = live__u32(live, live->at.memstats + at_of(live, MSTATS_NUMGC), &numgc)) ||
		    (err = live__u64(live, live->at.memstats + at_of(live, MSTATS_PAUSETOTALNS),
				     (uint64_t *)&c->pause_ns)) ||
		    (err = live__u32(live, live->at.memstats + at_of(live, MSTATS_NUMGC), &again)))
			return err;
		c->collections = numgc;
		if (numgc == again)
			break;
	}
	for (size_t i = 0; i < ARRAY_SIZE(hists); i++) {
		err = go_live__histogram(live, hists[i], &h);
		if (!err)
			c->pauses = h.total;
		if (err && err != -ENOENT)
			return err;
	}
	return 0;
}

int live__count_ps(const struct go_live *live, struct ps_counts *n)
{
	bool ids = live->layout.at[P_GOIDCACHE] >= 0 && live->layout.at[P_GOIDCACHEEND] <= P_HEAD - 8 &&
		   live->layout.at[P_GOIDCACHEEND] >= 0 && live->layout.at[P_GOIDCACHE] <= P_HEAD - 8;
	bool ticks = live->layout.at[P_SCHEDTICK] >= 0 && live->layout.at[P_SCHEDTICK] <= P_HEAD - 4;
	struct p_list list;
	char head[P_HEAD];
	uint64_t created;
	int err = live__ps(live, live->at.allp, &list);

	memset(n, 0, sizeof(*n));
	for (size_t i = 0; !err && i < list.nr; i++) {
		err = live__read(live, list.ps[i], head, sizeof(head));
		if (err)
			break;
		n->syscalls += get32(head, at_of(live, P_SYSCALLTICK));
		if (ticks)
			n->ticks += get32(head, at_of(live, P_SCHEDTICK));
		if (ids)
			n->unused_ids +=
				get64(head, at_of(live, P_GOIDCACHEEND)) - get64(head, at_of(live, P_GOIDCACHE));
		if (live->layout.at[P_GOROUTINESCREATED] >= 0) {
			err = live__u64(live, list.ps[i] + at_of(live, P_GOROUTINESCREATED), &created);
			n->created += err ? 0 : created;
		}
	}
	if (!ids)
		n->unused_ids = TARE_UNKNOWN;
	free(list.ps);
	return err;
}

static int count_goroutines(struct go_live *live, struct tare_counters *c)
{
	struct ps_counts *ps = &live->priv->ps;
	uint64_t ids, again, gone;
	int err = 0;

	if (!(live->valid & GO_VALID_PS))
		return 0;
	if (!(live->valid & GO_VALID_SCHED)) {
		err = live__count_ps(live, ps);
		c->syscalls = err ? TARE_UNKNOWN : ps->syscalls;
		return err;
	}
	for (int tries = 0; tries < TRIES; tries++) {
		if ((err = live__u64(live, live->at.sched + at_of(live, SCHED_GOIDGEN), &ids)) ||
		    (err = live__count_ps(live, ps)) ||
		    (err = live__u64(live, live->at.sched + at_of(live, SCHED_GOIDGEN), &again)))
			return err;
		if (ids == again)
			break;
	}
	c->syscalls = ps->syscalls;
	if (live->layout.at[P_GOROUTINESCREATED] >= 0 && live->layout.at[SCHED_GOROUTINESCREATED] >= 0) {
		err = live__u64(live, live->at.sched + at_of(live, SCHED_GOROUTINESCREATED), &gone);
		if (!err)
			c->goroutines_created = ps->created + gone;
	} else if (ps->unused_ids <= ids) {
		c->goroutines_created = ids - ps->unused_ids;
	}
	return err;
}

int go_live__counters(struct go_live *live, struct tare_counters *c)
{
	static int (*const counts[])(struct go_live * live,
				     struct tare_counters * c) = { live__count_heap, count_collections, live__count_cpu,
								   count_goroutines, live__count_switches };

	memset(c, 0xff, sizeof(*c)); /* TARE_UNKNOWN */
	c->ts_ns = live->priv->copy ? live->priv->copied_ns : now_ns();
	c->pid = live->pid;
	c->final = 0;
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		int err = counts[i](live, c);

		/* it was there and is gone: the process is ending */
		if (err && !(live->priv->only_copy && err == -EFAULT))
			return err == -EFAULT || err == -EINVAL ? -ESRCH : err;
	}
	return 0;
}
