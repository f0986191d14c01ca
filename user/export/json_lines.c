// SPDX-License-Identifier: BSD-2-Clause
/*
 * Each event as one JSON object per line, for jq and scripts: everything in the recording, in time order. Every line
 * has "ts_ns", "cpu" and "event"; times are CLOCK_MONOTONIC. Keys are only ever added.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "event_names.h"
#include "export.h"
#include "json_lines_put.h"
#include "runtime_names.h"
#include "util.h"

struct lines {
	FILE *to;
	struct runtime_names names;
};

static void put_switch_of(FILE *to, const struct event *ev)
{
	const struct event_switch *sw = &ev->sw;

	put(to, "prev_tid", sw->prev_tid);
	put(to, "next_tid", sw->next_tid);
	if (sw->prev_target) {
		put_bool(to, "voluntary", sw->voluntary);
		put(to, "prev_state", sw->state);
		if (sw->syscall != TARE_NO_SYSCALL)
			put(to, "syscall", sw->syscall);
		fprintf(to, ",\"stolen_ns\":%" PRId64, sw->stolen_ns);
	}
	if (sw->has_wait) {
		put(to, "wait_ns", sw->wait_ns);
		put(to, "throttled_ns", sw->throttled_ns);
	}
	if (sw->has_wake) {
		put(to, "waker_tid", sw->waker_tid);
		put(to, "waker_cpu", sw->waker_cpu);
		put(to, "waker_context", sw->waker_context);
		put(to, "wake_delay_ns", sw->wake_delay_ns);
	}
	if (sw->last_cost_ns)
		put(to, "last_cost_ns", sw->last_cost_ns);
}

static void put_name_of(FILE *to, const struct event *ev)
{
	put(to, "tid", ev->name.tid);
	put(to, "tgid", ev->name.tgid);
	put_text(to, "comm", ev->name.comm, strlen(ev->name.comm));
}

static void put_fork_of(FILE *to, const struct event *ev)
{
	put(to, "tid", ev->fork.tid);
	put(to, "tgid", ev->fork.tgid);
	put(to, "parent_tid", ev->fork.parent_tid);
	put(to, "parent_tgid", ev->fork.parent_tgid);
	put_text(to, "comm", ev->fork.comm, strlen(ev->fork.comm));
}

static void put_exec_of(FILE *to, const struct event *ev)
{
	put(to, "tid", ev->exec.tid);
	put(to, "old_tid", ev->exec.old_tid);
	put_text(to, "comm", ev->exec.comm, strlen(ev->exec.comm));
}

static void put_exit_of(FILE *to, const struct event *ev)
{
	put(to, "tid", ev->exit.tid);
	put(to, "tgid", ev->exit.tgid);
	put(to, "exit_code", ev->exit.exit_code);
	put(to, "voluntary", ev->exit.nvcsw);
	put(to, "involuntary", ev->exit.nivcsw);
	put(to, "exec_ns", ev->exit.exec_ns);
	put_known(to, "run_delay_ns", ev->exit.run_delay_ns);
	put_known(to, "minor_faults", ev->exit.minor_faults);
	put_known(to, "major_faults", ev->exit.major_faults);
}

static void put_migrate_of(FILE *to, const struct event *ev)
{
	put(to, "tid", ev->migrate.tid);
	put(to, "from_cpu", ev->migrate.from_cpu);
	put(to, "to_cpu", ev->migrate.to_cpu);
}

static void put_runtime_of(FILE *to, const struct event *ev)
{
	const char *name = runtime_event_name(ev->runtime.event), *arg;
	char number[16], nth[16];

	snprintf(number, sizeof(number), "%u", ev->runtime.event);
	put_text(to, "what", name ? name : number, strlen(name ? name : number));
	put(to, "tid", ev->runtime.tid);
	put(to, "tgid", ev->runtime.tgid);
	put_known(to, "goroutine", ev->runtime.goroutine);
	for (unsigned i = 0; i < ev->runtime.nr_args; i++) {
		arg = runtime_arg_name(ev->runtime.event, i);
		snprintf(nth, sizeof(nth), "arg%u", i);
		put_known(to, arg ? arg : nth, ev->runtime.args[i]);
	}
}

static void put_goroutine_of(FILE *to, const struct event *ev)
{
	put(to, "tid", ev->goroutine.tid);
	put(to, "goroutine", ev->goroutine.goroutine);
	put(to, "status", ev->goroutine.status);
	put(to, "wait_reason", ev->goroutine.wait_reason);
	if (ev->goroutine.p >= 0)
		put(to, "p", ev->goroutine.p);
}

static void put_signal_of(FILE *to, const struct event *ev)
{
	static const char *const steps[] = {
		[TARE_SIGNAL_SENT] = "sent",
		[TARE_SIGNAL_DELIVERED] = "delivered",
		[TARE_SIGNAL_SENT_OTHER] = "sent_by_other",
		[TARE_SIGNAL_DELIVERED_OTHER] = "delivered_by_other",
	};
	unsigned step = ev->signal.step;
	char number[16];

	snprintf(number, sizeof(number), "%u", step);
	put_text(to, "what", step < ARRAY_SIZE(steps) ? steps[step] : number, 32);
	put(to, "tid", ev->signal.tid);
	put(to, "tgid", ev->signal.tgid);
	if (step == TARE_SIGNAL_SENT || step == TARE_SIGNAL_SENT_OTHER)
		put(to, "from_tid", ev->signal.other);
	else
		put_hex(to, "ip", ev->signal.ip);
	if (step == TARE_SIGNAL_SENT && ev->signal.masked)
		put_bool(to, "masked", true);
	else if (step == TARE_SIGNAL_DELIVERED && ev->signal.call)
		put(to, "syscall", ev->signal.call - 1);
}

static void put_fault_of(FILE *to, const struct event *ev)
{
	put(to, "tid", ev->fault.tid);
	put(to, "tgid", ev->fault.tgid);
	put_hex(to, "address", ev->fault.address);
	put_hex(to, "ip", ev->fault.ip);
	put_bool(to, "write", ev->fault.write);
}

static void put_fault_end_of(FILE *to, const struct event *ev)
{
	put(to, "tid", ev->fault_end.tid);
	put(to, "tgid", ev->fault_end.tgid);
	put_hex(to, "address", ev->fault_end.address);
	put(to, "ns", ev->fault_end.ns);
}

static void put_sample_of(FILE *to, const struct event *ev)
{
	put(to, "tid", ev->sample.tid);
	put(to, "tgid", ev->sample.tgid);
	put_hex(to, "ip", ev->sample.ip);
	put_bool(to, "kernel", ev->sample.kernel);
	if (ev->sample.syscall != TARE_NO_SYSCALL)
		put(to, "syscall", ev->sample.syscall);
}

static void put_irq_of(FILE *to, const struct event *ev)
{
	put(to, "tid", ev->irq.tid);
	put(to, "ns", ev->irq.ns);
	if (ev->irq.number != TARE_IRQ_HARD)
		put(to, "softirq", ev->irq.number);
}

static void put_stop_of(FILE *to, const struct event *ev)
{
	put(to, "tid", ev->stop.tid);
	put(to, "tgid", ev->stop.tgid);
	put(to, "state", ev->stop.state);
	put_stopped(to, ev->stop.signal, ev->stop.cgroup);
}

static void put_stacked_of(FILE *to, const struct event *ev)
{
	put(to, "tid", ev->stacked.tid);
	put(to, "stack", ev->stacked.number);
}

static void put_off_cpu_of(FILE *to, const struct event *ev)
{
	put(to, "tid", ev->off_cpu.tid);
	put(to, "tgid", ev->off_cpu.tgid);
	put(to, "state", ev->off_cpu.state);
	if (ev->off_cpu.syscall != TARE_NO_SYSCALL)
		put(to, "syscall", ev->off_cpu.syscall);
	put(to, "ns", ev->off_cpu.ns);
	put(to, "wait_ns", ev->off_cpu.wait_ns);
}

static void put_oom_kill_of(FILE *to, const struct event *ev)
{
	put(to, "tid", ev->oom_kill.tid);
	put(to, "tgid", ev->oom_kill.tgid);
	if (!ev->oom_kill.limit_pages)
		return;
	put(to, "limit_pages", ev->oom_kill.limit_pages);
	put_text(to, "cgroup", ev->oom_kill.cgroup, strlen(ev->oom_kill.cgroup));
}

static void put_fault_sample_of(FILE *to, const struct event *ev)
{
	const struct event_fault_sample *f = &ev->fault_sample;

	put(to, "tid", f->tid);
	put(to, "tgid", f->tgid);
	put_bool(to, "major", f->major);
	put(to, "period", f->period);
	put_text(to, "owner", fault_owner_name(f->owner), 16);
	if (f->name[0])
		put_text(to, "file", f->name, sizeof(f->name));
	put_hex(to, "address", f->address);
	put_hex(to, "ip", f->ip);
}

static void put_alloc_sample_of(FILE *to, const struct event *ev)
{
	put(to, "tid", ev->alloc_sample.tid);
	put(to, "tgid", ev->alloc_sample.tgid);
	put(to, "burst", ev->alloc_sample.burst);
	put_bool(to, "runtime", ev->alloc_sample.runtime);
	put_bool(to, "block", ev->alloc_sample.block);
	put(to, "bytes", ev->alloc_sample.bytes);
	put(to, "stands_for_q16", ev->alloc_sample.stands_for_q16);
}

static void put_reclaim_of(FILE *to, const struct event *ev)
{
	put(to, "tid", ev->reclaim.tid);
	put(to, "tgid", ev->reclaim.tgid);
	put_bool(to, "by_cgroup", ev->reclaim.by_cgroup);
	put(to, "ns", ev->reclaim.ns);
	put(to, "pages", ev->reclaim.pages);
	if (!ev->reclaim.limit_pages)
		return;
	put(to, "limit_pages", ev->reclaim.limit_pages);
	put_text(to, "cgroup", ev->reclaim.cgroup, strlen(ev->reclaim.cgroup));
}

#define put_rename_of put_name_of

/* One entry per event kind: a missing one does not compile. */
static void (*const kinds[NR_EVENTS])(FILE *to, const struct event *ev) = {
#define KIND(kind, name, ...) [EVENT_##kind] = put_##name##_of,
	EVENT_DESCRIPTIONS(KIND) TARE_RECORDS(KIND, EVENT_NONE)
};

static int json_lines__begin(FILE *to, const struct export_opts *opts, void **state)
{
	struct lines *l = malloc(sizeof(*l));

	if (!l)
		return -ENOMEM;
	l->to = to;
	runtime_names__init(&l->names);
	*state = l;
	return 0;
}

/* "reason_name" after "reason": the runtime's name for the number, if known so far. */
static void put_names(const struct lines *l, const struct event *ev)
{
	const char *name;
	char key[64];
	unsigned kind;

	for (unsigned i = 0; i < ev->runtime.nr_args; i++) {
		kind = runtime_arg_kind(ev->runtime.event, i);
		name = kind ? runtime_names__find(&l->names, ev->runtime.tgid, kind, ev->runtime.args[i]) : NULL;
		if (!name)
			continue;
		snprintf(key, sizeof(key), "%s_name", runtime_arg_name(ev->runtime.event, i));
		put_text(l->to, key, name, strlen(name));
	}
}

static int json_lines__event(void *state, const struct event *ev)
{
	struct lines *l = state;
	FILE *to = l->to;

	if (ev->kind >= NR_EVENTS)
		return 0;
	if (ev->kind == EVENT_NUMBER_NAME)
		runtime_names__event(&l->names, ev);
	errno = 0;
	fprintf(to, "{\"ts_ns\":%" PRIu64 ",\"cpu\":%u,\"event\":\"%s\"", ev->ts_ns, ev->cpu, event_name(ev->kind));
	kinds[ev->kind](to, ev);
	if (ev->kind == EVENT_RUNTIME)
		put_names(l, ev);
	fputs("}\n", to);
	return ferror(to) ? -(errno ? errno : EIO) : 0;
}

static int json_lines__end(void *state)
{
	struct lines *l = state;

	runtime_names__free(&l->names);
	free(l);
	return 0;
}

const struct exporter exporter_json_lines = {
	.name = "json-lines",
	.what = "each event as one JSON object on a line, for jq and scripts",
	.endings = ".jsonl .ndjson",
	.begin = json_lines__begin,
	.event = json_lines__event,
	.end = json_lines__end,
};
