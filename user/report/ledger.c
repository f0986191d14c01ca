// SPDX-License-Identifier: BSD-2-Clause
/* Gross, tare and net of the target's CPU time, as text and as JSON. */
#include "json_impl.h"
#include "ledger.h"
#include "probe_cost.h"
#include "report.h"

#define BAR_COLUMNS 60

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * part / whole : 0;
}

/* ---- text ---- */

static void print_part(char mark, uint64_t *left, unsigned *columns, uint64_t ns, FILE *to)
{
	unsigned n = *left ? (double)ns / *left * *columns + 0.5 : 0;

	*left -= ns;
	*columns -= n;
	while (n--)
		fputc(mark, to);
}

void report__bar(const struct model *m, FILE *to)
{
	unsigned columns = BAR_COLUMNS;
	struct ledger l;
	uint64_t left;
	char t[16];

	if (ledger__of(m, &l) || !l.gross_ns)
		return;
	left = l.gross_ns;
	fprintf(to, "\n  CPU time   %s = %.1f %% net + %.1f %% tare + %.1f %% this recording's probes\n  [",
		fmt_ns(l.gross_ns, t), percent(l.net_ns, l.gross_ns), percent(l.tare_ns, l.gross_ns),
		percent(l.probes_ns, l.gross_ns));
	print_part('=', &left, &columns, l.net_ns, to);
	print_part('#', &left, &columns, l.tare_ns, to);
	print_part('.', &left, &columns, l.probes_ns, to);
	fprintf(to, "]  = net  # tare\n");
}

static void print_class(const struct ledger *l, const char *indent, const char *title, const struct ledger_class *c,
			FILE *to)
{
	char t[16];

	fprintf(to, "%s%-*s%10s %8.1f %%   %5.1f .. %.1f %%\n", indent, 44 - (int)strlen(indent), title,
		fmt_ns(c->ns, t), percent(c->ns, l->gross_ns), percent(c->low_ns, l->gross_ns),
		percent(c->high_ns, l->gross_ns));
}

static void print_group(const struct ledger *l, enum tare_cost_group group, FILE *to)
{
	uint64_t ns = 0;
	char t[16];

	for (unsigned i = 1; i < TARE_NR_COSTS; i++)
		ns += ledger__group(i) == group ? l->classes[i].ns : 0;
	if (!ns)
		return;
	fprintf(to, "  %-42s%10s %8.1f %%\n", ledger__group_title(group), fmt_ns(ns, t), percent(ns, l->gross_ns));
	for (unsigned i = 1; i < TARE_NR_COSTS; i++)
		if (ledger__group(i) == group && l->classes[i].samples)
			print_class(l, "    ", ledger__title(i), &l->classes[i], to);
}

void report__ledger(const struct model *m, FILE *to)
{
	struct accounts total;
	struct ledger l;
	char t[2][16], n[2][32];

	if (ledger__of(m, &l))
		return;
	fprintf(to, "\n%-44s%10s %10s   95 %% interval\n", "ledger of CPU time", fmt_ns(l.gross_ns, t[0]), "of gross");
	print_class(&l, "  ", "net: the program itself", &l.net, to);
	for (unsigned group = 1; group < TARE_NR_COST_GROUPS; group++)
		print_group(&l, group, to);
	fprintf(to, "  %-42s%10s %8.1f %%\n", "probes of this recording", fmt_ns(l.probes_ns, t[0]),
		percent(l.probes_ns, l.gross_ns));
	fprintf(to, "  from %s samples; gross is exact, probes are counted\n", fmt_count(l.samples, n[0]));
	if (l.unseen)
		fprintf(to, "  ! of these %s have no whole stack: they count as net\n", fmt_count(l.unseen, n[0]));
	threads__total(&m->switches.threads, &total);
	fprintf(to, "  besides, no CPU time: %s ready to run but not run", fmt_ns(total.run_queue_ns, t[0]));
	if (m->pauses.stopped_p_ns)
		fprintf(to, "; %s of Ps that stood still", fmt_ns(m->pauses.stopped_p_ns, t[1]));
	fputc('\n', to);
}

/* ---- JSON ---- */

static json_t *class_json(const char *name, const struct ledger_class *c)
{
	return json_pack("{s:s, s:I, s:[I, I], s:I}", "name", name, "ns", num(c->ns), "ci95_ns", num(c->low_ns),
			 num(c->high_ns), "samples", num(c->samples));
}

static json_t *classes_json(const struct ledger *l)
{
	json_t *list = json_array();

	for (unsigned i = 1; i < TARE_NR_COSTS; i++) {
		json_t *class;

		if (ledger__group(i) == TARE_COSTS_PROBES)
			continue;
		class = class_json(ledger__name(i), &l->classes[i]);
		json_object_set_new(class, "group", json_string(ledger__group_title(ledger__group(i))));
		json_array_append_new(list, class);
	}
	return list;
}

static json_t *by_probe_json(const struct model *m)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < m->nr_probes; i++) {
		const struct tare_probe *p = &m->probes[i];
		char name[64];

		json_array_append_new(list, json_pack("{s:s, s:I, s:I, s:I, s:o, s:I}", "name",
						      sanitize(p->name, sizeof(p->name), name, sizeof(name)), "hits",
						      num(p->hits), "timed_hits", num(p->timed_hits), "timed_ns",
						      num(p->timed_ns), "entry_ns",
						      p->entry_ns ? json_integer(p->entry_ns) : json_null(), "ns",
						      num(probe_cost__ns(p))));
	}
	return list;
}

json_t *json__ledger(const struct model *m, json_t *notes)
{
	uint64_t ns, hits = model__probe_cost(m, &ns);
	struct accounts total;
	struct ledger l;
	bool sampled = !ledger__of(m, &l);

	threads__total(&m->switches.threads, &total);
	if (!sampled)
		json__note(notes, "ledger.tare_ns, net_ns, classes: the recording holds no samples (record -F)");
	if (!m->nr_probes)
		json__note(notes, "ledger.probes: the recording holds no counts of the probes' hits");
	else if (ns == TARE_UNKNOWN)
		json__note(notes, "ledger.probes.ns: no hit was timed");
	return json_pack(
		"{s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:{s:o, s:o, s:o, s:I}, s:I, s:I, s:I, s:I}",
		"runtime_account", json__runtime_account(m, notes), "what_if", json__what_if(m), "gross_ns",
		num(l.gross_ns), "tare_ns", number_or_null(l.tare_ns, sampled), "net_ns",
		number_or_null(l.net_ns, sampled), "net_ci95_ns",
		sampled ? json_pack("[I, I]", num(l.net.low_ns), num(l.net.high_ns)) : json_null(), "classes",
		sampled ? classes_json(&l) : json_null(), "probes_ns",
		number_or_null(l.probes_ns, m->nr_probes || l.probes_ns), "samples", num(l.samples),
		"samples_not_whole", num(l.unseen), "probes", "hits", number_or_null(hits, m->nr_probes), "ns",
		number_or_null(ns, m->nr_probes && ns != TARE_UNKNOWN), "by_probe", by_probe_json(m), "in_target_ns",
		num(l.probes_ns), "on_cpu_ns", num(total.on_cpu_ns), "stolen_ns",
		(json_int_t)(total.stolen_ns > 0 ? total.stolen_ns : 0), "run_queue_ns", num(total.run_queue_ns),
		"stopped_p_ns", num(m->pauses.stopped_p_ns));
}
