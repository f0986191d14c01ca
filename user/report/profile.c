// SPDX-License-Identifier: BSD-2-Clause
/* Where the CPU time went and where threads waited, by function: a summary; exports have the stacks. */
#include <inttypes.h>
#include <stdlib.h>

#include "array.h"
#include "hash.h"
#include "json_impl.h"
#include "ledger.h"
#include "report.h"
#include "report_rows.h"

#define FIRST_ROWS   15
#define MAX_FUNCTION 160

/* One function of all stacks: how much it was itself, and how much it was on the stack at all. */
struct function {
	char name[MAX_FUNCTION];
	uint64_t self, total;
	uint32_t seen; /* in this stack, plus 1 */
	bool kernel;
};

struct functions {
	struct function *all;
	size_t nr, room;
	struct table by_hash;
	uint64_t sum;
};

typedef uint64_t weight_fn(const struct profile_row *row);

static uint64_t samples_of(const struct profile_row *row)
{
	return row->samples;
}

static uint64_t off_ns_of(const struct profile_row *row)
{
	return row->off_ns;
}

static uint64_t faults_of(const struct profile_row *row)
{
	return row->minor + row->major;
}

static uint64_t hash_of(const char *name)
{
	return hash__add(HASH_BEGIN, name, strlen(name)) & ~(1ull << 63); /* never TABLE_NO_KEY */
}

static struct function *functions__get(struct functions *f, const char *name)
{
	uint64_t *slot = table__add(&f->by_hash, hash_of(name));

	if (!slot)
		return NULL;
	if (*slot)
		return &f->all[*slot - 1];
	if (ARRAY_GROW(f->all, f->room, f->nr + 1))
		return NULL;
	f->all[f->nr] = (struct function){ 0 };
	snprintf(f->all[f->nr].name, MAX_FUNCTION, "%s", name);
	*slot = ++f->nr;
	return &f->all[f->nr - 1];
}

/* In what a sample or a wait was; @sym NULL: not known. */
static void add(struct functions *f, const struct model_symbol *sym, bool kernel, uint64_t weight, uint32_t stack,
		bool self)
{
	char name[MAX_FUNCTION], safe[MAX_FUNCTION];
	struct function *fn;

	if (sym)
		snprintf(name, sizeof(name), "%s%s", sanitize(sym->name, strlen(sym->name), safe, sizeof(safe) - 4),
			 kernel ? " [k]" : "");
	else
		snprintf(name, sizeof(name), "%s", kernel ? "(the kernel)" : "(unknown)");
	fn = functions__get(f, name);
	if (!fn)
		return;
	fn->kernel = kernel;
	fn->self += self ? weight : 0;
	fn->total += fn->seen == stack + 1 ? 0 : weight;
	fn->seen = stack + 1;
}

/* All functions at one address: those inlined there too. */
static void add_all(struct functions *f, const struct model *m, const struct model_stack *st, uint32_t pid, uint64_t ip,
		    uint64_t weight, bool self)
{
	const struct model_symbol *sym =
		model_symbols__at(&m->symbols, pid, ip, model_stacks__used_ns(&m->profile.stacks, st));

	do {
		add(f, sym, !pid, weight, st->number, self);
		sym = sym ? sym->caller : NULL;
		self = false;
	} while (sym);
}

static void collect(struct functions *f, const struct model *m, weight_fn *weight)
{
	const struct profile *p = &m->profile;

	for (uint32_t i = 0; i < p->nr; i++) {
		const struct model_stack *st = model_stacks__find(&p->stacks, i);
		uint64_t w = weight(&p->rows[i]);

		f->sum += w;
		if (!w || !st)
			continue;
		for (unsigned k = weight == off_ns_of ? ledger__after_probe(m, st) : 0; k < st->nr_kernel; k++)
			add_all(f, m, st, 0, st->at[k] - (k > 0), w, k == 0);
		for (unsigned k = 0; k < st->nr_user; k++)
			add_all(f, m, st, st->pid, st->at[st->nr_kernel + k] - (k > 0), w, k == 0 && !st->nr_kernel);
	}
}

/* By whom memory was asked for, in CPU time that the allocator took. */
static void collect_callers(struct functions *f, const struct model *m)
{
	const struct profile *p = &m->profile;

	for (uint32_t i = 0; i < p->nr; i++) {
		const struct model_stack *st = model_stacks__find(&p->stacks, i);
		const struct model_symbol *caller = st && p->rows[i].samples ? ledger__allocates_for(m, st) : NULL;

		f->sum += p->rows[i].samples;
		if (caller)
			add(f, caller, false, p->rows[i].samples, i, true);
	}
}

static int by_self(const void *a, const void *b)
{
	const struct function *x = a, *y = b;

	if (x->self != y->self)
		return x->self < y->self ? 1 : -1;
	return x->total != y->total ? (x->total < y->total ? 1 : -1) : strcmp(x->name, y->name);
}

static int by_total(const void *a, const void *b)
{
	const struct function *x = a, *y = b;

	return x->total != y->total ? (x->total < y->total ? 1 : -1) : strcmp(x->name, y->name);
}

static void functions__of(struct functions *f, const struct model *m, weight_fn *weight,
			  int (*order)(const void *, const void *))
{
	*f = (struct functions){ 0 };
	table__init(&f->by_hash, 1u << 20);
	collect(f, m, weight);
	if (f->nr)
		qsort(f->all, f->nr, sizeof(*f->all), order);
}

static void functions__free(struct functions *f)
{
	table__free(&f->by_hash);
	free(f->all);
}

static void callers__of(struct functions *f, const struct model *m)
{
	*f = (struct functions){ 0 };
	table__init(&f->by_hash, 1u << 20);
	collect_callers(f, m);
	if (f->nr)
		qsort(f->all, f->nr, sizeof(*f->all), by_self);
}

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * part / whole : 0;
}

static void print_functions(const struct functions *f, bool all, FILE *to)
{
	size_t shown = all || f->nr < FIRST_ROWS ? f->nr : FIRST_ROWS;

	for (size_t i = 0; i < shown; i++)
		fprintf(to, "  %-66.66s%10.1f %% %10.1f %%\n", f->all[i].name, percent(f->all[i].self, f->sum),
			percent(f->all[i].total, f->sum));
	if (f->nr > shown)
		fprintf(to, "  ... and %zu more (--all shows them)\n", f->nr - shown);
}

/* By what they waited in themselves: the kernel's functions are behind --all. */
static void print_waits(const struct functions *f, bool all, FILE *to)
{
	size_t shown = 0;

	for (size_t i = 0; i < f->nr && (all || shown < FIRST_ROWS); i++) {
		if (!all && f->all[i].kernel)
			continue;
		fprintf(to, "  %-79.79s%10.1f %%\n", f->all[i].name, percent(f->all[i].total, f->sum));
		shown++;
	}
	if (f->nr > shown)
		fprintf(to, "  ... and %zu more, the kernel's among them (--all shows them)\n", f->nr - shown);
}

static void print_callers(const struct model *m, bool all, FILE *to)
{
	struct functions f;
	size_t shown;

	callers__of(&f, m);
	shown = all || f.nr < FIRST_ROWS ? f.nr : FIRST_ROWS;
	if (f.nr)
		fprintf(to, "\n%-68s%12s\n", "for whom memory was allocated, by CPU time", "of all");
	for (size_t i = 0; i < shown; i++)
		fprintf(to, "  %-66.66s%10.1f %%\n", f.all[i].name, percent(f.all[i].self, f.sum));
	if (f.nr > shown)
		fprintf(to, "  ... and %zu more (--all shows them)\n", f.nr - shown);
	functions__free(&f);
}

void report__profile(const struct model *m, FILE *to, bool all)
{
	struct functions f;
	char n[32], t[16];

	if (m->profile.samples) {
		functions__of(&f, m, samples_of, by_self);
		fprintf(to, "\n%-68s%12s %12s\n", "where the CPU time went", "itself", "with callees");
		print_functions(&f, all, to);
		fprintf(to, "  from %s samples\n", fmt_count(m->profile.samples, n));
		functions__free(&f);
		print_callers(m, all, to);
	}
	if (m->fault_owners.samples) {
		functions__of(&f, m, faults_of, by_self);
		fprintf(to, "\n%-68s%12s %12s\n", "where pages were faulted in", "itself", "with callees");
		print_functions(&f, all, to);
		fprintf(to, "  from %s samples\n", fmt_count(m->fault_owners.samples, n));
		functions__free(&f);
	}
	if (m->profile.waits) {
		functions__of(&f, m, off_ns_of, by_total);
		fprintf(to, "\n%-68s%12s %12s\n", "where threads were off CPU for long", "", "on the stack");
		print_waits(&f, all, to);
		fprintf(to, "  of %s in %s waits\n", fmt_ns(f.sum, t), fmt_count(m->profile.waits, n));
		if (m->lost[TARE_LOST_OFF_CPU])
			fprintf(to, "  ! %s more waits are left out, the short ones first: there were too many\n",
				fmt_count(m->lost[TARE_LOST_OFF_CPU], n));
		functions__free(&f);
	}
}

static json_t *functions_json(const struct model *m, weight_fn *weight)
{
	json_t *list = json_array();
	struct functions f;

	functions__of(&f, m, weight, by_total);
	for (size_t i = 0; i < f.nr; i++)
		json_array_append_new(list, json_pack("{s:s, s:I, s:I}", "function", f.all[i].name, "self",
						      num(f.all[i].self), "total", num(f.all[i].total)));
	functions__free(&f);
	return list;
}

static json_t *callers_json(const struct model *m)
{
	json_t *list = json_array();
	struct functions f;

	callers__of(&f, m);
	for (size_t i = 0; i < f.nr; i++)
		json_array_append_new(
			list, json_pack("{s:s, s:I}", "function", f.all[i].name, "samples", num(f.all[i].self)));
	functions__free(&f);
	return list;
}

json_t *json__profile(const struct model *m, json_t *notes)
{
	const struct profile *p = &m->profile;
	uint64_t off = 0;

	for (uint32_t i = 0; i < p->nr; i++)
		off += p->rows[i].off_ns;
	return json_pack("{s:{s:I, s:o, s:o}, s:{s:I, s:o}, s:{s:I, s:I, s:o}}", "cpu", "samples", num(p->samples),
			 "by_function", functions_json(m, samples_of), "allocation_by_caller", callers_json(m),
			 "faults", "samples", num(m->fault_owners.samples), "by_function", functions_json(m, faults_of),
			 "off_cpu", "waits", num(p->waits), "total_ns", num(off), "by_function",
			 functions_json(m, off_ns_of));
}
