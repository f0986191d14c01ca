// SPDX-License-Identifier: BSD-2-Clause
/*
 * Perfetto's own trace format: a sequence of TracePackets, protos/perfetto/trace/trace_packet.proto. Append-only, and
 * trace_processor sorts, so nothing is held back but each CPU's events until they are worth a packet.
 *
 * The verbose sched_switch is used, not the compact one: that one loses the first switch of each CPU. All times are
 * CLOCK_BOOTTIME, the only clock of a file's ftrace events that needs no naming.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "export.h"
#include "perfetto_pb.h"
#include "schedule.h"
#include "util.h"

enum { /* field numbers, by message */
	TRACE_PACKET = 1,

	PACKET_FTRACE_EVENTS = 1, PACKET_PROCESS_TREE = 2, PACKET_CLOCK_SNAPSHOT = 6, PACKET_TIMESTAMP = 8,
	PACKET_SEQUENCE_ID = 10, PACKET_SEQUENCE_FLAGS = 13, PACKET_DROPPED_BEFORE = 42, PACKET_SYSTEM_INFO = 45,

	BUNDLE_CPU = 1, BUNDLE_EVENT = 2, BUNDLE_LOST_EVENTS = 3,
};

#define STATE_CLEARED		1
#define NEEDS_STATE		2
#define SEQUENCE_ID		1	/* one writer */

#define BUNDLE_EVENTS		256	/* in one packet */
#define PENDING_EVENTS		65536	/* on all CPUs together */

struct bundle {
	struct pb events;
	unsigned nr;
	bool lost;	/* events, before these */
	uint64_t lost_total[TARE_NR_LOST];
};

struct perfetto {
	FILE *to;
	struct sched sched;
	struct pb packet;
	struct bundle *bundles;	/* by CPU */
	unsigned nr_bundles, pending;
	struct tare_header header;
	bool has_header, described, begun, dropped;
	struct machine machine;
};

static uint64_t boottime(const struct perfetto *p, uint64_t mono_ns)
{
	return mono_ns + p->header.boot_ns - p->header.mono_ns;
}

/* Start a packet; what is not about one moment has @ts_ns 0. */
static size_t packet__open(struct perfetto *p, uint64_t ts_ns)
{
	size_t at;
	int flags = NEEDS_STATE;

	pb__reset(&p->packet);
	at = pb__open(&p->packet, TRACE_PACKET);
	if (ts_ns)
		pb__int(&p->packet, PACKET_TIMESTAMP, boottime(p, ts_ns));
	pb__int(&p->packet, PACKET_SEQUENCE_ID, SEQUENCE_ID);
	if (p->dropped)
		pb__int(&p->packet, PACKET_DROPPED_BEFORE, 1);
	/* after a gap a reader distrusts the sequence's state: there is none, so it can be declared afresh */
	if (!p->begun || p->dropped)
		flags |= STATE_CLEARED;
	pb__int(&p->packet, PACKET_SEQUENCE_FLAGS, flags);
	p->begun = true;
	p->dropped = false;
	return at;
}

static int packet__close(struct perfetto *p, size_t at)
{
	pb__close(&p->packet, at);
	if (pb__error(&p->packet))
		return pb__error(&p->packet);
	errno = EIO;
	return fwrite(p->packet.data, p->packet.len, 1, p->to) == 1 ? 0 : -errno;
}

/* ---- what comes first: clocks, machine ---- */

static int write_clocks(struct perfetto *p)
{
	size_t at = packet__open(p, p->header.mono_ns), in = pb__open(&p->packet, PACKET_CLOCK_SNAPSHOT);

	write_clock_snapshot(&p->packet, &p->header);
	pb__close(&p->packet, in);
	return packet__close(p, at);
}

static int write_system(struct perfetto *p)
{
	size_t at = packet__open(p, 0), in = pb__open(&p->packet, PACKET_SYSTEM_INFO);

	write_system_info(&p->packet, p->has_header ? &p->header : NULL, &p->machine);
	pb__close(&p->packet, in);
	return packet__close(p, at);
}

static int write_prologue(struct perfetto *p)
{
	int ret = p->has_header ? write_clocks(p) : 0;

	p->described = true;
	return ret ? ret : write_system(p);
}

/* ---- processes and threads ---- */

static int write_process(struct perfetto *p, const struct event *ev)
{
	const struct tare_process *head = ev->process.head;
	struct name *n = head->pid ? names__add(&p->sched.names, head->pid) : NULL;
	size_t at, tree;

	if (!n)
		return head->pid ? -ENOMEM : 0;
	n->told_process = true;
	n->ppid = head->ppid;
	at = packet__open(p, ev->ts_ns);
	tree = pb__open(&p->packet, PACKET_PROCESS_TREE);
	write_tree_process(&p->packet, head, ev->process.cmdline, ev->process.exe);
	pb__close(&p->packet, tree);
	return packet__close(p, at);
}

/* A thread; with the first of a process also that, where no more is known of it. */
static int write_thread(struct perfetto *p, uint64_t ts_ns, const struct sched_task *t)
{
	struct name *n = names__find(&p->sched.names, t->tid);
	size_t at, tree;

	if (!n || n->told || !n->tgid)
		return 0;
	n->told = true;
	at = packet__open(p, ts_ns);
	tree = pb__open(&p->packet, PACKET_PROCESS_TREE);
	if (n->ppid && n->tid == n->tgid && !n->told_process)
		write_tree_unnamed(&p->packet, t, n->ppid);
	write_tree_thread(&p->packet, t);
	pb__close(&p->packet, tree);
	return packet__close(p, at);
}

/* The process goes on under another name: that its command line is another one now is known, not which. */
static int write_exec(struct perfetto *p, const struct event *ev)
{
	struct name *n = names__find(&p->sched.names, ev->exec.tid);
	struct sched_task t;

	if (!n)
		return 0;
	n->told = n->told_process = false;
	sched__describe(&p->sched, n->tid, 0, &t);
	return write_thread(p, ev->ts_ns, &t);
}

/* ---- events of the scheduler ---- */

static int bundle__flush(struct perfetto *p, unsigned cpu)
{
	struct bundle *b = &p->bundles[cpu];
	size_t at, in;

	if (!b->nr)
		return 0;
	if (pb__error(&b->events))
		return pb__error(&b->events);
	at = packet__open(p, 0);
	in = pb__open(&p->packet, PACKET_FTRACE_EVENTS);
	pb__int(&p->packet, BUNDLE_CPU, cpu);
	if (b->lost)
		pb__int(&p->packet, BUNDLE_LOST_EVENTS, 1);
	pb__raw(&p->packet, b->events.data, b->events.len);
	pb__close(&p->packet, in);
	pb__reset(&b->events);
	p->pending -= b->nr;
	b->nr = 0;
	b->lost = false;
	return packet__close(p, at);
}

static int bundle__flush_all(struct perfetto *p)
{
	int ret = 0;

	for (unsigned cpu = 0; cpu < p->nr_bundles && !ret; cpu++)
		ret = bundle__flush(p, cpu);
	return ret;
}

static struct bundle *perfetto__bundle(struct perfetto *p, unsigned cpu)
{
	struct bundle *b;

	if (cpu >= p->nr_bundles) {
		b = realloc(p->bundles, (cpu + 1) * sizeof(*b));
		if (!b)
			return NULL;
		memset(b + p->nr_bundles, 0, (cpu + 1 - p->nr_bundles) * sizeof(*b));
		p->bundles = b;
		p->nr_bundles = cpu + 1;
	}
	return &p->bundles[cpu];
}

/* Who appears for the first time, beside what first snapshots told. */
static int introduce(struct perfetto *p, const struct sched_event *ev)
{
	/* a moment later, so that it is of the new thread also where its tid had another owner before */
	if (ev->kind == SCHED_NEWTASK)
		return write_thread(p, ev->ts_ns + 1, &ev->whom);
	if (ev->kind != SCHED_WAKING)
		return 0;
	return write_thread(p, ev->ts_ns, &ev->who);
}

static int perfetto__sched(void *ctx, const struct sched_event *ev)
{
	struct perfetto *p = ctx;
	struct bundle *b = perfetto__bundle(p, ev->cpu);
	size_t at;
	int ret;

	if (!b)
		return -ENOMEM;
	ret = introduce(p, ev);
	if (ret)
		return ret;
	at = pb__open(&b->events, BUNDLE_EVENT);
	write_ftrace_event(&b->events, ev, boottime(p, ev->ts_ns));
	pb__close(&b->events, at);
	p->pending++;
	if (++b->nr >= BUNDLE_EVENTS)
		return bundle__flush(p, ev->cpu);
	return p->pending >= PENDING_EVENTS ? bundle__flush_all(p) : 0;
}

/* Totals are running ones: what matters is that one grew. Switches between others are in no export to be missed. */
static int note_loss(struct perfetto *p, const struct tare_loss *loss)
{
	struct bundle *b;
	int ret = 0;

	if (loss->cls >= TARE_NR_LOST || loss->cls == TARE_LOST_OTHER || loss->cpu > UINT16_MAX)
		return 0;
	b = perfetto__bundle(p, loss->cpu);
	if (!b)
		return -ENOMEM;
	if (loss->count <= b->lost_total[loss->cls])
		return 0;
	b->lost_total[loss->cls] = loss->count;
	if (loss->cls == TARE_LOST_THREAD || loss->cls == TARE_LOST_DISK) {
		p->dropped = true;
	} else {
		ret = bundle__flush(p, loss->cpu);
		b->lost = true;
	}
	return ret;
}

/* ---- the exporter ---- */

static void perfetto__free(struct perfetto *p)
{
	for (unsigned cpu = 0; cpu < p->nr_bundles; cpu++)
		pb__free(&p->bundles[cpu].events);
	free(p->bundles);
	pb__free(&p->packet);
	sched__free(&p->sched);
	free(p);
}

static int perfetto__begin(FILE *to, void **state)
{
	struct perfetto *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->to = to;
	p->sched.emit = perfetto__sched;
	p->sched.ctx = p;
	*state = p;
	return 0;
}

static int perfetto__event(void *state, const struct event *ev)
{
	struct perfetto *p = state;
	struct sched_task t;
	int ret = 0;

	if (ev->kind == EVENT_HEADER && !p->described) {
		p->header = *ev->header;
		p->has_header = true;
		return 0;
	}
	if (ev->kind == EVENT_INFO) {
		machine__note(&p->machine, ev->info.key, ev->info.value);
		return 0;
	}
	if (ev->kind == EVENT_DAMAGE) {
		p->dropped = true;
		return 0;
	}
	if (!p->described)
		ret = write_prologue(p);
	if (!ret)
		ret = sched__event(&p->sched, ev);
	if (ret)
		return ret;
	if (ev->kind == EVENT_PROCESS)
		return write_process(p, ev);
	if (ev->kind == EVENT_EXEC)
		return write_exec(p, ev);
	if (ev->kind == EVENT_TASK) {
		sched__describe(&p->sched, ev->task->tid, 0, &t);
		return write_thread(p, ev->ts_ns, &t);
	}
	return ev->kind == EVENT_LOSS ? note_loss(p, ev->loss) : 0;
}

static int perfetto__end(void *state)
{
	struct perfetto *p = state;
	int ret = 0;

	if (!ferror(p->to))
		ret = p->described ? 0 : write_prologue(p);
	if (!ret && !ferror(p->to))
		ret = bundle__flush_all(p);
	perfetto__free(p);
	return ret;
}

const struct exporter exporter_perfetto = {
	.name = "perfetto",
	.what = "a trace for ui.perfetto.dev and trace_processor (protobuf)",
	.binary = true,
	.begin = perfetto__begin,
	.event = perfetto__event,
	.end = perfetto__end,
};
