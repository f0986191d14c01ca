// SPDX-License-Identifier: BSD-2-Clause
/*
 * Perfetto's own trace format: a sequence of TracePackets, protos/perfetto/trace/trace_packet.proto. It is append-only,
 * and trace_processor sorts. So nothing is held back except each CPU's events until they fill a packet.
 *
 * All times are CLOCK_BOOTTIME, the only clock for ftrace events that needs no declaration.
 */
#include <errno.h>
#include <stdlib.h>

#include "export.h"
#include "perfetto_bundle.h"
#include "perfetto_packet.h"
#include "perfetto_pb.h"
#include "runtime_tracks.h"
#include "perfetto_samples.h"
#include "schedule.h"

struct perfetto {
	struct packets packets;
	struct sched sched;
	struct runtime_tracks *runtime;
	struct perfetto_samples *samples;
	struct bundles bundles;
	struct tare_header header;
	bool has_header, described;
	struct machine machine;
};

/* ---- clocks and machine, written first ---- */

static int write_clocks(struct perfetto *p)
{
	packets__open(&p->packets, p->header.mono_ns, PACKET_CLOCK_SNAPSHOT);
	write_clock_snapshot(&p->packets.pb, &p->header);
	return packets__close(&p->packets);
}

static int write_system(struct perfetto *p)
{
	packets__open(&p->packets, 0, PACKET_SYSTEM_INFO);
	write_system_info(&p->packets.pb, p->has_header ? &p->header : NULL, &p->machine);
	return packets__close(&p->packets);
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

	if (!n)
		return head->pid ? -ENOMEM : 0;
	n->told_process = true;
	n->ppid = head->ppid;
	packets__open(&p->packets, ev->ts_ns, PACKET_PROCESS_TREE);
	write_tree_process(&p->packets.pb, head, ev->process.cmdline, ev->process.exe);
	return packets__close(&p->packets);
}

/* A thread. The first thread also describes its process, if nothing else has. */
static int write_thread(struct perfetto *p, uint64_t ts_ns, const struct sched_task *t)
{
	struct name *n = names__find(&p->sched.names, t->tid);

	if (!n || n->told || !n->tgid)
		return 0;
	n->told = true;
	packets__open(&p->packets, ts_ns, PACKET_PROCESS_TREE);
	if (n->ppid && n->tid == n->tgid && !n->told_process)
		write_tree_unnamed(&p->packets.pb, t, n->ppid);
	write_tree_thread(&p->packets.pb, t);
	return packets__close(&p->packets);
}

/* A name in the process tree outranks one by which a thread renames itself. */
static int write_rename(struct perfetto *p, const struct event *ev)
{
	struct name *n = names__find(&p->sched.names, ev->name.tid);
	struct sched_task t;

	if (!n)
		return 0;
	n->told = false;
	sched__describe(&p->sched, n->tid, 0, &t);
	return write_thread(p, ev->ts_ns, &t);
}

/* The process execs under another name. Its new command line is not known, only that it changed. */
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

/* Describe tasks that appear for the first time and were not in the first snapshots. */
static int introduce(struct perfetto *p, const struct sched_event *ev)
{
	/* a moment later, so that it belongs to the new thread even if the tid is reused */
	if (ev->kind == SCHED_NEWTASK)
		return write_thread(p, ev->ts_ns + 1, &ev->whom);
	if (ev->kind == SCHED_SWITCH)
		return ev->whom.tid ? write_thread(p, ev->ts_ns, &ev->whom) : 0;
	return ev->kind == SCHED_WAKING ? write_thread(p, ev->ts_ns, &ev->who) : 0;
}

static int perfetto__sched(void *ctx, const struct sched_event *ev)
{
	struct perfetto *p = ctx;
	int ret = introduce(p, ev);

	return ret ? ret : bundles__add(&p->bundles, ev);
}

/* ---- the exporter ---- */

static void perfetto__free(struct perfetto *p)
{
	bundles__free(&p->bundles);
	packets__free(&p->packets);
	runtime_tracks__free(p->runtime);
	perfetto_samples__free(p->samples);
	sched__free(&p->sched);
	free(p);
}

static int perfetto__begin(FILE *to, const struct export_opts *opts, void **state)
{
	struct perfetto *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	packets__init(&p->packets, to);
	p->runtime = runtime_tracks__new(&perfetto_tracks, &p->packets, &p->sched.names, opts);
	p->samples = perfetto_samples__new(&p->packets, opts->whole);
	if (!p->runtime || !p->samples || bundles__init(&p->bundles, &p->packets)) {
		perfetto__free(p);
		return -ENOMEM;
	}
	p->sched.emit = perfetto__sched;
	p->sched.ctx = p;
	*state = p;
	return 0;
}

/* What is known of the machine and of the recording as a whole. */
static int note(struct perfetto *p, const struct event *ev)
{
	if (ev->kind == EVENT_HEADER && !p->described) {
		p->header = *ev->header;
		p->packets.boot_offset_ns = p->header.boot_ns - p->header.mono_ns;
		p->has_header = true;
	} else if (ev->kind == EVENT_INFO) {
		machine__note(&p->machine, ev->info.key, ev->info.value);
	} else if (ev->kind == EVENT_DAMAGE) {
		p->packets.dropped = true;
	}
	return runtime_tracks__event(p->runtime, ev);
}

static int describe(struct perfetto *p, const struct event *ev)
{
	struct sched_task t;

	switch (ev->kind) {
	case EVENT_PROCESS:
		return write_process(p, ev);
	case EVENT_EXEC:
		return write_exec(p, ev);
	case EVENT_RENAME:
		return write_rename(p, ev);
	case EVENT_TASK:
		sched__describe(&p->sched, ev->task->tid, 0, &t);
		return write_thread(p, ev->ts_ns, &t);
	case EVENT_LOSS:
		return bundles__lost(&p->bundles, ev->loss);
	default:
		return 0;
	}
}

static int perfetto__event(void *state, const struct event *ev)
{
	struct perfetto *p = state;
	int ret = 0;

	if (ev->kind == EVENT_HEADER || ev->kind == EVENT_INFO || ev->kind == EVENT_DAMAGE)
		return note(p, ev);
	if (!p->described)
		ret = write_prologue(p);
	if (!ret)
		ret = sched__event(&p->sched, ev);
	if (!ret)
		ret = describe(p, ev);
	if (!ret)
		ret = perfetto_samples__event(p->samples, ev);
	return ret ? ret : runtime_tracks__event(p->runtime, ev);
}

static int perfetto__end(void *state)
{
	struct perfetto *p = state;
	int ret = 0;

	if (!ferror(p->packets.to))
		ret = p->described ? 0 : write_prologue(p);
	if (!ret && !ferror(p->packets.to))
		ret = runtime_tracks__finish(p->runtime);
	if (!ret && !ferror(p->packets.to))
		ret = bundles__flush(&p->bundles);
	perfetto__free(p);
	return ret;
}

const struct exporter exporter_perfetto = {
	.name = "perfetto",
	.what = "a trace for ui.perfetto.dev and trace_processor (protobuf)",
	.endings = ".pftrace .perfetto-trace",
	.binary = true,
	.twice = true,
	.merges = true,
	.begin = perfetto__begin,
	.event = perfetto__event,
	.end = perfetto__end,
};
