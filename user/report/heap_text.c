// SPDX-License-Identifier: BSD-2-Clause
#include <string.h>

#include "heap_report.h"
#include "util.h"

#define STACKS_SHOWN 5 /* of a site */
#define NAME_LEN     512

static uint64_t positive(int64_t n)
{
	return n > 0 ? n : 0;
}

static double share(int64_t part, int64_t whole)
{
	return whole > 0 ? 100.0 * part / whole : 0;
}

/* "main.fill  /src/server/fill.go:41" */
static void print_frame(const struct heap_frame *f, FILE *to)
{
	char name[NAME_LEN], file[NAME_LEN];

	if (!f || !f->name[0]) {
		fprintf(to, "(not known)\n");
		return;
	}
	fprintf(to, "%s", sanitize(f->name, strlen(f->name), name, sizeof(name)));
	if (f->file[0])
		fprintf(to, "  %s", sanitize(f->file, strlen(f->file), file, sizeof(file)));
	if (f->file[0] && f->line)
		fprintf(to, ":%u", f->line);
	fputc('\n', to);
}

static void print_amount(const struct heap_amount *a, const struct heap_amount *total, bool by_alloc, FILE *to)
{
	char n[4][32];

	fprintf(to, "%9s %13s %9s %15s %5.1f %%  ", fmt_bytes(positive(a->inuse_bytes), n[0]),
		fmt_count(positive(a->inuse_objects), n[1]), fmt_bytes(positive(a->alloc_bytes), n[2]),
		fmt_count(positive(a->alloc_objects), n[3]),
		by_alloc ? share(a->alloc_bytes, total->alloc_bytes) : share(a->inuse_bytes, total->inuse_bytes));
}

static void print_stack(const struct heap_sites *s, const struct heap_site_stack *stack, FILE *to)
{
	const struct heap_taken *t = s->taken;
	char n[4][32];

	fprintf(to, "    %s in %s objects in use, %s in %s allocated, each of %s\n",
		fmt_bytes(positive(stack->amount.inuse_bytes), n[0]),
		fmt_count(positive(stack->amount.inuse_objects), n[1]),
		fmt_bytes(positive(stack->amount.alloc_bytes), n[2]),
		fmt_count(positive(stack->amount.alloc_objects), n[3]),
		fmt_bytes(t->heap.stacks[stack->nr].size_bytes, (char[32]){ 0 }));
	for (uint32_t i = 0; i < stack->nr_frames; i++) {
		fprintf(to, "        ");
		print_frame(&t->frames[t->frame_of[stack->first + i]], to);
	}
}

static void print_stacks(const struct heap_sites *s, const struct heap_site *site, FILE *to)
{
	size_t shown = site->nr_stacks < STACKS_SHOWN ? site->nr_stacks : STACKS_SHOWN;
	char n[32];

	for (size_t i = 0; i < shown; i++)
		print_stack(s, &s->stacks[site->first_stack + i], to);
	if (site->nr_stacks > shown)
		fprintf(to, "    and %s more stacks\n", fmt_count(site->nr_stacks - shown, n));
}

static void print_head(const struct heap_sites *s, FILE *to)
{
	const struct heap_taken *t = s->taken;
	const struct process_runtime *p = &t->from;
	char comm[64], n[4][32], at[64] = "every object is sampled";

	if (t->heap.rate_bytes > 1)
		snprintf(at, sizeof(at), "one object in %s bytes is sampled", fmt_count(t->heap.rate_bytes, n[0]));
	fprintf(to, "%s (pid %d), %s: %s; %s stacks\n\n",
		sanitize(t->comm, strnlen(t->comm, sizeof(t->comm)), comm, sizeof(comm)), p->prog.pid,
		p->version[0] ? p->version : p->runtime->name, at, fmt_count(t->heap.nr, n[1]));
	fprintf(to, "  in use     %s in %s objects\n", fmt_bytes(positive(s->total.inuse_bytes), n[0]),
		fmt_count(positive(s->total.inuse_objects), n[1]));
	fprintf(to, "  allocated  %s in %s objects since it began\n", fmt_bytes(positive(s->total.alloc_bytes), n[2]),
		fmt_count(positive(s->total.alloc_objects), n[3]));
	if (t->heap.all_pending)
		fprintf(to, "  as of      now: no collection is over yet\n");
	else
		fprintf(to, "  as of      the last collection whose sweep is over; %s so far\n",
			fmt_count(t->heap.cycles, n[0]));
}

/* Sites of which nothing is published yet come last, and say nothing. */
static size_t count_told(const struct heap_sites *s)
{
	size_t nr = s->nr;

	while (nr && !s->sites[nr - 1].amount.alloc_bytes)
		nr--;
	return nr;
}

void report__heap(const struct heap_sites *s, const struct heap_report_opts *opts, FILE *to)
{
	size_t told = count_told(s), shown = opts->top && opts->top < told ? opts->top : told;
	char n[32];

	print_head(s, to);
	if (!told) {
		fprintf(to, "\nNothing that was sampled is published yet.\n");
		return;
	}
	fprintf(to, "\n%9s %13s %9s %15s %7s  site\n", "in use", "objects", "allocated", "objects",
		opts->by_alloc ? "alloc" : "in use");
	for (size_t i = 0; i < shown; i++) {
		print_amount(&s->sites[i].amount, &s->total, opts->by_alloc, to);
		print_frame(s->sites[i].frame, to);
		if (opts->stacks)
			print_stacks(s, &s->sites[i], to);
	}
	if (shown < told)
		fprintf(to, "and %s more sites; --top 0 prints all\n", fmt_count(told - shown, n));
}
