// SPDX-License-Identifier: BSD-2-Clause
/*
 * How often goroutines began to run. The runtime samples every eighth run of each: how long it had been runnable. But
 * it also samples a few things that are not runs, all with a time of 0, so in the first bucket: returns from system
 * calls (until Go 1.25), stack moves, marking by a goroutine that then goes on. In Go 1.19 that bucket holds nothing
 * else; later it extends to 64 ns, and on a fast machine most runs may be in it. Times cannot tell them apart. So the
 * first bucket counts only beyond the most that non-runs can account for, by the runtime's other counters. And there
 * are never fewer runs than time slices that the Ps gave out, or than goroutines created.
 */
#include <errno.h>

#include "golive_impl.h"
#include "util.h"

enum {
	PERIOD = 8,
	GROWTHS = 8,		/* of a new goroutine's stack: each doubles it, from 2 KiB to 512 KiB */
	LEAST_SHRUNK = 4096,	/* bytes of the smallest stack that a collection halves and that may grow again */
	ASSIST_WORK = 64 << 10, /* bytes marked, at least, each time a goroutine must assist */
	OTHERS_A_CYCLE = 64,	/* mark workers, and stops of the world */
};

/* Collections since the last reading, including one in progress. */
static uint64_t cycles(const struct go_live *live, const struct tare_counters *c, const struct switch_base *b)
{
	uint32_t phase = 1;

	if (live->at.gcphase && live__u32(live, live->at.gcphase, &phase))
		phase = 1;
	return c->collections - b->collections + !!phase;
}

/* The most non-runs that the first bucket may hold since the last reading. ~0: unknown. */
static uint64_t no_runs(const struct go_live *live, const struct tare_counters *c, const struct switch_base *b,
			const struct switch_base *now)
{
	uint64_t stacks = live->priv->stack_bytes, marked, n;

	if (!(live->valid & GO_VALID_PS) || c->goroutines_created == TARE_UNKNOWN || c->collections == TARE_UNKNOWN ||
	    c->heap_bytes == TARE_UNKNOWN || stacks == TARE_UNKNOWN || now->collections < b->collections)
		return UINT64_MAX;
	marked = stacks + c->heap_bytes;
	if (c->goal_bytes != TARE_UNKNOWN && c->goal_bytes > c->heap_bytes)
		marked = stacks + c->goal_bytes;
	n = GROWTHS * (now->created - b->created) +
	    cycles(live, c, b) * (stacks / LEAST_SHRUNK + marked / ASSIST_WORK + OTHERS_A_CYCLE);
	/* whatever was called between the two readings of the samples */
	if (live->layout.minor <= 25 && now->after.syscalls > b->before.syscalls)
		n += now->after.syscalls - b->before.syscalls;
	return n;
}

/*
 * Runs that happened for certain but that the samples do not show. The samples vary by chance: only a shortfall of
 * more than three standard deviations, sqrt(7 n) for n runs, counts.
 */
static uint64_t missing(struct switch_base *b, uint64_t sure, uint64_t runs)
{
	uint64_t short_by;

	b->sure += sure;
	b->counted += runs;
	short_by = b->sure > b->counted ? b->sure - b->counted : 0;
	if (short_by && short_by / 8 * (short_by / 8) <= b->sure)
		return 0;
	b->sure = b->counted = 0;
	return short_by;
}

/* At least this many time slices began between the two readings of the samples. */
static uint32_t slices(const struct switch_base *b, const struct switch_base *now)
{
	int32_t n = now->before.ticks - b->after.ticks;

	return n > 0 ? n : 0;
}

/* @runs: may the first bucket hold any? */
static int samples(struct go_live *live, const struct tare_counters *c, struct switch_base *now, bool *runs)
{
	struct go_hist h;
	int err = go_live__histogram(live, GO_HIST_TIME_TO_RUN, &h);

	if (err)
		return err;
	now->samples = h.total;
	now->zero = h.count[0];
	*runs = h.from_ns[1] >= 64;
	now->before = live->priv->ps;
	if (live->valid & GO_VALID_PS)
		err = live__count_ps(live, &now->after);
	if (c->goroutines_created != TARE_UNKNOWN)
		now->created = c->goroutines_created;
	if (c->collections != TARE_UNKNOWN)
		now->collections = c->collections;
	return err == -EINVAL ? -EFAULT : err;
}

int live__count_switches(struct go_live *live, struct tare_counters *c)
{
	struct switch_base *b = &live->priv->base, now = *b;
	uint64_t at_once, none, runs, extra, sure;
	bool has_runs;
	int err = samples(live, c, &now, &has_runs);

	if (err)
		return err == -ENOENT ? 0 : err;
	/* a histogram that runs backwards was torn: the next reading has it */
	if (now.samples >= b->samples && now.zero >= b->zero && now.created >= b->created) {
		at_once = PERIOD * (now.zero - b->zero);
		none = has_runs ? no_runs(live, c, b, &now) : UINT64_MAX;
		runs = PERIOD * (now.samples - b->samples) - at_once;
		runs += at_once > none ? at_once - none : 0;
		/* what a goroutine that ends had left over is measured at the first run of the next in its place: 7 of
		 * 64 times */
		extra = (now.created - b->created) * 7 / 8;
		runs -= runs < extra ? runs : extra;
		sure = slices(b, &now);
		if (sure < now.created - b->created)
			sure = now.created - b->created;
		runs += missing(&now, sure, runs);
		now.switches = b->switches + runs;
		*b = now;
	}
	c->goroutine_switches = b->switches;
	return 0;
}
