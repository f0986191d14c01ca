// SPDX-License-Identifier: BSD-2-Clause
/*
 * tare.report/1. Beyond the schema's own keys: "notes", "ended", "damage", "runtime" (the runtime's own counters),
 * "check", "host", "recorder", "profile", "threads", and under "context_switches" "wake_latency_ns", "slice_ns",
 * "migrations", "wakers", "rivals". A thread's lifetime_ns is exactly on_cpu + run_queue + throttled + sleep + unknown.
 * What the kernel charged it, charged_ns, is on_cpu - stolen + charged_early: the kernel charges from when it last read
 * the CPU's clock, before the thread arrives. By the switches alone it was on a CPU for on_cpu + waits_early: the
 * kernel counts as wait what a preempted thread still runs after that reading.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>
#include <sys/wait.h>

#include "json_impl.h"
#include "pauses.h"
#include "process.h"
#include "report.h"
#include "report_rows.h"
#include "untold.h"
#include "util.h"

void json__note(json_t *notes, const char *fmt, ...)
{
	char text[512], safe[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_array_append_new(notes, json_string(sanitize(text, strlen(text), safe, sizeof(safe))));
}

static json_t *dist(const struct hist *h)
{
	bool any = h->count;

	return json_pack("{s:I, s:I, s:o, s:o, s:o, s:o, s:o}", "count", num(h->count), "total_ns", num(h->total),
			 "min_ns", number_or_null(h->min, any), "p50_ns", number_or_null(hist__percentile(h, 500), any),
			 "p90_ns", number_or_null(hist__percentile(h, 900), any), "p99_ns",
			 number_or_null(hist__percentile(h, 990), any), "max_ns", number_or_null(h->max, any));
}

static json_t *target_json(const struct model *m, json_t *notes)
{
	const char *pids = model__info(m, "pids"), *runtime = target_runtime(m);
	unsigned long pid = pids ? strtoul(pids, NULL, 10) : 0;

	if (!pid)
		pid = m->first_tgid;
	if (!runtime)
		json__note(notes,
			   "target.runtime: not known: the part of the recording that tells it is damaged or missing");
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "pid", number_or_null(pid, pid), "comm",
			 text_or_null(m->target_comm[0] ? m->target_comm : model__info(m, "comm")), "runtime",
			 text_or_null(runtime), "runtime_version",
			 text_or_null(runtime ? model__info(m, "runtime_version") : NULL), "pids", text_or_null(pids),
			 "description", text_or_null(model__info(m, "target")));
}

static json_t *lost_json(const struct model *m)
{
	json_t *by_class = json_object();

	for (unsigned i = 0; i < TARE_NR_LOST; i++)
		json_object_set_new(by_class, loss_name(i), json_integer(num(m->lost[i])));
	return json_pack("{s:I, s:o, s:b}", "total", num(model__lost_events(m)), "by_class", by_class, "complete",
			 !model__is_incomplete(m));
}

/* The three lists fail in the same way: @n < 0 is -ENOMEM, and NULL makes json_object_set_new() fail. */
static json_t *off_cpu_json(const struct model *m)
{
	struct row *rows = NULL;
	int n = report_rows__off_cpu(m, &rows);
	json_t *list = n < 0 ? NULL : json_array();

	for (int i = 0; i < n; i++)
		json_array_append_new(list, json_pack("{s:s, s:I, s:I, s:I, s:I}", "reason", rows[i].name, "count",
						      num(rows[i].count), "total_ns", num(rows[i].total_ns), "max_ns",
						      num(rows[i].max_ns), "still_off", num(rows[i].extra)));
	free(rows);
	return list;
}

static json_t *rivals_json(const struct model *m)
{
	struct row *rows = NULL;
	int n = report_rows__rivals(m, &rows);
	json_t *list = n < 0 ? NULL : json_array();

	for (int i = 0; i < n; i++)
		json_array_append_new(list, json_pack("{s:s, s:b, s:b, s:I, s:I, s:I}", "comm", rows[i].name, "target",
						      rows[i].of_target, "recorder", rows[i].recorder, "waits",
						      num(rows[i].count), "total_ns", num(rows[i].total_ns), "max_ns",
						      num(rows[i].max_ns)));
	free(rows);
	return list;
}

static json_t *wakers_json(const struct model *m)
{
	struct row *rows = NULL;
	int n = report_rows__wakers(m, &rows);
	json_t *list = n < 0 ? NULL : json_array();

	for (int i = 0; i < n; i++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:b, s:I, s:I}", "comm", rows[i].name, "context",
						      rows[i].context, "target", rows[i].of_target, "recorder",
						      rows[i].recorder, "count", num(rows[i].count), "from_other_cpu",
						      num(rows[i].extra)));
	free(rows);
	return list;
}

static json_t *switches_json(const struct model *m, const struct accounts *total, json_t *notes)
{
	const struct switches *s = &m->switches;
	struct tare_counters c;
	const char *why;
	bool direct = has_direct_cost(m, &why);

	if (!direct)
		json__note(notes, "context_switches.direct_cost_ns: the kernel could not bracket its scheduler%s%s",
			   why ? ": " : "", why ? why : " (or was not asked)");
	runtime_counters__total(&m->counters, &c);
	if (c.goroutine_switches == TARE_UNKNOWN)
		json__note(notes, "context_switches.goroutine_switches: the target's runtime does not tell");
	return json_pack("{s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:I}", "count",
			 num(total->voluntary + total->involuntary), "voluntary", num(total->voluntary), "involuntary",
			 num(total->involuntary), "direct_cost_ns", direct ? dist(&s->direct_cost) : json_null(),
			 "run_queue_ns", dist(&s->run_queue), "throttled_ns", dist(&s->throttled), "off_cpu",
			 off_cpu_json(m), "goroutine_switches", counter(c.goroutine_switches), "wake_latency_ns",
			 dist(&s->wake_latency), "slice_ns", dist(&s->slice), "migrations", num(total->migrations),
			 "wakers", wakers_json(m), "rivals", rivals_json(m), "inconsistent", num(total->inconsistent));
}

static json_t *allocation_json(const struct model *m, const struct accounts *total, json_t *notes)
{
	bool faults = m->switches.threads.check.fault_threads;
	struct tare_counters c;

	runtime_counters__total(&m->counters, &c);
	if (c.alloc_bytes == TARE_UNKNOWN)
		json__note(notes, "allocation.bytes, objects: the target's runtime does not tell");
	if (!faults)
		json__note(notes, "allocation.page_faults: the kernel's counts were not recorded at both ends");
	json__note(notes, "allocation.page_fault_ns: not measured by this version; see ledger");
	return json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:n}", "bytes",
		counter(c.alloc_bytes), "objects", counter(c.alloc_objects), "freed_bytes", counter(c.freed_bytes),
		"freed_objects", counter(c.freed_objects), "sampled_sites", json__alloc_sites(m, notes), "grown_sites",
		json__grown_sites(m), "page_faults", number_or_null(total->minor_faults + total->major_faults, faults),
		"minor_faults", number_or_null(total->minor_faults, faults), "major_faults",
		number_or_null(total->major_faults, faults), "faults_by_owner", json__faults(m, notes), "huge_faults",
		number_or_null(report__huge_faults(m), m->fault_owners.samples), "reclaim", json__reclaim(m),
		"syscalls", json__memory_calls(m, notes), "syscalls_seen_ns", counter(m->memory_calls.seen_ns),
		"syscalls_covered_ns", counter(m->memory_calls.covered_ns), "page_fault_ns");
}

/* One in @one_in waits is counted: total and count are of the counted ones. */
static json_t *delays_json(const struct model *m)
{
	uint32_t one_in;
	struct hist h;
	json_t *d;

	if (!m->delays.nr)
		return json_null();
	delays__total(&m->delays, &h, &one_in);
	d = dist(&h);
	json_object_set_new(d, "one_in", json_integer(one_in));
	return d;
}

/* The runtime's own counters over the recording; null if it reports none. */
static json_t *runtime_json(const struct model *m)
{
	struct tare_counters c;

	runtime_counters__total(&m->counters, &c);
	return json_pack("{s:{s:I, s:I, s:I, s:I, s:o}, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "preemption_signals", "sent", num(m->preemption.sent), "delivered",
			 num(m->preemption.delivered), "sent_before", num(m->preemption.sent_before), "sent_by_others",
			 num(m->preemption.others), "latency_ns", dist(&m->preemption.latency),
			 "goroutine_run_queue_ns", delays_json(m), "collections", counter(c.collections), "pauses",
			 counter(c.pauses), "pause_ns", counter(c.pause_ns), "goroutines_created",
			 counter(c.goroutines_created), "preempts", counter(c.preempts), "syscalls",
			 counter(c.syscalls), "assist_ns", counter(c.assist_ns), "heap_bytes", counter(c.heap_bytes),
			 "goal_bytes", counter(c.goal_bytes));
}

/* `stopping' and `total' by the runtime's definition; `world' lasts until each thread with work runs again. */
static json_t *stop_the_world_json(const struct model *m, json_t *notes)
{
	const struct pauses *ps = &m->pauses;
	json_t *reasons = json_object(), *causes = json_object();
	char name[64];

	untold__add_notes(m, notes);
	if (!ps->runtime_events) {
		json__note(notes, "stop_the_world: the recording holds nothing that the target's runtime tells");
		json_decref(reasons);
		json_decref(causes);
		return json_pack("{s:n, s:n, s:n, s:n, s:n, s:n}", "count", "stopping_ns", "total_ns", "world_ns",
				 "by_reason", "by_cause_ns");
	}
	for (unsigned i = 0; i < ps->nr_reasons; i++) {
		const struct pause_reason *r = &ps->reasons[i];

		json_object_set_new(reasons, pause_reason_name(r->name, r->reason, name),
				    json_pack("{s:I, s:I, s:I, s:I}", "count", num(r->count), "total_ns",
					      num(r->total_ns), "world_ns", num(r->world_ns), "max_world_ns",
					      num(r->max_ns)));
	}
	for (unsigned i = 0; i < PAUSE_NR_CAUSES; i++)
		json_object_set_new(causes, pause_cause_name(i), json_integer(num(ps->cause_ns[i])));
	return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:{s:I, s:I}}", "count", num(ps->count),
			 "stopping_ns", dist(&ps->stopping), "total_ns", dist(&ps->total), "world_ns", dist(&ps->world),
			 "by_reason", reasons, "by_cause_ns", causes, "lost", num(ps->lost), "unfinished",
			 num(ps->unfinished), "stopped_p_ns", num(ps->stopped_p_ns), "assists", "count",
			 num(ps->assists), "total_ns", num(ps->assist_ns));
}

static json_t *check_json(const struct model *m)
{
	const struct check *c = &m->switches.threads.check;

	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "threads", num(c->threads), "agree",
			 num(c->agree), "switches_missing", num(c->switches_missing), "switches_extra",
			 num(c->switches_extra), "on_cpu_ns", num(c->on_cpu_ns), "kernel_on_cpu_ns",
			 num(c->kernel_on_cpu_ns), "wait_threads", num(c->wait_threads), "wait_ns",
			 number_or_null(c->wait_ns, c->wait_threads), "kernel_wait_ns",
			 number_or_null(c->kernel_wait_ns, c->wait_threads));
}

static json_t *host_json(const struct model *m)
{
	json_t *features = json_object();

	for (unsigned i = 0; i < m->nr_info; i++) {
		static const char prefix[] = "feature.";
		const char *id = m->info[i].key + strlen(prefix);
		char key[128];

		if (strncmp(m->info[i].key, prefix, strlen(prefix)))
			continue;
		json_object_set_new(features, sanitize(id, strlen(id), key, sizeof(key)),
				    text_or_null(m->info[i].value));
	}
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "hostname", text_or_null(model__info(m, "hostname")),
			 "kernel", text_or_null(model__info(m, "kernel")), "kernel_version",
			 text_or_null(model__info(m, "kernel_version")), "machine",
			 text_or_null(model__info(m, "machine")), "cpus",
			 number_or_null(m->header.nr_cpus, m->has_header), "features", features);
}

static json_t *ended_json(const struct model *m)
{
	static const char *const names[] = {
		[TARE_END_DURATION] = "duration", [TARE_END_INTERRUPT] = "interrupt",
		[TARE_END_TRIGGER] = "trigger",	  [TARE_END_TARGET_GONE] = "target_gone",
		[TARE_END_ERROR] = "error",
	};

	if (!m->has_end)
		return json_string("cut_off");
	return text_or_null(m->end.reason < ARRAY_SIZE(names) ? names[m->end.reason] : NULL);
}

/* Targets that the kernel killed for want of memory. */
static json_t *oom_kills_json(const struct model *m)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < m->nr_oom_kills; i++) {
		const struct model_oom_kill *k = &m->oom_kills[i];

		json_array_append_new(list, json_pack("{s:I, s:I, s:I, s:o, s:o, s:o}", "ts_ns", num(k->ts_ns), "pid",
						      (json_int_t)k->tgid, "tid", (json_int_t)k->tid, "comm",
						      text_or_null(k->comm), "cgroup", text_or_null(k->cgroup),
						      "limit_bytes", number_or_null(k->limit_bytes, k->limit_bytes)));
	}
	return list;
}

static json_t *damage_json(const struct model *m)
{
	json_t *list = json_array();

	for (uint64_t i = 0; i < m->nr_damage && i < MODEL_MAX_DAMAGE; i++) {
		const struct model_damage *d = &m->damage[i];

		json_array_append_new(list, json_pack("{s:I, s:I, s:o}", "offset", num(d->offset), "bytes",
						      num(d->bytes), "what", text_or_null(d->what)));
	}
	return list;
}

static json_t *recorder_json(const struct model *m)
{
	bool waited = m->has_end && m->end.wait_status != -1;
	const char *attached = model__info(m, "attached_ns"), *peak = model__info(m, TARE_INFO_COMMAND_PEAK_KB);

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I}", "attached_ns",
			 attached ? json_integer(num(strtoull(attached, NULL, 10))) : json_null(), "version",
			 text_or_null(model__info(m, "version")), "mode", text_or_null(model__info(m, "mode")),
			 "cmdline", text_or_null(model__info(m, "cmdline")), "cpu_ns",
			 number_or_null(m->end.self_cpu_ns, m->has_end), "command_status",
			 waited && WIFEXITED(m->end.wait_status) ? json_integer(WEXITSTATUS(m->end.wait_status)) :
								   json_null(),
			 "command_peak_bytes", peak ? json_integer(num(strtoull(peak, NULL, 10) * 1024)) : json_null(),
			 "late_events", num(m->late));
}

int json__write(json_t *root, size_t format, FILE *to)
{
	int ret = root ? 0 : -ENOMEM;

	errno = 0;
	if (root && (json_dumpf(root, to, format) || fputc('\n', to) == EOF))
		ret = errno ? -errno : -EIO;
	json_decref(root);
	return ret;
}

json_t *report__object(const struct model *m)
{
	json_t *root = json_object(), *notes = json_array();
	struct accounts total;
	int bad = 0;

	threads__total(&m->switches.threads, &total);
	bad |= json_object_set_new(root, "schema", json_string("tare.report/1"));
	bad |= json_object_set_new(root, "target", target_json(m, notes));
	bad |= json_object_set_new(root, "duration_ns", json_integer(num(model__duration(m))));
	bad |= json_object_set_new(root, "ended", ended_json(m));
	bad |= json_object_set_new(root, "lost", lost_json(m));
	bad |= json_object_set_new(root, "context_switches", switches_json(m, &total, notes));
	bad |= json_object_set_new(root, "allocation", allocation_json(m, &total, notes));
	bad |= json_object_set_new(root, "runtime", runtime_json(m));
	bad |= json_object_set_new(root, "stop_the_world", stop_the_world_json(m, notes));
	bad |= json_object_set_new(root, "ledger", json__ledger(m, notes));
	bad |= json_object_set_new(root, "bytes", json__bytes(m, notes));
	bad |= json_object_set_new(root, "heaps", json__heaps(m, notes));
	bad |= json_object_set_new(root, "profile", json__profile(m, notes));
	bad |= json_object_set_new(root, "threads", json__threads(m));
	bad |= json_object_set_new(root, "processes", json__processes(m));
	bad |= json_object_set_new(root, "check", check_json(m));
	bad |= json_object_set_new(root, "host", host_json(m));
	bad |= json_object_set_new(root, "recorder", recorder_json(m));
	bad |= json_object_set_new(root, "oom_kills", oom_kills_json(m));
	bad |= json_object_set_new(root, "damage", damage_json(m));
	bad |= json_object_set_new(root, "damage_bytes", json_integer(num(m->damage_bytes)));
	bad |= json_object_set_new(root, "notes", notes);
	if (!bad)
		return root;
	json_decref(root);
	return NULL;
}

int report__json(const struct model *m, FILE *to)
{
	return json__write(report__object(m), JSON_INDENT(2), to);
}
