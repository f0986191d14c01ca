// SPDX-License-Identifier: BSD-2-Clause
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "report_rows.h"
#include "util.h"

#define FIRST_ROWS    10
#define FIRST_THREADS 50

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * part / whole : 0;
}

/* A count in 10 columns, in millions from 100 million on. */
static const char *short_count(uint64_t n, char buf[32])
{
	if (n < 100000000)
		return fmt_count(n, buf);
	snprintf(buf, 32, "%.4g M", n / 1e6);
	return buf;
}

/* Print @name in @width columns, cut if longer. UTF-8 continuation bytes take no column. */
static void print_name(const char *name, int width, FILE *to)
{
	int used = 0;

	for (; *name; name++) {
		bool begins = (*name & 0xc0) != 0x80;

		if (begins && used == width)
			break;
		used += begins;
		fputc(*name, to);
	}
	fprintf(to, "%*s", width - used, "");
}

static void print_distribution(const char *name, const struct hist *h, FILE *to)
{
	char n[32], t[5][16];

	fprintf(to, "  %-27s%14s", name, fmt_count(h->count, n));
	if (h->count)
		fprintf(to, " %9s %9s %9s %9s %9s", fmt_ns(h->total, t[0]), fmt_ns(hist__percentile(h, 500), t[1]),
			fmt_ns(hist__percentile(h, 900), t[2]), fmt_ns(hist__percentile(h, 990), t[3]),
			fmt_ns(h->max, t[4]));
	fputc('\n', to);
}

/* The part of the direct cost that is ours: our probe on the switch runs between the two that time it. */
static void print_own_share(const struct model *m, FILE *to)
{
	char t[16];

	for (uint32_t i = 0; i < m->nr_probes; i++) {
		const struct tare_probe *p = &m->probes[i];

		if (!strcmp(p->name, "sched_switch") && p->timed_hits)
			fprintf(to,
				"    of which tare's own probe about %s; many switches a second are timed in part\n",
				fmt_ns(p->timed_ns / p->timed_hits, t));
	}
}

/* From the runtime's own histogram, whose buckets are wider than ours. */
static void print_delays(const struct model *m, FILE *to)
{
	uint32_t one_in;
	struct hist h;

	delays__total(&m->delays, &h, &one_in);
	if (!h.count)
		return;
	print_distribution("goroutines: ready to running", &h, to);
	if (one_in > 1)
		fprintf(to, "    by the runtime's own histogram, which counts one in %u\n", one_in);
}

/* SIGURG, by which a runtime preempts a thread. */
static void print_preemption(const struct model *m, FILE *to)
{
	if (m->preemption.latency.count)
		print_distribution("preemption signal to handler", &m->preemption.latency, to);
}

static void print_distributions(const struct model *m, FILE *to)
{
	const struct switches *s = &m->switches;
	const char *why;
	char safe[60];

	fprintf(to, "\n%-29s%14s %9s %9s %9s %9s %9s\n", "how long", "count", "total", "p50", "p90", "p99", "max");
	print_distribution("on a CPU, each time", &s->slice, to);
	print_distribution("run-queue wait", &s->run_queue, to);
	print_distribution("throttled", &s->throttled, to);
	print_distribution("from wake-up to running", &s->wake_latency, to);
	if (has_direct_cost(m, &why)) {
		print_distribution("the switch itself", &s->direct_cost, to);
		print_own_share(m, to);
	} else {
		fprintf(to, "  %-27s%14s %s\n", "the switch itself",
			"not available:", why ? sanitize(why, strlen(why), safe, 56) : "it was not asked for");
	}
	print_preemption(m, to);
	print_delays(m, to);
}

static void print_more(int n, int shown, FILE *to)
{
	if (n > shown)
		fprintf(to, "  ... and %d more (--all shows them)\n", n - shown);
}

static void print_off_cpu(const struct model *m, FILE *to, bool all)
{
	struct row *rows = NULL;
	int n = report_rows__off_cpu(m, &rows), shown = all || n < FIRST_ROWS ? n : FIRST_ROWS;
	uint64_t total = 0;
	char c[32], t[3][16];

	for (int i = 0; i < n; i++)
		total += rows[i].total_ns;
	if (n > 0)
		fprintf(to, "\n%-29s%14s %9s %9s %9s %9s %9s\n", "why threads left a CPU", "count", "off for", "mean",
			"max", "share", "still off");
	for (int i = 0; i < shown; i++) {
		const struct row *r = &rows[i];

		fprintf(to, "  ");
		print_name(r->name, 27, to);
		fprintf(to, "%14s %9s %9s %9s %7.1f %%", fmt_count(r->count, c), fmt_ns(r->total_ns, t[0]),
			r->spans ? fmt_ns(r->total_ns / r->spans, t[1]) : "-", fmt_ns(r->max_ns, t[2]),
			percent(r->total_ns, total));
		if (r->extra)
			fprintf(to, " %9s", short_count(r->extra, c));
		fputc('\n', to);
	}
	print_more(n, shown, to);
	free(rows);
}

static void print_rivals(const struct model *m, FILE *to, bool all)
{
	struct row *rows = NULL;
	int n = report_rows__rivals(m, &rows), shown = all || n < FIRST_ROWS ? n : FIRST_ROWS;
	uint64_t total = 0;
	char name[96], c[32], t[3][16];

	for (int i = 0; i < n; i++)
		total += rows[i].total_ns;
	if (n > 0)
		fprintf(to, "\n%-29s%14s %9s %9s %9s %9s\n", "who ran while they waited", "waits", "total", "mean",
			"max", "share");
	for (int i = 0; i < shown; i++) {
		const struct row *r = &rows[i];

		snprintf(name, sizeof(name), "%s%s", r->name,
			 r->of_target ? " (target)" :
			 r->recorder  ? " (this recorder)" :
					"");
		fprintf(to, "  ");
		print_name(name, 27, to);
		fprintf(to, "%14s %9s %9s %9s %7.1f %%\n", fmt_count(r->count, c), fmt_ns(r->total_ns, t[0]),
			r->count ? fmt_ns(r->total_ns / r->count, t[1]) : "-", fmt_ns(r->max_ns, t[2]),
			percent(r->total_ns, total));
	}
	print_more(n, shown, to);
	free(rows);
}

static void print_wakers(const struct model *m, FILE *to, bool all)
{
	struct row *rows = NULL;
	int n = report_rows__wakers(m, &rows), shown = all || n < FIRST_ROWS ? n : FIRST_ROWS;
	uint64_t total = 0;
	char name[96], c[2][32];

	for (int i = 0; i < n; i++)
		total += rows[i].count;
	if (n > 0)
		fprintf(to, "\n%-29s%14s %19s %19s\n", "who woke them", "wake-ups", "from another CPU", "share");
	for (int i = 0; i < shown; i++) {
		const struct row *r = &rows[i];

		snprintf(name, sizeof(name), "%s%s", r->name,
			 r->of_target ? " (target)" :
			 r->recorder  ? " (this recorder)" :
					"");
		fprintf(to, "  ");
		print_name(name, 27, to);
		fprintf(to, "%14s %19s %17.1f %%\n", fmt_count(r->count, c[0]), fmt_count(r->extra, c[1]),
			percent(r->count, total));
	}
	print_more(n, shown, to);
	free(rows);
}

static void print_accounts(const struct accounts *a, FILE *to)
{
	char n[3][32], ns[4][16];

	fprintf(to, "%11s %10s %9s %8s %8s %8s %8s %6" PRIu64 "\n", short_count(a->voluntary + a->involuntary, n[0]),
		short_count(a->voluntary, n[1]), short_count(a->involuntary, n[2]), fmt_ns(a->on_cpu_ns, ns[0]),
		fmt_ns(a->run_queue_ns, ns[1]), fmt_ns(a->throttled_ns, ns[2]), fmt_ns(a->sleep_ns, ns[3]),
		a->migrations);
}

static void print_thread(const struct thread *t, FILE *to)
{
	char name[64];

	sanitize(t->comm, sizeof(t->comm), name, sizeof(name));
	fprintf(to, "%s%7u ", t->exited ? "-" : " ", t->tid);
	print_name(name[0] ? name : "(no name)", 15, to);
	print_accounts(&t->acc, to);
}

void report__threads(const struct model *m, FILE *to, bool all)
{
	const struct threads *ts = &m->switches.threads;
	const struct thread **rows = NULL;
	int n = report_rows__threads(m, &rows), shown = all || n < FIRST_THREADS ? n : FIRST_THREADS;
	struct accounts total;
	char t[16], count[32];

	fprintf(to, "\n%8s %-15s%11s %10s %9s %8s %8s %8s %8s %6s\n", "tid", "name", "switches", "voluntary",
		"involunt.", "on CPU", "waited", "throttl.", "asleep", "moved");
	for (int i = 0; i < shown; i++)
		print_thread(rows[i], to);
	for (uint32_t i = 0; i < ts->nr_folds && (all || i < FIRST_ROWS); i++) {
		const struct thread_fold *f = &ts->folds[i];
		char name[64], text[96];

		sanitize(f->sum.comm, sizeof(f->sum.comm), name, sizeof(name));
		snprintf(text, sizeof(text), "more of %s", name[0] ? name : "others");
		fprintf(to, "-%7s ", short_count(f->nr, count));
		print_name(text, 15, to);
		print_accounts(&f->sum.acc, to);
	}
	print_more(n, shown, to);
	if (n > 0 && ts->nr_exited)
		fprintf(to, "  - before the tid: the thread has ended\n");
	threads__total(ts, &total);
	if (total.unknown_ns)
		fprintf(to, "  %s in all is unknown: %s\n", fmt_ns(total.unknown_ns, t),
			total.inconsistent ? "switches are missing" :
					     "neither waited nor charged by the kernel's clock");
	free(rows);
}

static void print_stop_the_world(const struct model *m, FILE *to)
{
	const struct pauses *ps = &m->pauses;
	const char *sep = "  why  ";
	char t[2][16], n[32];

	if (!ps->runtime_events)
		return;
	fprintf(to, "\n%-29s%14s %9s %9s %9s %9s %9s\n", "stop the world", "count", "total", "p50", "p90", "p99",
		"max");
	print_distribution("until all stood", &ps->stopping, to);
	print_distribution("until all were told to go on", &ps->total, to);
	print_distribution("until each ran again", &ps->world, to);
	for (unsigned i = 0; i < PAUSE_NR_CAUSES && ps->world.total; i++) {
		/* too small to matter here; `tare pauses' has all */
		if (ps->cause_ns[i] < ps->world.total / 100)
			continue;
		fprintf(to, "%s%s %.0f %%", sep, pause_cause_name(i), percent(ps->cause_ns[i], ps->world.total));
		sep = ", ";
	}
	if (ps->world.total)
		fputc('\n', to);
	if (ps->own_count)
		fprintf(to, "  by the runtime's own account %s in all; it leaves out %s\n",
			fmt_ns(ps->own_total_ns, t[0]),
			fmt_ns(ps->own_world_ns > ps->own_total_ns ? ps->own_world_ns - ps->own_total_ns : 0, t[1]));
	if (ps->assists)
		fprintf(to, "  besides, goroutines had to help the collector %s times, for %s in all\n",
			fmt_count(ps->assists, n), fmt_ns(ps->assist_ns, t[0]));
	if (ps->lost)
		fprintf(to, "  ! events were lost during %s of these: see `tare pauses'\n", fmt_count(ps->lost, n));
	if (ps->unfinished)
		fprintf(to, "  ! %s more pause%s not seen to end and %s left out\n", fmt_count(ps->unfinished, n),
			ps->unfinished == 1 ? " was" : "s were", ps->unfinished == 1 ? "is" : "are");
}

void report__text(const struct model *m, FILE *to, const struct report_opts *opts)
{
	report__head(m, to);
	report__ledger(m, to);
	report__bytes(m, to);
	report__heaps(m, to, opts->all);
	report__alloc_sites(m, to, opts->all);
	report__faults(m, to, opts->all);
	report__memory_calls(m, to);
	report__account(m, to);
	report__processes(m, to, opts->processes, opts->all);
	if (opts->threads)
		report__threads(m, to, opts->all);
	if (opts->probes)
		report__probes(m, to);
	print_distributions(m, to);
	print_stop_the_world(m, to);
	print_off_cpu(m, to, opts->all);
	print_rivals(m, to, opts->all);
	print_wakers(m, to, opts->all);
	report__profile(m, to, opts->all);
	report__histogram(opts->histogram ? opts->histogram : &m->switches.run_queue,
			  opts->histogram ? opts->histogram_title : "run-queue wait", to);
}
