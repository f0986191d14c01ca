// SPDX-License-Identifier: BSD-2-Clause
/* Which flame graphs there are: CPU time, time off CPU, and what was allocated. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "flame.h"
#include "ledger.h"
#include "process.h"
#include "recorded_heap.h"
#include "report.h"

/* What each row of the profile has; @sample_ns: CPU time that a sample stands for. */
typedef uint64_t weight_fn(const struct profile_row *row, double sample_ns);

static uint64_t cpu_ns_of(const struct profile_row *row, double sample_ns)
{
	return llround(row->samples * sample_ns);
}

static uint64_t off_ns_of(const struct profile_row *row, double sample_ns)
{
	return row->off_ns;
}

static uint64_t bytes_of(const struct profile_row *row, double sample_ns)
{
	return llround(row->allocs.bytes);
}

/* All functions at one address, the outermost first: those inlined there follow. */
static int call_all(struct flame *f, const struct model_symbol *sym, bool kernel)
{
	const struct model_symbol *at[MODEL_MAX_INLINED + 1];
	unsigned n = 0;
	int ret = 0;

	if (!sym)
		return flame__call(f, kernel ? "(the kernel)" : "", kernel);
	for (; sym && n < ARRAY_SIZE(at); sym = sym->caller)
		at[n++] = sym;
	while (n-- > 0 && !ret)
		ret = flame__call(f, at[n]->name, kernel);
	return ret;
}

static int add_stack(struct flame *f, const struct model *m, const struct model_stack *st, bool waits)
{
	uint64_t ts_ns = model_stacks__used_ns(&m->profile.stacks, st);
	unsigned first = waits ? ledger__after_probe(m, st) : 0;
	int ret = flame__call(f, model__process_name(m, model__process_of(m, st->pid, ts_ns)), false);

	/* all but the innermost are return addresses */
	for (unsigned i = st->nr_user; i-- > 0 && !ret;)
		ret = call_all(f, model_symbols__at(&m->symbols, st->pid, st->at[st->nr_kernel + i] - (i > 0), ts_ns),
			       false);
	for (unsigned i = st->nr_kernel; i-- > first && !ret;)
		ret = call_all(f, model_symbols__at(&m->symbols, 0, st->at[i] - (i > 0), ts_ns), true);
	return ret;
}

static int of_profile(struct flame *f, const struct model *m, weight_fn *weight)
{
	const struct profile *p = &m->profile;
	struct ledger l = { 0 };
	double sample_ns;
	int ret = 0;

	/* all of the CPU time, as the kernel counts it, divided among the samples */
	ledger__of(m, &l);
	sample_ns = p->samples ? (double)l.gross_ns / p->samples : 0;
	for (uint32_t i = 0; i < p->nr && !ret; i++) {
		const struct model_stack *st = model_stacks__find(&p->stacks, i);
		uint64_t value = weight(&p->rows[i], sample_ns);

		if (!value)
			continue;
		flame__begin(f);
		ret = st ? add_stack(f, m, st, weight == off_ns_of) : flame__call(f, "", false);
		if (!ret)
			flame__end(f, value);
	}
	return ret;
}

/* By the runtime's own samples, of one process: since the recording began, if that is known. */
static int add_heap(struct flame *f, const struct heap_sites *s)
{
	const struct heap_named *n = s->named;
	size_t site = 0;
	int ret = 0;

	for (; site < s->nr && !ret; site++) {
		const struct heap_site *at = &s->sites[site];

		for (size_t i = at->first_stack; i < at->first_stack + at->nr_stacks && !ret; i++) {
			const struct heap_site_stack *st = &s->stacks[i];

			if (st->amount.alloc_bytes <= 0)
				continue;
			flame__begin(f);
			for (uint32_t k = st->nr_frames; k-- > 0 && !ret;)
				ret = flame__call(f, n->frames[n->frame_of[st->first + k]].name, false);
			if (!ret)
				flame__end(f, st->amount.alloc_bytes);
		}
	}
	return ret;
}

static int of_heap(struct flame *f, const struct model *m, bool *since_begin)
{
	const struct heap_readings_of *of = report__heap_of(m, 0);
	struct recorded_heap heap = { 0 };
	struct heap_sites sites = { 0 };
	int ret;

	if (!of)
		return 0;
	ret = recorded_heap__of(&heap, m, of);
	*since_begin = heap.has_begin;
	if (!ret)
		ret = heap_sites__of(&sites, &heap.now, heap.has_begin ? &heap.begin : NULL, HEAP_ALLOC) ?:
			      add_heap(f, &sites);
	heap_sites__free(&sites);
	recorded_heap__free(&heap);
	return ret;
}

/* Add @f to @all, if there is something in it. */
static int put(json_t *all, struct flame *f, const char *name, const char *title, const char *unit, const char *of)
{
	json_t *flame = f->nodes[0].total ? flame__json(f) : NULL;

	if (!f->nodes[0].total)
		return 0;
	if (!flame)
		return -ENOMEM;
	json_object_set_new(flame, "name", json_string(name));
	json_object_set_new(flame, "title", json_string(title));
	json_object_set_new(flame, "unit", json_string(unit));
	json_object_set_new(flame, "of", json_string(of));
	return json_array_append_new(all, flame);
}

static int put_profile(json_t *all, const struct model *m, weight_fn *weight, const char *name, const char *title,
		       const char *unit, const char *of)
{
	struct flame f;
	int ret = flame__init(&f);

	if (!ret)
		ret = of_profile(&f, m, weight);
	if (!ret)
		ret = put(all, &f, name, title, unit, of);
	flame__free(&f);
	return ret;
}

static int put_heap(json_t *all, const struct model *m)
{
	bool since_begin = false;
	struct flame f;
	int ret = flame__init(&f);

	if (!ret)
		ret = of_heap(&f, m, &since_begin);
	if (!ret)
		ret = put(all, &f, "heap", "allocation", "bytes",
			  since_begin ? "bytes allocated during the recording, by the runtime's own samples" :
					"bytes allocated since the program began, by the runtime's own samples");
	flame__free(&f);
	return ret;
}

json_t *flames__json(const struct model *m)
{
	json_t *all = json_array();

	if (put_profile(all, m, cpu_ns_of, "cpu", "CPU time", "ns", "CPU time, by samples of the CPU clock") ||
	    put_profile(all, m, off_ns_of, "off-cpu", "off CPU", "ns",
			"time off a CPU, of waits that were long enough to be recorded") ||
	    put_profile(all, m, bytes_of, "alloc", "allocation", "bytes", "bytes allocated, by --alloc-sites") ||
	    put_heap(all, m)) {
		json_decref(all);
		return NULL;
	}
	return all;
}
