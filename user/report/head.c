// SPDX-License-Identifier: BSD-2-Clause
/* The answer first, then where it comes from and whether it can be trusted. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "ledger.h"
#include "process.h"
#include "report.h"
#include "report_rows.h"
#include "untold.h"
#include "util.h"

#define LABEL "  %-10s "

static double percent(double part, double whole)
{
	return whole > 0 ? 100 * part / whole : 0;
}

static const char *clean(const char *s, char *buf, size_t size)
{
	return sanitize(s, strlen(s), buf, size);
}

#define NAMES_COLUMNS 56 /* of the headline; the rest is for figures */

static size_t add_name(char *buf, size_t size, const char *sep, const char *comm, uint32_t pid)
{
	char name[64];

	return snprintf(buf, size, "%s%s (pid %u)", sep, clean(comm[0] ? comm : "(no name)", name, sizeof(name)), pid);
}

static int alike(const struct process_row *rows, int n, const char *comm)
{
	int same = 0;

	for (int i = 0; i < n; i++)
		same += !strcmp(rows[i].comm, comm);
	return same;
}

/*
 * Processes with the same name are given by that name; otherwise by name and pid, the target's first, as many as fit.
 */
static void headline_name(const struct model *m, char *buf, size_t size)
{
	struct process_row *rows = NULL;
	int n = model__processes(m, &rows), left = n > 0 ? n - 1 : 0;
	size_t len = add_name(buf, size, "", m->target_comm, m->first_tgid);
	char next[128], name[64];

	if (n > 1 && alike(rows, n, m->target_comm) == n) {
		snprintf(buf, size, "%d processes named %s", n, clean(m->target_comm, name, sizeof(name)));
		left = 0;
	}
	for (int i = 0; i < n && left; i++) {
		if (rows[i].process == m->first_tgid)
			continue;
		if (len + add_name(next, sizeof(next), ", ", rows[i].comm, rows[i].pid) > NAMES_COLUMNS)
			break;
		strcpy(buf + len, next);
		len += strlen(next);
		left--;
	}
	if (left)
		snprintf(buf + len, size - len, " and %d other process%s", left, left == 1 ? "" : "es");
	free(rows);
}

static void print_headline(const struct model *m, const struct accounts *total, FILE *to)
{
	char name[128], count[32], time[16], rate[32];
	uint64_t n = total->voluntary + total->involuntary, duration = model__duration(m);

	if (!m->first_tid) { /* no target thread appeared: all there is to say is what was waited for */
		fprintf(to, "%s: no thread was seen in %s\n",
			clean(model__info(m, "target") ?: "no target", name, sizeof(name)), fmt_ns(duration, time));
		return;
	}
	headline_name(m, name, sizeof(name));
	fprintf(to, "%s: %s context switches in %s", name, fmt_count(n, count), fmt_ns(duration, time));
	if (duration)
		fprintf(to, ", %s a second", fmt_count((uint64_t)(n * (1e9 / duration) + 0.5), rate));
	fputc('\n', to);
}

static void print_lost(const struct model *m, FILE *to)
{
	char count[32];
	const char *sep = ": ";

	if (model__lost_events(m)) {
		fprintf(to, "! lost     %s events", fmt_count(model__lost_events(m), count));
		for (unsigned i = 0; i < TARE_NR_LOST; i++) {
			if (!m->lost[i] || !TARE_LOST_EVENTS(i))
				continue;
			fprintf(to, "%s%s %s", sep, fmt_count(m->lost[i], count), loss_name(i));
			sep = ", ";
		}
		fprintf(to, "\n!          counts are too low by that; time between lost switches is `unknown'\n");
	}
	if (m->lost[TARE_LOST_DISK])
		fprintf(to, "! lost     %s bytes could not be written: the disk was full or failed\n",
			fmt_count(m->lost[TARE_LOST_DISK], count));
	if (m->nr_damage)
		fprintf(to, "! damaged  %s bytes of the file could not be read; this is what the rest says\n",
			fmt_count(m->damage_bytes, count));
	if (!m->has_end)
		fprintf(to, "! cut off  the recording was not closed in order; this is what it holds\n");
	if (m->late)
		fprintf(to, "! late     %s events came out of order\n", fmt_count(m->late, count));
	if (m->switches.threads.untracked)
		fprintf(to, "! threads  %s events of more threads than can be told apart are left out\n",
			fmt_count(m->switches.threads.untracked, count));
}

static void print_totals(const struct model *m, const struct accounts *a, FILE *to)
{
	char n[4][32], t[4][16];
	uint64_t duration = model__duration(m);

	fprintf(to, LABEL "%s voluntary, %s involuntary; %s migration%s\n", "switches", fmt_count(a->voluntary, n[0]),
		fmt_count(a->involuntary, n[1]), fmt_count(a->migrations, n[2]), a->migrations == 1 ? "" : "s");
	fprintf(to, LABEL "%s, %.1f %% of one CPU", "on CPU", fmt_ns(a->on_cpu_ns, t[0]),
		percent(a->on_cpu_ns, duration));
	if (a->stolen_ns > 0)
		fprintf(to, "; of it %s taken by interrupts and the hypervisor", fmt_ns(a->stolen_ns, t[1]));
	else if (-a->stolen_ns >= (int64_t)a->on_cpu_ns / 100 && a->stolen_ns)
		fprintf(to, "; the kernel charged %s more, for switching to them", fmt_ns(-a->stolen_ns, t[1]));
	fprintf(to, "\n" LABEL "%s for a CPU, %s throttled by the CPU quota\n", "waited", fmt_ns(a->run_queue_ns, t[0]),
		fmt_ns(a->throttled_ns, t[1]));
	fprintf(to, LABEL "%s, over all threads", "asleep", fmt_ns(a->sleep_ns, t[0]));
	if (a->unknown_ns)
		fprintf(to, "; unknown %s", fmt_ns(a->unknown_ns, t[1]));
	if (a->inconsistent)
		fprintf(to, " (switches unseen: %s)", fmt_count(a->inconsistent, n[3]));
	fputc('\n', to);
	if (m->switches.threads.check.fault_threads) {
		fprintf(to, LABEL "%s minor, %s major", "faults", fmt_count(a->minor_faults, n[0]),
			fmt_count(a->major_faults, n[1]));
		if (report__huge_faults(m))
			fprintf(to, "; some %s of huge pages", fmt_count(report__huge_faults(m), n[2]));
		fputc('\n', to);
	}
	report__reclaim(m, to);
}

#define STALE_NS 100000000ull

/* Some counted pause began after @ts_ns: certain, or if not all pauses were kept, possible. */
static bool paused_after(const struct pauses *ps, uint64_t ts_ns)
{
	for (uint32_t i = 0; i < ps->nr_kept; i++) {
		if (ps->kept[i]->end_ns > ts_ns)
			return true;
	}
	return ps->count > ps->nr_kept;
}

/* Pauses as the runtime counts them, and if these are not all that were recorded, why. */
static void print_own_pauses(const struct model *m, const struct tare_counters *c, uint64_t until, FILE *to)
{
	char n[32], t[2][16];

	fprintf(to, "; %s pause%s of %s in all, by the runtime's own account", fmt_count(c->pauses, n),
		c->pauses == 1 ? "" : "s", fmt_ns(c->pause_ns, t[0]));
	if (until && m->end_ns > until && paused_after(&m->pauses, until))
		fprintf(to, ",\n  %10s read %s before the end; recorded until the end, for any reason: %s", "",
			fmt_ns(m->end_ns - until, t[1]), fmt_count(m->pauses.count, n));
	else if (c->pauses < m->pauses.count)
		fprintf(to, ",\n  %10s perhaps of collections only; recorded for any reason: %s", "",
			fmt_count(m->pauses.count, n));
}

/* The runtime's own counters, if it has any. */
static void print_runtime(const struct model *m, FILE *to)
{
	uint64_t age = runtime_counters__age(&m->counters, m->end_ns), until = age ? m->end_ns - age : 0;
	struct tare_counters c;
	char n[4][32], t[2][16];

	runtime_counters__total(&m->counters, &c);
	if (age && (age > STALE_NS || runtime_counters__cut_off(&m->counters)) && c.goroutine_switches != TARE_UNKNOWN)
		fprintf(to, "! counters what the runtime counts was read last %s before the end\n", fmt_ns(age, t[0]));
	if (c.goroutine_switches != TARE_UNKNOWN) {
		fprintf(to, LABEL "%s switches between goroutines", "goroutines",
			fmt_count(c.goroutine_switches, n[0]));
		if (c.goroutines_created != TARE_UNKNOWN)
			fprintf(to, "; %s created", fmt_count(c.goroutines_created, n[1]));
		if (c.preempts != TARE_UNKNOWN)
			fprintf(to, ", %s preempted", fmt_count(c.preempts, n[2]));
		fputc('\n', to);
	}
	if (c.alloc_bytes != TARE_UNKNOWN) {
		fprintf(to, LABEL "%s bytes", "allocated", fmt_count(c.alloc_bytes, n[0]));
		if (c.alloc_objects != TARE_UNKNOWN)
			fprintf(to, " in %s objects", fmt_count(c.alloc_objects, n[1]));
		if (c.freed_bytes != TARE_UNKNOWN)
			fprintf(to, "; %s bytes freed", fmt_count(c.freed_bytes, n[2]));
		fputc('\n', to);
	}
	if (c.collections != TARE_UNKNOWN) {
		fprintf(to, LABEL "%s", "GC cycles", fmt_count(c.collections, n[0]));
		if (c.pauses != TARE_UNKNOWN && c.pause_ns != TARE_UNKNOWN)
			print_own_pauses(m, &c, until, to);
		if (c.assist_ns != TARE_UNKNOWN && c.assist_ns)
			fprintf(to, "; assists %s", fmt_ns(c.assist_ns, t[1]));
		fputc('\n', to);
	}
}

static void print_ending(const struct model *m, FILE *to)
{
	static const char *const reasons[] = {
		[TARE_END_DURATION] = "for the time given",	     [TARE_END_INTERRUPT] = "until interrupted",
		[TARE_END_TRIGGER] = "until the trigger was pulled", [TARE_END_TARGET_GONE] = "until the target ended",
		[TARE_END_ERROR] = "until the recorder failed",
	};
	const char *peak = model__info(m, TARE_INFO_COMMAND_PEAK_KB);
	int status = m->end.wait_status;
	char text[16];

	if (!m->has_end) {
		fprintf(to, ", cut off");
		return;
	}
	if (m->end.reason < ARRAY_SIZE(reasons) && reasons[m->end.reason])
		fprintf(to, " %s", reasons[m->end.reason]);
	if (status == -1)
		return;
	if (WIFSIGNALED(status))
		fprintf(to, " (killed by signal %d)", WTERMSIG(status));
	else
		fprintf(to, " (exit status %d)", WEXITSTATUS(status));
	if (peak)
		fprintf(to, ", at most %s resident", fmt_bytes(strtoull(peak, NULL, 10) * 1024, text));
}

/* The whole machine's hits. What they take from the target is with getting into them, and with what holds it at exec.
 */
static void print_probes(const struct model *m, FILE *to)
{
	uint64_t ns, hits = model__probe_cost(m, &ns);
	struct ledger l;
	char n[32], t[3][16];

	if (!m->nr_probes) {
		fprintf(to, LABEL "not recorded\n", "probes");
		return;
	}
	fprintf(to, LABEL "%s hits", "probes", fmt_count(hits, n));
	if (ns == TARE_UNKNOWN)
		fprintf(to, ", cost not known (none was timed)");
	else if (hits)
		fprintf(to, " of %s: %s", fmt_ns(ns / hits, t[0]), fmt_ns(ns, t[1]));
	ledger__of(m, &l);
	if (ns != TARE_UNKNOWN && l.gross_ns)
		fprintf(to, "; in the target %s, %.1f %%", fmt_ns(l.probes_ns, t[1]), percent(l.probes_ns, l.gross_ns));
	if (m->has_end)
		fprintf(to, "; recorder %s", fmt_ns(m->end.self_cpu_ns, t[2]));
	fputc('\n', to);
}

/* Anything shorter cannot have delayed anyone for long. */
#define ATTACHING_WORTH_NS 100000000

static void print_attaching(const struct model *m, FILE *to)
{
	const char *took = model__info(m, "attached_ns");
	uint64_t ns = took ? strtoull(took, NULL, 10) : 0;
	char t[16];

	if (ns >= ATTACHING_WORTH_NS)
		fprintf(to, LABEL "in %s: work beside the target, before the recording\n", "attached", fmt_ns(ns, t));
}

/* Anything shorter is no more than what starting a program takes. */
#define HOLD_WORTH_NS 1000000

static void print_holds(const struct model *m, FILE *to)
{
	const struct tare_probe *held = model__find_probe(m, TARE_PROBE_HOLD),
				*cpu = model__find_probe(m, TARE_PROBE_HOLD_CPU),
				*missed = model__find_probe(m, TARE_PROBE_HOLD_MISSED);
	char n[2][32], t[2][16];

	if (held && held->timed_ns >= HOLD_WORTH_NS)
		fprintf(to,
			LABEL
			"%s program%s before the first instruction until the probes were in: %s, %s of it CPU time\n",
			"held", fmt_count(held->hits, n[0]), held->hits == 1 ? "" : "s", fmt_ns(held->timed_ns, t[0]),
			fmt_ns(cpu ? cpu->timed_ns : held->timed_ns, t[1]));
	if (missed)
		fprintf(to, "! missed   %s of these went on before that: what they did first is not all told\n",
			fmt_count(missed->hits, n[1]));
}

static void print_difference(const char *what, uint64_t ours, uint64_t kernel, FILE *to)
{
	uint64_t off = ours > kernel ? ours - kernel : kernel - ours;
	char t[16];

	if (kernel)
		fprintf(to, "%s within %.1f %%", what, percent(off, kernel));
	else
		fprintf(to, "%s within %s", what, fmt_ns(off, t));
}

static void print_check(const struct model *m, FILE *to)
{
	const struct check *c = &m->switches.threads.check;
	char n[3][32];

	if (!c->threads) {
		fprintf(to, LABEL "against nothing: the kernel's own counters were not recorded at both ends\n",
			"checked");
		return;
	}
	fprintf(to, LABEL "against the kernel's own counters: %s of %s threads agree in every switch", "checked",
		fmt_count(c->agree, n[0]), fmt_count(c->threads, n[1]));
	if (c->switches_missing || c->switches_extra)
		fprintf(to, "\n  %10s (%s missing, %s too many)", "", fmt_count(c->switches_missing, n[0]),
			fmt_count(c->switches_extra, n[1]));
	fprintf(to, ",\n  %10s ", "");
	print_difference("on-CPU time", c->on_cpu_ns, c->kernel_on_cpu_ns, to);
	if (c->wait_threads)
		print_difference(", run-queue wait", c->wait_ns, c->kernel_wait_ns, to);
	fputc('\n', to);
}

static void print_oom_kills(const struct model *m, FILE *to)
{
	char comm[64], limit[LIMIT_TEXT], t[16];

	for (unsigned i = 0; i < m->nr_oom_kills; i++) {
		const struct model_oom_kill *k = &m->oom_kills[i];

		fprintf(to, "! killed   %s (pid %u), by the kernel for want of memory, after %s",
			sanitize(k->comm, strlen(k->comm), comm, sizeof(comm)), k->tgid,
			fmt_ns(k->ts_ns > m->begin_ns ? k->ts_ns - m->begin_ns : 0, t));
		if (k->limit_bytes)
			fprintf(to, ": %s", fmt_limit(k->cgroup, k->limit_bytes, limit));
		fputc('\n', to);
	}
}

static void print_origin(const struct model *m, FILE *to)
{
	const char *command = NULL, *target = model__info(m, "target"), *runtime = target_runtime(m);
	const char *kernel = model__info(m, "kernel"), *machine = model__info(m, "machine"),
		   *host = model__info(m, "hostname"), *mode = model__info(m, "mode");
	char a[128], b[80], c[64], n[32], t[16];

	for (unsigned i = m->nr_processes; i-- > 0;) {
		if (m->processes[i].pid == m->first_tgid)
			command = m->processes[i].cmdline; /* of the first process with that pid */
	}
	if (!command || !command[0])
		command = target ? target : m->target_comm;
	fprintf(to, LABEL "%.84s\n", "command", clean(command, a, 85));
	fprintf(to, LABEL "%s, %s thread%s\n", "runtime",
		clean(runtime ?: "unknown (damaged or missing in the recording)", c, sizeof(c)),
		fmt_count(m->switches.threads.nr_seen, n), m->switches.threads.nr_seen == 1 ? "" : "s");
	untold__print(m, to);
	fprintf(to, LABEL "%s, Linux %s, %s\n", "machine", clean(host ? host : "unknown", a, 40),
		clean(kernel ? kernel : "unknown", b, 32), clean(machine ? machine : "unknown", c, 12));
	fprintf(to, LABEL "%s by tare %s", "recorded", fmt_ns(model__duration(m), t),
		clean(mode ? mode : "record", c, 12));
	print_ending(m, to);
	fputc('\n', to);
}

void report__head(const struct model *m, FILE *to)
{
	struct accounts total;

	threads__total(&m->switches.threads, &total);
	print_headline(m, &total, to);
	print_lost(m, to);
	print_oom_kills(m, to);
	report__bar(m, to);
	fputc('\n', to);
	print_totals(m, &total, to);
	print_runtime(m, to);
	fputc('\n', to);
	print_origin(m, to);
	print_probes(m, to);
	print_attaching(m, to);
	print_holds(m, to);
	if (m->has_end && !model__lost_events(m) && !m->lost[TARE_LOST_DISK])
		fprintf(to, LABEL "none\n", "lost");
	print_check(m, to);
}
