// SPDX-License-Identifier: BSD-2-Clause
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "families.h"
#include "report_rows.h"
#include "util.h"

struct telling {
	struct fold *f;
	const struct families_self *self;
	unsigned audience;
	const struct family_sink *sink;
};

static struct series *series_at(const struct telling *t, uint32_t i)
{
	struct all_series *all = &t->f->processes.series;

	return i < all->nr ? all->at[i] : &all->other;
}

/* Those with something to tell: the one for all others is left out until it has had a process. */
#define for_each_series(t, s)                                          \
	for (uint32_t i_ = 0; i_ <= (t)->f->processes.series.nr; i_++) \
		for (struct series *s = series_at(t, i_); s && series__is_told(s, (t)->audience); s = NULL)

static void put(const struct telling *t, const struct family *family, const struct family_point *point)
{
	t->sink->point(t->sink->ctx, family, point);
}

static void begin(const struct telling *t, const struct family *family)
{
	t->sink->family(t->sink->ctx, family);
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
static const struct family_row {
	struct family family;
	const char *kind;
	uint64_t (*get)(struct series *s); /* TARE_UNKNOWN: this series has none */
} rows[] = {
	{ { "tare_cpu_seconds", FAMILY_COUNTER, FAMILY_SECONDS, "CPU time, as the kernel charges it." },
	  NULL,
	  get_cpu },
	{ { "tare_run_queue_seconds", FAMILY_COUNTER, FAMILY_SECONDS,
	    "Time that threads were runnable and waited for a CPU." },
	  NULL,
	  get_run_queue },
	{ { "tare_throttled_seconds", FAMILY_COUNTER, FAMILY_SECONDS,
	    "Time that threads were runnable and the CPU quota of their cgroup was used up." },
	  NULL,
	  get_throttled },
	{ { "tare_context_switches", FAMILY_COUNTER, FAMILY_PLAIN, "Times that a thread left a CPU." },
	  "voluntary",
	  get_voluntary },
	{ { "tare_context_switches", FAMILY_COUNTER, FAMILY_PLAIN, NULL }, "involuntary", get_involuntary },
	{ { "tare_migrations", FAMILY_COUNTER, FAMILY_PLAIN, "Times that a thread went on on another CPU." },
	  NULL,
	  get_migrations },
	{ { "tare_page_faults", FAMILY_COUNTER, FAMILY_PLAIN, "Page faults; a major one waited for a disk." },
	  "minor",
	  get_minor },
	{ { "tare_page_faults", FAMILY_COUNTER, FAMILY_PLAIN, NULL }, "major", get_major },
	{ { "tare_resident_bytes", FAMILY_GAUGE, FAMILY_BYTES, "Resident memory." }, NULL, get_resident },
	{ { "tare_threads", FAMILY_GAUGE, FAMILY_PLAIN, "Threads." }, NULL, get_threads },
	{ { "tare_processes", FAMILY_GAUGE, FAMILY_PLAIN, "Processes that share this series." }, NULL, get_processes },
	{ { "tare_collections", FAMILY_COUNTER, FAMILY_PLAIN,
	    "Garbage collections completed, by the runtime's own account." },
	  NULL,
	  get_collections },
	{ { "tare_alloc_bytes", FAMILY_COUNTER, FAMILY_BYTES, "Memory allocated in the runtime's heap." },
	  NULL,
	  get_alloc_bytes },
	{ { "tare_alloc_objects", FAMILY_COUNTER, FAMILY_PLAIN, "Objects allocated in the runtime's heap." },
	  NULL,
	  get_alloc_objects },
	{ { "tare_heap_bytes", FAMILY_GAUGE, FAMILY_BYTES, "Live objects and garbage in the runtime's heap." },
	  NULL,
	  get_heap },
	{ { "tare_goroutines_created", FAMILY_COUNTER, FAMILY_PLAIN, "Green threads started." }, NULL, get_created },
	{ { "tare_goroutine_switches", FAMILY_COUNTER, FAMILY_PLAIN,
	    "Times that a green thread was given a thread to run on." },
	  NULL,
	  get_green_switches },
};

static bool has_values(const struct telling *t, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (strcmp(rows[i].family.name, name))
			continue;
		for_each_series(t, s) if (rows[i].get(s) != TARE_UNKNOWN) return true;
	}
	return false;
}

/* A family without a value is left out. */
static void tell_row(const struct telling *t, const struct family_row *row)
{
	uint64_t value;

	if (row->family.help && has_values(t, row->family.name))
		begin(t, &row->family);
	for_each_series(t, s)
	{
		value = row->get(s);
		if (value != TARE_UNKNOWN)
			put(t, &row->family,
			    &(struct family_point){ &s->labels, row->kind ? "kind" : NULL, row->kind, s->since_ns,
						    value, NULL });
	}
}

/* ---- histograms, and what belongs to them ---- */

static void tell_run_queue(const struct telling *t)
{
	static const struct family family = { "tare_run_queue_latency_seconds", FAMILY_HISTOGRAM, FAMILY_SECONDS,
					      "How long a thread waited for a CPU each time, without throttled time." };

	begin(t, &family);
	for_each_series(t, s)
		put(t, &family, &(struct family_point){ &s->labels, NULL, NULL, s->since_ns, 0, &s->run_queue });
}

static void tell_pauses(const struct telling *t)
{
	static const struct family pauses = {
		"tare_stop_the_world_seconds", FAMILY_HISTOGRAM, FAMILY_SECONDS,
		"Stop-the-world pauses: from the request until the last stopped thread that had work runs again."
	};
	static const struct family causes = {
		"tare_stop_the_world_cause_seconds", FAMILY_COUNTER, FAMILY_SECONDS,
		"What stop-the-world pauses were spent on, along the chain of threads that all others waited for."
	};

	begin(t, &pauses);
	for_each_series(t, s) for (unsigned i = 0; i < s->nr_reasons; i++)
		put(t, &pauses,
		    &(struct family_point){ &s->labels, "reason", s->reasons[i].name, s->since_ns, 0,
					    &s->reasons[i].pauses });
	begin(t, &causes);
	for_each_series(t, s) for (unsigned i = 0; s->nr_reasons && i < PAUSE_NR_CAUSES; i++) put(
		t, &causes,
		&(struct family_point){ &s->labels, "cause", pause_cause_name(i), s->since_ns, s->cause_ns[i], NULL });
}

/* ---- the recorder ---- */

/* One more of it, with the label @key, or without one if that is NULL. */
static void put_own(const struct telling *t, const struct family *family, const char *key, const char *label,
		    uint64_t value)
{
	put(t, family, &(struct family_point){ NULL, key, label, t->f->since_ns, value, NULL });
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

static void tell_lost(const struct telling *t)
{
	static const struct family family = { "tare_lost_events", FAMILY_COUNTER, FAMILY_PLAIN,
					      "Events that happened and are in no figure, by class." };

	begin(t, &family);
	for (unsigned cls = 0; cls < TARE_NR_LOST; cls++)
		if (TARE_LOST_EVENTS(cls))
			put_own(t, &family, "class", loss_name(cls), fold__lost(t->f, cls));
	put_own(t, &family, "class", "fold", t->self->left_out);
}

static void tell_pushed(const struct telling *t)
{
	static const struct family pushes = {
		"tare_otlp_pushes", FAMILY_COUNTER, FAMILY_PLAIN,
		"Figures pushed: taken by the collector, attempts that failed, given up."
	};
	static const struct family points = { "tare_otlp_rejected_points", FAMILY_COUNTER, FAMILY_PLAIN,
					      "Figures that the collector refused of pushes that it took." };

	begin(t, &pushes);
	put_own(t, &pushes, "kind", "sent", t->self->sent);
	put_own(t, &pushes, "kind", "failed", t->self->failed);
	put_own(t, &pushes, "kind", "dropped", t->self->dropped);
	begin(t, &points);
	put_own(t, &points, NULL, NULL, t->self->rejected_points);
}

static void tell_self(const struct telling *t)
{
	const struct processes *ps = &t->f->processes;
	const struct families_self *self = t->self;
	const struct {
		struct family family;
		const char *key, *label;
		uint64_t value; /* TARE_UNKNOWN: there is none */
	} own[] = {
		{ { "tare_targets", FAMILY_GAUGE, FAMILY_PLAIN, "Target processes." }, NULL, NULL, ps->by_pid.count },
		{ { "tare_processes_without_series", FAMILY_GAUGE, FAMILY_PLAIN,
		    "Target processes for which there was no series left: they are added up as the process called other." },
		  NULL,
		  NULL,
		  ps->series.other.nr_processes },
		{ { "tare_recorder_cpu_seconds", FAMILY_COUNTER, FAMILY_SECONDS, "CPU time of this exporter." },
		  NULL,
		  NULL,
		  self->cpu_ns },
		{ { "tare_probes_cpu_seconds", FAMILY_COUNTER, FAMILY_SECONDS,
		    "CPU time that probes took from whoever hit them: their hits by the mean of those that were timed." },
		  NULL,
		  NULL,
		  fold__probes_ns(t->f) },
		{ { "tare_recorder_resident_bytes", FAMILY_GAUGE, FAMILY_BYTES, "Resident memory of this exporter." },
		  NULL,
		  NULL,
		  own_resident_bytes() },
		{ { "tare_recordings", FAMILY_COUNTER, FAMILY_PLAIN, "Recordings of bad moments written." },
		  NULL,
		  NULL,
		  self->recordings },
		{ { "tare_recordings_kept_bytes", FAMILY_GAUGE, FAMILY_BYTES,
		    "Recordings of bad moments in the folder." },
		  NULL,
		  NULL,
		  self->recordings == TARE_UNKNOWN ? TARE_UNKNOWN : self->recorded_bytes },
		{ { "tare_build_info", FAMILY_GAUGE, FAMILY_PLAIN, "1, with the version as a label." },
		  "version",
		  TARE_VERSION,
		  1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		if (own[i].value == TARE_UNKNOWN)
			continue;
		begin(t, &own[i].family);
		put_own(t, &own[i].family, own[i].key, own[i].label, own[i].value);
	}
	tell_lost(t);
	if (self->sent != TARE_UNKNOWN)
		tell_pushed(t);
}

void families__tell(struct fold *f, const struct families_self *self, uint64_t scraper, const struct family_sink *sink)
{
	struct telling t = { .f = f, .self = self, .sink = sink };

	pthread_mutex_lock(&f->lock);
	fold__settle(f);
	t.audience = all_series__audience(&f->processes.series, scraper, now_ns());
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		tell_row(&t, &rows[i]);
	tell_run_queue(&t);
	tell_pauses(&t);
	tell_self(&t);
	all_series__told(&f->processes.series, t.audience);
	pthread_mutex_unlock(&f->lock);
}
