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

		if (!sym || cost_in(sym->cost) != TARE_COST_PROBES)
			break;
	}
	return i;
}

/* ---- the sums ---- */

/* How much of probe @p's time was the target's: those that run in anyone's time, in proportion to who has the CPUs. */
static double own_share(const struct model *m, const struct tare_probe *p, double of_all_cpus)
{
	static const char *const anyones[] = { "cpu_clock", "softirq_entry", "softirq_exit", "irq_handler_entry",
					       "irq_handler_exit" };
	static const char *const at_switches[] = { "sched_switch", "sched_entry", "sched_exit", "sched_waking",
						   "off_cpu" };
	uint64_t seen = m->switches.slice.count;

	for (size_t i = 0; i < sizeof(anyones) / sizeof(anyones[0]); i++)
		if (!strncmp(p->name, anyones[i], sizeof(p->name)))
			return of_all_cpus;
	for (size_t i = 0; i < sizeof(at_switches) / sizeof(at_switches[0]); i++)
		if (!strncmp(p->name, at_switches[i], sizeof(p->name)))
			return p->hits > seen ? (double)seen / p->hits : 1;
	return 1;
}

static uint64_t probes_of(const struct model *m, uint64_t gross)
{
	double cpus = m->header.nr_cpus ?: 1, all = cpus * model__duration(m), ns = 0;

	for (unsigned i = 0; i < m->nr_probes; i++) {
		const struct tare_probe *p = &m->probes[i];

		/* a hold's time is also that of others, which had the CPU meanwhile */
		if (strcmp(p->name, TARE_PROBE_HOLD))
			ns += own_share(m, p, all ? gross / all : 1) * probe_cost__ns(p);
	}
	return ns < gross ? ns : gross;
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
	if (cost == TARE_COST_PROBES)
		return;
	l->samples += n;
	(cost ? &l->classes[cost] : &l->net)->samples += n;
	l->unseen += !cost && (!st || st->flags & TARE_STACK_CUT) ? n : 0;
}

static void count(const struct model *m, struct ledger *l)
{
	const struct profile *p = &m->profile;

	for (uint32_t i = 0; i < p->nr; i++) {
		const struct model_stack *st = model_stacks__find(&p->stacks, i);
		const struct profile_row *row = &p->rows[i];
		enum tare_cost kernel = row->samples && st ? kernel_cost_of(m, st) : TARE_COST_NONE;
		/* on its way in and out, no function of the kernel says which call it is */
		uint64_t calls = kernel ? 0 : row->memory_calls;

		if (!row->samples)
			continue;
		add(l, calls, TARE_COST_KERNEL_MEMORY, st);
		add(l, row->samples - calls, kernel ?: st ? user_cost_of(m, st) : TARE_COST_NONE, st);
	}
}

int ledger__of(const struct model *m, struct ledger *l)
{
	struct accounts total;
	uint64_t whole;

	memset(l, 0, sizeof(*l));
	threads__total(&m->switches.threads, &total);
	l->gross_ns = accounts__charged_ns(&total);
	l->probes_ns = probes_of(m, l->gross_ns);
	count(m, l);
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
