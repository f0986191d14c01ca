// SPDX-License-Identifier: BSD-2-Clause
/*
 * What `perf script` prints of the same recording's perf.data: no header, and exactly six decimals. Importers insist on
 * both. Symbols are those of the recording: perf has only those that it finds in files.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "export.h"
#include "perf_events.h"
#include "mappings.h"
#include "util.h"
#include "in_order.h"

struct script {
	struct perf_events events;
	struct in_order in_order;
	struct mappings mappings;
	struct line line; /* what is being printed */
	struct perf_kind kinds[PERF_NR_KINDS];
	char names[PERF_NR_KINDS][64];
	int name_width; /* perf's: of the longest name of an event in the file */
	int only;	/* the kind of samples that was asked for; -1: all */
};

/*
 * A name that importers can parse. They find its end by the number that follows, so only its first word may start like
 * one of the next fields, and it must not begin or end with a space.
 */
static const char *script_name(const struct sched_task *t, char buf[SCHED_COMM_SIZE])
{
	size_t len = strlen(t->comm);

	if (!t->tid)
		return "swapper";
	memcpy(buf, t->comm, len + 1);
	for (size_t i = 0; i < len; i++) {
		if (buf[i] == ' ' && (!i || (buf[i + 1] >= '0' && buf[i + 1] <= '9') || strchr(" [", buf[i + 1])))
			buf[i] = '_';
	}
	return buf;
}

/* ---- stacks ---- */

static void print_frame(struct script *s, uint32_t pid, const struct model_symbol *sym, uint64_t address)
{
	const char *name = sym ? sym->name : NULL;
	const struct mapping *map = pid ? mappings__at(&s->mappings, pid, address) : NULL;
	char safe[8192];

	line__text(&s->line, "\t");
	/* perf 5.18 and later: of files it is the address in the file */
	line__hex(&s->line, map ? address - map->start + map->offset : address, 16);
	line__text(&s->line, " ");
	line__text(&s->line, name && *name ? sanitize(name, strlen(name), safe, sizeof(safe)) : "[unknown]");
	if (sym && sym->start && sym->start <= address) {
		line__text(&s->line, "+0x");
		line__hex(&s->line, address - sym->start, 0);
	}
	line__text(&s->line, " (");
	line__text(&s->line, sym && sym->caller ? "inlined" :
			     map		? sanitize(map->path, strlen(map->path), safe, sizeof(safe)) :
			     pid		? "[unknown]" :
						  "[kernel.kallsyms]");
	line__text(&s->line, ")\n");
}

/* @at: where to look the function up; @shown: the address that perf prints. */
static void print_frames(struct script *s, const struct model_stack *st, uint32_t pid, uint64_t at, uint64_t shown)
{
	const struct model *m = s->events.stacks.whole;
	const struct model_symbol *sym =
		model_symbols__at(&m->symbols, pid, at, model_stacks__used_ns(&m->profile.stacks, st));

	do {
		print_frame(s, pid, sym, shown);
		sym = sym ? sym->caller : NULL;
	} while (sym);
}

static void print_stack(struct script *s, const struct perf_sample *ps)
{
	const struct model_stack *st = ps->stack.stack;

	line__text(&s->line, "\n");
	for (unsigned i = ps->stack.first; i < st->nr_kernel; i++)
		print_frames(s, st, 0, st->at[i] - (i > 0), st->at[i]);
	for (unsigned i = 0; i < ps->stack.nr_user; i++)
		print_frames(s, st, st->pid, st->at[st->nr_kernel + i] - (i > 0), st->at[st->nr_kernel + i]);
	/* this one is a "bpf-output" event: perf ends its data, of which there is none, with a line */
	if (ps->kind == PERF_OFF_CPU)
		line__text(&s->line, "\n");
}

/* ---- lines ---- */

static void print_line(struct script *s, const struct perf_sample *ps, const struct perf_kind *k)
{
	uint64_t us = ps->ts_ns / 1000;
	struct line *l = &s->line;
	char comm[SCHED_COMM_SIZE];

	/* with a stack, perf does not align the name */
	line__right(l, script_name(&ps->who, comm), k->system ? 16 : 0);
	line__text(l, " ");
	line__number(l, ps->who.tid, 5, ' ');
	line__text(l, " [");
	line__number(l, ps->cpu, 3, '0');
	line__text(l, "] ");
	line__number(l, us / 1000000, 5, ' ');
	line__text(l, ".");
	line__number(l, us % 1000000, 6, '0');
	line__text(l, ": ");
	if (!k->system) {
		line__number(l, ps->period, 10, ' ');
		line__text(l, " ");
	}
	line__right(l, s->names[ps->kind], s->name_width);
	line__text(l, ": ");
}

static int on_sample(void *ctx, const struct perf_sample *ps)
{
	struct script *s = ctx;
	const struct perf_kind *k = &s->kinds[ps->kind];

	if (s->only >= 0 && (int)ps->kind != s->only)
		return 0;
	line__reset(&s->line);
	print_line(s, ps, k);
	perf_kind__print(k, ps->values, &s->line);
	if (ps->stack.stack)
		print_stack(s, ps);
	line__text(&s->line, "\n");
	return s->line.err ?: in_order__add(&s->in_order, ps->ts_ns, s->line.text, s->line.len);
}

/* ---- the exporter ---- */

static void script__free(struct script *s)
{
	perf_events__free(&s->events);
	in_order__free(&s->in_order);
	mappings__free(&s->mappings);
	line__free(&s->line);
	free(s);
}

static int script__begin(FILE *to, const struct export_opts *opts, void **state)
{
	struct script *s = calloc(1, sizeof(*s));
	int ret = s ? 0 : -ENOMEM, len;

	if (ret)
		return ret;
	s->only = !opts->weight ? -1 : !strcmp(opts->weight, "cpu") ? PERF_CPU_CLOCK : PERF_OFF_CPU;
	for (unsigned i = 0; i < PERF_NR_KINDS; i++) {
		s->kinds[i] = perf_kind(i);
		len = strlen(perf_kind__name(&s->kinds[i], s->names[i]));
		if (perf_events__has(opts, i) && (s->only < 0 || s->only == (int)i) && len > s->name_width)
			s->name_width = len;
	}
	ret = perf_events__init(&s->events, opts, on_sample, s);
	if (!ret)
		ret = in_order__init(&s->in_order, to, export__longest_wait(opts->whole));
	if (ret) {
		script__free(s);
		return ret;
	}
	*state = s;
	return 0;
}

static int script__event(void *state, const struct event *ev)
{
	struct script *s = state;

	return mappings__event(&s->mappings, ev) ?: perf_events__event(&s->events, ev);
}

static int script__end(void *state)
{
	struct script *s = state;
	int ret = ferror(s->in_order.to) ? 0 : perf_events__finish(&s->events);

	if (!ret && !ferror(s->in_order.to))
		ret = in_order__flush(&s->in_order);
	if (s->in_order.late)
		info("%" PRIu64 " lines are out of order: threads waited for longer than %d lines", s->in_order.late,
		     IN_ORDER_MOST);
	script__free(s);
	return ret;
}

const struct exporter exporter_perf_script = {
	.name = "perf-script",
	.what = "what `perf script` prints: switches, wake-ups, samples with stacks, events of the runtime",
	.twice = true,
	.weights = "cpu, off-cpu",
	.begin = script__begin,
	.event = script__event,
	.end = script__end,
};
