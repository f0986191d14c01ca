// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ledger.h"
#include "process.h"
#include "samples.h"
#include "util.h"

static uint64_t samples_of(const struct profile_row *row, double sample_ns)
{
	return row->samples;
}

static uint64_t cpu_ns_of(const struct profile_row *row, double sample_ns)
{
	return llround(sample_ns * row->samples);
}

static uint64_t waits_of(const struct profile_row *row, double sample_ns)
{
	return row->waits;
}

static uint64_t off_ns_of(const struct profile_row *row, double sample_ns)
{
	return row->off_ns;
}

static uint64_t objects_of(const struct profile_row *row, double sample_ns)
{
	return llround(row->allocs.objects);
}

static uint64_t bytes_of(const struct profile_row *row, double sample_ns)
{
	return llround(row->allocs.bytes);
}

static uint64_t minor_of(const struct profile_row *row, double sample_ns)
{
	return row->minor;
}

static uint64_t faults_of(const struct profile_row *row, double sample_ns)
{
	return row->minor + row->major;
}

static const struct sample_weight weights[] = {
	{ "cpu", { { "samples", "count", samples_of }, { "cpu", "nanoseconds", cpu_ns_of } } },
	{ "off-cpu", { { "waits", "count", waits_of }, { "off_cpu", "nanoseconds", off_ns_of } } },
	{ "alloc", { { "alloc_objects", "count", objects_of }, { "alloc_space", "bytes", bytes_of } } },
	{ "pauses", { { "pauses", "count", NULL }, { "paused", "nanoseconds", NULL } } },
	{ "faults", { { "minor_faults", "count", minor_of }, { "page_faults", "count", faults_of } } },
};

static bool of_pauses(const struct sample_weight *w)
{
	return !w->figures[0].of;
}

const struct sample_weight *sample_weight__find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(weights); i++)
		if (!name || !strcmp(weights[i].name, name))
			return &weights[i];
	return NULL;
}

static void add(struct sample_stack *s, const struct model_symbol *sym, bool kernel, uint64_t address)
{
	do {
		if (s->nr == SAMPLE_FRAMES)
			return;
		s->frames[s->nr++] = (struct sample_frame){
			.name = sym ? sym->name : "",
			.file = sym ? sym->file : "",
			.line = sym ? sym->line : 0,
			.kernel = kernel,
			.inlined = sym && sym->caller,
			.address = address,
		};
		sym = sym ? sym->caller : NULL;
	} while (sym);
}

void sample_stack__add(struct sample_stack *s, const struct model *m, const struct model_stack *st, bool waits)
{
	uint64_t ts_ns = model_stacks__used_ns(&m->profile.stacks, st), address;

	for (unsigned i = waits ? ledger__after_probe(m, st) : 0; i < st->nr_kernel; i++) {
		address = st->at[i] - (i > 0);
		add(s, model_symbols__at(&m->symbols, 0, address, ts_ns), true, address);
	}
	for (unsigned i = 0; i < st->nr_user; i++) {
		address = st->at[st->nr_kernel + i] - (i > 0);
		add(s, model_symbols__at(&m->symbols, st->pid, address, ts_ns), false, address);
	}
}

static void fill(struct sample_stack *s, const struct model *m, const struct model_stack *st, bool waits)
{
	s->pid = st->pid;
	s->process =
		model__process_name(m, model__process_of(m, st->pid, model_stacks__used_ns(&m->profile.stacks, st)));
	s->nr = 0;
	sample_stack__add(s, m, st, waits);
}

int samples__for_each(const struct model *m, const struct sample_weight *weight,
		      int (*visit)(const struct sample_stack *s, void *ctx), void *ctx)
{
	const struct profile *p = &m->profile;
	struct sample_stack *s = calloc(1, sizeof(*s));
	int ret = s ? 0 : -ENOMEM;
	struct ledger l = { 0 };
	double sample_ns;
	bool any = false;

	if (s && of_pauses(weight)) {
		free(s);
		return samples__for_each_pause(m, visit, ctx);
	}
	/* all of the target's CPU time, as the kernel counts it, divided among the samples */
	ledger__of(m, &l);
	sample_ns = p->samples ? (double)l.gross_ns / p->samples : 0;

	for (uint32_t i = 0; !ret && i < p->nr; i++) {
		const struct model_stack *st = model_stacks__find(&p->stacks, i);

		for (size_t k = 0; k < ARRAY_SIZE(s->values); k++)
			s->values[k] = weight->figures[k].of(&p->rows[i], sample_ns);
		if (!s->values[0] && !s->values[1])
			continue;
		if (st)
			fill(s, m, st, weight->figures[1].of == off_ns_of);
		else
			*s = (struct sample_stack){ .process = "", .values = { s->values[0], s->values[1] } };
		any = true;
		ret = visit(s, ctx);
	}
	if (!ret && !any)
		warn("there is nothing of that kind (%s) in it", weight->name);
	free(s);
	return ret;
}

int sample_export__begin(FILE *to, const struct export_opts *opts, void **state)
{
	struct sample_export *e = malloc(sizeof(*e));

	if (!e)
		return -ENOMEM;
	*e = (struct sample_export){ .model = model__new(), .to = to, .weight = sample_weight__find(opts->weight) };
	if (!e->model || !e->weight) {
		sample_export__free(e);
		return -ENOMEM;
	}
	if (of_pauses(e->weight))
		e->model->pauses.keep = PAUSES_KEPT;
	*state = e;
	return 0;
}

int sample_export__event(void *state, const struct event *ev)
{
	struct sample_export *e = state;

	return mappings__event(&e->mappings, ev) ?: model__event(e->model, ev);
}

void sample_export__free(struct sample_export *e)
{
	model__free(e->model);
	mappings__free(&e->mappings);
	free(e);
}
