// SPDX-License-Identifier: BSD-2-Clause
/* "threads" and "processes" of tare.report/1. */
#include <inttypes.h>
#include <stdlib.h>

#include "json_impl.h"
#include "process.h"
#include "report_rows.h"

static json_t *thread_json(const struct thread *t)
{
	const struct accounts *a = &t->acc;
	char comm[64];

	return json_pack("{s:o, s:o, s:o, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b}",
			 "tid", number_or_null(t->tid, t->tid), "tgid", number_or_null(t->tgid, t->tid), "born_ns",
			 number_or_null(t->start_ns, t->start_ns), "comm",
			 sanitize(t->comm, sizeof(t->comm), comm, sizeof(comm)), "voluntary", num(a->voluntary),
			 "involuntary", num(a->involuntary), "on_cpu_ns", num(a->on_cpu_ns), "run_queue_ns",
			 num(a->run_queue_ns), "throttled_ns", num(a->throttled_ns), "sleep_ns", num(a->sleep_ns),
			 "charged_ns", num(accounts__charged_ns(a)), "stolen_ns",
			 (json_int_t)(a->stolen_ns > 0 ? a->stolen_ns : 0), "charged_early_ns",
			 (json_int_t)(a->stolen_ns < 0 ? -a->stolen_ns : 0), "waits_early_ns", num(a->early_ns),
			 "unknown_ns", num(a->unknown_ns), "lifetime_ns", num(t->last_ns - t->born_ns), "migrations",
			 num(a->migrations), "exited", t->exited);
}

json_t *json__threads(const struct model *m)
{
	const struct threads *ts = &m->switches.threads;
	const struct thread **rows = NULL;
	int n = report_rows__threads(m, &rows);
	json_t *list = n < 0 ? NULL : json_array();

	for (int i = 0; i < n; i++)
		json_array_append_new(list, thread_json(rows[i]));
	for (uint32_t i = 0; list && i < ts->nr_folds; i++) {
		const struct thread_fold *f = &ts->folds[i];
		json_t *row = thread_json(&f->sum);
		char comm[64];

		json_object_set_new(row, "tid", json_null());
		sanitize(f->sum.comm, sizeof(f->sum.comm), comm, sizeof(comm));
		json_object_set_new(
			row, "comm",
			json_sprintf("(%" PRIu64 " exited threads%s%s)", f->nr, comm[0] ? " of " : "", comm));
		json_array_append_new(list, row);
	}
	free(rows);
	return list;
}

json_t *json__processes(const struct model *m)
{
	struct process_row *rows = NULL;
	int n = model__processes(m, &rows);
	json_t *list = n < 0 ? NULL : json_array();

	for (int i = 0; i < n; i++) {
		const struct process_row *r = &rows[i];

		json_array_append_new(
			list, json_pack("{s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o}",
					"pid", number_or_null(r->pid, r->pid), "born_ns",
					number_or_null(r->born_ns, r->born_ns), "comm", text_or_null(r->comm),
					"threads", num(r->threads), "voluntary", num(r->acc.voluntary), "involuntary",
					num(r->acc.involuntary), "on_cpu_ns", num(r->acc.on_cpu_ns), "run_queue_ns",
					num(r->acc.run_queue_ns), "throttled_ns", num(r->acc.throttled_ns), "sleep_ns",
					num(r->acc.sleep_ns), "migrations", num(r->acc.migrations), "pauses",
					r->tells_pauses ? json_pack("{s:I, s:I, s:I}", "count", num(r->pauses.count),
								    "world_ns", num(r->pauses.world_ns), "max_world_ns",
								    num(r->pauses.max_ns)) :
							  json_null(),
					"alloc_bytes", counter(r->counters.alloc_bytes), "alloc_objects",
					counter(r->counters.alloc_objects), "goroutine_switches",
					counter(r->counters.goroutine_switches)));
	}
	free(rows);
	return list;
}
