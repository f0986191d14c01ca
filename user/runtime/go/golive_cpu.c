// SPDX-License-Identifier: BSD-2-Clause
/*
 * The runtime's own account of CPU time. It adds up work.cpuStats with the world stopped, at the end of a collection,
 * and notes in other places what happens until the next one: both are read, until they hold still.
 */
#include <errno.h>
#include <stdlib.h>

#include "golive_impl.h"
#include "util.h"

enum {
	TRIES = 16,
	GC_HEAD = 512,
	/* struct { gcPercentGoal, memoryLimitGoal, assistTime, backgroundTime } in runtime/mgcscavenge.go since 1.20 */
	SCAVENGE_ASSIST = 16,
	SCAVENGE_BACKGROUND = 24,
	SCAVENGE_BYTES = 32,
	/* a limiterEventStamp, runtime/mgclimit.go: what a P is at, and since when */
	STAMP_TYPE = 61,
	STAMP_IDLE = 4,
};

/* What the runtime has noted since the last collection's end. */
struct since {
	uint64_t assist, dedicated, idle_mark, scavenge_assist, scavenge_background, idle;
	uint64_t idle_open; /* of Ps that are idle now: not noted before they run again */
	uint64_t total;	    /* since the start */
};

static const char *account_wrong(const struct tare_cpu_account *a)
{
	const __u64 *v = &a->gc_assist_ns;

	/* what is left for the user is a difference, and may be less than 0 */
	for (size_t i = 0; i < sizeof(*a) / sizeof(*v); i++)
		if (&v[i] != &a->user_ns && v[i] > SANE * 1024)
			return "a time that cannot be";
	if (a->gc_total_ns != a->gc_assist_ns + a->gc_dedicated_ns + a->gc_idle_ns + a->gc_pause_ns)
		return "GCTotalTime is not the sum of its parts";
	if (a->scavenge_total_ns != a->scavenge_assist_ns + a->scavenge_background_ns)
		return "ScavengeTotalTime is not the sum of its parts";
	/* a pause is added before the rest: the total is then that of the collection before */
	if (a->total_ns &&
	    a->total_ns + a->gc_pause_ns < a->gc_total_ns + a->scavenge_total_ns + a->idle_ns + a->user_ns)
		return "TotalTime is less than its parts";
	return NULL;
}

int live__try_cpu_stats(struct go_live *live, uint64_t cpu_stats)
{
	struct tare_cpu_account a;
	const char *what = NULL;
	uint32_t numgc = 0;
	int err = 0;

	for (int tries = 0; tries < live__tries(live); tries++) {
		if (live->valid & GO_VALID_MEMSTATS)
			err = live__u32(live, live->at.memstats + at_of(live, MSTATS_NUMGC), &numgc);
		if (!err)
			err = live__read(live, cpu_stats, &a, sizeof(a));
		if (err)
			break;
		what = numgc && !a.total_ns ? "TotalTime is 0 after a collection" : account_wrong(&a);
		if (!what)
			return 0;
	}
	if (err && err != -EFAULT)
		return err;
	live__problem(live, "work.cpuStats: %s", err ? "not mapped" : what);
	return -EINVAL;
}

static bool inside(uint64_t addr, uint64_t from, int64_t len)
{
	return from && addr >= from && addr - from < (uint64_t)len;
}

int live__try_scavenge(struct go_live *live, uint64_t scavenge)
{
	uint64_t v[SCAVENGE_BYTES / 8];
	int err;

	if (live->layout.minor < 20)
		return -EINVAL; /* it has none */
	err = live__read(live, scavenge, v, sizeof(v));
	if (err && err != -EFAULT)
		return err;
	/* on arm64 the code that it is found by tells sched's times from these no better than that */
	if (inside(scavenge, live->at.gc_controller, GC_HEAD) ||
	    inside(scavenge, live->at.sched, live->layout.at[SCHED_SIZE]))
		return -EINVAL;
	if (err || v[SCAVENGE_ASSIST / 8] > SANE * 1024 || v[SCAVENGE_BACKGROUND / 8] > SANE * 1024) {
		live__problem(live, "scavenge: %s", err ? "not mapped" : "its times are wrong");
		return -EINVAL;
	}
	return 0;
}

static int add_scavenge(const struct go_live *live, struct since *s)
{
	uint64_t v[SCAVENGE_BYTES / 8];
	int err;

	if (!(live->valid & GO_VALID_SCAVENGE))
		return 0;
	err = live__read(live, live->at.scavenge, v, sizeof(v));
	if (!err) {
		s->scavenge_assist = v[SCAVENGE_ASSIST / 8];
		s->scavenge_background = v[SCAVENGE_BACKGROUND / 8];
	}
	return err;
}

static int add_marking(const struct go_live *live, struct since *s)
{
	static const enum go_field need[] = { GC_TRIGGERED, GC_ASSISTTIME, GC_DEDICATEDTIME, GC_FRACTIONALTIME,
					      GC_IDLETIME };
	uint64_t v[ARRAY_SIZE(need)];
	char gc[GC_HEAD];
	int err = live__read(live, live->at.gc_controller, gc, sizeof(gc));

	for (size_t i = 0; !err && i < ARRAY_SIZE(need); i++) {
		if (live->layout.at[need[i]] < 0 || live->layout.at[need[i]] > GC_HEAD - 8)
			return 0;
		v[i] = get64(gc, at_of(live, need[i]));
	}
	/* between collections these are the last one's, and in the account already */
	if (err || v[0] == UINT64_MAX)
		return err;
	s->assist = v[1];
	s->dedicated = v[2] + v[3];
	s->idle_mark = v[4];
	return 0;
}

/* Time on all Ps until @now: what an idle P has not noted yet, and the total. */
static int add_ps(const struct go_live *live, uint64_t now, struct since *s)
{
	uint64_t stamp, resized, before, procs;
	struct p_list list;
	int err = live__ps(live, live->at.allp, &list);

	procs = list.nr_used;
	for (size_t i = 0; !err && i < list.nr_used && live->layout.at[P_LIMITEREVENT] >= 0; i++) {
		err = live__u64(live, list.ps[i] + at_of(live, P_LIMITEREVENT), &stamp);
		if (err || stamp >> STAMP_TYPE != STAMP_IDLE)
			continue;
		stamp &= (1ull << STAMP_TYPE) - 1;
		s->idle_open += now > stamp ? now - stamp : 0;
	}
	free(list.ps);
	if (!err)
		err = live__u64(live, live->at.sched + at_of(live, SCHED_PROCRESIZETIME), &resized);
	if (!err)
		err = live__u64(live, live->at.sched + at_of(live, SCHED_TOTALTIME), &before);
	if (!err)
		err = live__u64(live, live->at.sched + at_of(live, SCHED_IDLETIME), &s->idle);
	if (!err)
		s->total = before + (now > resized ? now - resized : 0) * procs;
	return err == -EINVAL ? -EFAULT : err;
}

static int since__read(const struct go_live *live, uint64_t now, struct since *s)
{
	int err;

	memset(s, 0, sizeof(*s));
	err = add_marking(live, s);
	if (!err)
		err = add_scavenge(live, s);
	return err ?: add_ps(live, now, s);
}

/* Nothing of it was taken over into the account between the two readings. */
static bool since__goes_on(const struct since *a, const struct since *b)
{
	return b->assist >= a->assist && b->dedicated >= a->dedicated && b->idle_mark >= a->idle_mark &&
	       b->scavenge_assist >= a->scavenge_assist && b->scavenge_background >= a->scavenge_background &&
	       b->idle >= a->idle;
}

static void account__add(struct tare_cpu_account *a, const struct since *s)
{
	uint64_t rest, late;

	a->gc_assist_ns += s->assist;
	a->gc_dedicated_ns += s->dedicated;
	a->gc_idle_ns += s->idle_mark;
	a->gc_total_ns += s->assist + s->dedicated + s->idle_mark;
	a->scavenge_assist_ns += s->scavenge_assist;
	a->scavenge_background_ns += s->scavenge_background;
	a->scavenge_total_ns += s->scavenge_assist + s->scavenge_background;
	a->idle_ns += s->idle + s->idle_open;
	a->total_ns = s->total > a->total_ns ? s->total : a->total_ns;
	rest = a->gc_total_ns + a->scavenge_total_ns + a->idle_ns;
	/* the total is as of the reading's begin; on a busy machine Ps may have been idle for longer when they are read
	 */
	if (rest > a->total_ns) {
		late = rest - a->total_ns < a->idle_ns ? rest - a->total_ns : a->idle_ns;
		a->idle_ns -= late;
		rest -= late;
	}
	a->user_ns = a->total_ns > rest ? a->total_ns - rest : 0;
}

static bool has_since(const struct go_live *live)
{
	return live->valid & GO_VALID_GC && live->valid & GO_VALID_PS && live->valid & GO_VALID_SCHED &&
	       live->layout.at[SCHED_PROCRESIZETIME] >= 0 && live->layout.at[SCHED_TOTALTIME] >= 0 &&
	       live->layout.at[SCHED_IDLETIME] >= 0;
}

int live__count_cpu(struct go_live *live, struct tare_counters *c)
{
	struct tare_cpu_account told, again;
	struct since s = { 0 }, later = { 0 };
	int err = 0;

	if (!(live->valid & GO_VALID_CPU_STATS))
		return 0;
	for (int tries = 0; tries < TRIES; tries++) {
		err = live__read(live, live->at.cpu_stats, &told, sizeof(told));
		if (!err && has_since(live))
			err = since__read(live, c->ts_ns, &s);
		if (!err)
			err = live__read(live, live->at.cpu_stats, &again, sizeof(again));
		if (!err && has_since(live))
			err = since__read(live, c->ts_ns, &later);
		if (err)
			return err;
		if (!memcmp(&told, &again, sizeof(told)) && (!has_since(live) || since__goes_on(&s, &later)))
			break;
	}
	if (account_wrong(&again)) /* torn, and ever again */
		return 0;
	c->cpu_told = again;
	if (c->cpu_told.user_ns > SANE * 1024)
		c->cpu_told.user_ns = 0;
	if (!has_since(live))
		return 0;
	account__add(&again, &later);
	c->cpu = again;
	c->assist_ns = c->cpu.gc_assist_ns;
	return 0;
}
