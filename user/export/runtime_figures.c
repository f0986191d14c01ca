// SPDX-License-Identifier: BSD-2-Clause
/* Counters of a process: what its runtime counts, for how long it was throttled; and what the recording lost. */
#include "array.h"
#include "loss.h"
#include "runtime_tracks_impl.h"
#include "util.h"

int rt__count(struct runtime_tracks *rt, struct rt_process *p, uint64_t ts_ns, enum rt_counter which, uint64_t n)
{
	static const struct {
		const char *name;
		enum track_unit unit;
	} counters[RT_NR_COUNTERS] = {
		[RT_HEAP] = { "heap", UNIT_BYTES },
		[RT_GOAL] = { "heap goal", UNIT_BYTES },
		[RT_ALLOC_BYTES] = { "allocated since start", UNIT_BYTES },
		[RT_ALLOC_OBJECTS] = { "objects allocated since start", UNIT_COUNT },
		[RT_ALLOC_RATE] = { "allocated a second", UNIT_BYTES },
		[RT_SWITCHES] = { "goroutine switches since start", UNIT_COUNT },
		[RT_CREATED] = { "goroutines created since start", UNIT_COUNT },
		[RT_THROTTLED] = { "throttled since start", UNIT_NS },
		[RT_LOST] = { "lost by the recording since start", UNIT_COUNT },
	};
	int ret = 0;

	if (n == TARE_UNKNOWN)
		return 0;
	if (!p->counters[which])
		ret = tracks__counter(&rt->tracks, p->track, counters[which].name, counters[which].unit,
				      &p->counters[which]);
	return ret ? ret : tracks__count(&rt->tracks, ts_ns, p->counters[which], n);
}

/* Between two readings: it is told as of the first, since a counter's value holds until the next one. */
static int count_rate(struct runtime_tracks *rt, struct rt_process *p, uint64_t ts_ns, const struct tare_counters *c)
{
	uint64_t since_ns = p->alloc_read_ns, before = p->alloc_read, drawn_ns = p->alloc_drawn_ns,
		 bytes = c->alloc_bytes;

	if (bytes == TARE_UNKNOWN)
		return 0;
	p->alloc_drawn_ns = ts_ns;
	p->alloc_read_ns = c->ts_ns;
	p->alloc_read = bytes;
	if (!since_ns || c->ts_ns <= since_ns || bytes < before)
		return 0;
	return rt__count(rt, p, drawn_ns, RT_ALLOC_RATE,
			 (uint64_t)((double)(bytes - before) * NSEC_PER_SEC / (c->ts_ns - since_ns)));
}

int rt__on_counters(struct runtime_tracks *rt, const struct event *ev)
{
	const struct tare_counters *c = &ev->counters;
	const struct {
		enum rt_counter which;
		uint64_t value;
	} values[] = {
		{ RT_HEAP, c->heap_bytes },
		{ RT_GOAL, c->goal_bytes },
		{ RT_ALLOC_BYTES, c->alloc_bytes },
		{ RT_ALLOC_OBJECTS, c->alloc_objects },
		{ RT_SWITCHES, c->goroutine_switches },
		{ RT_CREATED, c->goroutines_created },
	};
	struct rt_process *p;
	int ret = rt__process(rt, c->pid, &p);

	for (unsigned i = 0; p && !ret && i < ARRAY_SIZE(values); i++)
		ret = rt__count(rt, p, ev->ts_ns, values[i].which, values[i].value);
	return ret || !p ? ret : count_rate(rt, p, ev->ts_ns, c);
}

int rt__on_throttled(struct runtime_tracks *rt, const struct event *ev)
{
	const struct name *n = names__find(rt->names, ev->sw.next_tid);
	struct rt_process *p;
	int ret;

	if (!ev->sw.next_target || !n || !n->tgid)
		return 0;
	ret = rt__process(rt, n->tgid, &p);
	if (ret || !p)
		return ret;
	p->throttled_ns += ev->sw.throttled_ns;
	return rt__count(rt, p, ev->ts_ns, RT_THROTTLED, p->throttled_ns);
}

/* Of the recording: with the process that it is of. */
int rt__on_loss(struct runtime_tracks *rt, const struct tare_loss *loss, uint64_t ts_ns)
{
	uint64_t grown = loss->cls == TARE_LOST_DISK ? 0 : loss__grown(&rt->lost, loss);
	struct rt_process *p;
	int ret;

	if (!grown || !rt->whole->first_tgid)
		return 0;
	rt->lost_total += grown;
	ret = rt__process(rt, rt->whole->first_tgid, &p);
	return ret || !p ? ret : rt__count(rt, p, ts_ns, RT_LOST, rt->lost_total);
}
