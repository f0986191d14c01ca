// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>

#include "goroutine_report.h"
#include "json_impl.h"

static json_t *safe_text(const char *s)
{
	char safe[1024];

	return s && s[0] ? json_string(sanitize(s, strlen(s), safe, sizeof(safe))) : json_null();
}

static json_t *frame(const struct runtime_frame *f, uint64_t addr, bool inlined)
{
	return json_pack("{s:o, s:o, s:o, s:I, s:b, s:b, s:b}", "function", safe_text(f->name), "file",
			 safe_text(f->file), "line", number_or_null(f->line, f->line), "address", num(addr), "inlined",
			 inlined, "runtime", f->owner == TARE_OWNER_RUNTIME, "wrapper", f->wrapper);
}

static json_t *frames_at(const struct goroutines_report *r, uint64_t addr, json_t *to)
{
	struct runtime_symbol sym;

	goroutines_report__symbol(r, addr, &sym);
	for (int i = 0; i < sym.nr; i++)
		json_array_append_new(to, frame(&sym.frames[i], addr, i < sym.nr - 1));
	return to;
}

/* null: it has none that is parked */
static json_t *stack(const struct goroutines_report *r, uint32_t number)
{
	const struct goroutine_stacks *stacks = r->now->stacks;
	const struct goroutine_stack *st;
	json_t *list = json_array();

	if (number == GOROUTINE_NO_STACK) {
		json_decref(list);
		return json_null();
	}
	st = &stacks->stacks[number];
	for (unsigned i = 0; i < st->nr; i++)
		frames_at(r, stacks->addresses[st->first + i], list);
	return list;
}

static json_t *created_by(const struct goroutines_report *r, uint64_t addr)
{
	struct runtime_symbol sym;

	if (!addr)
		return json_null();
	goroutines_report__symbol(r, addr, &sym);
	return frame(&sym.frames[0], addr, sym.nr > 1);
}

static json_t *group(const struct goroutines_report *r, const struct goroutine_group *g)
{
	json_t *ids = json_array();

	for (unsigned i = 0; i < g->nr_examples; i++)
		json_array_append_new(ids, json_integer(num(g->examples[i])));
	return json_pack(
		"{s:I, s:o, s:o, s:s, s:o, s:b, s:b, s:o, s:I, s:o, s:o, s:o, s:o}", "count", num(g->count), "before",
		number_or_null(g->before, r->first), "not_run_since", number_or_null(g->stayed, r->first), "state",
		g->state, "reason", text_or_null(g->reason), "system", g->system, "torn", g->torn,
		"longest_wait_at_least_ns", number_or_null(g->longest_ns, g->known), "waits_known", num(g->known),
		"created_by", created_by(r, g->created_at), "stack", stack(r, g->stack), "whole",
		g->stack == GOROUTINE_NO_STACK ? json_null() : json_boolean(r->now->stacks->stacks[g->stack].whole),
		"examples", ids);
}

static json_t *longest(const struct goroutines_report *r)
{
	const struct goroutine_groups *gg = r->groups;
	json_t *list = json_array();

	for (size_t i = 0; i < gg->nr_longest; i++) {
		const struct goroutine_wait *w = &gg->longest[i];

		json_array_append_new(list, json_pack("{s:I, s:o, s:I, s:I}", "goroutine", num(w->g->id), "parent",
						      number_or_null(w->g->parent, w->g->parent), "at_least_ns",
						      num(w->at_least_ns), "group", (json_int_t)w->group));
	}
	return list;
}

int report__goroutines_json(const struct goroutines_report *r, FILE *to)
{
	const struct goroutine_groups *gg = r->groups;
	json_t *groups = json_array(), *root;
	bool two = r->first;

	for (size_t i = 0; i < gg->nr; i++)
		json_array_append_new(groups, group(r, &gg->groups[i]));
	root = json_pack("{s:s, s:I, s:o, s:s, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "schema", "tare.goroutines/1", "pid", (json_int_t)r->from->prog.pid, "comm",
			 safe_text(r->comm), "runtime", r->from->runtime->name, "version",
			 text_or_null(r->from->version), "goroutines", num(gg->counted), "system", num(gg->system),
			 "dead", num(r->now->dead), "torn", num(r->now->torn), "begin_ns", num(r->now->begin_ns),
			 "end_ns", num(r->now->end_ns), "between_ns",
			 number_or_null(two ? r->now->begin_ns - r->first->end_ns : 0, two), "goroutines_before",
			 number_or_null(gg->counted_before, two), "created", number_or_null(gg->created, two), "ended",
			 number_or_null(gg->ended, two), "not_run_since", number_or_null(gg->stayed, two), "groups",
			 groups, "longest", longest(r));
	return json__write(root, JSON_INDENT(2), to);
}
