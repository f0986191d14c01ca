// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "golive_impl.h"
#include "image.h"
#include "util.h"

static const struct {
	const char *name, *symbol;
	size_t at;
} globals[] = {
#define GLOBAL(name, symbol, member)                                         \
	{                                                                    \
		name, "runtime." symbol, offsetof(struct go_globals, member) \
	}
	[GO_SCHED_AT] = GLOBAL("sched", "sched", sched),
	[GO_ALLP_AT] = GLOBAL("allp", "allp", allp),
	[GO_ALLM_AT] = GLOBAL("allm", "allm", allm),
	[GO_ALLGS_AT] = GLOBAL("allgs", "allgs", allgs),
	[GO_GC_AT] = GLOBAL("gcController", "gcController", gc_controller),
	[GO_MEMSTATS_AT] = GLOBAL("memstats", "memstats", memstats),
	[GO_MHEAP_AT] = GLOBAL("mheap_", "mheap_", mheap),
	[GO_CPU_STATS_AT] = GLOBAL("work.cpuStats", "work", cpu_stats),
	[GO_SCAVENGE_AT] = GLOBAL("scavenge", "scavenge", scavenge),
	[GO_GCPHASE_AT] = GLOBAL("gcphase", "gcphase", gcphase),
};

uint64_t go_globals__get(const struct go_globals *at, enum go_global nr)
{
	return get64(at, globals[nr].at);
}

static void set_global(struct go_globals *at, enum go_global nr, uint64_t addr)
{
	memcpy((char *)at + globals[nr].at, &addr, sizeof(addr));
}

static int try_gc(struct go_live *live, uint64_t addr)
{
	return live__try_gc(live, addr, live->valid & GO_VALID_MEMSTATS ? live->at.memstats : 0);
}

/* What is tried, in order of dependency. */
static const struct {
	enum go_global nr;
	unsigned valid;
	int (*try)(struct go_live *live, uint64_t addr);
} trials[] = {
	{ GO_ALLP_AT, GO_VALID_PS, live__try_ps },
	{ GO_ALLM_AT, GO_VALID_MS, live__try_ms },
	{ GO_SCHED_AT, GO_VALID_SCHED, live__try_sched },
	{ GO_MEMSTATS_AT, GO_VALID_MEMSTATS, live__try_memstats },
	{ GO_GC_AT, GO_VALID_GC, try_gc },
	{ GO_CPU_STATS_AT, GO_VALID_CPU_STATS, live__try_cpu_stats },
	{ GO_SCAVENGE_AT, GO_VALID_SCAVENGE, live__try_scavenge },
};

/* Try the candidates for one global: the first that passes wins. */
static int live__try(struct go_live *live, size_t trial, const struct go_globals *sources, const uint8_t *by, int nr)
{
	enum go_global g = trials[trial].nr;
	uint64_t addr, used = 0;

	for (int i = 0; i < nr; i++) {
		int err;

		addr = go_globals__get(&sources[i], g);
		if (!addr)
			continue;
		if (used) {
			if (addr == used)
				live->found_by[g] |= by[i];
			else
				live__problem(live, "%s: at %#" PRIx64 ", but %s says %#" PRIx64, globals[g].name, used,
					      by[i] == GO_BY_PATTERN ? "the code" : "a symbol", addr);
			continue;
		}
		err = trials[trial].try(live, addr);
		if (err == -EINVAL)
			continue;
		if (err)
			return err;
		used = addr;
		live->valid |= trials[trial].valid;
		live->found_by[g] = by[i];
		set_global(&live->at, g, addr);
	}
	return 0;
}

static int live__try_all(struct go_live *live, const struct go_globals *sources, const uint8_t *by, int nr)
{
	int err = 0;

	for (size_t i = 0; !err && i < ARRAY_SIZE(trials); i++) {
		if (!(live->valid & trials[i].valid))
			err = live__try(live, i, sources, by, nr);
	}
	if (!err && live->valid & GO_VALID_PS && live->valid & GO_VALID_GC && live->valid & GO_VALID_MEMSTATS &&
	    !(live->valid & GO_VALID_MCACHES)) {
		err = live__try_mcaches(live);
		if (!err)
			live->valid |= GO_VALID_MCACHES;
	}
	return err == -EINVAL ? 0 : err;
}

static void find_symbols(const struct go_live *live, struct image *img, struct go_globals *found)
{
	uint64_t addr;

	for (enum go_global g = 0; img && g < GO_NR_GLOBALS; g++) {
		/* it is at the end of runtime.work, whose layout also depends on the architecture */
		int32_t in = g == GO_CPU_STATS_AT ? live->layout.at[WORK_CPUSTATS] : 0;

		if (in >= 0 && !image__symbol(img, globals[g].symbol, &addr, NULL))
			set_global(found, g, addr + in + live->bias);
	}
}

static int live__find(struct go_live *live, const struct go_live_input *in)
{
	const unsigned vital = GO_VALID_PS | GO_VALID_MS | GO_VALID_SCHED | GO_VALID_MEMSTATS | GO_VALID_GC;
	struct go_globals sources[2] = { 0 }, scanned = live->at;
	static const uint8_t by[] = { GO_BY_SYMBOL, GO_BY_PATTERN }, by_scan[] = { GO_BY_SCAN };
	enum go_global rest[] = { GO_ALLGS_AT, GO_MHEAP_AT, GO_GCPHASE_AT };
	int err;

	if (!in->no_symbols)
		find_symbols(live, in->img, &sources[0]);
	sources[1] = in->pattern;
	err = live__try_all(live, sources, by, ARRAY_SIZE(by));
	/* searching all the data is slowest and least certain: only if something is missing */
	if (!err && !in->no_scan && !in->copy && in->img && (live->valid & vital) != vital) {
		scanned = live->at;
		err = live__scan(live, in->img, &scanned);
		if (!err)
			err = live__try_all(live, &scanned, by_scan, 1);
	}
	for (size_t i = 0; i < ARRAY_SIZE(rest); i++) {
		uint64_t a = go_globals__get(&sources[0], rest[i]), b = go_globals__get(&sources[1], rest[i]);

		set_global(&live->at, rest[i], a ? a : b);
		live->found_by[rest[i]] = a ? GO_BY_SYMBOL | (b == a ? GO_BY_PATTERN : 0) : b ? GO_BY_PATTERN : 0;
	}
	if (!err && !live->valid)
		err = -ENOENT;
	return err;
}

int go_live__open(struct go_live **out, const struct go_live_input *in)
{
	struct go_live *live = calloc(1, sizeof(*live));
	int err;

	*out = NULL;
	if (!live)
		return -ENOMEM;
	live->pid = in->pid;
	live->bias = in->bias;
	live->layout = in->layout;
	live->priv = calloc(1, sizeof(*live->priv));
	if (live->priv) {
		live->priv->copy = in->copy;
		live->priv->only_copy = in->copy;
		live->priv->copied_ns = in->copied_ns;
	}
	err = live->priv ? live__find(live, in) : -ENOMEM;
	if (err) {
		go_live__close(live);
		return err;
	}
	*out = live;
	return 0;
}

void go_live__close(struct go_live *live)
{
	if (!live)
		return;
	if (live->priv)
		tid_list__free(&live->priv->tids);
	free(live->priv);
	free(live);
}

void go_live__use(struct go_live *live, const struct go_copy *copy, uint64_t copied_ns)
{
	live->priv->copied_ns = copied_ns;
	live->priv->copy = copy;
}

const char *go_live__problem(const struct go_live *live, unsigned i)
{
	return i < live->priv->nr_problems ? live->priv->problems[i] : NULL;
}

/* ---- threads --------------------------------------------------------- */

pid_t go_live__tid(struct go_live *live, uint64_t procid)
{
	pid_t tid = tid_list__find(&live->priv->tids, procid);

	/* a new one */
	if (!tid && procid && !tid_list__read(&live->priv->tids, live->pid))
		tid = tid_list__find(&live->priv->tids, procid);
	return tid;
}
