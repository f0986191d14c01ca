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

/* What stops a thread, if known. */
static void put_stopped(FILE *to, uint32_t signal, const char cgroup[TARE_CGROUP_LEN])
{
	if (signal)
		put(to, "signal", signal);
	if (cgroup[0])
		put_text(to, "cgroup", cgroup, strnlen(cgroup, TARE_CGROUP_LEN));
}

static void put_task_of(FILE *to, const struct event *ev)
{
	const struct tare_task *t = ev->task;

	put(to, "tid", t->tid);
	put(to, "tgid", t->tgid);
	put(to, "start_ns", t->start_ns);
	put(to, "phase", t->phase);
	put(to, "state", t->state);
	put(to, "on_cpu", t->on_cpu);
	put(to, "voluntary", t->nvcsw);
	put(to, "involuntary", t->nivcsw);
	put(to, "exec_ns", t->exec_ns);
	put_known(to, "run_delay_ns", t->run_delay_ns);
	put_stopped(to, t->signal, t->cgroup);
	put_text(to, "comm", t->comm, strnlen(t->comm, sizeof(t->comm)));
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

static void put_counters_of(FILE *to, const struct event *ev)
{
	const struct tare_counters *c = &ev->counters;

	put(to, "pid", c->pid);
	put(to, "final", c->final);
#define X(field) put_known(to, #field, c->field)
	X(goroutine_switches);
	X(goroutines_created);
	X(alloc_bytes);
	X(alloc_objects);
	X(freed_bytes);
	X(freed_objects);
	X(collections);
	X(pauses);
	X(pause_ns);
	X(heap_bytes);
	X(goal_bytes);
	X(syscalls);
	X(preempts);
	X(assist_ns);
#undef X
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

static void put_call_stack_of(FILE *to, const struct event *ev)
{
	const struct tare_call_stack *s = ev->call_stack.head;

	put(to, "pid", s->pid);
	put(to, "stack", s->number);
	if (s->same_as) {
		put(to, "same_as", s->same_as);
		return;
	}
	put_addresses(to, "kernel", ev->call_stack.kernel, s->nr_kernel);
	put_addresses(to, "user", ev->call_stack.user, s->nr_user);
	put(to, "sure", s->nr_sure);
	put_bool(to, "whole", s->flags & TARE_STACK_WHOLE);
	put_bool(to, "cut", s->flags & TARE_STACK_CUT);
}

static void put_number_name_of(FILE *to, const struct event *ev)
{
	static const char *const names[] = { [TARE_NAME_STOP_REASON] = "stop_reason",
					     [TARE_NAME_GC_PHASE] = "gc_phase",
					     [TARE_NAME_WAIT_REASON] = "wait_reason",
					     [TARE_NAME_STATUS] = "status",
					     [TARE_NAME_GREEN] = "green_thread" };
	const struct tare_number_name *n = ev->number_name.head;

	put(to, "pid", n->pid);
	if (n->kind < ARRAY_SIZE(names) && names[n->kind])
		put_text(to, "kind", names[n->kind], strlen(names[n->kind]));
	else
		put(to, "kind", n->kind);
	put(to, "number", n->number);
	put_text(to, "name", ev->number_name.text, n->text_len);
}

static void put_page_of(FILE *to, const struct event *ev)
{
	put(to, "pid", ev->page.head->pid);
	put_hex(to, "address", ev->page.head->address);
	put_text(to, "name", ev->page.name, ev->page.head->name_len);
}

static void put_quota_of(FILE *to, const struct event *ev)
{
	put(to, "pid", ev->quota.head->pid);
	put_text(to, "cgroup", ev->quota.path, ev->quota.head->path_len);
	put(to, "quota_ns", ev->quota.head->quota_ns);
	put(to, "period_ns", ev->quota.head->period_ns);
}

static void put_symbol_of(FILE *to, const struct event *ev)
{
	static const char *const owners[] = {
		[TARE_OWNER_RUNTIME] = "runtime",
		[TARE_OWNER_LIBRARY] = "library",
		[TARE_OWNER_PROGRAM] = "program",
	};

	put(to, "pid", ev->symbol.head->pid);
	put_hex(to, "ip", ev->symbol.head->ip);
	put_text(to, "name", ev->symbol.name, ev->symbol.head->name_len);
	put_text(to, "file", ev->symbol.file, ev->symbol.head->file_len);
	put(to, "line", ev->symbol.head->line);
	if (ev->symbol.more.owner < ARRAY_SIZE(owners) && ev->symbol.more.owner)
		put_text(to, "owner", owners[ev->symbol.more.owner], 8);
	if (ev->symbol.more.name_len) {
		put_text(to, "within", ev->symbol.own_name, ev->symbol.more.name_len);
		put_text(to, "within_file", ev->symbol.own_file, ev->symbol.more.file_len);
		put(to, "within_line", ev->symbol.more.line);
	}
}

static void put_info_of(FILE *to, const struct event *ev)
{
	put_text(to, "key", ev->info.key, strlen(ev->info.key));
	put_text(to, "value", ev->info.value, strlen(ev->info.value));
}

static void put_damage_of(FILE *to, const struct event *ev)
{
	put(to, "offset", ev->damage.offset);
	put(to, "bytes", ev->damage.bytes);
	put_text(to, "what", ev->damage.what, strlen(ev->damage.what));
}

static void put_header_of(FILE *to, const struct event *ev)
{
	const struct tare_header *h = ev->header;

	put(to, "version", h->version);
	put_text(to, "arch", h->arch == TARE_ARCH_X86_64 ? "x86_64" : h->arch == TARE_ARCH_ARM64 ? "arm64" : "?", 8);
	put(to, "cpus", h->nr_cpus);
	put(to, "mono_ns", h->mono_ns);
	put(to, "boot_ns", h->boot_ns);
	put(to, "real_ns", h->real_ns);
}

static void put_process_of(FILE *to, const struct event *ev)
{
	const struct tare_process *p = ev->process.head;
	const char *arg = ev->process.cmdline, *end = arg + p->cmdline_len;

	put(to, "pid", p->pid);
	put(to, "ppid", p->ppid);
	put(to, "start_ns", p->start_ns);
	put_text(to, "exe", ev->process.exe, p->exe_len);
	/* one string per NUL */
	fputs(",\"argv\":[", to);
	for (const char *first = arg; arg < end; arg += strnlen(arg, end - arg) + 1) {
		fputs(arg == first ? "" : ",", to);
		put_string(to, arg, end - arg);
	}
	fputc(']', to);
}

static void put_module_of(FILE *to, const struct event *ev)
{
	const struct tare_module *m = ev->module.head;

	put(to, "pid", m->pid);
	put_hex(to, "start", m->start);
	put_hex(to, "end", m->end);
	put_hex(to, "offset", m->offset);
	put_text(to, "path", ev->module.path, m->path_len);
	if (!m->build_id_len)
		return;
	fputs(",\"build_id\":\"", to);
	for (unsigned i = 0; i < m->build_id_len; i++)
		fprintf(to, "%02x", m->build_id[i]);
	fputc('"', to);
}

static void put_loss_of(FILE *to, const struct event *ev)
{
	put(to, "class", ev->loss->cls);
	put(to, "of_cpu", ev->loss->cpu);
	put(to, "count", ev->loss->count);
}

static void put_probe_of(FILE *to, const struct event *ev)
{
	put_text(to, "name", ev->probe->name, sizeof(ev->probe->name));
	put(to, "hits", ev->probe->hits);
	put(to, "timed_hits", ev->probe->timed_hits);
	put(to, "timed_ns", ev->probe->timed_ns);
}

static void put_end_of(FILE *to, const struct event *ev)
{
	put(to, "reason", ev->end->reason);
	fprintf(to, ",\"wait_status\":%d", ev->end->wait_status);
	put(to, "self_cpu_ns", ev->end->self_cpu_ns);
}

static void put_delays_of(FILE *to, const struct event *ev)
{
	const struct tare_delays *d = ev->delays;

	put(to, "pid", d->pid);
	put(to, "one_in", d->one_in);
	fputs(",\"buckets\":[", to);
	for (uint32_t i = 0; i < d->nr; i++)
		fprintf(to, "%s[%" PRIu64 ",%" PRIu64 "]", i ? "," : "", (uint64_t)d->buckets[i].from_ns,
			(uint64_t)d->buckets[i].count);
	fputc(']', to);
}

#define put_rename_of put_name_of

/* One entry per event kind: a missing one does not compile. */
static void (*const kinds[NR_EVENTS])(FILE *to, const struct event *ev) = {
#define KIND(kind, name, ...) [EVENT_##kind] = put_##name##_of,
	EVENT_DESCRIPTIONS(KIND) TARE_RECORDS(KIND, EVENT_NONE)
};

static int json_lines__begin(FILE *to, void **state)
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
	.begin = json_lines__begin,
	.event = json_lines__event,
	.end = json_lines__end,
};
