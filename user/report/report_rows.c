// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report_rows.h"
#include "util.h"

static int by_time(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->total_ns != y->total_ns)
		return x->total_ns < y->total_ns ? 1 : -1;
	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return strcmp(x->name, y->name);
}

static int by_count(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return strcmp(x->name, y->name);
}

void reason_name(const struct model *m, const struct reason *r, char *buf, size_t size)
{
	static const char *const names[] = {
		[REASON_OTHER] = "(other system calls)",
		[REASON_PREEMPTED] = "preempted",
		[REASON_YIELDED] = "yielded",
		[REASON_THROTTLED] = "throttled",
		[REASON_PAGE_FAULT] = "page fault",
		[REASON_EXITED] = "exited",
		[REASON_STARTING] = "starting",
		[REASON_UNKNOWN] = "unknown",
	};
	char call[64], text[128];

	if (reason__stop_text(r, text, sizeof(text)))
		sanitize(text, sizeof(text), buf, size);
	else if (r->kind < REASON_SYSCALL)
		snprintf(buf, size, "%s", names[r->kind]);
	else
		snprintf(buf, size, "%.60s%s", syscall_name(m->header.arch, r->compat, r->syscall, call),
			 r->compat ? " (32-bit)" : "");
}

int report_rows__off_cpu(const struct model *m, struct row **rows)
{
	int n = 0;

	*rows = calloc(m->switches.nr_reasons, sizeof(**rows));
	if (!*rows)
		return -ENOMEM;
	for (uint32_t i = 0; i < m->switches.nr_reasons; i++) {
		const struct reason *r = &m->switches.reasons[i];
		struct row *row = &(*rows)[n];

		if (!r->count && !r->total_ns && !r->still)
			continue;
		reason_name(m, r, row->name, sizeof(row->name));
		row->count = r->count;
		row->total_ns = r->total_ns;
		row->max_ns = r->max_ns;
		row->extra = r->still;
		row->spans = r->spans;
		n++;
	}
	qsort(*rows, n, sizeof(**rows), by_time);
	return n;
}

static void task_name(const struct task_names *n, uint32_t id, struct row *row)
{
	sanitize(n->names[id], sizeof(n->names[id]), row->name, sizeof(row->name));
	if (!row->name[0])
		strcpy(row->name, "(no name)");
	row->recorder = id == NAME_RECORDER;
}

int report_rows__rivals(const struct model *m, struct row **rows)
{
	const struct task_names *names = &m->switches.names;
	const struct rivals *r = &m->switches.rivals;
	int n = 0;

	*rows = calloc(names->nr * 2, sizeof(**rows));
	if (!*rows)
		return -ENOMEM;
	for (uint32_t i = 0; i < names->nr * 2; i++) {
		const struct rival *rival = &r->rival[i / 2][i % 2];
		struct row *row = &(*rows)[n];

		if (!rival->total_ns)
			continue;
		task_name(names, i / 2, row);
		row->of_target = i % 2;
		row->count = rival->waits;
		row->total_ns = rival->total_ns;
		row->max_ns = rival->max_ns;
		n++;
	}
	qsort(*rows, n, sizeof(**rows), by_time);
	return n;
}

static int add_waker(struct row *row, const struct waker *w, const char *context, bool of_target)
{
	if (!w->count)
		return 0;
	row->context = context;
	row->of_target = of_target;
	row->count = w->count;
	row->extra = w->other_cpu;
	return 1;
}

int report_rows__wakers(const struct model *m, struct row **rows)
{
	const struct task_names *names = &m->switches.names;
	const struct rivals *r = &m->switches.rivals;
	int n = 0;

	*rows = calloc(names->nr * 2 + 2, sizeof(**rows));
	if (!*rows)
		return -ENOMEM;
	for (uint32_t i = 0; i < names->nr * 2; i++) {
		if (!add_waker(&(*rows)[n], &r->waker[i / 2][i % 2], "task", i % 2))
			continue;
		task_name(names, i / 2, &(*rows)[n++]);
	}
	strcpy((*rows)[n].name, "softirq");
	n += add_waker(&(*rows)[n], &r->softirq, "softirq", false);
	strcpy((*rows)[n].name, "interrupt");
	n += add_waker(&(*rows)[n], &r->interrupt, "interrupt", false);
	qsort(*rows, n, sizeof(**rows), by_count);
	return n;
}

static int by_switches(const void *a, const void *b)
{
	const struct thread *x = *(const struct thread *const *)a, *y = *(const struct thread *const *)b;
	uint64_t nx = x->acc.voluntary + x->acc.involuntary, ny = y->acc.voluntary + y->acc.involuntary;

	if (nx != ny)
		return nx < ny ? 1 : -1;
	if (x->tid != y->tid)
		return x->tid < y->tid ? -1 : 1;
	return x->born_ns < y->born_ns ? -1 : x->born_ns > y->born_ns;
}

int report_rows__threads(const struct model *m, const struct thread ***threads)
{
	uint32_t n = m->switches.threads.nr_rows;

	*threads = calloc(n + 1, sizeof(**threads));
	if (!*threads)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		(*threads)[i] = m->switches.threads.rows[i];
	qsort(*threads, n, sizeof(**threads), by_switches);
	return n;
}

const char *loss_name(unsigned cls)
{
	static const char *const names[TARE_NR_LOST] = {
		[TARE_LOST_OUT] = "switch_out",	 [TARE_LOST_IN] = "switch_in",	    [TARE_LOST_OTHER] = "other_switch",
		[TARE_LOST_TASK] = "task",	 [TARE_LOST_THREAD] = "thread",	    [TARE_LOST_DISK] = "disk_bytes",
		[TARE_LOST_RUNTIME] = "runtime", [TARE_LOST_EVIDENCE] = "evidence", [TARE_LOST_OFF_CPU] = "long_wait",
		[TARE_LOST_MISSED] = "missed",
	};

	return cls < TARE_NR_LOST && names[cls] ? names[cls] : "unknown";
}

bool has_direct_cost(const struct model *m, const char **why)
{
	static const char *const needed[] = { "feature.sched_entry", "feature.sched_exit" };

	*why = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		*why = model__info(m, needed[i]);
		if (!*why || strncmp(*why, "works", strlen("works")))
			return false;
	}
	return true;
}

const char *target_runtime(const struct model *m)
{
	const char *runtime = model__info(m, "runtime");

	/* the shell that started a program is told first, and the program later */
	return runtime && !strcmp(runtime, "native") && m->pauses.runtime_events ? NULL : runtime;
}
