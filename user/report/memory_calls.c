// SPDX-License-Identifier: BSD-2-Clause
/* System calls by which targets got and returned memory. */
#include "event_names.h"
#include "json_impl.h"
#include "report.h"

static uint64_t whole(double n)
{
	return n < 0x1p63 ? (uint64_t)(n + 0.5) : INT64_MAX;
}

void report__memory_calls(const struct model *m, FILE *to)
{
	const struct model_memory_calls *all = &m->memory_calls;
	bool any = false, exact = memory_calls__are_exact(all);
	char n[2][32], t[4][16];

	for (unsigned i = 0; i < TARE_NR_MEMORY_CALLS; i++) {
		const struct memory_call *c = &all->calls[i];

		if (!c->seen)
			continue;
		if (!any)
			fprintf(to, "\n%-24s%14s %10s %10s %10s %10s %12s\n", "memory calls", "count", "failed", "time",
				"mean", "longest", "bytes");
		any = true;
		fprintf(to, "  %-22s%14s %10s %10s %10s %10s %12s\n", memory_call_name(i),
			fmt_count(whole(c->count), n[0]), fmt_count(whole(c->failed), n[1]), fmt_ns(whole(c->ns), t[0]),
			fmt_ns(whole(c->ns / c->count), t[1]), fmt_ns(c->max_ns, t[2]),
			fmt_bytes(whole(c->bytes), t[3]));
	}
	if (any && !exact)
		fprintf(to,
			"  seen in %.1f %% of the time, as system calls were very frequent, and scaled;\n"
			"  the longest are those that were seen\n",
			100.0 * all->seen_ns / all->covered_ns);
}

json_t *json__memory_calls(const struct model *m, json_t *notes)
{
	const struct model_memory_calls *all = &m->memory_calls;
	json_t *list;

	if (!all->seen_ns) {
		json__note(
			notes,
			"allocation.syscalls: the kernel has no tracepoints at system calls, or the recording none of their counts");
		return json_null();
	}
	list = json_array();
	for (unsigned i = 0; i < TARE_NR_MEMORY_CALLS; i++) {
		const struct memory_call *c = &all->calls[i];

		if (!c->seen)
			continue;
		json_array_append_new(list,
				      json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I}", "name", memory_call_name(i),
						"count", num(whole(c->count)), "failed", num(whole(c->failed)),
						"total_ns", num(whole(c->ns)), "max_ns", num(c->max_ns), "bytes",
						num(whole(c->bytes)), "seen", num(c->seen)));
	}
	if (!memory_calls__are_exact(all))
		json__note(
			notes,
			"allocation.syscalls: seen in %.1f %% of the time, as system calls were very frequent, and scaled",
			100.0 * all->seen_ns / all->covered_ns);
	return list;
}
