// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <math.h>
#include <string.h>

#include "ledger.h"
#include "probe_cost.h"

static const struct {
	enum tare_cost_group group;
	const char *name, *title;
} costs[TARE_NR_COSTS] = { [TARE_COST_NONE] = { TARE_COSTS_NONE, "net", "the program itself" },
#define X(cost, group, name, title) [TARE_COST_##cost] = { TARE_COSTS_##group, name, title },
			   TARE_COSTS(X)
#undef X
};

const char *ledger__name(enum tare_cost cost)
{
	return cost < TARE_NR_COSTS ? costs[cost].name : "other";
}

const char *ledger__title(enum tare_cost cost)
{
	return cost < TARE_NR_COSTS ? costs[cost].title : "other";
}

enum tare_cost_group ledger__group(enum tare_cost cost)
{
	return cost < TARE_NR_COSTS ? costs[cost].group : TARE_COSTS_NONE;
}

const char *ledger__group_title(enum tare_cost_group group)
{
	static const char *const titles[TARE_NR_COST_GROUPS] = {
		[TARE_COSTS_NONE] = "the program itself",
		[TARE_COSTS_GC] = "collector",
		[TARE_COSTS_ALLOC] = "allocation",
		[TARE_COSTS_SCHED] = "scheduling",
		[TARE_COSTS_STACK] = "stacks",
		[TARE_COSTS_KERNEL] = "kernel",
		[TARE_COSTS_PROBES] = "probes",
	};

	return group < TARE_NR_COST_GROUPS ? titles[group] : "other";
}

/* ---- a stack's class ---- */

/* The cost in a symbol's bits, whatever is around it. */
static enum tare_cost cost_in(uint32_t flags)
{
	return flags >> TARE_SYMBOL_COST_SHIFT & TARE_SYMBOL_COST_MASK;
}

/* Going inwards: @cost so far, and a function with @flags inside of it. */
static enum tare_cost inwards(enum tare_cost cost, uint32_t flags)
{
	enum tare_cost own = cost_in(flags);

	if (!own || own >= TARE_NR_COSTS)
		return cost;
	if (flags & TARE_SYMBOL_COST_WITHIN)
		return cost && costs[own].group == costs[cost].group ? own : cost;
	if (flags & TARE_SYMBOL_COST_ALWAYS)
		return own;
	return cost ?: own;
}

/* Going inwards through the functions inlined at an address, which are listed from the innermost on. */
static enum tare_cost inwards_all(enum tare_cost cost, const struct model_symbol *sym)
{
	if (!sym)
		return cost;
	return inwards(inwards_all(cost, sym->caller), sym->cost);
}

/* @nr addresses at @ts_ns, innermost first, of process @pid: where it was, then return addresses. */
static enum tare_cost cost_of_frames(const struct model *m, uint32_t pid, const uint64_t *at, unsigned nr,
				     uint64_t ts_ns)
{
	enum tare_cost cost = TARE_COST_NONE;

	for (unsigned i = nr; i-- > 0;)
		cost = inwards_all(cost, model_symbols__at(&m->symbols, pid, at[i] - (i > 0), ts_ns));
	return cost;
}

static enum tare_cost kernel_cost_of(const struct model *m, const struct model_stack *st)
{
	return cost_of_frames(m, 0, st->at, st->nr_kernel, model_stacks__used_ns(&m->profile.stacks, st));
}

static enum tare_cost user_cost_of(const struct model *m, const struct model_stack *st)
{
	return cost_of_frames(m, st->pid, st->at + st->nr_kernel, st->nr_user,
			      model_stacks__used_ns(&m->profile.stacks, st));
}

enum tare_cost ledger__cost_of(const struct model *m, const struct model_stack *st)
{
	return kernel_cost_of(m, st) ?: user_cost_of(m, st);
}

/* Going outwards: is @sym a function that allocates, by itself? */
static bool allocates(const struct model_symbol *sym)
{
	enum tare_cost own = cost_in(sym->cost);

	return own < TARE_NR_COSTS && costs[own].group == TARE_COSTS_ALLOC && !(sym->cost & TARE_SYMBOL_COST_WITHIN);
}

/* May it be named as the one that allocates? */
static bool is_site(const struct model_symbol *sym)
{
	return sym->owner != TARE_OWNER_RUNTIME && !(sym->cost & TARE_SYMBOL_HEAP_INNER);
}

struct allocation_site ledger__allocation_site(const struct model *m, const struct model_stack *st)
{
	struct allocation_site site = { 0 };
	const struct model_symbol *first = NULL;

	for (unsigned i = 0; i < st->nr_sure; i++) {
		const struct model_symbol *sym =
			model_symbols__at(&m->symbols, st->pid, st->at[st->nr_kernel + i] - (i > 0),
					  model_stacks__used_ns(&m->profile.stacks, st));

		for (; sym; sym = sym->caller) {
			if (allocates(sym)) { /* further out than all before */
				site = (struct allocation_site){ 0 };
				first = NULL;
				continue;
			}
			first = first ?: sym;
			if (!is_site(sym))
				continue;
			if (!site.at)
				site.at = sym;
			else if (!site.caller)
				site.caller = sym;
		}
	}
	site.at = site.at ?: first;
	return site;
}

const struct model_symbol *ledger__allocates_for(const struct model *m, const struct model_stack *st)
{
	if (kernel_cost_of(m, st) || ledger__group(user_cost_of(m, st)) != TARE_COSTS_ALLOC)
		return NULL;
	return ledger__allocation_site(m, st).at;
}

unsigned ledger__after_probe(const struct model *m, const struct model_stack *st)
{
	uint64_t ts_ns = model_stacks__used_ns(&m->profile.stacks, st);
	unsigned i = 0;

	for (; i < st->nr_kernel; i++) {
		const struct model_symbol *sym = model_symbols__at(&m->symbols, 0, st->at[i] - (i > 0), ts_ns);

		if (!sym || ledger__group(cost_in(sym->cost)) != TARE_COSTS_PROBES)
			break;
	}
	return i;
}

/* ---- the sums ---- */

/* Programs that also run in the time of others, which is not the target's. */
enum whose { THE_TARGETS, ANYONES, AT_SWITCHES, AT_FAULTS };

/*
 * Where interrupts are off, a tick that is due waits until they are on again: samples of what such a program takes are
 * in the class of what it runs in.
 */
static const struct {
	const char *name;
	enum whose whose;
	enum tare_cost hidden_in;
} programs[] = {
	{ "cpu_clock", ANYONES, TARE_COST_NONE },
	{ "softirq_entry", ANYONES, TARE_COST_NONE },
	{ "softirq_exit", ANYONES, TARE_COST_NONE },
	{ "irq_handler_entry", ANYONES, TARE_COST_NONE },
	{ "irq_handler_exit", ANYONES, TARE_COST_NONE },
	{ "sched_switch", AT_SWITCHES, TARE_COST_KERNEL_SWITCH },
	{ "sched_entry", AT_SWITCHES, TARE_COST_NONE },
	{ "sched_exit", AT_SWITCHES, TARE_COST_NONE },
	{ "sched_waking", AT_SWITCHES, TARE_COST_NONE },
	{ "off_cpu", AT_SWITCHES, TARE_COST_NONE },
	{ "page_fault_user", AT_FAULTS, TARE_COST_KERNEL_FAULT },
	{ "page_fault_end", AT_FAULTS, TARE_COST_NONE },
	{ "", THE_TARGETS, TARE_COST_NONE }, /* all others */
};

/* How often a program ran for the target, and what its CPU time is of that of all CPUs. */
struct own_hits {
	uint64_t switches, faults; /* UINT64_MAX: not known */
	double of_all_cpus;
};

/* How much of the time of @p is the target's. */
static double own_share(const struct tare_probe *p, enum whose whose, const struct own_hits *own)
{
	uint64_t hits = whose == AT_FAULTS ? own->faults : own->switches;

	if (whose == ANYONES)
		return own->of_all_cpus;
	return whose != THE_TARGETS && p->hits > hits ? (double)hits / p->hits : 1;
}

/* Sets ->probes_ns to the time of the programs, and @hidden to what of it has samples in each class. */
static void count_programs(const struct model *m, const struct accounts *total, struct ledger *l, double *hidden)
{
	double cpus = m->header.nr_cpus ?: 1, all = cpus * model__duration(m), ns = 0;
	struct own_hits own = { m->switches.slice.count, UINT64_MAX, all ? l->gross_ns / all : 1 };

	if (m->switches.threads.check.fault_threads)
		own.faults = total->minor_faults + total->major_faults;
	for (unsigned i = 0; i < m->nr_probes; i++) {
		const struct tare_probe *p = &m->probes[i];
		unsigned k = 0;
		double its;

		/* a hold's time is also that of others, which had the CPU meanwhile */
		if (!strcmp(p->name, TARE_PROBE_HOLD))
			continue;
		while (programs[k].name[0] && strncmp(p->name, programs[k].name, sizeof(p->name)))
			k++;
		its = own_share(p, programs[k].whose, &own);
		hidden[programs[k].hidden_in] += its * probe_cost__run_ns(p);
		ns += its * probe_cost__ns(p);
		l->calibrated |= p->entry_ns != 0;
	}
	l->probes_ns = ns < l->gross_ns ? ns : l->gross_ns;
}

/* Wilson's interval of @k in @n, at 95 %, of @whole. */
static void interval(struct ledger_class *c, uint64_t n, uint64_t whole)
{
	const double z = 1.96;
	double p = (double)c->samples / n, z2 = z * z / n;
	double middle = (p + z2 / 2) / (1 + z2), half = z / (1 + z2) * sqrt(p * (1 - p) / n + z2 / (4 * n));
	double low = (middle - half) * whole, high = (middle + half) * whole;

	c->low_ns = low > 0 && c->samples ? low : 0;
	c->high_ns = high < whole ? high : whole;
}

/* @n samples with stack @st (NULL: it is not known) are @cost. */
static void add(struct ledger *l, uint64_t n, enum tare_cost cost, const struct model_stack *st)
{
	if (ledger__group(cost) == TARE_COSTS_PROBES) {
		*(cost == TARE_COST_PROBES ? &l->in_probes : &l->around_probes) += n;
		return;
	}
	l->samples += n;
	(cost ? &l->classes[cost] : &l->net)->samples += n;
	l->unseen += !cost && (!st || st->flags & TARE_STACK_CUT) ? n : 0;
}

/*
 * From where the kernel turns interrupts off at the end of a page fault to the program's next instruction: measured on
 * x86-64, in a virtual machine.
 */
#define FAULT_RETURN_NS 140

/*
 * A tick that is due while a page fault returns comes at the instruction that it returns to, as if that ran: so many of
 * the samples there are the faults'. There may be fewer samples than that.
 */
static uint64_t returns_of_faults(const struct profile_row *row, const struct model_stack *st, double ns_per_sample)
{
	double n = ((double)row->minor + row->major) * FAULT_RETURN_NS / ns_per_sample + 0.5;

	return st->nr_kernel ? 0 : fmin(n, row->samples);
}

static void count(const struct model *m, struct ledger *l)
{
	const struct profile *p = &m->profile;
	double ns_per_sample = p->samples && l->gross_ns ? (double)l->gross_ns / p->samples : 1;

	for (uint32_t i = 0; i < p->nr; i++) {
		const struct model_stack *st = model_stacks__find(&p->stacks, i);
		const struct profile_row *row = &p->rows[i];
		enum tare_cost kernel = row->samples && st ? kernel_cost_of(m, st) : TARE_COST_NONE;
		/* on its way in and out, no function of the kernel says which call it is */
		uint64_t calls = kernel ? 0 : row->memory_calls;
		uint64_t faults = kernel || !st ? 0 : returns_of_faults(row, st, ns_per_sample);

		if (!row->samples)
			continue;
		faults = faults < row->samples - calls ? faults : row->samples - calls;
		add(l, calls, TARE_COST_KERNEL_MEMORY, st);
		add(l, faults, TARE_COST_KERNEL_FAULT, st);
		add(l, row->samples - calls - faults, kernel ?: st ? user_cost_of(m, st) : TARE_COST_NONE, st);
	}
}

/*
 * What programs hid in a class (@hidden, in ns) is no sample of it. And what is around programs is known by samples,
 * where it was not calibrated.
 */
static void uncover(struct ledger *l, const double *hidden)
{
	double all = l->samples + l->in_probes + l->around_probes;

	for (unsigned i = 1; i < TARE_NR_COSTS; i++) {
		uint64_t n = l->gross_ns ? fmin(hidden[i] / l->gross_ns * all, l->classes[i].samples) : 0;

		l->classes[i].samples -= n;
		l->samples -= n;
	}
	if (!l->calibrated)
		l->probes_ns += fmin(l->around_probes / all * l->gross_ns, l->gross_ns - l->probes_ns);
	l->probes_ns = l->probes_ns < l->gross_ns ? l->probes_ns : l->gross_ns;
}

int ledger__of(const struct model *m, struct ledger *l)
{
	double hidden[TARE_NR_COSTS] = { 0 };
	struct accounts total;
	uint64_t whole;

	memset(l, 0, sizeof(*l));
	threads__total(&m->switches.threads, &total);
	l->gross_ns = accounts__charged_ns(&total);
	count_programs(m, &total, l, hidden);
	count(m, l);
	if (!l->samples)
		return -ENODATA;
	uncover(l, hidden);
	if (!l->samples)
		return -ENODATA;
	whole = l->gross_ns - l->probes_ns;
	for (unsigned i = 1; i < TARE_NR_COSTS; i++) {
		struct ledger_class *c = &l->classes[i];

		c->ns = (double)c->samples / l->samples * whole;
		interval(c, l->samples, whole);
		l->tare_ns += c->ns;
	}
	/* each was rounded down */
	l->net_ns = whole - l->tare_ns;
	l->net.ns = l->net_ns;
	interval(&l->net, l->samples, whole);
	return 0;
}
