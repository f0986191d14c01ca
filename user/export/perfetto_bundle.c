// SPDX-License-Identifier: BSD-2-Clause
/* Field numbers are from protos/perfetto/trace/ftrace/ftrace_event_bundle.proto in Perfetto's sources. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "perfetto_bundle.h"
#include "perfetto_pb.h"

enum { BUNDLE_CPU = 1, BUNDLE_EVENT = 2, BUNDLE_LOST_EVENTS = 3, BUNDLE_COMPACT = 4, COMPACT_COMMS = 5 };

/* The compact form has a list of each: the i-th of all are one event. */
enum column { TIMESTAMP, PID, PRIO, COMM, PREV_STATE, TARGET_CPU = PREV_STATE, FLAGS, NR_COLUMNS };
static const uint8_t switch_fields[NR_COLUMNS] = {
	[TIMESTAMP] = 1, [PREV_STATE] = 2, [PID] = 3, [PRIO] = 4, [COMM] = 6
};
static const uint8_t waking_fields[NR_COLUMNS] = {
	[TIMESTAMP] = 7, [PID] = 8, [TARGET_CPU] = 9, [PRIO] = 10, [COMM] = 11, [FLAGS] = 12
};

#define BUNDLE_EVENTS  1024  /* per packet */
#define PENDING_EVENTS 65536 /* over all CPUs */
#define COMM_SLOTS     256

struct on_cpu {
	bool known;
	struct sched_task task;
	uint64_t since_ns;
};

struct bundle {
	struct sched_event *events;
	unsigned nr, room;
	bool lost;    /* events lost before these */
	bool in_full; /* the last one is not told by the compact form */
	uint64_t lost_total[TARE_NR_LOST];
	uint64_t waking_ns;	   /* newest wake-up among these */
	struct on_cpu before, now; /* what readers take for running before and after these */
};

/* The events of a bundle by how they are written; wake-ups in order of time. */
struct bundle_split {
	const struct sched_event *switches[BUNDLE_EVENTS], *wakings[BUNDLE_EVENTS], *full[BUNDLE_EVENTS];
	unsigned nr_switches, nr_wakings, nr_full;
	uint64_t columns[2][NR_COLUMNS][BUNDLE_EVENTS];
	struct {
		const char *comm;
		unsigned index;
	} slots[COMM_SLOTS]; /* by tid: names that have an index */
	unsigned nr_comms;
};

int bundles__init(struct bundles *bs, struct packets *packets)
{
	*bs = (struct bundles){ .packets = packets, .split = malloc(sizeof(*bs->split)) };
	return bs->split ? 0 : -ENOMEM;
}

void bundles__free(struct bundles *bs)
{
	for (unsigned cpu = 0; cpu < bs->nr; cpu++)
		free(bs->at[cpu].events);
	free(bs->at);
	free(bs->split);
}

/* ---- which event is written how ---- */

static struct on_cpu came(const struct sched_event *ev)
{
	return (struct on_cpu){ .known = true, .task = ev->whom, .since_ns = ev->ts_ns };
}

static void add_waking(struct bundle_split *s, const struct sched_event *ev)
{
	unsigned i = s->nr_wakings++;

	/* nearly in order already */
	for (; i && s->wakings[i - 1]->ts_ns > ev->ts_ns; i--)
		s->wakings[i] = s->wakings[i - 1];
	s->wakings[i] = ev;
}

static void split_switches(struct bundle_split *s, const struct bundle *b)
{
	const struct sched_event *end = b->events + b->nr - b->in_full;

	s->nr_switches = s->nr_wakings = s->nr_full = 0;
	for (const struct sched_event *ev = b->events; ev < end; ev++) {
		if (ev->kind == SCHED_WAKING)
			add_waking(s, ev);
		else
			s->switches[s->nr_switches++] = ev;
	}
}

/* Keep those wake-ups whose waker readers see on the CPU at that time; the others are written in full. */
static void split_wakings(struct bundle_split *s, const struct bundle *b)
{
	unsigned nr = s->nr_wakings, next = 0;
	struct on_cpu on = b->before;

	s->nr_wakings = 0;
	for (unsigned i = 0; i < nr; i++) {
		const struct sched_event *ev = s->wakings[i];

		for (; next < s->nr_switches && s->switches[next]->ts_ns <= ev->ts_ns; next++)
			on = came(s->switches[next]);
		if (on.known && on.since_ns <= ev->ts_ns && on.task.tid == ev->who.tid)
			s->wakings[s->nr_wakings++] = ev;
		else
			s->full[s->nr_full++] = ev;
	}
	if (b->in_full)
		s->full[s->nr_full++] = &b->events[b->nr - 1];
}

/* ---- the compact form ---- */

/* The index of the task's name, which is written at its first use, and again where another task took its slot. */
static unsigned write_comm(struct bundle_split *s, struct pb *pb, const struct sched_task *t)
{
	unsigned slot = t->tid % COMM_SLOTS;

	if (!s->slots[slot].comm || strcmp(s->slots[slot].comm, t->comm)) {
		s->slots[slot].comm = t->comm;
		s->slots[slot].index = s->nr_comms++;
		pb__string(pb, COMPACT_COMMS, t->comm);
	}
	return s->slots[slot].index;
}

static void fill_columns(struct bundle_split *s, struct pb *pb, uint64_t (*columns)[BUNDLE_EVENTS],
			 const struct sched_event *const *events, unsigned nr, uint64_t offset_ns)
{
	uint64_t last_ns = -offset_ns; /* the first is the time itself, each further one adds to it */

	for (unsigned i = 0; i < nr; i++) {
		const struct sched_event *ev = events[i];

		columns[TIMESTAMP][i] = ev->ts_ns - last_ns;
		last_ns = ev->ts_ns;
		columns[PID][i] = ev->whom.tid;
		columns[PRIO][i] = SCHED_PRIO;
		columns[COMM][i] = write_comm(s, pb, &ev->whom);
		columns[PREV_STATE][i] = ev->kind == SCHED_SWITCH ? ev->prev_state : ev->target_cpu;
		columns[FLAGS][i] = sched_event__flags(ev);
	}
}

static void write_columns(struct pb *pb, uint64_t (*columns)[BUNDLE_EVENTS], const uint8_t fields[NR_COLUMNS],
			  unsigned nr)
{
	for (unsigned i = 0; nr && i < NR_COLUMNS; i++) {
		if (fields[i])
			pb__packed(pb, fields[i], columns[i], nr);
	}
}

static void write_compact(struct pb *pb, struct bundle_split *s, uint64_t offset_ns)
{
	size_t at;

	if (!s->nr_switches && !s->nr_wakings)
		return;
	memset(s->slots, 0, sizeof(s->slots));
	s->nr_comms = 0;
	at = pb__open(pb, BUNDLE_COMPACT);
	fill_columns(s, pb, s->columns[0], s->switches, s->nr_switches, offset_ns);
	fill_columns(s, pb, s->columns[1], s->wakings, s->nr_wakings, offset_ns);
	write_columns(pb, s->columns[0], switch_fields, s->nr_switches);
	write_columns(pb, s->columns[1], waking_fields, s->nr_wakings);
	pb__close(pb, at);
}

/* ---- bundles ---- */

static int bundle__flush(struct bundles *bs, unsigned cpu)
{
	uint64_t offset_ns = packets__boottime(bs->packets, 0);
	struct pb *pb = &bs->packets->pb;
	struct bundle_split *s = bs->split;
	struct bundle *b = &bs->at[cpu];
	size_t at;

	if (!b->nr)
		return 0;
	split_switches(s, b);
	split_wakings(s, b);
	packets__open(bs->packets, 0, PACKET_FTRACE_EVENTS);
	pb__int(pb, BUNDLE_CPU, cpu);
	if (b->lost)
		pb__int(pb, BUNDLE_LOST_EVENTS, 1);
	write_compact(pb, s, offset_ns);
	for (unsigned i = 0; i < s->nr_full; i++) {
		at = pb__open(pb, BUNDLE_EVENT);
		write_ftrace_event(pb, s->full[i], s->full[i]->ts_ns + offset_ns);
		pb__close(pb, at);
	}
	bs->pending -= b->nr;
	b->nr = 0;
	b->lost = b->in_full = false;
	b->waking_ns = 0;
	b->before = b->now;
	return packets__close(bs->packets);
}

int bundles__flush(struct bundles *bs)
{
	int ret = 0;

	for (unsigned cpu = 0; cpu < bs->nr && !ret; cpu++)
		ret = bundle__flush(bs, cpu);
	return ret;
}

static struct bundle *bundles__of(struct bundles *bs, unsigned cpu)
{
	if (cpu >= bs->nr) {
		if (ARRAY_GROW(bs->at, bs->room, cpu + 1))
			return NULL;
		memset(bs->at + bs->nr, 0, (cpu + 1 - bs->nr) * sizeof(*bs->at));
		bs->nr = cpu + 1;
	}
	return &bs->at[cpu];
}

/* A task that is no target may have another name now, which only the switch tells. */
static bool is_compact(const struct bundle *b, const struct sched_event *ev)
{
	if (ev->kind != SCHED_SWITCH)
		return ev->kind == SCHED_WAKING;
	return b->now.known && b->now.task.tid == ev->who.tid && !strcmp(b->now.task.comm, ev->who.comm);
}

int bundles__add(struct bundles *bs, const struct sched_event *ev)
{
	struct bundle *b = bundles__of(bs, ev->cpu);
	int ret = 0;

	if (!b)
		return -ENOMEM;
	if (ev->kind == SCHED_SWITCH && b->nr && ev->ts_ns <= b->waking_ns)
		ret = bundle__flush(bs, ev->cpu);
	if (!ret)
		ret = ARRAY_GROW(b->events, b->room, b->nr + 1);
	if (ret)
		return ret;
	b->in_full = !is_compact(b, ev);
	if (ev->kind == SCHED_WAKING && ev->ts_ns > b->waking_ns)
		b->waking_ns = ev->ts_ns;
	if (ev->kind == SCHED_SWITCH)
		b->now = came(ev);
	b->events[b->nr++] = *ev;
	bs->pending++;
	if (b->in_full || b->nr == BUNDLE_EVENTS)
		return bundle__flush(bs, ev->cpu);
	return bs->pending >= PENDING_EVENTS ? bundles__flush(bs) : 0;
}

/* Losing switches between other tasks does not matter: exports never contain them. */
int bundles__lost(struct bundles *bs, const struct tare_loss *loss)
{
	struct bundle *b;
	int ret = 0;

	if (loss->cls >= TARE_NR_LOST || loss->cls == TARE_LOST_OTHER || loss->cls == TARE_LOST_OFF_CPU ||
	    loss->cpu > UINT16_MAX)
		return 0;
	b = bundles__of(bs, loss->cpu);
	if (!b)
		return -ENOMEM;
	if (loss->count <= b->lost_total[loss->cls])
		return 0;
	b->lost_total[loss->cls] = loss->count;
	if (loss->cls == TARE_LOST_THREAD || loss->cls == TARE_LOST_DISK) {
		bs->packets->dropped = true;
	} else {
		ret = bundle__flush(bs, loss->cpu);
		b->lost = true;
	}
	return ret;
}
