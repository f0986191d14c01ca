// SPDX-License-Identifier: BSD-2-Clause
#include <inttypes.h>
#include <string.h>

#include "goroutine_report.h"
#include "util.h"

#define SHOWN	  30 /* groups, unless all are asked for */
#define STATE	  22 /* columns */
#define PLACE	  30
#define CREATOR	  23
#define NAME_MIN  8
#define NAME_SIZE 512

void goroutines_report__symbol(const struct goroutines_report *r, uint64_t addr, struct runtime_symbol *sym)
{
	const struct runtime *rt = r->from->runtime;

	if (rt->symbol && !rt->symbol(r->from->self, addr, sym) && sym->nr > 0)
		return;
	*sym = (struct runtime_symbol){ .nr = 1, .frames[0] = { .name = "", .file = "" } };
}

static void print_name(const struct runtime_frame *f, char buf[NAME_SIZE])
{
	sanitize(f->name[0] ? f->name : "?", f->name[0] ? strlen(f->name) : 1, buf, NAME_SIZE);
}

/* Without the folders of its package, and its end rather than its beginning: "pkg.(*T).Method". */
static const char *short_name(const struct runtime_frame *f, int columns, char buf[NAME_SIZE])
{
	size_t end, len;
	char *name = buf;

	print_name(f, buf);
	/* not a slash in a type argument, "pkg.F[a/b.T]" */
	end = strcspn(buf, "[(");
	for (size_t i = 0; i < end; i++)
		name = buf[i] == '/' ? buf + i + 1 : name;
	len = strlen(name);
	if (len <= (size_t)columns)
		return name;
	name += len - columns;
	name[0] = name[1] = '.';
	return name;
}

/* "name file.go:12", each without folders. */
static const char *place(const struct runtime_frame *f, int columns, char buf[NAME_SIZE])
{
	const char *file = strrchr(f->file, '/') ? strrchr(f->file, '/') + 1 : f->file;
	char name[NAME_SIZE], at[64] = "", safe[48];

	if (f->line)
		snprintf(at, sizeof(at), " %s:%u", sanitize(file, strlen(file), safe, sizeof(safe)), f->line);
	if ((int)strlen(at) > columns - NAME_MIN)
		at[0] = '\0';
	snprintf(buf, NAME_SIZE, "%s%s", short_name(f, columns - strlen(at), name), at);
	return buf;
}

/* "chan receive", or the state if it waits for nothing that has a name. */
static const char *state(const struct goroutine_group *g)
{
	return g->torn ? "torn: changed while read" : g->reason ?: g->state;
}

/* The innermost function whose owner is @owner or, if that is unknown, whoever's but the runtime's. */
static bool find_owned(const struct goroutines_report *r, const struct goroutine_stack *st, enum tare_owner owner,
		       struct runtime_symbol *sym, int *frame)
{
	for (unsigned i = 0; i < st->nr; i++) {
		goroutines_report__symbol(r, r->now->stacks->addresses[st->first + i], sym);
		for (*frame = 0; *frame < sym->nr; (*frame)++) {
			enum tare_owner whose = sym->frames[*frame].owner;

			if (!sym->frames[*frame].wrapper &&
			    (owner == TARE_OWNER_UNKNOWN ? whose != TARE_OWNER_RUNTIME : whose == owner))
				return true;
		}
	}
	return false;
}

/* The program's function that waits, else a library's; of the runtime's own goroutines, the first function. */
static bool find_place(const struct goroutines_report *r, uint32_t stack, struct runtime_symbol *sym, int *frame)
{
	const struct goroutine_stacks *stacks = r->now->stacks;
	const struct goroutine_stack *st;

	if (stack == GOROUTINE_NO_STACK || !stacks->stacks[stack].nr)
		return false;
	st = &stacks->stacks[stack];
	if (find_owned(r, st, TARE_OWNER_PROGRAM, sym, frame) || find_owned(r, st, TARE_OWNER_UNKNOWN, sym, frame))
		return true;
	goroutines_report__symbol(r, stacks->addresses[st->first + st->nr - 1 - (st->whole && st->nr > 1)], sym);
	*frame = 0;
	return true;
}

static const char *parked_in(const struct goroutines_report *r, uint32_t stack, const char *state, int columns,
			     char buf[NAME_SIZE])
{
	struct runtime_symbol sym;
	int frame;

	if (find_place(r, stack, &sym, &frame))
		return place(&sym.frames[frame], columns, buf);
	return !strcmp(state, "running") ? "(it runs: no parked stack)" : "-";
}

/* The function that has the frame, as Go itself says it. */
static const char *creator(const struct goroutines_report *r, uint64_t addr, int columns, char buf[NAME_SIZE])
{
	struct runtime_symbol sym;

	if (!addr)
		return "-";
	goroutines_report__symbol(r, addr, &sym);
	return place(&sym.frames[0], columns, buf);
}

static const char *wait_text(uint64_t ns, char buf[16])
{
	return ns ? fmt_ns(ns, buf) : "unknown";
}

/* ---- the head ---- */

static void print_states(const struct goroutines_report *r, FILE *to)
{
	const char *states[16];
	uint64_t counts[16];
	size_t nr = 0, k;
	char n[32], ns[16];

	for (size_t i = 0; i < r->groups->nr; i++) {
		const struct goroutine_group *g = &r->groups->groups[i];

		if (g->system || g->torn || !g->count)
			continue;
		for (k = 0; k < nr && states[k] != g->state; k++)
			;
		if (k == nr && nr == ARRAY_SIZE(states))
			continue;
		if (k == nr) {
			states[nr] = g->state;
			counts[nr++] = 0;
		}
		counts[k] += g->count;
	}
	fprintf(to, "  ");
	for (k = 0; k < nr; k++)
		fprintf(to, "%s %s, ", fmt_count(counts[k], n), states[k]);
	fprintf(to, "%s torn; read in %s while it ran on\n", fmt_count(r->now->torn, n),
		fmt_ns(r->now->end_ns - r->now->begin_ns, ns));
}

static void print_head(const struct goroutines_report *r, FILE *to)
{
	const struct goroutine_groups *gg = r->groups;
	char comm[64], n[4][32], ns[16];

	fprintf(to, "%s (pid %d), %s: %s goroutine%s, and %s of the runtime's own\n",
		sanitize(r->comm, strlen(r->comm), comm, sizeof(comm)), r->from->prog.pid,
		r->from->version[0] ? r->from->version : r->from->runtime->name, fmt_count(gg->counted, n[0]),
		gg->counted == 1 ? "" : "s", fmt_count(gg->system, n[1]));
	print_states(r, to);
	if (r->first)
		fprintf(to, "  %s before: %s were created and %s ended in %s; %s have not run meanwhile\n",
			fmt_count(gg->counted_before, n[0]), fmt_count(gg->created, n[1]), fmt_count(gg->ended, n[2]),
			fmt_ns(r->now->begin_ns - r->first->end_ns, ns), fmt_count(gg->stayed, n[3]));
	fputc('\n', to);
}

/* ---- groups ---- */

static void print_stack(const struct goroutines_report *r, uint32_t stack, FILE *to)
{
	const struct goroutine_stacks *stacks = r->now->stacks;
	const struct goroutine_stack *st = &stacks->stacks[stack];
	char name[NAME_SIZE], file[NAME_SIZE];
	struct runtime_symbol sym;

	for (unsigned i = 0; i < st->nr; i++) {
		goroutines_report__symbol(r, stacks->addresses[st->first + i], &sym);
		for (int k = 0; k < sym.nr; k++) {
			if (sym.frames[k].wrapper)
				continue;
			print_name(&sym.frames[k], name);
			fprintf(to, "      %-40s", name);
			if (sym.frames[k].line)
				fprintf(to, "  %s:%u",
					sanitize(sym.frames[k].file, strlen(sym.frames[k].file), file, sizeof(file)),
					sym.frames[k].line);
			fputc('\n', to);
		}
	}
	if (!st->whole)
		fprintf(to, "      (its callers are not known)\n");
}

static void print_change(const struct goroutine_group *g, FILE *to)
{
	char change[32];

	snprintf(change, sizeof(change), "%+" PRId64, (int64_t)(g->count - g->before));
	fprintf(to, "  %9s", g->count == g->before ? "=" : change);
}

static void print_with_stack(const struct goroutines_report *r, const struct goroutine_group *g, FILE *to)
{
	char n[32], ns[16], where[NAME_SIZE];

	fprintf(to, "%s: %s", fmt_count(g->count, n), state(g));
	if (r->first)
		fprintf(to, "; %s before, %" PRIu64 " have not run since", fmt_count(g->before, n), g->stayed);
	if (g->known)
		fprintf(to, "; for %s at least", fmt_ns(g->longest_ns, ns));
	fprintf(to, "%s\n", g->system ? "; the runtime's own" : "");
	if (g->stack != GOROUTINE_NO_STACK)
		print_stack(r, g->stack, to);
	else if (!g->torn)
		fprintf(to, "      (no parked stack)\n");
	if (g->created_at)
		fprintf(to, "      created by %s\n", creator(r, g->created_at, 80, where));
	for (unsigned i = 0; i < g->nr_examples; i++)
		fprintf(to, "%s%" PRIu64,
			i	     ? ", " :
			g->count > 1 ? "      goroutines " :
				       "      goroutine ",
			g->examples[i]);
	fprintf(to, "%s\n", !g->nr_examples ? "" : g->count > g->nr_examples ? ", ..." : "");
	fputc('\n', to);
}

static void print_line(const struct goroutines_report *r, const struct goroutine_group *g, FILE *to)
{
	char n[32], ns[16], where[2][NAME_SIZE];
	int columns = r->first ? PLACE - 6 : PLACE, created = r->first ? CREATOR - 5 : CREATOR;

	fprintf(to, "%10s", fmt_count(g->count, n));
	if (r->first)
		print_change(g, to);
	fprintf(to, "  %-*.*s  %8s  %-*s  %s\n", STATE, STATE, state(g), wait_text(g->longest_ns, ns), columns,
		parked_in(r, g->stack, g->state, columns, where[0]), creator(r, g->created_at, created, where[1]));
}

static bool is_shown(const struct goroutines_report *r, const struct goroutine_group *g)
{
	return (!g->system || r->system) && (r->stacks ? g->count : g->count || g->before);
}

static void print_groups(const struct goroutines_report *r, FILE *to)
{
	size_t shown = 0, left = 0;
	uint64_t of = 0;
	char n[2][32];

	if (!r->stacks)
		fprintf(to, "%10s%s  %-*s  %8s  %-*s  %s\n", "goroutines", r->first ? "     change" : "", STATE,
			"state", "at least", r->first ? PLACE - 6 : PLACE, "parked in", "created by");
	for (size_t i = 0; i < r->groups->nr; i++) {
		const struct goroutine_group *g = &r->groups->groups[i];

		if (!is_shown(r, g))
			continue;
		if (shown == SHOWN && !r->all) {
			left++;
			of += g->count;
			continue;
		}
		shown++;
		if (r->stacks)
			print_with_stack(r, g, to);
		else
			print_line(r, g, to);
	}
	if (left)
		fprintf(to, "%10s  in %s more groups; --all prints them\n", fmt_count(of, n[0]), fmt_count(left, n[1]));
}

static void print_longest(const struct goroutines_report *r, FILE *to)
{
	const struct goroutine_groups *gg = r->groups;
	char ns[16], where[2][NAME_SIZE];

	if (!gg->nr_longest)
		return;
	fprintf(to, "\nlongest waits of which something is known\n%10s  %-*s  %8s  %-*s  %s\n", "goroutine", STATE,
		"state", "at least", PLACE, "parked in", "created by");
	for (size_t i = 0; i < gg->nr_longest; i++) {
		const struct goroutine_wait *w = &gg->longest[i];
		const struct goroutine_group *g = &gg->groups[w->group];

		fprintf(to, "%10" PRIu64 "  %-*.*s  %8s  %-*s  %s\n", w->g->id, STATE, STATE, state(g),
			fmt_ns(w->at_least_ns, ns), PLACE, parked_in(r, g->stack, g->state, PLACE, where[0]),
			creator(r, g->created_at, CREATOR, where[1]));
	}
}

void report__goroutines(const struct goroutines_report *r, FILE *to)
{
	print_head(r, to);
	print_groups(r, to);
	print_longest(r, to);
}
