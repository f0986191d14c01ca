// SPDX-License-Identifier: BSD-2-Clause
#include <string.h>

#include "heap_report.h"
#include "util.h"

#define STACKS_SHOWN 5 /* of a site */
#define NAME_LEN     512

/* In a difference also "-1.5 MB", and "+1.5 MB" for what has grown. */
static const char *bytes_of(const struct heap_sites *s, int64_t n, char buf[24])
{
	return fmt_signed_bytes(n, s->since, buf);
}

static const char *count_of(const struct heap_sites *s, int64_t n, char buf[40])
{
	char text[32];

	snprintf(buf, 40, "%s%s",
		 n < 0	       ? "-" :
		 n && s->since ? "+" :
				 "",
		 fmt_count(n < 0 ? -(uint64_t)n : (uint64_t)n, text));
	return buf;
}

static const char *objects(const char *count)
{
	return !strcmp(count, "1") || !strcmp(count, "+1") || !strcmp(count, "-1") ? "object" : "objects";
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

static void print_amount(const struct heap_sites *s, const struct heap_amount *a, bool by_alloc, FILE *to)
{
	char n[4][40];

	fprintf(to, "%9s %13s %9s %15s", bytes_of(s, a->inuse_bytes, n[0]), count_of(s, a->inuse_objects, n[1]),
		bytes_of(s, a->alloc_bytes, n[2]), count_of(s, a->alloc_objects, n[3]));
	if (!s->since)
		fprintf(to, " %5.1f %%",
			by_alloc ? share(a->alloc_bytes, s->total.alloc_bytes) :
				   share(a->inuse_bytes, s->total.inuse_bytes));
	fprintf(to, "  ");
}

static void print_stack(const struct heap_sites *s, const struct heap_site_stack *stack, FILE *to)
{
	const struct heap_named *named = s->named;
	const struct heap_amount *a = &stack->amount;
	char n[4][40], each[16];

	count_of(s, a->inuse_objects, n[1]);
	count_of(s, a->alloc_objects, n[3]);
	fprintf(to, "    %s in %s %s in use, %s in %s allocated, each of %s\n", bytes_of(s, a->inuse_bytes, n[0]), n[1],
		objects(n[1]), bytes_of(s, a->alloc_bytes, n[2]), n[3],
		fmt_bytes(named->heap.stacks[stack->nr].size_bytes, each));
	for (uint32_t i = 0; i < stack->nr_frames; i++) {
		fprintf(to, "        ");
		print_frame(&named->frames[named->frame_of[stack->first + i]], to);
	}
}

static void print_stacks(const struct heap_sites *s, const struct heap_site *site, FILE *to)
{
	size_t shown = site->nr_stacks < STACKS_SHOWN ? site->nr_stacks : STACKS_SHOWN;
	char n[32];

	for (size_t i = 0; i < shown; i++)
		print_stack(s, &s->stacks[site->first_stack + i], to);
	if (site->nr_stacks > shown)
		fprintf(to, "    and %s more of its stacks\n", fmt_count(site->nr_stacks - shown, n));
}

/* As of when that is, and how old. */
static void print_times(const struct heap_sites *s, uint64_t age_ns, FILE *to)
{
	const struct heap_profile *h = &s->named->heap, *then = s->since ? &s->since->heap : NULL;
	char n[32], t[16];

	if (then)
		fprintf(to, "  between    two readings, as of the last collection before each; %s since the first",
			fmt_count(h->cycles > then->cycles ? h->cycles - then->cycles : 0, n));
	else if (h->all_pending)
		fprintf(to, "  as of      when it was read: no collection was over yet");
	else
		fprintf(to, "  as of      the last collection whose sweep is over; %s so far", fmt_count(h->cycles, n));
	if (age_ns)
		fprintf(to, ";\n             read %s before the recording's end", fmt_ns(age_ns, t));
	fputc('\n', to);
}

static void print_head(const struct heap_sites *s, uint64_t age_ns, FILE *to)
{
	const struct heap_named *named = s->named;
	const char *version = named->version[0] ? named->version : named->runtime;
	char comm[64], n[4][40];

	fprintf(to, "%s (pid %d)%s%s: ",
		sanitize(named->comm, strnlen(named->comm, sizeof(named->comm)), comm, sizeof(comm)), named->pid,
		version[0] ? ", " : "", version);
	if (named->heap.rate_bytes > 1)
		fprintf(to, "one object in %s bytes is sampled", fmt_count(named->heap.rate_bytes, n[0]));
	else
		fprintf(to, "every object is sampled");
	fprintf(to, "; %s stacks\n\n", fmt_count(named->heap.nr, n[0]));
	if (s->unknown)
		return print_times(s, age_ns, to);
	count_of(s, s->total.inuse_objects, n[1]);
	count_of(s, s->total.alloc_objects, n[3]);
	fprintf(to, "  in use     %s in %s %s\n", bytes_of(s, s->total.inuse_bytes, n[0]), n[1], objects(n[1]));
	fprintf(to, "  allocated  %s in %s %s%s\n", bytes_of(s, s->total.alloc_bytes, n[2]), n[3], objects(n[3]),
		s->since ? "" : " since it began");
	print_times(s, age_ns, to);
}

/* The rows of the table: at most @top, 0: all. */
static void print_sites(const struct heap_sites *s, const struct heap_report_opts *opts, FILE *to)
{
	size_t shown = opts->top && opts->top < s->nr ? opts->top : s->nr;
	char n[32];

	fprintf(to, "\n%9s %13s %9s %15s%s  site\n", "in use", "objects", "allocated", "objects",
		s->since       ? "" :
		opts->by_alloc ? "   alloc" :
				 "  in use");
	for (size_t i = 0; i < shown; i++) {
		print_amount(s, &s->sites[i].amount, opts->by_alloc, to);
		print_frame(s->sites[i].frame, to);
		if (opts->stacks)
			print_stacks(s, &s->sites[i], to);
	}
	if (shown < s->nr)
		fprintf(to, "and %s more sites; %s\n", fmt_count(s->nr - shown, n), opts->all_by);
}

void report__heap(const struct heap_sites *s, const struct heap_report_opts *opts, FILE *to)
{
	print_head(s, opts->age_ns, to);
	if (s->unknown)
		fprintf(to,
			"\nWhat has changed is not known: no collection was over between the two readings. Take a longer time.\n");
	else if (s->nr)
		print_sites(s, opts, to);
	else
		fprintf(to, "\n%s\n", s->since ? "Nothing has changed." : "Nothing that was sampled is published yet.");
}
