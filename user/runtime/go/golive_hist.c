// SPDX-License-Identifier: BSD-2-Clause
/*
 * runtime.timeHistogram: counts in buckets that widen with the time. There are two forms so far, told apart by size.
 */
#include <errno.h>

#include "golive_impl.h"
#include "util.h"

struct form {
	int32_t size;	   /* of the struct, in bytes */
	unsigned nr;	   /* number of counts */
	unsigned sub_bits; /* each power of two is split into 2^sub_bits parts */
	unsigned low_bits; /* times below 2^low_bits are split into equal parts */
	bool overflow;	   /* a separate count for times beyond the last bucket */
};

static const struct form forms[] = {
	{ 5768, 720, 4, 4, false }, /* until Go 1.19 */
	{ 1296, 160, 2, 8, true },
};

static uint64_t bound_ns(const struct form *f, unsigned i)
{
	unsigned subs = 1u << f->sub_bits, group = i / subs, sub = i % subs;

	if (!group)
		return (uint64_t)sub << (f->low_bits - f->sub_bits);
	return (uint64_t)(subs + sub) << (f->low_bits - f->sub_bits + group - 1);
}

static int place(const struct go_live *live, enum go_hist_nr nr, uint64_t *addr)
{
	static const struct {
		enum go_field field;
		bool in_memstats;
	} places[GO_NR_HISTS] = {
		[GO_HIST_TIME_TO_RUN] = { SCHED_TIMETORUN, false },
		[GO_HIST_TOTAL_GC] = { SCHED_STWTOTALGC, false },
		[GO_HIST_GC_PAUSES] = { MSTATS_GCPAUSEDIST, true },
	};
	bool mem = places[nr].in_memstats;
	int32_t at = live->layout.at[places[nr].field];

	if (at < 0 || at > SCHED_MAX || !(live->valid & (mem ? GO_VALID_MEMSTATS : GO_VALID_SCHED)))
		return -ENOENT;
	*addr = (mem ? live->at.memstats : live->at.sched) + at;
	return 0;
}

int go_live__histogram(struct go_live *live, enum go_hist_nr nr, struct go_hist *h)
{
	uint64_t counts[GO_HIST_MAX + 2], addr;
	const struct form *f = NULL;
	int err = place(live, nr, &addr);

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		if (forms[i].size == live->layout.at[HIST_SIZE])
			f = &forms[i];
	}
	if (err || !f)
		return -ENOENT;
	err = live__read(live, addr, counts, f->size);
	if (err)
		return err == -EFAULT ? -ENOENT : err;
	h->nr = f->nr + f->overflow;
	h->underflow = counts[f->nr];
	h->total = h->underflow;
	for (unsigned i = 0; i < h->nr; i++) {
		h->count[i] = i < f->nr ? counts[i] : counts[f->nr + 1];
		h->from_ns[i] = bound_ns(f, i);
		h->total += h->count[i];
	}
	h->from_ns[h->nr] = ~0ull;
	return 0;
}
