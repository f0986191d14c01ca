// SPDX-License-Identifier: BSD-2-Clause
/* The ledger of bytes as counters of its process: one for each class that ever had any, and VmRSS. */
#include "runtime_tracks_impl.h"

static int count(struct runtime_tracks *rt, struct rt_process *p, uint64_t ts_ns, const char *name, uint64_t *track,
		 uint64_t n)
{
	int ret = 0;

	if (!*track && !n)
		return 0;
	if (!*track)
		ret = tracks__counter(&rt->tracks, p->track, name, UNIT_BYTES, track);
	return ret ? ret : tracks__count(&rt->tracks, ts_ns, *track, n);
}

int rt__on_bytes(struct runtime_tracks *rt, const struct event *ev)
{
#define NAME(id, name, title) [TARE_BYTES_##id] = "resident: " title,
	static const char *const names[] = { TARE_BYTES(NAME) };
	const struct tare_bytes *b = &ev->bytes;
	struct rt_process *p;
	int ret = rt__process(rt, b->pid, &p);

	if (ret || !p)
		return ret;
	ret = count(rt, p, ev->ts_ns, "resident: all (VmRSS)", &p->bytes[TARE_NR_BYTES], b->rss);
	for (unsigned i = 0; !ret && i < TARE_NR_BYTES; i++)
		ret = count(rt, p, ev->ts_ns, names[i], &p->bytes[i], b->classes[i]);
	return ret;
}
