// SPDX-License-Identifier: BSD-2-Clause
/* A runtime's own account of its CPU time, and what its collector would cost with other settings. */
#include <inttypes.h>
#include <stdlib.h>

#include "json_impl.h"
#include "ledger.h"
#include "process.h"
#include "report.h"
#include "what_if.h"

#define LABEL "  %-10s "

enum { NR_PERCENTS = 4, NR_LIMITS = 2, NR_SETTINGS = NR_PERCENTS + NR_LIMITS };

/* Sums over the processes whose runtime tells enough. */
struct estimates {
	bool any;
	struct what_if_now now;
	uint64_t cpu_ns; /* of these processes */
	bool known[NR_SETTINGS];
	struct what_if to[NR_SETTINGS];
};

/*
 * The runtime's time is that of its processors by the wall clock. The kernel did not let them run all the time: take
 * what part of that it did.
 */
static uint64_t on_cpu(uint64_t ns, const struct process_row *r)
{
	const struct tare_cpu_account *a = &r->counters.cpu;
	double busy = a->total_ns > a->idle_ns ? a->total_ns - a->idle_ns : 0, cpu = accounts__charged_ns(&r->acc);

	return busy > cpu ? ns * (cpu / busy) : ns;
}

static bool now_of(const struct model *m, const struct process_row *r, struct what_if_now *now)
{
	const struct tare_counters *c = &r->counters;
	struct counters_steady steady;

	if (c->cpu.total_ns == TARE_UNKNOWN || c->collections == TARE_UNKNOWN || !c->collections ||
	    c->alloc_bytes == TARE_UNKNOWN || !runtime_counters__steady(&m->counters, r->process, &steady))
		return false;
	*now = (struct what_if_now){
		.mark_ns = on_cpu(c->cpu.gc_assist_ns + c->cpu.gc_dedicated_ns, r),
		.idle_mark_ns = on_cpu(c->cpu.gc_idle_ns, r),
		.cycles = c->collections,
		.alloc_bytes = c->alloc_bytes,
		.live_bytes = steady.marked_bytes,
		.root_bytes = c->stack_scan_bytes == TARE_UNKNOWN || c->globals_scan_bytes == TARE_UNKNOWN ?
				      0 :
				      c->stack_scan_bytes + c->globals_scan_bytes,
		.beside_bytes = steady.beside_bytes,
		.gc_percent = c->gc_percent,
		.limit_bytes = c->limit_bytes,
	};
	return true;
}

/* What is asked of each process. */
static struct what_if setting(const struct what_if_now *now, unsigned nr)
{
	static const uint64_t percents[NR_PERCENTS] = { 50, 100, 200, 400 };
	struct what_if w = { .gc_percent = TARE_NONE, .limit_bytes = TARE_NONE };

	if (nr < NR_PERCENTS)
		w.gc_percent = percents[nr];
	else
		w.limit_bytes = what_if__limit_for(now, what_if__peak(now)) * (nr - NR_PERCENTS + 1);
	return w;
}

static void estimates__add(struct estimates *e, const struct what_if_now *now, uint64_t cpu_ns)
{
	e->cpu_ns += cpu_ns;
	e->now.mark_ns += now->mark_ns;
	e->now.idle_mark_ns += now->idle_mark_ns;
	e->now.cycles += now->cycles;
	e->now.gc_percent = e->any && e->now.gc_percent != now->gc_percent ? TARE_UNKNOWN : now->gc_percent;
	e->now.limit_bytes = e->any && e->now.limit_bytes != now->limit_bytes ? TARE_UNKNOWN : now->limit_bytes;
	e->now.live_bytes += now->live_bytes;
	for (unsigned i = 0; i < NR_SETTINGS; i++) {
		struct what_if w = setting(now, i);

		e->known[i] = what_if__estimate(now, &w) && (e->known[i] || !e->any);
		e->to[i].gc_percent = w.gc_percent;
		e->to[i].limit_bytes = w.limit_bytes == TARE_NONE ? TARE_NONE : e->to[i].limit_bytes + w.limit_bytes;
		e->to[i].cycles += w.cycles;
		e->to[i].mark_ns += w.mark_ns;
		e->to[i].idle_mark_ns += w.idle_mark_ns;
		e->to[i].peak_bytes += w.peak_bytes;
	}
	e->any = true;
}

/* CPU time of marking by samples. */
struct marking {
	uint64_t mark_ns, idle_ns; /* as in struct what_if_now */
	bool apart;		   /* false: the second is in the first, for the runtime's functions do not tell */
};

/* False: too few samples. */
static bool marking__of(const struct model *m, struct marking *to)
{
	enum { ENOUGH = 30 }; /* +- 36 % */
	static const enum tare_cost costs[] = { TARE_COST_GC_MARK, TARE_COST_GC_MARK_ASSIST,
						TARE_COST_GC_MARK_DEDICATED, TARE_COST_GC_MARK_FRACTIONAL,
						TARE_COST_GC_MARK_IDLE };
	uint64_t samples = 0, named = 0;
	struct ledger l;

	memset(to, 0, sizeof(*to));
	if (ledger__of(m, &l))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(costs); i++) {
		const struct ledger_class *c = &l.classes[costs[i]];

		*(costs[i] == TARE_COST_GC_MARK_IDLE ? &to->idle_ns : &to->mark_ns) += c->ns;
		samples += c->samples;
		named += i > 1 ? c->samples : 0;
	}
	to->apart = named;
	return samples >= ENOUGH;
}

/* The samples tell CPU time; the runtime's account, how much of it each process had. */
static void estimates__correct(struct estimates *e, const struct marking *by)
{
	double whole = (double)e->now.mark_ns + e->now.idle_mark_ns;
	double mark = whole ? by->mark_ns / whole : 1, idle = mark;

	if (by->apart) {
		mark = e->now.mark_ns ? (double)by->mark_ns / e->now.mark_ns : 1;
		idle = e->now.idle_mark_ns ? (double)by->idle_ns / e->now.idle_mark_ns : 1;
	}
	for (unsigned i = 0; i < NR_SETTINGS; i++) {
		e->to[i].mark_ns *= mark;
		e->to[i].idle_mark_ns *= idle;
	}
	e->now.mark_ns *= mark;
	e->now.idle_mark_ns *= idle;
}

static int estimates__of(const struct model *m, struct estimates *e)
{
	struct process_row *rows = NULL;
	struct what_if_now now;
	struct marking by;
	int n = model__processes(m, &rows);

	memset(e, 0, sizeof(*e));
	for (int i = 0; i < n; i++)
		if (now_of(m, &rows[i], &now))
			estimates__add(e, &now, accounts__charged_ns(&rows[i].acc));
	free(rows);
	if (e->any && marking__of(m, &by))
		estimates__correct(e, &by);
	return n < 0 ? n : 0;
}

/* What the process would use in all, and the collector's part of it, idle marking left out. */
static double share(const struct estimates *e, const struct what_if *w)
{
	double rest = (double)e->cpu_ns - e->now.mark_ns - e->now.idle_mark_ns;
	double all = (rest > 0 ? rest : 0) + w->mark_ns + w->idle_mark_ns;

	return all > 0 ? w->mark_ns / all : 0;
}

/* ---- text ---- */

static void print_account(const struct model *m, const struct tare_cpu_account *a, FILE *to)
{
	struct marking by;
	char t[3][16];

	fprintf(to, LABEL "%s by workers, %s by who allocates, %s where nothing else ran\n", "marking",
		fmt_ns(a->gc_dedicated_ns, t[0]), fmt_ns(a->gc_assist_ns, t[1]), fmt_ns(a->gc_idle_ns, t[2]));
	fprintf(to, LABEL "%s with the world stopped; %s returning memory\n", "pauses", fmt_ns(a->gc_pause_ns, t[0]),
		fmt_ns(a->scavenge_total_ns, t[1]));
	fprintf(to, LABEL "%s for the program, %s idle, of %s on all its processors\n", "the rest",
		fmt_ns(a->user_ns, t[0]), fmt_ns(a->idle_ns, t[1]), fmt_ns(a->total_ns, t[2]));
	if (marking__of(m, &by))
		fprintf(to, LABEL "marking had a CPU for %s of these %s\n", "by samples",
			fmt_ns(by.mark_ns + by.idle_ns, t[0]),
			fmt_ns(a->gc_dedicated_ns + a->gc_assist_ns + a->gc_idle_ns, t[1]));
}

static void print_estimate(const struct model *m, const struct estimates *e, unsigned i, FILE *to)
{
	const struct what_if *w = &e->to[i];
	uint64_t duration = model__duration(m);
	char name[64], t[16];

	if (w->gc_percent == TARE_NONE)
		snprintf(name, sizeof(name), "GOGC=off GOMEMLIMIT=%" PRIu64 "MiB", w->limit_bytes >> 20);
	else
		snprintf(name, sizeof(name), "GOGC=%" PRIu64, w->gc_percent);
	if (!e->known[i]) {
		fprintf(to, "  %-32s not known: the limit would be too low, or nothing was collected\n", name);
		return;
	}
	fprintf(to, "  %-32s %5.1f %% of its CPU time, %s a minute; heap up to %" PRIu64 " MiB\n", name,
		100 * share(e, w), fmt_ns(duration ? w->mark_ns * (60e9 / duration) : 0, t), w->peak_bytes >> 20);
}

void report__account(const struct model *m, FILE *to)
{
	struct tare_counters c;
	struct estimates e;

	runtime_counters__total(&m->counters, &c);
	if (c.cpu.total_ns == TARE_UNKNOWN)
		return;
	fprintf(to,
		"\nThe runtime's own account: wall time of its processors, whether or not the kernel let them run\n");
	print_account(m, &c.cpu, to);
	if (estimates__of(m, &e) || !e.any)
		return;
	fprintf(to,
		"\nWhat if: an estimate of the collector's CPU time without idle marking, if all goes on as recorded\n");
	for (unsigned i = 0; i < NR_SETTINGS; i++)
		print_estimate(m, &e, i, to);
}

/* ---- JSON ---- */

static json_t *account_json(const struct tare_cpu_account *a)
{
	json_t *o = json_object();

#define X(field) json_object_set_new(o, #field, counter(a->field));
	CPU_ACCOUNT(X)
#undef X
	return o;
}

json_t *json__runtime_account(const struct model *m, json_t *notes)
{
	struct tare_counters c;
	json_t *o;

	runtime_counters__total(&m->counters, &c);
	if (c.cpu_told.total_ns == TARE_UNKNOWN) {
		json_array_append_new(notes, json_string("ledger.runtime_account, what_if: the target's runtime keeps "
							 "no account of its CPU time"));
		return json_null();
	}
	o = account_json(&c.cpu);
	json_object_set_new(o, "told", account_json(&c.cpu_told));
	return o;
}

json_t *json__what_if(const struct model *m)
{
	struct estimates e;
	json_t *list;

	if (estimates__of(m, &e))
		return NULL;
	if (!e.any)
		return json_null();
	list = json_array();
	for (unsigned i = 0; i < NR_SETTINGS; i++) {
		const struct what_if *w = &e.to[i];
		bool known = e.known[i];

		json_array_append_new(list, json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "gogc",
						      number_or_null(w->gc_percent, w->gc_percent != TARE_NONE),
						      "limit_bytes",
						      number_or_null(w->limit_bytes, w->limit_bytes != TARE_NONE),
						      "collections", number_or_null(w->cycles, known), "gc_cpu_ns",
						      number_or_null(w->mark_ns, known), "gc_idle_cpu_ns",
						      number_or_null(w->idle_mark_ns, known), "gc_cpu_share",
						      known ? json_real(share(&e, w)) : json_null(), "peak_bytes",
						      number_or_null(w->peak_bytes, known)));
	}
	return list;
}
