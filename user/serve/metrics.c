// SPDX-License-Identifier: BSD-2-Clause
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "metrics.h"
#include "proc.h"
#include "report_rows.h"
#include "util.h"

enum type { COUNTER, GAUGE };
enum unit { PLAIN, SECONDS, BYTES };

struct page {
	FILE *to;
	enum metrics_format format;
	struct fold *f;
	const struct metrics_self *self;
};

/* ---- lines ---- */

/* @name: without "_total", which OpenMetrics leaves out where the other format has it. */
static void head(const struct page *p, const char *name, const char *type, enum unit unit, const char *help)
{
	const char *total = p->format == METRICS_TEXT && !strcmp(type, "counter") ? "_total" : "";

	fprintf(p->to, "# HELP %s%s %s\n# TYPE %s%s %s\n", name, total, help, name, total, type);
	if (p->format == METRICS_OPEN && unit != PLAIN)
		fprintf(p->to, "# UNIT %s %s\n", name, unit == SECONDS ? "seconds" : "bytes");
}

static void put_value(const struct page *p, uint64_t value, enum unit unit)
{
	if (unit == SECONDS)
		fprintf(p->to, " %llu.%09llu\n", (unsigned long long)(value / NSEC_PER_SEC),
			(unsigned long long)(value % NSEC_PER_SEC));
	else
		fprintf(p->to, " %llu\n", (unsigned long long)value);
}

static void put_label(const struct page *p, const char *name, const char *value)
{
	fprintf(p->to, "%s=\"", name);
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			fputc('\\', p->to);
		fputc(*value, p->to); /* no newline: it was made safe to print */
	}
	fputc('"', p->to);
}

static void put_labels(const struct page *p, const struct series *s)
{
	const struct labels *l = &s->labels;

	put_label(p, "process", l->process);
	if (l->pid)
		fprintf(p->to, ",pid=\"%u\"", l->pid);
	put_label(p, ",cgroup", l->cgroup);
	put_label(p, ",container", l->container);
	put_label(p, ",runtime", l->runtime);
}

static struct series *series_at(const struct page *p, uint32_t i)
{
	struct all_series *all = &p->f->processes.series;

	return i < all->nr ? all->at[i] : &all->other;
}

/* Those with something to tell: the one for all others is left out until it has had a process. */
#define for_each_series(p, s)                                          \
	for (uint32_t i_ = 0; i_ <= (p)->f->processes.series.nr; i_++) \
		for (struct series *s = series_at(p, i_); s && has_any(s); s = NULL)

static bool has_any(const struct series *s)
{
	return s->nr_processes || s->ended_ns;
}

/* ---- one value a series ---- */

static uint64_t forwards(uint64_t *told, uint64_t sum, uint64_t open)
{
	int64_t now = sum + open;

	if (now > 0 && (uint64_t)now > *told)
		*told = now;
	return *told;
}

static uint64_t get_cpu(struct series *s)
{
	return forwards(&s->told_cpu_ns, s->acc.on_cpu_ns - s->acc.stolen_ns, s->open_ns);
}

static uint64_t get_run_queue(struct series *s)
{
	return forwards(&s->told_run_queue_ns, s->acc.run_queue_ns, s->open_wait_ns);
}

static uint64_t get_throttled(struct series *s)
{
	return forwards(&s->told_throttled_ns, s->acc.throttled_ns, s->open_throttled_ns);
}

static uint64_t counted(const struct series *s, uint64_t value)
{
	return s->counts ? value : TARE_UNKNOWN;
}

#define GET(name, value)                             \
	static uint64_t get_##name(struct series *s) \
	{                                            \
		return value;                        \
	}
GET(voluntary, s->acc.voluntary)
GET(involuntary, s->acc.involuntary)
GET(migrations, s->acc.migrations)
GET(minor, s->minor_faults)
GET(major, s->major_faults)
GET(collections, counted(s, s->collections))
GET(alloc_bytes, counted(s, s->alloc_bytes))
GET(alloc_objects, counted(s, s->alloc_objects))
GET(created, counted(s, s->goroutines_created))
GET(green_switches, counted(s, s->goroutine_switches))
GET(heap, counted(s, s->heap_bytes))
GET(resident, s->resident_bytes)
GET(threads, s->threads)
GET(processes, s->nr_processes)

/* Rows of one name follow each other; those without a help are more values of the one before. */
static const struct metric {
	const char *name;
	enum type type;
	enum unit unit;
	const char *help, *label;
	uint64_t (*get)(struct series *s); /* TARE_UNKNOWN: this series has none */
} metrics[] = {
	{ "tare_cpu_seconds", COUNTER, SECONDS, "CPU time, as the kernel charges it.", NULL, get_cpu },
	{ "tare_run_queue_seconds", COUNTER, SECONDS, "Time that threads were runnable and waited for a CPU.", NULL,
	  get_run_queue },
	{ "tare_throttled_seconds", COUNTER, SECONDS,
	  "Time that threads were runnable and the CPU quota of their cgroup was used up.", NULL, get_throttled },
	{ "tare_context_switches", COUNTER, PLAIN, "Times that a thread left a CPU.", "kind=\"voluntary\"",
	  get_voluntary },
	{ "tare_context_switches", COUNTER, PLAIN, NULL, "kind=\"involuntary\"", get_involuntary },
	{ "tare_migrations", COUNTER, PLAIN, "Times that a thread went on on another CPU.", NULL, get_migrations },
	{ "tare_page_faults", COUNTER, PLAIN, "Page faults; a major one waited for a disk.", "kind=\"minor\"",
	  get_minor },
	{ "tare_page_faults", COUNTER, PLAIN, NULL, "kind=\"major\"", get_major },
	{ "tare_resident_bytes", GAUGE, BYTES, "Resident memory.", NULL, get_resident },
	{ "tare_threads", GAUGE, PLAIN, "Threads.", NULL, get_threads },
	{ "tare_processes", GAUGE, PLAIN, "Processes that share this series.", NULL, get_processes },
	{ "tare_collections", COUNTER, PLAIN, "Garbage collections completed, by the runtime's own account.", NULL,
	  get_collections },
	{ "tare_alloc_bytes", COUNTER, BYTES, "Memory allocated in the runtime's heap.", NULL, get_alloc_bytes },
	{ "tare_alloc_objects", COUNTER, PLAIN, "Objects allocated in the runtime's heap.", NULL, get_alloc_objects },
	{ "tare_heap_bytes", GAUGE, BYTES, "Live objects and garbage in the runtime's heap.", NULL, get_heap },
	{ "tare_goroutines_created", COUNTER, PLAIN, "Green threads started.", NULL, get_created },
	{ "tare_goroutine_switches", COUNTER, PLAIN, "Times that a green thread was given a thread to run on.", NULL,
	  get_green_switches },
};

static bool is_told(const struct page *p, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(metrics); i++) {
		if (strcmp(metrics[i].name, name))
			continue;
		for_each_series(p, s) if (metrics[i].get(s) != TARE_UNKNOWN) return true;
	}
	return false;
}

/* A metric without a value is left out. */
static void put_row(const struct page *p, const struct metric *m)
{
	const char *total = m->type == COUNTER ? "_total" : "";
	uint64_t value;

	if (m->help && is_told(p, m->name))
		head(p, m->name, m->type == COUNTER ? "counter" : "gauge", m->unit, m->help);
	for_each_series(p, s)
	{
		value = m->get(s);
		if (value == TARE_UNKNOWN)
			continue;
		fprintf(p->to, "%s%s{", m->name, total);
		put_labels(p, s);
		fprintf(p->to, "%s%s}", m->label ? "," : "", m->label ?: "");
		put_value(p, value, m->unit);
	}
}

/* ---- histograms ---- */

static void put_histogram(const struct page *p, const char *name, const struct series *s, const char *reason,
			  const struct buckets *b)
{
	uint64_t below = 0;

	for (unsigned i = 0; i <= NR_BUCKETS; i++) {
		below = i < NR_BUCKETS ? below + b->in[i] : b->count;
		fprintf(p->to, "%s_bucket{", name);
		put_labels(p, s);
		if (reason)
			put_label(p, ",reason", reason);
		fprintf(p->to, ",le=\"%s\"}", i < NR_BUCKETS ? buckets_bounds[i] : "+Inf");
		put_value(p, below, PLAIN);
	}
	for (int is_sum = 1; is_sum >= 0; is_sum--) {
		fprintf(p->to, "%s_%s{", name, is_sum ? "sum" : "count");
		put_labels(p, s);
		if (reason)
			put_label(p, ",reason", reason);
		fputc('}', p->to);
		put_value(p, is_sum ? b->total_ns : b->count, is_sum ? SECONDS : PLAIN);
	}
}

static void put_run_queue(const struct page *p)
{
	head(p, "tare_run_queue_latency_seconds", "histogram", SECONDS,
	     "How long a thread waited for a CPU each time, without throttled time.");
	for_each_series(p, s) put_histogram(p, "tare_run_queue_latency_seconds", s, NULL, &s->run_queue);
}

static void put_pauses(const struct page *p)
{
	head(p, "tare_stop_the_world_seconds", "histogram", SECONDS,
	     "Stop-the-world pauses: from the request until the last stopped thread that had work runs again.");
	for_each_series(p, s) for (unsigned i = 0; i < s->nr_reasons; i++)
		put_histogram(p, "tare_stop_the_world_seconds", s, s->reasons[i].name, &s->reasons[i].pauses);
	head(p, "tare_stop_the_world_cause_seconds", "counter", SECONDS,
	     "What stop-the-world pauses were spent on, along the chain of threads that all others waited for.");
	for_each_series(p, s) for (unsigned cause = 0; s->nr_reasons && cause < PAUSE_NR_CAUSES; cause++)
	{
		fprintf(p->to, "tare_stop_the_world_cause_seconds_total{");
		put_labels(p, s);
		put_label(p, ",cause", pause_cause_name(cause));
		fputc('}', p->to);
		put_value(p, s->cause_ns[cause], SECONDS);
	}
}

/* ---- the recorder ---- */

static void put_single(const struct page *p, const char *name, enum type type, enum unit unit, const char *help,
		       uint64_t value)
{
	head(p, name, type == COUNTER ? "counter" : "gauge", unit, help);
	fprintf(p->to, "%s%s", name, type == COUNTER ? "_total" : "");
	put_value(p, value, unit);
}

static uint64_t own_resident_bytes(void)
{
	unsigned long long pages;
	char buf[128];
	FILE *f = fopen("/proc/self/statm", "re");
	bool known = f && fgets(buf, sizeof(buf), f) && sscanf(buf, "%*u %llu", &pages) == 1;

	if (f)
		fclose(f);
	return known ? pages * sysconf(_SC_PAGESIZE) : 0;
}

static void put_lost(const struct page *p)
{
	head(p, "tare_lost_events", "counter", PLAIN, "Events that happened and are in no figure, by class.");
	for (unsigned cls = 0; cls < TARE_NR_LOST; cls++) {
		if (!TARE_LOST_EVENTS(cls))
			continue;
		fprintf(p->to, "tare_lost_events_total{class=\"%s\"}", loss_name(cls));
		put_value(p, fold__lost(p->f, cls), PLAIN);
	}
	fprintf(p->to, "tare_lost_events_total{class=\"fold\"}");
	put_value(p, p->self->left_out, PLAIN);
}

static void put_self(const struct page *p)
{
	const struct processes *ps = &p->f->processes;

	put_single(p, "tare_targets", GAUGE, PLAIN, "Target processes.", ps->by_pid.count);
	put_single(
		p, "tare_processes_without_series", GAUGE, PLAIN,
		"Target processes for which there was no series left: they are added up as the process called other.",
		ps->series.other.nr_processes);
	put_lost(p);
	put_single(p, "tare_recorder_cpu_seconds", COUNTER, SECONDS, "CPU time of this exporter.", p->self->cpu_ns);
	put_single(p, "tare_probes_cpu_seconds", COUNTER, SECONDS,
		   "CPU time that probes took from whoever hit them: their hits by the mean of those that were timed.",
		   fold__probes_ns(p->f));
	put_single(p, "tare_recorder_resident_bytes", GAUGE, BYTES, "Resident memory of this exporter.",
		   own_resident_bytes());
	if (p->self->recordings != TARE_UNKNOWN) {
		put_single(p, "tare_recordings", COUNTER, PLAIN, "Recordings of bad moments written.",
			   p->self->recordings);
		put_single(p, "tare_recordings_kept_bytes", GAUGE, BYTES, "Recordings of bad moments in the folder.",
			   p->self->recorded_bytes);
	}
	head(p, "tare_build_info", "gauge", PLAIN, "1, with the version as a label.");
	fprintf(p->to, "tare_build_info{version=\"%s\"} 1\n", TARE_VERSION);
}

char *metrics__text(struct fold *f, const struct metrics_self *self, enum metrics_format format, size_t *len)
{
	struct page p = { .format = format, .f = f, .self = self };
	char *text = NULL;

	p.to = open_memstream(&text, len);
	if (!p.to)
		return NULL;
	pthread_mutex_lock(&f->lock);
	fold__settle(f);
	for (size_t i = 0; i < ARRAY_SIZE(metrics); i++)
		put_row(&p, &metrics[i]);
	put_run_queue(&p);
	put_pauses(&p);
	put_self(&p);
	all_series__told(&f->processes.series);
	pthread_mutex_unlock(&f->lock);
	if (format == METRICS_OPEN)
		fputs("# EOF\n", p.to);
	if (!fclose(p.to))
		return text;
	free(text);
	return NULL;
}
